//! The course of a reading, the same for each product: snapshots at the beginning, samples and intervals, and at the
//! end what is too costly before.

use std::future::Future;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use squall_findings::database::DatabaseReport;
use tokio::sync::watch;

use crate::address::{DatabaseAddress, Product};
use crate::postgres::PostgresReader;

const BETWEEN_SAMPLES: Duration = Duration::from_secs(1);
/// The longest time of an opening, and of the last reading.
const LONGEST: Duration = Duration::from_secs(10);

/// What the owner of a reading wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadingPhase {
    /// The load has not begun.
    Waiting,
    /// The load goes on.
    Reading,
    /// The load has ended.
    Finishing,
    /// No report is wanted.
    Abandoned,
}

/// A database with a connection to it.
pub(crate) enum Reader {
    Postgres(Box<PostgresReader>),
}

impl Reader {
    /// Connects; else a reason.
    pub(crate) async fn open(address: DatabaseAddress) -> Result<Reader, String> {
        match address.product {
            Product::Postgres => {
                let opened = within(LONGEST, PostgresReader::open(address)).await;
                let opened = opened.unwrap_or_else(|| Err("it does not answer within ten seconds".to_owned()));
                Ok(Reader::Postgres(Box::new(opened?)))
            }
            Product::Mysql => Err("MySQL and MariaDB cannot be read yet".to_owned()),
        }
    }

    async fn begin(&mut self) {
        match self {
            Reader::Postgres(postgres) => postgres.begin().await,
        }
    }

    async fn sample_sessions(&mut self) {
        match self {
            Reader::Postgres(postgres) => postgres.sample_sessions().await,
        }
    }

    async fn read_interval(&mut self) {
        match self {
            Reader::Postgres(postgres) => postgres.read_interval().await,
        }
    }

    async fn read_last(&mut self) {
        match self {
            Reader::Postgres(postgres) => postgres.read_last().await,
        }
    }

    /// The time of an interval.
    fn period(&mut self) -> Duration {
        match self {
            Reader::Postgres(postgres) => postgres.record().period(),
        }
    }

    fn report_unfinished(&mut self) {
        match self {
            Reader::Postgres(postgres) => postgres.record().not_seen(
                "tables and plans of statements: the database did not answer within ten seconds after the load",
            ),
        }
    }

    fn into_report(self) -> DatabaseReport {
        match self {
            Reader::Postgres(postgres) => postgres.into_report(),
        }
    }
}

/// Reads from the beginning of the load to its end. `None` if nothing was begun. Drops `begun` after the first readings.
pub(crate) async fn read(
    mut reader: Reader,
    phases: &mut watch::Receiver<ReadingPhase>,
    begun: SyncSender<()>,
) -> Option<DatabaseReport> {
    phases.wait_for(|phase| *phase != ReadingPhase::Waiting).await.ok()?;
    reader.begin().await;
    drop(begun);
    let mut next_sample = moment() + BETWEEN_SAMPLES;
    let mut next_interval = moment() + reader.period();
    while *phases.borrow_and_update() == ReadingPhase::Reading {
        tokio::select! {
            () = wait_until(next_sample) => {
                reader.sample_sessions().await;
                next_sample = after(next_sample, BETWEEN_SAMPLES);
                if moment() >= next_interval {
                    reader.read_interval().await;
                    next_interval = after(next_interval, reader.period());
                }
            }
            changed = phases.changed() => changed.ok()?,
        }
    }
    let finishing = async {
        reader.read_interval().await;
        reader.read_last().await;
    };
    if within(LONGEST, finishing).await.is_none() {
        reader.report_unfinished();
    }
    Some(reader.into_report())
}

/// The next moment in steps of `period` that is still to come: what was missed is a gap.
fn after(last: Instant, period: Duration) -> Instant {
    (last + period).max(moment())
}

#[expect(clippy::disallowed_methods, reason = "the pace of reading is no measurement")]
fn moment() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a millisecond does not matter here: each reading has its own time")]
async fn wait_until(moment: Instant) {
    tokio::time::sleep_until(moment.into()).await;
}

/// The result, if it comes in time.
#[expect(clippy::disallowed_methods, reason = "a deadline of seconds, not on the measured path")]
pub(crate) async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(time, work).await.ok()
}

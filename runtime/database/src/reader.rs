//! The course of a reading, the same for each product: snapshots at the beginning, samples and intervals, and at the
//! end what is too costly before.

use std::future::Future;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use squall_findings::database::DatabaseReport;
use tokio::sync::watch;

use crate::address::{DatabaseAddress, Product};
use crate::mysql::MysqlReader;
use crate::postgres::PostgresReader;
use crate::record::Record;

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

/// What a product's reader does; it keeps what it reads in its [`Record`].
pub(crate) trait Statistics {
    /// The readings that later ones are compared with.
    fn begin(&mut self) -> impl Future<Output = ()> + Send;
    /// Reads the sessions, and what they wait for.
    fn sample_sessions(&mut self) -> impl Future<Output = ()> + Send;
    /// Reads what happened since the last interval.
    fn read_interval(&mut self) -> impl Future<Output = ()> + Send;
    /// Reads tables and plans, once the load has ended.
    fn read_last(&mut self) -> impl Future<Output = ()> + Send;
    fn record(&mut self) -> &mut Record;
    fn into_report(self) -> DatabaseReport;
}

/// A database with a connection to it.
pub(crate) enum Reader {
    Postgres(Box<PostgresReader>),
    Mysql(Box<MysqlReader>),
}

impl Reader {
    /// Connects; else a reason.
    pub(crate) async fn open(address: DatabaseAddress) -> Result<Reader, String> {
        let opening = async {
            match address.product {
                Product::Postgres => {
                    PostgresReader::open(address).await.map(|reader| Reader::Postgres(Box::new(reader)))
                }
                Product::Mysql => MysqlReader::open(address).await.map(|reader| Reader::Mysql(Box::new(reader))),
            }
        };
        within(LONGEST, opening).await.unwrap_or_else(|| Err("it does not answer within ten seconds".to_owned()))
    }

    /// Reads from the beginning of the load to its end. `None` if nothing was begun. Drops `begun` after the first
    /// readings.
    pub(crate) async fn read(
        self,
        phases: &mut watch::Receiver<ReadingPhase>,
        begun: SyncSender<()>,
    ) -> Option<DatabaseReport> {
        match self {
            Reader::Postgres(reader) => read(*reader, phases, begun).await,
            Reader::Mysql(reader) => read(*reader, phases, begun).await,
        }
    }
}

async fn read(
    mut reader: impl Statistics,
    phases: &mut watch::Receiver<ReadingPhase>,
    begun: SyncSender<()>,
) -> Option<DatabaseReport> {
    phases.wait_for(|phase| *phase != ReadingPhase::Waiting).await.ok()?;
    reader.begin().await;
    drop(begun);
    let mut next_sample = moment() + BETWEEN_SAMPLES;
    let mut next_interval = moment() + reader.record().period();
    while *phases.borrow_and_update() == ReadingPhase::Reading {
        tokio::select! {
            () = wait_until(next_sample) => {
                reader.sample_sessions().await;
                next_sample = after(next_sample, BETWEEN_SAMPLES);
                if moment() >= next_interval {
                    reader.read_interval().await;
                    next_interval = after(next_interval, reader.record().period());
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
        reader.record().not_seen(UNFINISHED);
    }
    Some(reader.into_report())
}

const UNFINISHED: &str =
    "tables and plans of statements: the database did not answer within ten seconds after the load";

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

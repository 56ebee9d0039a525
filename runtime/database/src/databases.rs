//! The thread that reads: all databases of a run, each at its own pace.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{fmt, io};

use squall_findings::database::DatabaseReport;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::address::{DatabaseAddress, WrongAddress};
use crate::reader::{Reader, ReadingPhase};

/// The longest wait for the first readings.
const LONGEST_BEGINNING: Duration = Duration::from_secs(5);

/// A database that cannot be read: it does not answer, or refuses the login.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{address} cannot be looked into: {reason}")]
pub struct UnreachableDatabase {
    /// The address without the login.
    pub address: String,
    /// The reason, and a remedy if one is known.
    pub reason: String,
}

/// Why reading cannot begin.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// A text is not the address of a database.
    #[error(transparent)]
    Address(#[from] WrongAddress),
    /// The system gives no thread or no event queue.
    #[error("the databases cannot be read: {0}")]
    System(#[from] io::Error),
}

/// Databases with a connection each, not read yet. Dropped, they are left alone.
pub struct Databases {
    phase: watch::Sender<ReadingPhase>,
    thread: JoinHandle<Vec<DatabaseReport>>,
    /// Has no sender any more when the first readings of all databases are there.
    begun: Receiver<()>,
    problems: Vec<UnreachableDatabase>,
}

/// Reads, until it is finished or dropped.
pub struct ReadingHandle {
    phase: watch::Sender<ReadingPhase>,
    thread: Option<JoinHandle<Vec<DatabaseReport>>>,
}

impl Databases {
    /// Connects to all databases, within ten seconds. Passwords that are not in the URLs are taken from `PGPASSWORD`
    /// and `MYSQL_PWD`. One that cannot be reached is not an error: see [`Databases::problems`].
    ///
    /// # Errors
    /// The first text that is not the address of a database; a system without threads.
    pub fn connect<S: AsRef<str>>(urls: &[S]) -> Result<Databases, ConnectError> {
        let parse = |url: &S| DatabaseAddress::parse(url.as_ref()).map(|address| address.or_password(variable));
        let addresses = urls.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (phase, phases) = watch::channel(ReadingPhase::Waiting);
        let (connected, problems) = sync_channel(1);
        let (begin, begun) = sync_channel(0);
        let thread = std::thread::Builder::new()
            .name("database".to_owned())
            .spawn(move || read_all(&runtime, addresses, phases, &connected, begin))?;
        let problems = problems.recv().map_err(|_| io::Error::other("their thread has ended"))?;
        Ok(Databases { phase, thread, begun, problems })
    }

    /// The databases that cannot be reached, or refuse the login. Each has a report all the same, which says so.
    pub fn problems(&self) -> &[UnreachableDatabase] {
        &self.problems
    }

    /// Begins to read. Returns when the readings are there that all others are compared with: the load may begin then.
    /// Takes five seconds at most.
    pub fn begin(self) -> ReadingHandle {
        self.phase.send_replace(ReadingPhase::Reading);
        // Nothing is ever sent: it ends with the last sender, or after this time.
        let _ = self.begun.recv_timeout(LONGEST_BEGINNING);
        ReadingHandle { phase: self.phase, thread: Some(self.thread) }
    }
}

impl ReadingHandle {
    /// Reads for the last time, with the plans of statements, and returns a report for each database, in the order of
    /// their URLs. Takes ten seconds at most.
    pub fn finish(mut self) -> Vec<DatabaseReport> {
        self.phase.send_replace(ReadingPhase::Finishing);
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

/// Ends at once what is not finished.
impl Drop for ReadingHandle {
    fn drop(&mut self) {
        self.phase.send_replace(ReadingPhase::Abandoned);
        if let Some(thread) = self.thread.take() {
            // Its result is of no use any more.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Databases {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Databases").field("problems", &self.problems).finish_non_exhaustive()
    }
}

impl fmt::Debug for ReadingHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ReadingHandle").finish_non_exhaustive()
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The whole life of the thread.
fn read_all(
    runtime: &Runtime,
    addresses: Vec<DatabaseAddress>,
    phases: watch::Receiver<ReadingPhase>,
    connected: &SyncSender<Vec<UnreachableDatabase>>,
    begun: SyncSender<()>,
) -> Vec<DatabaseReport> {
    runtime.block_on(async {
        let opening: Vec<_> = addresses.into_iter().map(|address| tokio::spawn(open(address))).collect();
        let (mut readers, mut problems) = (Vec::new(), Vec::new());
        for opened in opening {
            match opened.await {
                Ok(Ok(reader)) => readers.push(Ok(reader)),
                Ok(Err(problem)) => {
                    problems.push(problem.clone());
                    readers.push(Err(problem));
                }
                // A task that panicked has no result.
                Err(_) => {}
            }
        }
        // Without a receiver nothing will be read.
        let _ = connected.send(problems);
        let follow = |reader| tokio::spawn(follow(reader, phases.clone(), begun.clone()));
        let reading: Vec<_> = readers.into_iter().map(follow).collect();
        drop(begun);
        let mut reports = Vec::new();
        for report in reading {
            reports.extend(report.await.ok().flatten());
        }
        reports
    })
}

async fn open(address: DatabaseAddress) -> Result<Reader, UnreachableDatabase> {
    let name = address.name();
    Reader::open(address).await.map_err(|reason| UnreachableDatabase { address: name, reason })
}

/// The report on one database; `None` if it is not wanted any more.
async fn follow(
    reader: Result<Reader, UnreachableDatabase>,
    mut phases: watch::Receiver<ReadingPhase>,
    begun: SyncSender<()>,
) -> Option<DatabaseReport> {
    match reader {
        Ok(reader) => {
            let mut abandoned = phases.clone();
            tokio::select! {
                report = reader.read(&mut phases, begun) => report,
                // Also if the sender is gone.
                _ = abandoned.wait_for(|phase| *phase == ReadingPhase::Abandoned) => None,
            }
        }
        Err(problem) => {
            let system = problem.address.split("://").next().unwrap_or_default().to_owned();
            let not_seen = vec![problem.reason];
            Some(DatabaseReport { name: problem.address, system, not_seen, ..DatabaseReport::default() })
        }
    }
}

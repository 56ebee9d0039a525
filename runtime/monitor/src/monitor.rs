//! The thread that asks: every source once a second, each at its own pace.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use squall_metrics::{Clock, Nanos, Reading};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::source::{Source, Sources, WrongSource};

/// Readings that wait to be taken. They are taken once a second; more than these would be some minutes of nobody caring.
const WAITING: usize = 10_000;
const SECOND: Nanos = Nanos(1_000_000_000);

/// Sources that were found good, and are not asked yet.
pub struct Monitor {
    sources: Vec<Source>,
}

/// Asks, until dropped.
#[derive(Debug)]
pub struct MonitorHandle {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Monitor {
    /// Looks whether they all can be asked.
    ///
    /// # Errors
    /// The first that cannot: an address that is none, a process that is not there.
    pub fn of(sources: &Sources) -> Result<Monitor, WrongSource> {
        Ok(Monitor { sources: sources.resolve()? })
    }

    /// Begins to ask, until what this returns first is dropped; what is said comes out of the second.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn begin(self) -> io::Result<(MonitorHandle, Receiver<Reading>)> {
        let (out, readings) = sync_channel(WAITING);
        let (end, ended) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("monitor".to_owned()).spawn(move || {
            let clock = Clock::of_system();
            for source in self.sources {
                runtime.spawn(ask_every_second(source, clock.clone(), out.clone()));
            }
            // Whatever is under way then ends with the runtime.
            drop(runtime.block_on(ended));
        })?;
        Ok((MonitorHandle { end: Some(end), thread: Some(thread) }, readings))
    }
}

impl Drop for MonitorHandle {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            // Nothing that it could say would matter any more.
            let _ = thread.join();
        }
    }
}

async fn ask_every_second(mut source: Source, clock: Clock, out: SyncSender<Reading>) {
    let mut next = clock.now();
    loop {
        let now = clock.now();
        for reading in source.ask(now).await {
            // Nobody takes them: a gap.
            let _ = out.try_send(reading);
        }
        // Whoever took longer than a second is asked at the next whole one; the seconds between are a gap.
        next += SECOND;
        while next <= clock.now() {
            next += SECOND;
        }
        wait(next.since(clock.now())).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a millisecond does not matter here: each reading has its own time")]
async fn wait(time: Nanos) {
    tokio::time::sleep(Duration::from(time)).await;
}

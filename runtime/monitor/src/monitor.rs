//! The thread that asks: every source once a second, each at its own pace.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use squall_metrics::{Clock, Nanos, Reading};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::source::{ResourceSource, Sources, WrongSource};

/// Capacity of the channel of readings. They are taken once a second; these are some minutes' worth.
const WAITING: usize = 10_000;
const SECOND: Nanos = Nanos(1_000_000_000);

/// Sources that were found good, and are not asked yet.
pub struct Monitor {
    sources: Vec<ResourceSource>,
}

/// Asks, until dropped.
#[derive(Debug)]
pub struct MonitorHandle {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Monitor {
    /// Checks that all sources can be read.
    ///
    /// # Errors
    /// The first source that cannot: an invalid address, a missing process.
    pub fn of(sources: &Sources) -> Result<Monitor, WrongSource> {
        Ok(Monitor { sources: sources.resolve()? })
    }

    /// Begins to read, until the returned handle is dropped. The readings arrive in the channel.
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
            // Its result is of no use any more.
            let _ = thread.join();
        }
    }
}

async fn ask_every_second(mut source: ResourceSource, clock: Clock, out: SyncSender<Reading>) {
    let mut next = clock.now();
    loop {
        let now = clock.now();
        for reading in source.ask(now).await {
            // A full channel: the reading is lost, a gap.
            let _ = out.try_send(reading);
        }
        // A source that took longer than a second is read at the next whole one; the seconds between are a gap.
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

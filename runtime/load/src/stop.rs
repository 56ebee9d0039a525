//! Asking a run to stop, from any thread.

use tokio::sync::watch;

/// How far a run is to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    /// As planned.
    #[default]
    No,
    /// No new iterations; those under way may end in the plan's graceful time.
    Gracefully,
    /// At once.
    Now,
}

/// Asks a run to stop.
#[derive(Clone, Debug)]
pub struct StopHandle(watch::Sender<Stop>);

impl Default for StopHandle {
    fn default() -> StopHandle {
        StopHandle(watch::Sender::new(Stop::No))
    }
}

impl StopHandle {
    /// A handle that nobody has used yet.
    pub fn new() -> StopHandle {
        StopHandle::default()
    }

    /// Begins no more iterations and waits for those under way, as long as the plan allows.
    pub fn stop_gracefully(&self) {
        self.raise(Stop::Gracefully);
    }

    /// Interrupts what is under way.
    pub fn stop_now(&self) {
        self.raise(Stop::Now);
    }

    fn raise(&self, to: Stop) {
        self.0.send_if_modified(|stop| {
            let raised = to > *stop;
            *stop = to.max(*stop);
            raised
        });
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Stop> {
        self.0.subscribe()
    }
}

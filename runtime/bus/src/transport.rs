//! The thread of a transport, with a runtime of its own.

use std::future::Future;
use std::thread::{Builder, JoinHandle};

use tokio::sync::oneshot;

use crate::error::BusError;

/// Ends with its drop, which waits for the thread: then all that the transport owned is dropped, too.
pub(crate) struct TransportThread {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TransportThread {
    /// Starts `work` on a new thread.
    pub(crate) fn spawn<F, W>(name: &str, work: W) -> Result<TransportThread, BusError>
    where
        W: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()>,
    {
        let failed = |error: std::io::Error| BusError::System { action: "start a thread", problem: error.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => (),
                    () = work() => (),
                }
            });
            // A name that is being resolved must not delay the end.
            runtime.shutdown_background();
        };
        let thread = Builder::new().name(name.to_owned()).spawn(run).map_err(failed)?;
        Ok(TransportThread { stop: Some(stop), thread: Some(thread) })
    }

    /// Its drop asks the thread to end, and does not wait for it.
    pub(crate) fn without_waiting(mut self) -> TransportThread {
        self.thread = None;
        self
    }
}

impl Drop for TransportThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

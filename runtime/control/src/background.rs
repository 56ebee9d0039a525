//! A server on a thread of its own inside this program, until its handle is dropped.

use std::future::Future;
use std::io;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// A runtime for such a thread.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Work on another thread, until dropped.
pub struct Background {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Ready when the work is to end.
pub type End = oneshot::Receiver<()>;

impl Background {
    /// Begins the work, which must end soon after its [`End`] is signalled.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn begin<Work: Future<Output = ()>>(
        name: &str,
        runtime: Runtime,
        work: impl FnOnce(End) -> Work + Send + 'static,
    ) -> io::Result<Background> {
        let (end, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(work(ended)))?;
        Ok(Background { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            // A failure of the work has been noticed by its users.
            let _ = thread.join();
        }
    }
}

//! Compiling a large scenario takes seconds, in which nothing else is to be seen: so it is said.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use squall_guest::{Artifact, CodeCache};
use squall_report::bytes;

use crate::stderr::print_status;

/// How long nobody wonders.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does work that compiles `artifact` unless its code is in `cache`, and says so if it takes long.
pub fn compiling<T>(name: &str, artifact: &Artifact, cache: &CodeCache, work: impl FnOnce() -> T) -> T {
    let size = bytes(artifact.size() as f64);
    let kept = cache.impediment().map_or("kept for the next time".to_owned(), |why| format!("not kept, since {why}"));
    let text = format!("compiling {name}, {size}: {kept}");
    if_it_takes(PATIENCE, move || print_status(&text), work)
}

/// Does the work, and `tell`s if it is not done by then.
fn if_it_takes<T>(patience: Duration, tell: impl FnOnce() + Send, work: impl FnOnce() -> T) -> T {
    let (done, is_done) = sync_channel::<()>(0);
    thread::scope(|scope| {
        scope.spawn(move || {
            // Nothing is ever sent: the other end goes when the work is done.
            if is_done.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                tell();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn what_takes_long_is_told_while_it_lasts() {
        let (told, is_told) = sync_channel(1);
        let result = if_it_takes(Duration::ZERO, move || told.send(()).unwrap(), || is_told.recv());
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn what_is_soon_done_is_not() {
        let told = AtomicBool::new(false);
        assert_eq!(if_it_takes(Duration::from_secs(3600), || told.store(true, Ordering::Relaxed), || 7), 7);
        assert!(!told.load(Ordering::Relaxed));
    }
}

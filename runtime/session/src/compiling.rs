//! A notice for those who wait: compiling a large scenario takes seconds.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use squall_guest::{Artifact, CodeCache};
use squall_report::bytes;

/// Compiling that takes longer than this is announced.
const NOTICE_AFTER: Duration = Duration::from_secs(1);

/// Does work that compiles `artifact` unless its code is in `cache`, and calls `notify` if it takes long.
pub fn notify_if_compiling_takes_long<T>(
    name: &str,
    artifact: &Artifact,
    cache: &CodeCache,
    notify: impl FnOnce(&str) + Send,
    work: impl FnOnce() -> T,
) -> T {
    let size = bytes(artifact.size() as f64);
    let kept = cache.impediment().map_or("kept for the next time".to_owned(), |why| format!("not kept, since {why}"));
    let text = format!("compiling {name}, {size}: {kept}");
    notify_if_slow(NOTICE_AFTER, move || notify(&text), work)
}

/// Does the work, and calls `notify` if it is not done by then.
fn notify_if_slow<T>(limit: Duration, notify: impl FnOnce() + Send, work: impl FnOnce() -> T) -> T {
    let (done, is_done) = sync_channel::<()>(0);
    thread::scope(|scope| {
        scope.spawn(move || {
            // Nothing is ever sent: the other end goes when the work is done.
            if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                notify();
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
        let result = notify_if_slow(Duration::ZERO, move || told.send(()).unwrap(), || is_told.recv());
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn what_is_soon_done_is_not() {
        let told = AtomicBool::new(false);
        assert_eq!(notify_if_slow(Duration::from_secs(3600), || told.store(true, Ordering::Relaxed), || 7), 7);
        assert!(!told.load(Ordering::Relaxed));
    }
}

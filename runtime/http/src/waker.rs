//! The task that waits for something, if one does.

use std::cell::RefCell;
use std::task::Waker;

/// Wakes it, once.
pub(crate) fn wake(waker: &RefCell<Option<Waker>>) {
    let waker = waker.borrow_mut().take();
    if let Some(waker) = waker {
        waker.wake();
    }
}

//! Which streams of a virtual user have something for the guest, in the order in which they got it. Streams say so; a guest
//! that waits for several of them is told of the one that has been ready longest.
//!
//! Must not know what a stream is: an HTTP response, a socket, a call.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// The ready streams of one virtual user.
#[derive(Debug, Default)]
pub struct Readiness {
    last_key: Cell<u32>,
    last_ticket: Cell<u64>,
    /// Keys of ready streams, by tickets that were drawn when they got ready.
    ready: RefCell<BTreeMap<u64, u32>>,
    /// The guest's task, while it waits.
    waiter: RefCell<Option<Waker>>,
}

impl Readiness {
    /// The key of the stream that has been ready longest. Takes nothing away: the stream stays ready until it is read.
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<u32> {
        self.poll_longest(context, |_| true)
    }

    /// The same, among the streams with these keys.
    pub fn poll_next_of(&self, keys: &[u32], context: &mut Context<'_>) -> Poll<u32> {
        self.poll_longest(context, |key| keys.contains(&key))
    }

    fn poll_longest(&self, context: &mut Context<'_>, is_asked_for: impl Fn(u32) -> bool) -> Poll<u32> {
        if let Some(key) = self.ready.borrow().values().copied().find(|key| is_asked_for(*key)) {
            return Poll::Ready(key);
        }
        self.waiter.replace(Some(context.waker().clone()));
        Poll::Pending
    }

    fn next_key(&self) -> u32 {
        let key = self.last_key.get().wrapping_add(1);
        self.last_key.set(key);
        key
    }

    /// Puts a key behind all others.
    fn line_up(&self, key: u32) -> u64 {
        let ticket = self.last_ticket.get() + 1;
        self.last_ticket.set(ticket);
        self.ready.borrow_mut().insert(ticket, key);
        let waiter = self.waiter.borrow_mut().take();
        if let Some(waiter) = waiter {
            waiter.wake();
        }
        ticket
    }

    fn leave(&self, ticket: u64) {
        self.ready.borrow_mut().remove(&ticket);
    }
}

/// One stream's place among the ready ones. Does nothing until its key was asked for. Dropped, it leaves.
#[derive(Debug, Default)]
pub struct ReadyMark {
    entry: RefCell<Option<Entry>>,
    /// Of a stream that is ready.
    ticket: Cell<Option<u64>>,
}

#[derive(Debug)]
struct Entry {
    readiness: Rc<Readiness>,
    key: u32,
}

impl ReadyMark {
    /// The stream's key, the same each time. From the first time on, the stream takes part in waiting; `is_ready` says
    /// whether it has something already.
    pub fn key(&self, readiness: &Rc<Readiness>, is_ready: bool) -> u32 {
        let new = || Entry { readiness: Rc::clone(readiness), key: readiness.next_key() };
        let key = self.entry.borrow_mut().get_or_insert_with(new).key;
        if is_ready {
            self.set();
        }
        key
    }

    /// Something has come, or the stream has ended.
    pub fn set(&self) {
        let entry = self.entry.borrow();
        let Some(Entry { readiness, key }) = &*entry else { return };
        if self.ticket.get().is_none() {
            self.ticket.set(Some(readiness.line_up(*key)));
        }
    }

    /// The guest has taken everything.
    pub fn clear(&self) {
        if let (Some(entry), Some(ticket)) = (&*self.entry.borrow(), self.ticket.take()) {
            entry.readiness.leave(ticket);
        }
    }

    /// The guest has taken something. If more is left, the others have their turns first.
    pub fn taken(&self, is_ready: bool) {
        self.clear();
        if is_ready {
            self.set();
        }
    }

    /// The guest has let go of the stream: whatever comes now, it is not ready.
    pub fn retire(&self) {
        self.clear();
        self.entry.take();
    }
}

impl Drop for ReadyMark {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    fn next(readiness: &Readiness) -> Option<u32> {
        match readiness.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(key) => Some(key),
            Poll::Pending => None,
        }
    }

    fn next_of(readiness: &Readiness, keys: &[u32]) -> Option<u32> {
        match readiness.poll_next_of(keys, &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(key) => Some(key),
            Poll::Pending => None,
        }
    }

    fn marks<const N: usize>(readiness: &Rc<Readiness>) -> [(u32, ReadyMark); N] {
        [(); N].map(|()| {
            let mark = ReadyMark::default();
            (mark.key(readiness, false), mark)
        })
    }

    #[test]
    fn the_stream_that_has_been_ready_longest_comes_first_and_stays() {
        let readiness = Rc::default();
        let [(one, of_one), (other, of_other)] = marks(&readiness);
        assert_eq!(next(&readiness), None);
        of_other.set();
        of_one.set();
        of_other.set();
        assert_eq!((next(&readiness), next(&readiness)), (Some(other), Some(other)));
        of_other.clear();
        assert_eq!(next(&readiness), Some(one));
        of_one.clear();
        of_one.clear();
        assert_eq!(next(&readiness), None);
    }

    #[test]
    fn a_stream_with_more_lets_others_go_first() {
        let readiness = Rc::default();
        let [(busy, of_busy), (quiet, of_quiet)] = marks(&readiness);
        of_busy.set();
        of_quiet.set();
        of_busy.taken(true);
        assert_eq!(next(&readiness), Some(quiet));
        of_quiet.taken(false);
        assert_eq!(next(&readiness), Some(busy));
    }

    #[test]
    fn only_streams_whose_keys_were_asked_for_take_part() {
        let readiness = Rc::default();
        let mark = ReadyMark::default();
        mark.set();
        assert_eq!(next(&readiness), None);
        let key = mark.key(&readiness, true);
        assert_eq!((next(&readiness), mark.key(&readiness, true)), (Some(key), key));
    }

    #[test]
    fn a_choice_of_streams_leaves_the_others_out() {
        let readiness = Rc::default();
        let [(one, of_one), (other, of_other)] = marks(&readiness);
        of_one.set();
        assert_eq!((next_of(&readiness, &[other]), next_of(&readiness, &[])), (None, None));
        of_other.set();
        assert_eq!(next_of(&readiness, &[other]), Some(other));
        assert_eq!(next_of(&readiness, &[other, one]), Some(one));
    }

    #[test]
    fn a_stream_that_is_dropped_or_let_go_is_ready_no_more() {
        let readiness = Rc::default();
        let [(one, of_one), (_, of_other)] = marks(&readiness);
        of_other.set();
        of_one.set();
        drop(of_other);
        assert_eq!(next(&readiness), Some(one));
        of_one.retire();
        of_one.set();
        assert_eq!(next(&readiness), None);
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_guest_that_waits_is_woken_once() {
        let readiness = Rc::default();
        let [(_, of_one), (_, of_other)] = marks(&readiness);
        let wakes = Arc::new(Wakes::default());
        assert!(readiness.poll_next(&mut Context::from_waker(&Arc::clone(&wakes).into())).is_pending());
        of_one.set();
        of_other.set();
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    }
}

//! The backlog of an open load on one worker: arrivals wait here for free virtual users, or the users for arrivals.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use squall_metrics::Nanos;
use tokio::sync::Notify;

/// An iteration that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// Its number in the run, which decides the flow.
    pub(crate) index: u64,
    /// When it should begin.
    pub(crate) intended: Nanos,
}

/// Arrivals that wait for virtual users, or virtual users that wait for arrivals.
#[derive(Debug, Default)]
pub(crate) struct ArrivalQueue {
    /// The one freed last is at the end, and comes first: its connection is warm.
    free: RefCell<Vec<Rc<VuSlot>>>,
    waiting: RefCell<VecDeque<Due>>,
    prepared: Cell<u64>,
    vu_prepared: Notify,
    /// Whether there are as many users as there may be.
    at_max_vus: Cell<bool>,
    closed: Cell<bool>,
}

/// Where a free virtual user waits.
#[derive(Debug, Default)]
pub(crate) struct VuSlot {
    given: Cell<Option<Due>>,
    waker: RefCell<Option<Waker>>,
}

impl ArrivalQueue {
    /// Hands an arrival to a free virtual user, or lets it wait.
    pub(crate) fn push(&self, due: Due) {
        match self.free.borrow_mut().pop() {
            Some(slot) => {
                slot.given.set(Some(due));
                slot.wake();
            }
            None => self.waiting.borrow_mut().push_back(due),
        }
    }

    /// The next iteration for the user on this slot; none when there will be no more.
    pub(crate) async fn next(&self, slot: &Rc<VuSlot>) -> Option<Due> {
        if let Some(due) = self.waiting.borrow_mut().pop_front() {
            return Some(due);
        }
        let mut waits = false;
        poll_fn(|context| {
            if let Some(due) = slot.given.take() {
                return Poll::Ready(Some(due));
            }
            if self.closed.get() {
                return Poll::Ready(None);
            }
            *slot.waker.borrow_mut() = Some(context.waker().clone());
            if !std::mem::replace(&mut waits, true) {
                self.free.borrow_mut().push(Rc::clone(slot));
            }
            Poll::Pending
        })
        .await
    }

    /// Nothing more will be brought.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        for slot in self.free.borrow_mut().drain(..) {
            slot.wake();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// A user has tried to prepare itself, for the first time.
    pub(crate) fn one_is_prepared(&self) {
        self.prepared.set(self.prepared.get() + 1);
        self.vu_prepared.notify_one();
    }

    pub(crate) fn prepared(&self) -> u64 {
        self.prepared.get()
    }

    pub(crate) async fn wait_until_prepared(&self, users: u64) {
        while self.prepared.get() < users {
            self.vu_prepared.notified().await;
        }
    }

    /// How many arrivals wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.borrow().len() as u64
    }

    /// Says whether there are as many users as there may be.
    pub(crate) fn set_at_max_vus(&self, at_max_vus: bool) {
        self.at_max_vus.set(at_max_vus);
    }

    /// Whether everybody that there may be is busy.
    pub(crate) fn is_saturated(&self) -> bool {
        self.at_max_vus.get() && self.nobody_is_free()
    }

    fn nobody_is_free(&self) -> bool {
        self.free.borrow().is_empty()
    }

    /// The arrival that has waited longest, if it is such a one.
    pub(crate) fn take_oldest_if(&self, condition: impl Fn(&Due) -> bool) -> Option<Due> {
        self.waiting.borrow_mut().pop_front_if(|due| condition(due))
    }
}

impl VuSlot {
    fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::runtime;

    fn due(index: u64) -> Due {
        Due { index, intended: Nanos(index) }
    }

    #[test]
    fn arrivals_wait_in_order_and_so_do_users() {
        runtime().unwrap().block_on(async {
            let queue = Rc::new(ArrivalQueue::default());
            let slot = Rc::new(VuSlot::default());
            queue.push(due(0));
            queue.push(due(1));
            assert_eq!(queue.waiting(), 2);
            assert_eq!(queue.next(&slot).await, Some(due(0)));
            assert_eq!(queue.next(&slot).await, Some(due(1)));
            let (desk_of_user, seat_of_user) = (Rc::clone(&queue), Rc::clone(&slot));
            let user = tokio::task::spawn_local(async move {
                (desk_of_user.next(&seat_of_user).await, desk_of_user.next(&seat_of_user).await)
            });
            tokio::task::yield_now().await;
            assert!(!queue.nobody_is_free());
            queue.push(due(2));
            tokio::task::yield_now().await;
            queue.close();
            assert_eq!(user.await.unwrap(), (Some(due(2)), None));
        });
    }

    #[test]
    fn what_has_waited_in_vain_can_be_taken_back() {
        let queue = ArrivalQueue::default();
        queue.push(due(5));
        queue.push(due(9));
        assert_eq!(queue.take_oldest_if(|due| due.intended < Nanos(7)), Some(due(5)));
        assert_eq!(queue.take_oldest_if(|due| due.intended < Nanos(7)), None);
        assert_eq!(queue.waiting(), 1);
    }
}

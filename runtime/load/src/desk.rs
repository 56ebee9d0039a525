//! Where arrivals and free virtual users of a worker meet. Whoever comes first waits.

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

#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// The one freed last is at the end, and comes first: its connection is warm.
    free: RefCell<Vec<Rc<Seat>>>,
    waiting: RefCell<VecDeque<Due>>,
    prepared: Cell<u64>,
    somebody_prepared: Notify,
    /// Whether there are as many users as there may be.
    is_fully_staffed: Cell<bool>,
    closed: Cell<bool>,
}

/// Where a free virtual user waits.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    given: Cell<Option<Due>>,
    waker: RefCell<Option<Waker>>,
}

impl Desk {
    /// Hands an arrival to somebody who is free, or lets it wait.
    pub(crate) fn bring(&self, due: Due) {
        match self.free.borrow_mut().pop() {
            Some(seat) => {
                seat.given.set(Some(due));
                seat.wake();
            }
            None => self.waiting.borrow_mut().push_back(due),
        }
    }

    /// The next iteration for the user on this seat; none when there will be no more.
    pub(crate) async fn next(&self, seat: &Rc<Seat>) -> Option<Due> {
        if let Some(due) = self.waiting.borrow_mut().pop_front() {
            return Some(due);
        }
        let mut seated = false;
        poll_fn(|context| {
            if let Some(due) = seat.given.take() {
                return Poll::Ready(Some(due));
            }
            if self.closed.get() {
                return Poll::Ready(None);
            }
            *seat.waker.borrow_mut() = Some(context.waker().clone());
            if !std::mem::replace(&mut seated, true) {
                self.free.borrow_mut().push(Rc::clone(seat));
            }
            Poll::Pending
        })
        .await
    }

    /// Nothing more will be brought.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        for seat in self.free.borrow_mut().drain(..) {
            seat.wake();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// A user has tried to prepare itself, for the first time.
    pub(crate) fn one_is_prepared(&self) {
        self.prepared.set(self.prepared.get() + 1);
        self.somebody_prepared.notify_one();
    }

    pub(crate) fn prepared(&self) -> u64 {
        self.prepared.get()
    }

    pub(crate) async fn wait_until_prepared(&self, users: u64) {
        while self.prepared.get() < users {
            self.somebody_prepared.notified().await;
        }
    }

    /// How many arrivals wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.borrow().len() as u64
    }

    /// Says whether there are as many users as there may be.
    pub(crate) fn set_fully_staffed(&self, is_fully_staffed: bool) {
        self.is_fully_staffed.set(is_fully_staffed);
    }

    /// Whether everybody that there may be is busy.
    pub(crate) fn everybody_is_busy(&self) -> bool {
        self.is_fully_staffed.get() && self.nobody_is_free()
    }

    fn nobody_is_free(&self) -> bool {
        self.free.borrow().is_empty()
    }

    /// The arrival that has waited longest, if it is such a one.
    pub(crate) fn take_oldest_if(&self, condition: impl Fn(&Due) -> bool) -> Option<Due> {
        self.waiting.borrow_mut().pop_front_if(|due| condition(due))
    }
}

impl Seat {
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
            let desk = Rc::new(Desk::default());
            let seat = Rc::new(Seat::default());
            desk.bring(due(0));
            desk.bring(due(1));
            assert_eq!(desk.waiting(), 2);
            assert_eq!(desk.next(&seat).await, Some(due(0)));
            assert_eq!(desk.next(&seat).await, Some(due(1)));
            let (desk_of_user, seat_of_user) = (Rc::clone(&desk), Rc::clone(&seat));
            let user = tokio::task::spawn_local(async move {
                (desk_of_user.next(&seat_of_user).await, desk_of_user.next(&seat_of_user).await)
            });
            tokio::task::yield_now().await;
            assert!(!desk.nobody_is_free());
            desk.bring(due(2));
            tokio::task::yield_now().await;
            desk.close();
            assert_eq!(user.await.unwrap(), (Some(due(2)), None));
        });
    }

    #[test]
    fn what_has_waited_in_vain_can_be_taken_back() {
        let desk = Desk::default();
        desk.bring(due(5));
        desk.bring(due(9));
        assert_eq!(desk.take_oldest_if(|due| due.intended < Nanos(7)), Some(due(5)));
        assert_eq!(desk.take_oldest_if(|due| due.intended < Nanos(7)), None);
        assert_eq!(desk.waiting(), 1);
    }
}

//! Time that passes only when nothing else can happen, for rehearsals: whenever all tasks of the thread wait, the clock jumps
//! to the earliest time that one of them waits for. Hours take as long as what happens in them.

use std::cell::RefCell;

use squall_metrics::{ManualClock, Nanos};

use super::WorkerTimer;

thread_local! {
    static TIME: RefCell<Option<VirtualTime>> = const { RefCell::new(None) };
}

struct VirtualTime {
    hand: ManualClock,
    timers: Vec<WorkerTimer>,
}

/// From now on these timers' time is that of `hand`, on this thread.
pub(super) fn add(timer: &WorkerTimer, hand: &ManualClock) {
    TIME.with_borrow_mut(|time| {
        let time = time.get_or_insert_with(|| VirtualTime { hand: hand.clone(), timers: Vec::new() });
        time.timers.push(timer.clone());
    });
}

/// There are no timers any more.
pub(crate) fn end() {
    TIME.take();
}

/// The runtime calls it when nothing on this thread can go on. What is woken goes on instead of the thread falling
/// asleep; where nothing waits for a time, it sleeps until something else happens.
pub(crate) fn passes() {
    TIME.with_borrow(|time| {
        let Some(VirtualTime { hand, timers }) = time else { return };
        let next = timers.iter().map(|timer| timer.0.earliest()).min().unwrap_or(Nanos::MAX);
        if next < Nanos::MAX {
            hand.advance_to(next);
            timers.iter().for_each(|timer| timer.0.wake_due(next));
        }
    });
}

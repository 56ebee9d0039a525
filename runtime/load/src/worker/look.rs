//! A worker's look at itself: a task that wants to run every 10 ms, and notes how late it was let.

use std::cell::Cell;
use std::rc::Rc;

use squall_guest::WorkerContext;
use squall_metrics::Nanos;

use crate::life::Work;
use crate::timer::WorkerTimer;

const EVERY: Nanos = Nanos(10_000_000);

/// Looks until the runtime ends.
pub(super) async fn look_at_ourselves(
    context: Rc<WorkerContext>,
    scenarios: Vec<Rc<Work>>,
    timer: WorkerTimer,
    begins: Nanos,
) {
    let mut next = begins;
    loop {
        next += EVERY;
        timer.until(next).await;
        let now = context.clock.now();
        let under_way = scenarios.iter().map(|work| work.under_way.get()).sum();
        context.recorder.borrow_mut().look(now.since(next), under_way);
        // Looks that were missed are part of the delay of the one that was late.
        next = next.max(Nanos(now.0 / EVERY.0 * EVERY.0));
    }
}

/// Forgets, at the end of the warm-up, what was recorded until then and not reported.
pub(super) async fn end_warm_up(
    context: Rc<WorkerContext>,
    warming_up: Rc<Cell<bool>>,
    timer: WorkerTimer,
    ends: Nanos,
) {
    timer.until(ends).await;
    drop(context.recorder.borrow_mut().take());
    warming_up.set(false);
}

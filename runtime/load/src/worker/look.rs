//! A worker's look at itself: a task that wants to run every 10 ms, and notes how late it was let.

use std::rc::Rc;

use squall_metrics::Nanos;

use crate::life::Work;
use crate::timer::WorkerTimer;
use crate::warm_up::planned_warm_up;

const EVERY: Nanos = Nanos(10_000_000);

/// Looks until the runtime ends.
pub(super) async fn look_at_ourselves(work: Rc<Work>, timer: WorkerTimer, begins: Nanos) {
    let mut next = begins;
    loop {
        next += EVERY;
        timer.until(next).await;
        let now = work.context.clock.now();
        work.context.recorder.borrow_mut().look(now.since(next), work.under_way.get());
        // Looks that were missed are part of the delay of the one that was late.
        next = next.max(Nanos(now.0 / EVERY.0 * EVERY.0));
    }
}

/// Forgets, at the end of the warm-up, what was recorded until then and not reported.
pub(super) async fn end_warm_up(work: Rc<Work>, timer: WorkerTimer, begins: Nanos) {
    timer.until(begins + planned_warm_up(&work.plan)).await;
    drop(work.context.recorder.borrow_mut().take());
    work.warming_up.set(false);
}

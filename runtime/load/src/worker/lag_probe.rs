//! A worker's look at itself: a task that wants to run every 10 ms, and notes how late it was let.

use std::rc::Rc;

use squall_guest::WorkerContext;
use squall_metrics::Nanos;

use crate::timer::WorkerTimer;
use crate::vu::ScenarioContext;

const EVERY: Nanos = Nanos(10_000_000);

/// Looks until the runtime ends.
pub(super) async fn look_at_ourselves(
    context: Rc<WorkerContext>,
    scenarios: Vec<Rc<ScenarioContext>>,
    timer: WorkerTimer,
    begins: Nanos,
) {
    let mut next = begins;
    loop {
        next += EVERY;
        timer.until(next).await;
        let now = context.clock.now();
        let under_way = scenarios.iter().map(|context| context.under_way.get()).sum();
        let mut recorder = context.recorder.borrow_mut();
        recorder.advance_to(now);
        recorder.look(now.since(next), under_way);
        drop(recorder);
        // Looks that were missed are part of the delay of the one that was late.
        next = next.max(Nanos(now.0 / EVERY.0 * EVERY.0));
    }
}

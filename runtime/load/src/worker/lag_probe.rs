//! A worker's look at itself: a task that wants to run about every 10 ms, and notes how late it was let.

use std::cell::RefCell;
use std::rc::Rc;

use squall_guest::WorkerContext;
use squall_metrics::Nanos;
use squall_plan::random::{mix, nth, scale};

use crate::timer::WorkerTimer;
use crate::vu::ScenarioContext;

/// How often it looks, on average.
const EVERY: Nanos = Nanos(10_000_000);

/// Looks until the runtime ends.
pub(super) async fn look_at_ourselves(
    context: Rc<WorkerContext>,
    scenarios: Rc<RefCell<Vec<Rc<ScenarioContext>>>>,
    timer: WorkerTimer,
    begins: Nanos,
) {
    let looks = Looks { begins, seed: context.run.seed.wrapping_add(context.number as u64) };
    // A worker that comes late has not looked late.
    let mut number = context.clock.now().since(begins).0 / EVERY.0;
    loop {
        number += 1;
        let due = looks.due(number);
        timer.until(due).await;
        let now = context.clock.now();
        let under_way = scenarios.borrow().iter().map(|context| context.under_way.get()).sum();
        let mut recorder = context.recorder.borrow_mut();
        recorder.advance_to(now);
        recorder.look(now.since(due), under_way);
        drop(recorder);
        // Looks that were missed are part of the delay of the one that was late.
        number = number.max(now.since(begins).0 / EVERY.0);
    }
}

/// When a worker looks: once in each stretch, at a random moment of it. Looks at regular times would see the same phase of
/// a regular load again and again: of an iteration that begins every 10 ms, always its beginning.
struct Looks {
    begins: Nanos,
    seed: u64,
}

impl Looks {
    fn due(&self, number: u64) -> Nanos {
        let within = scale(nth(mix(self.seed ^ 0x6c6f_6f6b), number), EVERY.0);
        self.begins + Nanos(EVERY.0.saturating_mul(number) + within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_load_is_seen_at_all_its_phases() {
        let looks = Looks { begins: Nanos(7), seed: 42 };
        // Iterations of 6 ms begin every 10 ms: 0.6 are under way on average.
        let seen = |number: &u64| (looks.due(*number).since(looks.begins).0 % EVERY.0) < 6_000_000;
        let share = (1..=20_000_u64).filter(seen).count() as f64 / 20_000.0;
        assert!((share - 0.6).abs() < 0.015, "{share}");
        for number in 1..100 {
            let due = looks.due(number).since(looks.begins).0;
            assert_eq!(due / EVERY.0, number, "one in each stretch");
        }
    }
}

//! What the engine asks itself while a load goes on: how much this machine could do of it, and whether its own numbers fit
//! together.

use squall_metrics::{Cost, Interval, Nanos, Totals, littles_law};
use squall_plan::Plan;

use crate::event::Capacity;

/// Long enough for caches and connections to be warm; what comes before is not typical.
const SETTLED_AFTER: Nanos = Nanos(2_000_000_000);
/// Fewer iterations in a second are no measure of what one costs.
const ENOUGH_ITERATIONS: u64 = 20;
/// How far numbers that must fit together may be apart.
const TOLERATED: f64 = 0.05;
/// An iteration that is cut off by an end of the load is counted on one side only; there must be few of these.
const LONG_AGAINST_AN_ITERATION: f64 = 100.0;

pub(crate) struct SelfChecks {
    threads: usize,
    planned: Option<f64>,
    is_level: bool,
    told_capacity: bool,
}

impl SelfChecks {
    pub(crate) fn new(plan: &Plan) -> SelfChecks {
        SelfChecks {
            threads: plan.threads.max(1),
            planned: plan.peak_rate(),
            is_level: plan.is_level(),
            told_capacity: false,
        }
    }

    /// What a second says of what this machine could do; once, as soon as it can be said.
    pub(crate) fn capacity(&mut self, elapsed: Nanos, recent: &Interval) -> Option<Capacity> {
        let cost = Cost::of(recent);
        if self.told_capacity || elapsed < SETTLED_AFTER || cost.iterations < ENOUGH_ITERATIONS {
            return None;
        }
        let of_thread = cost.capacity_of_thread()?;
        self.told_capacity = true;
        Some(Capacity {
            iterations: of_thread.iterations * self.threads as f64,
            certainty: of_thread.certainty,
            threads: self.threads,
            planned: self.planned,
        })
    }

    /// Little's law: iterations under way must be those that ended, times how long they took. Where they are not,
    /// something was lost, or a clock is wrong: our fault, not the target's.
    pub(crate) fn at_the_end(&self, totals: &Totals) -> Option<String> {
        let (mut ended, mut spent) = (0, Nanos::ZERO);
        for cell in totals.recorded.iterations.values() {
            ended += cell.count;
            spent += cell.duration.sum();
        }
        let longest = totals.recorded.iterations.values().map(|cell| cell.duration.max()).max()?;
        let few_are_cut_off = totals.elapsed.as_secs_f64() > LONG_AGAINST_AN_ITERATION * longest.as_secs_f64();
        if !self.is_level || !few_are_cut_off || ended == 0 {
            return None;
        }
        let apart = littles_law(&totals.recorded.pacing, self.threads, spent.into(), totals.elapsed.into())?;
        (apart > TOLERATED).then(|| {
            format!(
                "Squall's own numbers do not fit together: iterations under way differ by {:.0}% from those that ended \
                 times their duration (Little's law). Something was lost: please report this as a bug",
                apart * 100.0
            )
        })
    }
}

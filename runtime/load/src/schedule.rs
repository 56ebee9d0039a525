//! Which virtual user works when: pure arithmetic on the plan, so that every worker thread knows its part without asking.

use std::time::Duration;

use squall_metrics::Nanos;
use squall_plan::{Executor, Plan, Ramp};

/// A stretch of time in which a virtual user works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stint {
    /// When it begins, from the beginning of the load.
    pub(crate) from: Nanos,
    /// When it begins no more iterations.
    pub(crate) until: Nanos,
    /// When an iteration that is still under way is interrupted.
    pub(crate) killed_at: Nanos,
    /// The virtual user, from 1.
    pub(crate) vu: u32,
}

/// The stints of those virtual users that belong to one of `workers` threads, in the order in which they begin.
pub(crate) fn stints_of(plan: &Plan, worker: usize, workers: usize) -> Vec<Stint> {
    let users = (0..plan.executor.max_vus()).skip(worker).step_by(workers.max(1));
    let mut stints: Vec<Stint> = users.flat_map(|user| stints_of_user(plan, user)).collect();
    stints.sort_unstable();
    stints
}

fn stints_of_user(plan: &Plan, user: u64) -> Vec<Stint> {
    let vu = u32::try_from(user + 1).unwrap_or(u32::MAX);
    let stint = |from: Duration, until: Duration, grace: Duration| Stint {
        from: from.into(),
        until: until.into(),
        killed_at: Nanos::from(until) + grace.into(),
        vu,
    };
    match &plan.executor {
        Executor::ConstantVus { duration: until, .. }
        | Executor::PerVuIterations { max_duration: until, .. }
        | Executor::SharedIterations { max_duration: until, .. } => {
            vec![stint(Duration::ZERO, *until, plan.graceful_stop)]
        }
        // Somebody else says when these work: the arrivals, or whoever controls the run.
        Executor::ConstantArrivalRate { .. }
        | Executor::RampingArrivalRate { .. }
        | Executor::ExternallyControlled { .. } => Vec::new(),
        Executor::RampingVus { start_vus, stages, graceful_ramp_down } => {
            let ramp = Ramp::new(*start_vus, stages);
            let end = ramp.duration();
            let intervals = ramp.active_intervals(user);
            intervals
                .map(|(from, until)| {
                    let grace = if until >= end { plan.graceful_stop } else { *graceful_ramp_down };
                    stint(from, until, grace)
                })
                .collect()
        }
    }
}

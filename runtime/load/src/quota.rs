//! How many iterations there are to do, and which of them comes next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use squall_plan::{AgentPlace, Executor};

/// Numbers the iterations of a run, over all its threads: what the mix of flows goes by. One atomic addition an
/// iteration; no lock.
#[derive(Debug)]
pub(crate) struct IterationCounter {
    next: AtomicU64,
    limit: u64,
    place: AgentPlace,
}

impl IterationCounter {
    /// The numbers of one of several agents; of the only process, all.
    pub(crate) fn new(executor: &Executor, place: AgentPlace) -> Arc<IterationCounter> {
        let limit = match executor {
            Executor::SharedIterations { iterations, .. } => *iterations,
            _ => u64::MAX,
        };
        Arc::new(IterationCounter { next: AtomicU64::new(0), limit, place })
    }

    /// The number of the next iteration; none if all are taken.
    pub(crate) fn take(&self) -> Option<u64> {
        // Only the count matters, not what else a thread has seen.
        let number = self.place.number(self.next.fetch_add(1, Ordering::Relaxed));
        (number < self.limit).then_some(number)
    }
}

/// How many iterations each virtual user does at most.
pub(crate) fn of_each_user(executor: &Executor) -> u64 {
    match executor {
        Executor::PerVuIterations { iterations, .. } => *iterations,
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn shared_iterations_run_out() {
        let executor = Executor::SharedIterations { vus: 2, iterations: 3, max_duration: Duration::from_secs(1) };
        let iteration_counter = IterationCounter::new(&executor, AgentPlace::ONLY);
        let taken: Vec<_> = std::iter::from_fn(|| iteration_counter.take()).collect();
        assert_eq!(taken, [0, 1, 2]);
        assert_eq!(iteration_counter.take(), None);
    }
}

//! Progress of a run, for guests that ask for it. Each worker thread has counters of its own, which only it writes and
//! all may read: counting is an addition, and no thread waits for another.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use squall_metrics::{IterationEnd, Nanos};

/// Progress of a run.
#[derive(Debug, Default)]
pub struct Progress {
    workers: Box<[Counts]>,
    pre_allocated_vus: u64,
    load_begins: OnceLock<Nanos>,
}

/// The counters of one worker thread. Alone on its cache lines, or threads would slow each other down.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Counts {
    vus_active: AtomicU64,
    further_vus: AtomicU64,
    completed: AtomicU64,
    interrupted: AtomicU64,
}

/// The counts of all worker threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Virtual users at work.
    pub vus_active: u64,
    /// Virtual users that are made before they are needed, and those that were made beyond.
    pub vus_initialized: u64,
    /// Iterations that have come to their end, good or bad.
    pub completed: u64,
    /// Iterations that were cut short.
    pub interrupted: u64,
}

/// Facts about a scenario that its virtual users can read.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioFacts {
    /// The scenario's name in the plan.
    pub name: String,
    /// The kind of its executor.
    pub executor: &'static str,
    /// Its start, from the beginning of the load.
    pub start_time: Nanos,
    /// The goal that completes it.
    pub goal: Goal,
}

/// The goal that completes a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A total number of iterations.
    Iterations(u64),
    /// A duration.
    Time(Nanos),
    /// It goes on until it is stopped.
    None,
}

impl Progress {
    /// Of a run with that many worker threads, and virtual users that are made before they are needed.
    pub fn new(workers: usize, pre_allocated_vus: u64) -> Progress {
        let workers = (0..workers).map(|_| Counts::default()).collect();
        Progress { workers, pre_allocated_vus, load_begins: OnceLock::new() }
    }

    /// Notes when the load begins.
    pub fn begin(&self, now: Nanos) {
        // It begins once.
        let _ = self.load_begins.set(now);
    }

    /// Counts the end of an iteration, on that worker thread.
    pub fn iteration_ended(&self, worker: usize, end: IterationEnd) {
        let Some(counts) = self.workers.get(worker) else { return };
        let count = if end == IterationEnd::Interrupted { &counts.interrupted } else { &counts.completed };
        add_one(count);
    }

    /// Counts a virtual user that was made beyond those before the load, on that worker thread.
    pub fn further_vu(&self, worker: usize) {
        self.workers.get(worker).iter().for_each(|counts| add_one(&counts.further_vus));
    }

    /// Notes how many virtual users are at work on that worker thread.
    pub fn vus_active(&self, worker: usize, vus: u64) {
        self.workers.get(worker).iter().for_each(|counts| counts.vus_active.store(vus, Ordering::Relaxed));
    }

    /// The sum over all threads, as of now.
    pub fn total(&self) -> Total {
        let sum = |count: fn(&Counts) -> &AtomicU64| -> u64 {
            self.workers.iter().map(|counts| count(counts).load(Ordering::Relaxed)).sum()
        };
        Total {
            vus_active: sum(|counts| &counts.vus_active),
            vus_initialized: self.pre_allocated_vus + sum(|counts| &counts.further_vus),
            completed: sum(|counts| &counts.completed),
            interrupted: sum(|counts| &counts.interrupted),
        }
    }

    /// The start of a scenario; until the load begins, the start of the run.
    pub fn began(&self, scenario: &ScenarioFacts) -> Nanos {
        self.load_begins.get().map_or(Nanos::ZERO, |begins| *begins + scenario.start_time)
    }
}

impl Goal {
    /// The completed share, from 0 to 1, after this many iterations and this time.
    pub fn done(self, iterations: u64, time: Nanos) -> f64 {
        let share = match self {
            Goal::Iterations(all) => iterations as f64 / all.max(1) as f64,
            Goal::Time(all) => time.0 as f64 / all.0.max(1) as f64,
            Goal::None => 0.0,
        };
        share.min(1.0)
    }
}

/// For a count that only this thread writes.
fn add_one(count: &AtomicU64) {
    count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_threads_add_up() {
        let progress = Progress::new(2, 3);
        for worker in [0, 1, 1] {
            progress.iteration_ended(worker, IterationEnd::Failed);
        }
        progress.iteration_ended(0, IterationEnd::Interrupted);
        progress.further_vu(1);
        progress.vus_active(0, 2);
        progress.vus_active(1, 2);
        progress.vus_active(1, 1);
        let total = Total { vus_active: 3, vus_initialized: 4, completed: 3, interrupted: 1 };
        assert_eq!(progress.total(), total);
    }

    #[test]
    fn a_goal_is_reached_by_iterations_or_by_time() {
        assert_eq!(Goal::Iterations(4).done(1, Nanos(9)), 0.25);
        assert_eq!(Goal::Time(Nanos(10)).done(1, Nanos(9)), 0.9);
        assert_eq!(Goal::Time(Nanos(10)).done(1, Nanos(19)), 1.0);
        assert_eq!(Goal::None.done(1, Nanos(9)), 0.0);
    }
}

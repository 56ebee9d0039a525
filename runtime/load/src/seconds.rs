//! The seconds of a load, put together from what the workers report. A worker cuts what it records at the ends of seconds;
//! a second is complete when every worker has reported past it, however late that is.
//! Must not know what is concluded from a second.

use std::collections::BTreeMap;

use squall_metrics::{Interval, Nanos, TakenSeconds};

/// What all workers together recorded in a second.
#[derive(Debug, Default)]
pub(crate) struct RecordedByAll {
    pub(crate) recorded: Interval,
    /// The longest time that one of the threads was at work.
    pub(crate) busiest: Nanos,
    /// The longest time that one of the threads was ready to run, and the system ran something else.
    pub(crate) run_delay: Nanos,
}

impl RecordedByAll {
    fn join(&mut self, other: RecordedByAll) {
        self.recorded.merge(&other.recorded);
        self.busiest = self.busiest.max(other.busiest);
        self.run_delay = self.run_delay.max(other.run_delay);
    }

    fn add(&mut self, by_worker: &Interval) {
        self.recorded.merge(by_worker);
        self.busiest = self.busiest.max(by_worker.busy);
        self.run_delay = self.run_delay.max(by_worker.pacing.run_delay);
    }
}

/// Seconds that wait for the workers that have not reported them yet.
#[derive(Debug)]
pub(crate) struct SecondsUnderWay {
    /// For each worker: it has reported all seconds before this one.
    complete_before: Vec<u64>,
    /// The next second to be handed out.
    next: u64,
    waiting: BTreeMap<u64, RecordedByAll>,
}

impl SecondsUnderWay {
    /// The most seconds that wait for a worker. What it reports of earlier ones is then counted with the next second: late,
    /// but not lost.
    const MOST_WAITING: u64 = 60;

    pub(crate) fn new(workers: usize) -> SecondsUnderWay {
        SecondsUnderWay { complete_before: vec![0; workers], next: 0, waiting: BTreeMap::new() }
    }

    /// Adds what a worker reports.
    pub(crate) fn add(&mut self, worker: usize, taken: &TakenSeconds) {
        for (number, recorded) in &taken.seconds {
            self.waiting.entry((*number).max(self.next)).or_default().add(recorded);
        }
        if let Some(complete_before) = self.complete_before.get_mut(worker) {
            *complete_before = taken.complete_before;
        }
    }

    /// Adds what an agent recorded in a second.
    pub(crate) fn add_of_agent(&mut self, agent: usize, number: u64, complete_before: u64, recorded: RecordedByAll) {
        self.waiting.entry(number.max(self.next)).or_default().join(recorded);
        if let Some(known) = self.complete_before.get_mut(agent) {
            *known = complete_before;
        }
    }

    /// Nothing more is waited for of that worker or agent, unless it reports again.
    pub(crate) fn release(&mut self, worker: usize) {
        if let Some(complete_before) = self.complete_before.get_mut(worker) {
            *complete_before = u64::MAX;
        }
    }

    /// The next second to which nothing will be added, with its number. Seconds come in order, and none is left out before
    /// the last one in which something was recorded.
    pub(crate) fn pop(&mut self) -> Option<(u64, RecordedByAll)> {
        let latest = self.waiting.last_key_value().map(|(number, _)| *number);
        let complete_before = self.complete_before.iter().copied().min().unwrap_or(u64::MAX);
        let is_complete = match complete_before {
            // All workers have ended.
            u64::MAX => latest.is_some(),
            _ => self.next < complete_before,
        };
        let has_waited_too_long = latest.is_some_and(|latest| latest >= self.next + SecondsUnderWay::MOST_WAITING);
        if !is_complete && !has_waited_too_long {
            return None;
        }
        let number = self.next;
        self.next += 1;
        Some((number, self.waiting.remove(&number).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests;

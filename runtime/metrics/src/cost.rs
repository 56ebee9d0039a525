//! The generator's cost of an iteration, and so the number of iterations that a thread can run in a second.

use crate::clock::Nanos;
use crate::interval::Interval;

/// The total cost of the iterations in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Number of iterations that ended.
    pub iterations: u64,
    /// Time spent computing in guests.
    pub guest: Nanos,
    /// All other work of the worker threads.
    pub client: Nanos,
    /// Time in iterations without work: waiting for the target, sleeping.
    pub waiting: Nanos,
    certainty: Certainty,
}

/// How exact a capacity is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certainty {
    /// About the highest possible rate.
    #[default]
    About,
    /// A lower bound: the cost of a request falls with the load, because threads sleep less and targets need fewer
    /// wake-ups.
    AtLeast,
}

/// Iterations that a thread can run in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThreadCapacity {
    /// Iterations per second of a thread that is always busy.
    pub iterations: f64,
    /// How exact the rate is.
    pub certainty: Certainty,
}

impl Cost {
    /// The cost of recorded iterations.
    pub fn of(recorded: &Interval) -> Cost {
        let mut cost = Cost::default();
        let mut wall = Nanos::ZERO;
        for cell in recorded.iterations.values() {
            cost.iterations += cell.count;
            cost.guest += cell.guest_time;
            wall += cell.duration.sum();
        }
        cost.client = recorded.busy.since(cost.guest);
        cost.waiting = wall.since(cost.guest).since(cost.client);
        let is_open = recorded.pacing.due > 0;
        // The guests' cost per iteration does not depend on the load.
        let mostly_computes = cost.guest > cost.client;
        cost.certainty = if is_open && !mostly_computes { Certainty::AtLeast } else { Certainty::About };
        cost
    }

    /// The iterations that a thread can run in a second at this cost; `None` if they cost nothing.
    pub fn capacity_of_thread(&self) -> Option<ThreadCapacity> {
        let busy = (self.guest + self.client).as_secs_f64();
        let iterations = self.iterations as f64 / busy;
        (self.iterations > 0 && busy > 0.0).then_some(ThreadCapacity { iterations, certainty: self.certainty })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::IterationCell;
    use crate::keys::FlowId;

    const MILLISECOND: u64 = 1_000_000;

    /// 100 iterations of 20 ms, with this much guest time and busy time each.
    fn recorded(guest: u64, busy: u64, due: u64) -> Interval {
        let mut cell = IterationCell { count: 100, guest_time: Nanos(100 * guest), ..IterationCell::default() };
        (0..100).for_each(|_| cell.duration.record(Nanos(20 * MILLISECOND)));
        let mut recorded = Interval { busy: Nanos(100 * busy), ..Interval::default() };
        recorded.iterations.insert(FlowId(0), cell);
        recorded.pacing.due = due;
        recorded
    }

    #[test]
    fn a_closed_load_shows_the_capacity_of_a_thread() {
        let cost = Cost::of(&recorded(MILLISECOND, 4 * MILLISECOND, 0));
        assert_eq!((cost.guest, cost.client), (Nanos(100 * MILLISECOND), Nanos(300 * MILLISECOND)));
        assert!((cost.waiting.as_secs_f64() - 1.6).abs() < 0.01, "{:?}", cost.waiting);
        let capacity = cost.capacity_of_thread();
        assert_eq!(capacity, Some(ThreadCapacity { iterations: 250.0, certainty: Certainty::About }));
    }

    #[test]
    fn an_open_load_shows_a_lower_bound_of_the_capacity() {
        let certainty = |guest| Cost::of(&recorded(guest, 4 * MILLISECOND, 100)).certainty;
        assert_eq!(certainty(MILLISECOND), Certainty::AtLeast);
        assert_eq!(certainty(3 * MILLISECOND), Certainty::About, "most of it is computing");
    }

    #[test]
    fn iterations_without_cost_have_no_limit() {
        assert_eq!(Cost::of(&Interval::default()).capacity_of_thread(), None);
    }
}

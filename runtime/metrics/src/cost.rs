//! What an iteration costs the generator, and so how many of them a thread could do in a second.

use crate::clock::Nanos;
use crate::interval::Interval;

/// What the iterations of a stretch of time cost, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// How many ended.
    pub iterations: u64,
    /// Computing in the guests.
    pub guest: Nanos,
    /// All else that the worker threads did.
    pub client: Nanos,
    /// In iterations, but neither of the two: for the target, for time to pass.
    pub waiting: Nanos,
    certainty: Certainty,
}

/// What a rate is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certainty {
    /// The most that could be done.
    #[default]
    About,
    /// More could be done. What a request costs falls with the load: threads sleep less, and targets need not be woken.
    AtLeast,
}

/// How many iterations a second a thread could do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThreadCapacity {
    /// Iterations a second, with the thread at work all the time.
    pub iterations: f64,
    /// What that is worth.
    pub certainty: Certainty,
}

impl Cost {
    /// The cost of what was recorded.
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
        // Computing costs the same however often it is done.
        let mostly_computes = cost.guest > cost.client;
        cost.certainty = if is_open && !mostly_computes { Certainty::AtLeast } else { Certainty::About };
        cost
    }

    /// How many iterations a second a thread could do, going by this; `None` if they cost nothing.
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
    use crate::registry::FlowId;

    const MILLISECOND: u64 = 1_000_000;

    /// 100 iterations of 20 ms: so long in the guest, and so long busy, for each.
    fn recorded(guest: u64, busy: u64, due: u64) -> Interval {
        let mut cell = IterationCell { count: 100, guest_time: Nanos(100 * guest), ..IterationCell::default() };
        (0..100).for_each(|_| cell.duration.record(Nanos(20 * MILLISECOND)));
        let mut recorded = Interval { busy: Nanos(100 * busy), ..Interval::default() };
        recorded.iterations.insert(FlowId(0), cell);
        recorded.pacing.due = due;
        recorded
    }

    #[test]
    fn a_closed_load_says_what_a_thread_can_do() {
        let cost = Cost::of(&recorded(MILLISECOND, 4 * MILLISECOND, 0));
        assert_eq!((cost.guest, cost.client), (Nanos(100 * MILLISECOND), Nanos(300 * MILLISECOND)));
        assert!((cost.waiting.as_secs_f64() - 1.6).abs() < 0.01, "{:?}", cost.waiting);
        let capacity = cost.capacity_of_thread();
        assert_eq!(capacity, Some(ThreadCapacity { iterations: 250.0, certainty: Certainty::About }));
    }

    #[test]
    fn an_open_load_only_says_what_a_thread_can_do_at_least() {
        let certainty = |guest| Cost::of(&recorded(guest, 4 * MILLISECOND, 100)).certainty;
        assert_eq!(certainty(MILLISECOND), Certainty::AtLeast);
        assert_eq!(certainty(3 * MILLISECOND), Certainty::About, "most of it is computing");
    }

    #[test]
    fn what_costs_nothing_has_no_limit() {
        assert_eq!(Cost::of(&Interval::default()).capacity_of_thread(), None);
    }
}

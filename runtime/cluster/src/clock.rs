//! How far the monotonic clocks of two machines are apart, by questions and answers (Cristian, "Probabilistic clock
//! synchronization", 1989): the answer whose journey was shortest bounds the error best.

use std::time::Duration;

use squall_metrics::Nanos;

/// Questions that are asked of an agent before a run begins.
pub(crate) const QUESTIONS: u32 = 20;

/// The distance between the clocks of coordinator and agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockOffset {
    /// The agent's clock less the coordinator's, in nanoseconds.
    offset: i128,
    /// At most how far that is from the truth.
    pub(crate) error: Duration,
}

impl ClockOffset {
    /// By one question: when it was sent and its answer heard, on the coordinator's clock, and when it was answered, on the
    /// agent's.
    pub(crate) fn of_answer(sent: Nanos, answered: Nanos, heard: Nanos) -> ClockOffset {
        let journey = heard.since(sent).0;
        let middle = i128::from(sent.0) + i128::from(journey / 2);
        ClockOffset { offset: i128::from(answered.0) - middle, error: Duration::from_nanos(journey.div_ceil(2)) }
    }

    /// Of an agent whose clock another coordinator asked: where that was is not known any more, only how well.
    pub(crate) fn known_to(error: Duration) -> ClockOffset {
        ClockOffset { offset: 0, error }
    }

    /// The better of two.
    pub(crate) fn better(self, other: ClockOffset) -> ClockOffset {
        if other.error < self.error { other } else { self }
    }

    /// A moment of the coordinator's clock on the agent's; zero if that is before the agent's clock began.
    pub(crate) fn on_agent(self, coordinators: Nanos) -> Nanos {
        let moment = i128::from(coordinators.0) + self.offset;
        Nanos(u64::try_from(moment.max(0)).unwrap_or(u64::MAX))
    }
}

/// At most how far two of several machines are apart whose clocks are known with these errors: by the sum of the two largest.
pub(crate) fn farthest_apart(errors: impl IntoIterator<Item = Duration>) -> Duration {
    let mut errors: Vec<Duration> = errors.into_iter().collect();
    errors.sort_unstable();
    errors.iter().rev().take(2).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_error_is_bounded_by_half_the_journey(
            offset in -1_000_000_000_i64..1_000_000_000, there in 0_u64..50_000_000, back in 0_u64..50_000_000,
        ) {
            let sent = Nanos(5_000_000_000);
            let answered = Nanos((sent.0 + there).checked_add_signed(offset).unwrap());
            let found = ClockOffset::of_answer(sent, answered, Nanos(sent.0 + there + back));
            let truth = Nanos(sent.0.checked_add_signed(offset).unwrap());
            let apart = found.on_agent(sent).0.abs_diff(truth.0);
            prop_assert!(u128::from(apart) <= found.error.as_nanos(), "{apart} of {:?}", found.error);
        }
    }

    #[test]
    fn two_machines_are_apart_by_both_errors() {
        let millis = Duration::from_millis;
        assert_eq!(farthest_apart([millis(3), millis(1), millis(4)]), millis(7));
        assert_eq!((farthest_apart([millis(3)]), farthest_apart([])), (millis(3), Duration::ZERO));
    }

    #[test]
    fn the_shortest_journey_counts() {
        let slow = ClockOffset::of_answer(Nanos(0), Nanos(90), Nanos(100));
        let fast = ClockOffset::of_answer(Nanos(200), Nanos(255), Nanos(210));
        assert_eq!(slow.better(fast), fast);
        assert_eq!(fast.better(slow).on_agent(Nanos(1_000)), Nanos(1_050));
        assert_eq!(fast.error, Duration::from_nanos(5));
    }

    #[test]
    fn a_moment_before_the_agents_clock_began_is_its_beginning() {
        let younger = ClockOffset::of_answer(Nanos(1_000), Nanos(10), Nanos(1_000));
        assert_eq!(younger.on_agent(Nanos(500)), Nanos::ZERO);
    }
}

//! Whether, and how soon, a target recovers from an overload, computed from the seconds of the run.
//!
//! Recovered means as before: in a window of five seconds the 95th percentile of the response time is at most half
//! above (or a millisecond above) its value under normal load, and the share of failed requests is at most one in a
//! hundred higher. The recovery ends at the beginning of the first such window.

use std::ops::Range;
use std::time::Duration;

use squall_metrics::{History, Nanos, Second};

use crate::phase::{Phase, seconds};

/// The least time of normal results. Fewer seconds are chance, more would hide a relapse.
const STRETCH: Nanos = Nanos(5_000_000_000);
/// The 95th percentile may be this factor above normal, or this much.
const SLOWER: (f64, Duration) = (1.5, Duration::from_millis(1));
/// The share of failed requests may be this much higher.
const MORE_FAILURES: f64 = 0.01;

/// The time until a target recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// After this time, to a second; immediately, if that is zero.
    After(Duration),
    /// Not within the measured time.
    NotWithin(Duration),
    /// There is no normal phase to compare with, or the measured time is too short.
    NotMeasured,
}

/// Compares the measurements in `watched` with the normal phase.
pub fn recovery(history: &History, normal: &Phase, watched: Range<Duration>) -> Recovery {
    let seconds = seconds(history, watched.clone());
    let stretches: Vec<Second> = (0..seconds.len()).map_while(|first| stretch(&seconds[first..])).collect();
    let Some(last) = seconds.last().filter(|_| !stretches.is_empty() && normal.p95.is_some()) else {
        return Recovery::NotMeasured;
    };
    let begins = Nanos::from(watched.start);
    match stretches.iter().find(|stretch| is_well(&Phase::from(*stretch), normal)) {
        Some(stretch) => Recovery::After(whole_seconds(stretch.at.since(begins))),
        None => Recovery::NotWithin((last.at + last.length).since(begins).into()),
    }
}

/// The resolution of the history.
fn whole_seconds(time: Nanos) -> Duration {
    Duration::from_secs(time.as_secs_f64().round() as u64)
}

/// The first seconds, merged, if there are enough of them.
fn stretch(seconds: &[Second]) -> Option<Second> {
    let (first, rest) = seconds.split_first()?;
    let mut together = first.clone();
    for second in rest {
        if together.length + Nanos(STRETCH.0 / 10) >= STRETCH {
            break;
        }
        together.merge(second);
    }
    (together.length + Nanos(STRETCH.0 / 10) >= STRETCH).then_some(together)
}

fn is_well(now: &Phase, normal: &Phase) -> bool {
    let (Some(p95), Some(usual)) = (now.p95, normal.p95) else { return false };
    let fast = p95 <= usual.mul_f64(SLOWER.0).max(usual + SLOWER.1);
    fast && now.failed_share() <= normal.failed_share() + MORE_FAILURES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::tests::history;

    const SECONDS: fn(u64) -> Duration = Duration::from_secs;

    /// Ten seconds at 20 ms; a burst; then the target is slow for this many seconds while it works off its backlog, and
    /// recovers.
    fn after_a_burst(ill_for: usize, ill: (u64, u64, u64)) -> Recovery {
        let course =
            [vec![(100, 0, 20); 10], vec![(200, 0, 900); 5], vec![ill; ill_for], vec![(100, 0, 25); 20]].concat();
        let history = history(&course);
        let normal = Phase::of(&history, SECONDS(0)..SECONDS(10));
        recovery(&history, &normal, SECONDS(15)..SECONDS(15 + ill_for as u64 + 20))
    }

    #[test]
    fn the_time_until_it_is_as_fast_as_before() {
        // With seven slow seconds of 100 requests among five, p95 is slow until the last slow one is out of the window.
        assert_eq!(after_a_burst(7, (100, 0, 700)), Recovery::After(SECONDS(7)));
        assert_eq!(after_a_burst(0, (0, 0, 0)), Recovery::After(SECONDS(0)));
    }

    #[test]
    fn errors_delay_the_recovery() {
        assert_eq!(after_a_burst(3, (100, 30, 20)), Recovery::After(SECONDS(3)));
    }

    #[test]
    fn a_target_that_never_recovers_and_one_that_was_not_measured() {
        let history = history(&[vec![(100, 0, 20); 10], vec![(100, 0, 90); 10]].concat());
        let normal = Phase::of(&history, SECONDS(0)..SECONDS(10));
        assert_eq!(recovery(&history, &normal, SECONDS(10)..SECONDS(20)), Recovery::NotWithin(SECONDS(10)));
        assert_eq!(recovery(&history, &normal, SECONDS(17)..SECONDS(20)), Recovery::NotMeasured, "three seconds");
        assert_eq!(recovery(&history, &Phase::default(), SECONDS(10)..SECONDS(20)), Recovery::NotMeasured);
    }
}

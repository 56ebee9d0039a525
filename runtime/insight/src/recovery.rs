//! Whether, and how soon, a target is well again after it was loaded too much: computed from the seconds of the run.
//!
//! Well is as before: in a stretch of five seconds the 95th percentile of the response time is at most half above (or a
//! millisecond above) what it was when the load was normal, and at most one in a hundred requests more fails than then.
//! The target is well again from the beginning of the first such stretch on.

use std::ops::Range;
use std::time::Duration;

use squall_metrics::{History, Nanos, Second};

use crate::phase::{Phase, seconds};

/// How long it must be well to be well again. Fewer seconds are chance, more would hide a relapse.
const STRETCH: Nanos = Nanos(5_000_000_000);
/// How far above normal the 95th percentile may be: factor, and at least this much.
const SLOWER: (f64, Duration) = (1.5, Duration::from_millis(1));
/// How much larger the share of failed requests may be.
const MORE_FAILURES: f64 = 0.01;

/// How soon a target was well again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// After this long, to a second; at once, if that is zero.
    After(Duration),
    /// Not in all the time that it was watched.
    NotWithin(Duration),
    /// Nothing says what normal is, or it was not watched for long enough.
    NotMeasured,
}

/// Compares what was measured in `watched` with what is normal.
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

/// Nothing is known that is finer.
fn whole_seconds(time: Nanos) -> Duration {
    Duration::from_secs(time.as_secs_f64().round() as u64)
}

/// The first seconds, together, if there are enough of them.
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

    /// Ten seconds at 20 ms; a burst; then the target works off what it left for as many seconds as said, and is well.
    fn after_a_burst(ill_for: usize, ill: (u64, u64, u64)) -> Recovery {
        let course =
            [vec![(100, 0, 20); 10], vec![(200, 0, 900); 5], vec![ill; ill_for], vec![(100, 0, 25); 20]].concat();
        let history = history(&course);
        let normal = Phase::of(&history, SECONDS(0)..SECONDS(10));
        recovery(&history, &normal, SECONDS(15)..SECONDS(15 + ill_for as u64 + 20))
    }

    #[test]
    fn the_time_until_it_is_as_fast_as_before() {
        // With seven slow seconds of 100 requests among five, p95 is slow until the last slow one is out of the stretch.
        assert_eq!(after_a_burst(7, (100, 0, 700)), Recovery::After(SECONDS(7)));
        assert_eq!(after_a_burst(0, (0, 0, 0)), Recovery::After(SECONDS(0)));
    }

    #[test]
    fn errors_are_not_being_well() {
        assert_eq!(after_a_burst(3, (100, 30, 20)), Recovery::After(SECONDS(3)));
    }

    #[test]
    fn what_never_is_well_again_and_what_nobody_watched() {
        let history = history(&[vec![(100, 0, 20); 10], vec![(100, 0, 90); 10]].concat());
        let normal = Phase::of(&history, SECONDS(0)..SECONDS(10));
        assert_eq!(recovery(&history, &normal, SECONDS(10)..SECONDS(20)), Recovery::NotWithin(SECONDS(10)));
        assert_eq!(recovery(&history, &normal, SECONDS(17)..SECONDS(20)), Recovery::NotMeasured, "three seconds");
        assert_eq!(recovery(&history, &Phase::default(), SECONDS(10)..SECONDS(20)), Recovery::NotMeasured);
    }
}

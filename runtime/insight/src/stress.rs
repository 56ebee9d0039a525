//! The step of a rising load at which a target fails, and the kind of failure.

use std::ops::Range;
use std::time::Duration;

use squall_metrics::{History, Nanos};

use crate::phase::{Phase, seconds};

/// More failures than this share ...
const ERRORS: f64 = 0.05;
/// ... in this time are no accident.
const ERRORS_FOR: Nanos = Nanos(10_000_000_000);
/// A latency of this many times that of the first step is a failure.
const SLOWER: u32 = 10;
/// Less throughput than this share of the step before is a loss.
const LOSS: f64 = 0.95;

/// The throughput of a shorter step is unknown: it is counted in whole seconds, and one of them is shared with the step
/// before.
const KNOWN_AFTER: Duration = Duration::from_secs(5);

/// The way in which a target failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    /// This share of requests failed (in the worst ten seconds).
    Errors(f64),
    /// This share of the iterations could not start, because all virtual users were waiting for responses.
    Unserved(f64),
    /// The 95th percentile was this many times that of the first step.
    Latency(f64),
    /// Throughput fell for two steps while the load rose, to this share of its highest.
    Collapse(f64),
}

/// Whether the target failed at one of these steps, each given by its start and end in the load.
pub fn has_given_way(history: &History, steps: &[Range<Duration>]) -> bool {
    first_failure(history, steps).is_some()
}

/// The first of these steps at which the target failed, by its index, and the kind of failure.
pub fn first_failure(history: &History, steps: &[Range<Duration>]) -> Option<(usize, Failure)> {
    let phases: Vec<Phase> = steps.iter().map(|step| Phase::of(history, step.clone())).collect();
    let failure = |index: usize| {
        let worst = worst_errors(history, &steps[index]);
        if worst > ERRORS {
            return Some(Failure::Errors(worst));
        }
        let unserved = phases[index].dropped_share();
        if unserved > ERRORS {
            return Some(Failure::Unserved(unserved));
        }
        slower(&phases[0], &phases[index]).or_else(|| collapse(&phases[..=index], &steps[..=index]))
    };
    (0..steps.len()).find_map(|index| Some((index, failure(index)?)))
}

/// The greatest share of failures in ten seconds, or in a whole step that is shorter.
fn worst_errors(history: &History, step: &Range<Duration>) -> f64 {
    let seconds = seconds(history, step.clone());
    let wanted = ERRORS_FOR.min(Nanos::from(length(step)));
    let shares = (0..seconds.len()).filter_map(|first| {
        let (mut length, mut requests, mut failed) = (Nanos::ZERO, 0, 0);
        for second in &seconds[first..] {
            length += second.length;
            requests += second.requests;
            failed += second.failed;
            // A second's length varies by a few microseconds.
            if length + Nanos(500_000_000) >= wanted {
                return (requests > 0).then(|| failed as f64 / requests as f64);
            }
        }
        None
    });
    shares.fold(0.0, f64::max)
}

fn length(step: &Range<Duration>) -> Duration {
    step.end.saturating_sub(step.start)
}

fn slower(first: &Phase, now: &Phase) -> Option<Failure> {
    let (usual, p95) = (first.p95?, now.p95?);
    (p95 > usual * SLOWER).then(|| Failure::Latency(p95.as_secs_f64() / usual.as_secs_f64()))
}

fn collapse(phases: &[Phase], steps: &[Range<Duration>]) -> Option<Failure> {
    let ([.., before, between, now], [.., a, b, c]) = (phases, steps) else { return None };
    if [a, b, c].iter().any(|step| length(step) < KNOWN_AFTER) {
        return None;
    }
    let lost = |now: &Phase, before: &Phase| now.throughput < LOSS * before.throughput;
    let highest = phases.iter().map(|phase| phase.throughput).fold(0.0, f64::max);
    (lost(now, between) && lost(between, before)).then(|| Failure::Collapse(now.throughput / highest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::tests::history;

    /// Steps of twenty seconds, each as in [`history`].
    fn failure(steps: &[(u64, u64, u64)]) -> Option<(usize, Failure)> {
        let course: Vec<_> = steps.iter().flat_map(|second| vec![*second; 20]).collect();
        let levels: Vec<Range<Duration>> = (0..steps.len() as u64)
            .map(|step| Duration::from_secs(20 * step)..Duration::from_secs(20 * step + 20))
            .collect();
        first_failure(&history(&course), &levels)
    }

    #[test]
    fn errors_latency_and_collapse_are_distinguished() {
        assert_eq!(failure(&[(10, 0, 20), (20, 1, 30), (40, 4, 40)]), Some((2, Failure::Errors(0.1))));
        let Some((2, Failure::Latency(times))) = failure(&[(10, 0, 20), (20, 0, 150), (40, 0, 300)]) else { panic!() };
        assert!((times - 15.0).abs() < 0.1, "{times}");
        let collapse = failure(&[(100, 0, 20), (200, 0, 30), (150, 0, 40), (100, 0, 50)]);
        assert_eq!(collapse, Some((3, Failure::Collapse(0.5))));
        assert_eq!(failure(&[(10, 0, 20), (20, 0, 30), (20, 0, 60)]), None, "level throughput is no failure yet");
    }

    #[test]
    fn steps_of_a_second_or_two_have_no_throughput_to_compare() {
        // Three steps of a rising rate that changed in the middle of a second looked like this.
        let course = history(&[(70, 0, 1), (64, 0, 1), (60, 0, 1), (38, 0, 1)]);
        let level = |from, to| Duration::from_secs(from)..Duration::from_secs(to);
        assert_eq!(first_failure(&course, &[level(0, 1), level(1, 3), level(3, 4)]), None);
    }

    #[test]
    fn one_bad_second_is_not_a_failure_and_ten_are() {
        let course = |bad: usize| [vec![(10, 0, 20); 20], vec![(10, 1, 20); bad], vec![(10, 0, 20); 20 - bad]].concat();
        let level = |from, to| Duration::from_secs(from)..Duration::from_secs(to);
        let levels = [level(0, 20), level(20, 40)];
        assert_eq!(first_failure(&history(&course(4)), &levels), None);
        assert_eq!(first_failure(&history(&course(10)), &levels), Some((1, Failure::Errors(0.1))));
        assert_eq!([4, 10].map(|bad| has_given_way(&history(&course(bad)), &levels)), [false, true]);
    }
}

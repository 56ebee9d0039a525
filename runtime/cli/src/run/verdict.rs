//! What a run comes to: said where it is not as it should be, and its exit code.

use squall_load::{Outcome, RunEnd, StoppedBy, TeardownProblem};
use squall_metrics::Health;

use crate::exit;
use crate::terminal::complain;

/// Says what is not as it should be, and gives the exit code.
pub fn verdict<'a>(name: &str, outcome: &Outcome, missed_limits: impl Iterator<Item = &'a str>) -> u8 {
    match &outcome.teardown {
        None => {}
        Some(TeardownProblem::Failed(text)) => complain(&format!("{name}: teardown {text}")),
        Some(TeardownProblem::TimedOut) => complain(&format!("{name}: teardown took longer than allowed")),
    }
    let invalid = outcome.generator.health == Health::Bottleneck;
    // What was not measured can neither pass nor fail.
    let failed = outcome.thresholds.iter().filter(|result| !invalid && !result.passed).count();
    if failed > 0 {
        complain(&format!("{failed} of {} thresholds not met", outcome.thresholds.len()));
    }
    let limits: Vec<_> = missed_limits.filter(|_| !invalid).collect();
    if !limits.is_empty() {
        complain(&format!("the target used more than {} allows", limits.join(" and ")));
    }
    match (&outcome.end, &outcome.teardown) {
        (RunEnd::SetupFailed(text), _) => {
            complain(&format!("{name}: setup failed: {text}"));
            exit::GUEST_FAILED
        }
        (RunEnd::SetupTimedOut, _) => {
            complain(&format!("{name}: setup took longer than {:?}", outcome.plan.setup_timeout));
            exit::SETUP_TIMED_OUT
        }
        (RunEnd::Hopeless(text), _) => {
            complain(&format!("{name}: stopped early: {text}"));
            exit::GUEST_FAILED
        }
        (RunEnd::Aborted(reason), _) => {
            complain(&format!("{name}: the scenario asked to stop: {reason}"));
            exit::GUEST_ABORTED
        }
        _ if invalid => {
            complain("the measurement is invalid: the generator was the bottleneck, not the target");
            exit::MEASUREMENT_INVALID
        }
        (RunEnd::ThresholdFailed(text), _) => {
            complain(&format!("{name}: stopped early: {text}"));
            exit::THRESHOLDS_FAILED
        }
        (RunEnd::Stopped(StoppedBy::Api), _) => exit::STOPPED_BY_API,
        (RunEnd::Stopped(_), _) => exit::INTERRUPTED,
        (RunEnd::Completed | RunEnd::DataEnded(_), _) if failed > 0 || !limits.is_empty() => exit::THRESHOLDS_FAILED,
        (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::TimedOut)) => exit::TEARDOWN_TIMED_OUT,
        (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::Failed(_))) => exit::GUEST_FAILED,
        (RunEnd::Completed | RunEnd::DataEnded(_), None) => exit::PASSED,
    }
}

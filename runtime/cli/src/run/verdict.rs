//! What a run comes to: said where it is not as it should be, and its exit code. docs/exit-codes.md has the order.

use squall_load::{Outcome, RunEnd, StoppedBy, TeardownProblem};
use squall_metrics::Health;

use crate::error::CliError;
use crate::exit;
use crate::stderr::print_error;

/// Says what is not as it should be, how the run ended first, and gives the exit code.
pub fn verdict<'a>(name: &str, outcome: &Outcome, missed_limits: impl Iterator<Item = &'a str>) -> u8 {
    complain_of_end(name, outcome);
    let invalid = outcome.generator.health == Health::Bottleneck;
    if invalid {
        print_error(outcome.generator.invalidity());
    }
    // What was not measured can neither pass nor fail.
    let failed = outcome.thresholds.iter().filter(|result| !invalid && !result.passed).count();
    if failed > 0 {
        print_error(&format!("{failed} of {} thresholds not met", outcome.thresholds.len()));
    }
    let limits: Vec<_> = missed_limits.filter(|_| !invalid).collect();
    if !limits.is_empty() {
        print_error(&format!("the target used more than {} allows", limits.join(" and ")));
    }
    complain_of_teardown(name, outcome);
    exit_code(outcome, failed > 0 || !limits.is_empty())
}

/// The exit code once everything is written: what could not be is told, and hides nothing that was measured.
pub fn with_outputs(code: u8, unwritten: &[CliError]) -> u8 {
    unwritten.iter().for_each(|error| print_error(&error.to_string()));
    if code == exit::PASSED && !unwritten.is_empty() { exit::OUTPUT_FAILED } else { code }
}

fn complain_of_end(name: &str, outcome: &Outcome) {
    let sentence = match &outcome.end {
        RunEnd::SetupFailed(text) => format!("setup failed: {text}"),
        RunEnd::SetupTimedOut => format!("setup took longer than {:?}", outcome.plan.setup_timeout),
        RunEnd::Hopeless(text) | RunEnd::ThresholdFailed(text) => format!("stopped early: {text}"),
        RunEnd::NoRequest(text) => text.clone(),
        RunEnd::Aborted(reason) => format!("the scenario asked to stop: {reason}"),
        RunEnd::Completed | RunEnd::DataEnded(_) | RunEnd::Stopped(_) => return,
    };
    print_error(&format!("{name}: {sentence}"));
}

fn complain_of_teardown(name: &str, outcome: &Outcome) {
    match &outcome.teardown {
        None => {}
        Some(TeardownProblem::Failed(text)) => print_error(&format!("{name}: teardown {text}")),
        Some(TeardownProblem::TimedOut) => print_error(&format!("{name}: teardown took longer than allowed")),
    }
}

fn exit_code(outcome: &Outcome, failed: bool) -> u8 {
    match (&outcome.end, &outcome.teardown) {
        (RunEnd::SetupTimedOut, _) => exit::SETUP_TIMED_OUT,
        (RunEnd::SetupFailed(_) | RunEnd::Hopeless(_), _) => exit::GUEST_FAILED,
        (RunEnd::Aborted(_), _) => exit::GUEST_ABORTED,
        _ if outcome.generator.health == Health::Bottleneck => exit::MEASUREMENT_INVALID,
        (RunEnd::ThresholdFailed(_), _) => exit::THRESHOLDS_FAILED,
        (RunEnd::Stopped(StoppedBy::Api), _) => exit::STOPPED_BY_API,
        (RunEnd::Stopped(_), _) => exit::INTERRUPTED,
        (RunEnd::Completed | RunEnd::DataEnded(_) | RunEnd::NoRequest(_), _) if failed => exit::THRESHOLDS_FAILED,
        (RunEnd::NoRequest(_), _) => exit::NO_REQUEST,
        (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::TimedOut)) => exit::TEARDOWN_TIMED_OUT,
        (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::Failed(_))) => exit::GUEST_FAILED,
        (RunEnd::Completed | RunEnd::DataEnded(_), None) => exit::PASSED,
    }
}

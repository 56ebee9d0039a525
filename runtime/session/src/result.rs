//! What a run came to, and the sentences for the user about what is not as it should be. docs/exit-codes.md has the
//! order. Whether thresholds and limits hold, and whether the measurement is valid, is the judgement's to say.

use squall_history::RunResult;
use squall_insight::Judgement;
use squall_load::{RunEnd, RunOutcome, StoppedBy, TeardownProblem};
use squall_report::{Document, missed_limits, missed_thresholds, no_success};

/// What a run came to.
pub fn result_of(outcome: &RunOutcome, judgement: &Judgement) -> RunResult {
    match (&outcome.end, &outcome.teardown) {
        (RunEnd::SetupTimedOut, _) => RunResult::SetupTimedOut,
        (RunEnd::SetupFailed(_) | RunEnd::Hopeless(_), _) => RunResult::GuestFailed,
        (RunEnd::Aborted(_), _) => RunResult::Aborted,
        _ if !judgement.is_valid() => RunResult::Invalid,
        (RunEnd::AgentsLost(_), _) => RunResult::Invalid,
        (RunEnd::ThresholdFailed(_), _) => RunResult::ThresholdsFailed,
        (RunEnd::Stopped(StoppedBy::Api), _) => RunResult::StoppedByApi,
        (RunEnd::Stopped(_), _) => RunResult::Interrupted,
        _ if judgement.has_failed() => RunResult::ThresholdsFailed,
        (RunEnd::NoRequest(_), _) => RunResult::NoRequest,
        _ if judgement.all_failed.is_some() => RunResult::NoSuccess,
        (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::TimedOut)) => RunResult::TeardownTimedOut,
        (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::Failed(_))) => RunResult::TeardownFailed,
        (RunEnd::Completed | RunEnd::DataEnded(_), None) => RunResult::Passed,
    }
}

/// What is not as it should be, how the run ended first.
pub fn complaints(name: &str, outcome: &RunOutcome, judgement: &Judgement, document: &Document) -> Vec<String> {
    let of_run = |sentence: String| format!("{name}: {sentence}");
    let mut complaints: Vec<String> = describe_end(outcome).map(of_run).into_iter().collect();
    if judgement.is_valid() {
        complaints.extend(missed_thresholds(judgement));
        complaints.extend(missed_limits(judgement));
        complaints.extend(describe_failures(outcome, judgement, document).map(of_run));
    } else {
        complaints.push(judgement.generator.invalidity().to_owned());
    }
    complaints.extend(outcome.teardown.as_ref().map(describe_teardown).map(of_run));
    complaints
}

/// How a run ended, if not by itself or by being stopped.
pub(crate) fn describe_end(outcome: &RunOutcome) -> Option<String> {
    match &outcome.end {
        RunEnd::SetupFailed(text) => Some(format!("setup failed: {text}")),
        RunEnd::SetupTimedOut => Some(format!("setup took longer than {:?}", outcome.plan.setup_timeout)),
        RunEnd::ThresholdFailed(text) => Some(format!("stopped early: {text}")),
        RunEnd::Hopeless(text) | RunEnd::NoRequest(text) | RunEnd::AgentsLost(text) => Some(text.clone()),
        RunEnd::Aborted(reason) => Some(format!("the scenario asked to stop: {reason}")),
        RunEnd::Completed | RunEnd::DataEnded(_) | RunEnd::Stopped(_) => None,
    }
}

/// That no request succeeded, if some were made, and how to say that this is meant.
fn describe_failures(outcome: &RunOutcome, judgement: &Judgement, document: &Document) -> Option<String> {
    let nothing = no_success(judgement).filter(|_| !matches!(outcome.end, RunEnd::NoRequest(_)))?;
    let cause = document.commonest_error().map(|error| format!(": {}", error.title)).unwrap_or_default();
    Some(format!("{nothing}{cause} (if that is meant, say so with --threshold 'http_req_failed=rate<=1')"))
}

fn describe_teardown(problem: &TeardownProblem) -> String {
    match problem {
        TeardownProblem::Failed(text) => format!("teardown {text}"),
        TeardownProblem::TimedOut => "teardown took longer than allowed".to_owned(),
    }
}

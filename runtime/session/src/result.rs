//! What a run came to, and the sentences for the user about what is not as it should be. docs/exit-codes.md has the
//! order.

use squall_history::RunResult;
use squall_load::{Outcome, RunEnd, StoppedBy, TeardownProblem};
use squall_metrics::Health;

/// What a run came to; `missed_limits` are the target's resource limits that were not kept.
pub fn result_of(outcome: &Outcome, missed_limits: &[&str]) -> RunResult {
    let failed = !missed_limits.is_empty() || outcome.thresholds.iter().any(|result| !result.passed);
    match (&outcome.end, &outcome.teardown) {
        (RunEnd::SetupTimedOut, _) => RunResult::SetupTimedOut,
        (RunEnd::SetupFailed(_) | RunEnd::Hopeless(_), _) => RunResult::GuestFailed,
        (RunEnd::Aborted(_), _) => RunResult::Aborted,
        _ if is_invalid(outcome) => RunResult::Invalid,
        (RunEnd::ThresholdFailed(_), _) => RunResult::ThresholdsFailed,
        (RunEnd::Stopped(StoppedBy::Api), _) => RunResult::StoppedByApi,
        (RunEnd::Stopped(_), _) => RunResult::Interrupted,
        (RunEnd::Completed | RunEnd::DataEnded(_) | RunEnd::NoRequest(_), _) if failed => RunResult::ThresholdsFailed,
        (RunEnd::NoRequest(_), _) => RunResult::NoRequest,
        (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::TimedOut)) => RunResult::TeardownTimedOut,
        (RunEnd::Completed | RunEnd::DataEnded(_), Some(TeardownProblem::Failed(_))) => RunResult::TeardownFailed,
        (RunEnd::Completed | RunEnd::DataEnded(_), None) => RunResult::Passed,
    }
}

/// What is not as it should be, how the run ended first.
pub fn complaints(name: &str, outcome: &Outcome, missed_limits: &[&str]) -> Vec<String> {
    let mut complaints: Vec<String> = end(outcome).map(|sentence| format!("{name}: {sentence}")).into_iter().collect();
    if is_invalid(outcome) {
        // What was not measured can neither pass nor fail.
        complaints.push(outcome.generator.invalidity().to_owned());
    } else {
        complaints.extend(missed_thresholds(outcome));
        complaints.extend(exceeded_limits(missed_limits));
    }
    complaints.extend(outcome.teardown.as_ref().map(|problem| format!("{name}: {}", teardown(problem))));
    complaints
}

fn is_invalid(outcome: &Outcome) -> bool {
    outcome.generator.health == Health::Bottleneck
}

fn missed_thresholds(outcome: &Outcome) -> Option<String> {
    let failed = outcome.thresholds.iter().filter(|result| !result.passed).count();
    (failed > 0).then(|| format!("{failed} of {} thresholds not met", outcome.thresholds.len()))
}

fn exceeded_limits(missed: &[&str]) -> Option<String> {
    (!missed.is_empty()).then(|| format!("the target used more than {} allows", missed.join(" and ")))
}

fn end(outcome: &Outcome) -> Option<String> {
    match &outcome.end {
        RunEnd::SetupFailed(text) => Some(format!("setup failed: {text}")),
        RunEnd::SetupTimedOut => Some(format!("setup took longer than {:?}", outcome.plan.setup_timeout)),
        RunEnd::ThresholdFailed(text) => Some(format!("stopped early: {text}")),
        RunEnd::Hopeless(text) | RunEnd::NoRequest(text) => Some(text.clone()),
        RunEnd::Aborted(reason) => Some(format!("the scenario asked to stop: {reason}")),
        RunEnd::Completed | RunEnd::DataEnded(_) | RunEnd::Stopped(_) => None,
    }
}

fn teardown(problem: &TeardownProblem) -> String {
    match problem {
        TeardownProblem::Failed(text) => format!("teardown {text}"),
        TeardownProblem::TimedOut => "teardown took longer than allowed".to_owned(),
    }
}

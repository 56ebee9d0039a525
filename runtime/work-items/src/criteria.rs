//! Acceptance criteria: the run's objectives as sentences that can be checked, and the command that checks them.

use squall_findings::Finding;
use squall_report::{Document, ThresholdLine, Unit};

use crate::figures::Goal;

/// When a finding's item is done.
pub fn criteria_of_finding(document: &Document, finding: &Finding, goal: Option<Goal>) -> Vec<String> {
    let place = finding.endpoint.as_deref().unwrap_or("all requests");
    let p95 = goal.map(|goal| {
        let comparison = if goal.target_ms < goal.current_ms { "<" } else { "<=" };
        format!("P95 response time of {place} {comparison} {}", Unit::Ms.text(goal.target_ms))
    });
    let gone =
        format!("`squall findings` of a new run under the same load no longer names {} there", finding.cause.title());
    p95.into_iter().chain(objectives(document)).chain(errors(document)).chain([gone, passing(document)]).collect()
}

/// When the item of a missed objective is done.
pub fn criteria_of_objective(document: &Document, subject: &str, target: &str) -> Vec<String> {
    let first = sentence(subject, target);
    let others = objectives(document).filter(|other| *other != first);
    [first.clone()].into_iter().chain(others).chain(errors(document)).chain([passing(document)]).collect()
}

/// Each objective and each threshold.
fn objectives(document: &Document) -> impl Iterator<Item = String> {
    let objectives = document.objectives.iter().map(|line| sentence(&line.title, &line.target));
    let thresholds =
        document.other_thresholds().map(|line: &ThresholdLine| format!("{} of {}", line.target(), line.metric));
    objectives.chain(thresholds)
}

fn sentence(subject: &str, target: &str) -> String {
    format!("{subject} {target}")
}

/// The error rate must not grow; where an objective bounds it, that says so.
fn errors(document: &Document) -> Option<String> {
    if document.thresholds.iter().any(|line| line.metric.starts_with("http_req_failed")) {
        return None;
    }
    let (share, ..) = document.rate("http_req_failed")?;
    Some(format!("No increase in error rate: at most {}", Unit::Share.text(share)))
}

fn passing(document: &Document) -> String {
    format!("Load test passing: `{}` exits with code 0", document.run.command)
}

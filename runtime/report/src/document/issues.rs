//! What is to be thought of a run, and what follows from it. Every sentence is derived from a figure of the document; what
//! no figure says is not said.

use serde::{Deserialize, Serialize};
use squall_insight::{Evidence, Judgement, ObjectiveStatus, RunStatus, ThresholdOutcome};
use squall_metrics::{Finding, Health};

use super::{Document, RequestLine, ThresholdLine, Unit};
use crate::objectives::ObjectiveRecord;
use crate::wording::{missed_limits, missed_thresholds, no_success, sentence_of};

/// What is to be thought of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// In one word.
    pub status: RunStatus,
    /// In one sentence.
    pub sentence: String,
    /// What is wrong, the worst first.
    pub issues: Vec<Issue>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// How bad it is.
    pub status: RunStatus,
    /// What it is.
    pub title: String,
    /// Whom or what it hits, if a figure says so.
    pub impact: Option<String>,
    /// What to do, if a figure says so.
    pub recommendation: Option<String>,
    /// What that would bring, if it can be computed.
    pub expected: Option<String>,
}

/// The verdict on a run, and the words for what it is made of.
pub(super) fn judge(document: &Document, judgement: &Judgement) -> Verdict {
    let mut issues: Vec<Issue> = generator_issues(judgement).collect();
    issues.extend(ending_issue(document));
    issues.extend(document.thresholds.iter().filter_map(|line| threshold_issue(document, line)));
    issues.extend(document.objectives.iter().filter_map(|line| objective_issue(document, line)));
    issues.extend(failed_requests_issue(document, judgement));
    issues.extend(document.checks.iter().filter(|check| check.fails > 0).map(|check| Issue {
        title: format!("Check {:?} failed {}", check.name, times(check.fails)),
        impact: Some(format!(
            "It held in {} of {} cases.",
            Unit::Share.text(check.share()),
            Unit::Number.text((check.passes + check.fails) as f64)
        )),
        ..Issue::of(Evidence::Doubt)
    }));
    issues.extend(failed_iterations_issue(document));
    issues.extend(dropped_issue(document));
    issues.extend(drift_issue(document));
    // Stable: among equals the order above stays.
    issues.sort_by_key(|issue| std::cmp::Reverse(issue.status));
    let of_generator = Evidence::Generator(judgement.generator.health).status();
    let status = RunStatus::worst(issues.iter().map(|issue| issue.status).chain([of_generator]));
    Verdict { status, sentence: sentence(document, judgement), issues }
}

impl Issue {
    fn of(evidence: Evidence) -> Issue {
        Issue { status: evidence.status(), title: String::new(), impact: None, recommendation: None, expected: None }
    }
}

fn sentence(document: &Document, judgement: &Judgement) -> String {
    if !judgement.is_valid() {
        return sentence_of(judgement.generator.invalidity());
    }
    if !document.run.end.as_planned {
        return format!("The run did not end as planned: {}.", document.run.end.text);
    }
    let missed = [missed_thresholds(judgement), missed_limits(judgement), no_success(judgement)];
    let missed: Vec<String> = missed.into_iter().flatten().collect();
    match judgement.thresholds.len() {
        _ if !missed.is_empty() => missed.iter().map(|text| sentence_of(text)).collect::<Vec<_>>().join(" "),
        0 => "No thresholds were set, so none was missed.".to_owned(),
        1 => "The one threshold was met.".to_owned(),
        all => format!("All {all} thresholds were met."),
    }
}

fn generator_issues(judgement: &Judgement) -> impl Iterator<Item = Issue> {
    let impact = match judgement.generator.health {
        Health::Bottleneck if judgement.generator.lacked_users() => {
            "The figures are of the load that was possible, not of the rate that was asked for."
        }
        Health::Bottleneck => "The figures say how this machine is, not how the target is.",
        Health::Suspect | Health::Ok => "Some of the figures may hold delays of this machine.",
    };
    judgement.generator.findings.iter().map(move |finding: &Finding| Issue {
        title: format!("Generator, {}: {}", finding.signal, finding.reason),
        impact: Some(impact.to_owned()),
        recommendation: Some(sentence_of(&finding.remedy)),
        ..Issue::of(Evidence::Generator(judgement.generator.health))
    })
}

fn ending_issue(document: &Document) -> Option<Issue> {
    let end = &document.run.end;
    (!end.as_planned).then(|| Issue {
        title: format!("The run did not end as planned: {}", end.text),
        impact: Some(format!("The figures are of {} of load.", Unit::Ms.text(document.run.duration_ms))),
        ..Issue::of(Evidence::EndedEarly)
    })
}

fn threshold_issue(document: &Document, line: &ThresholdLine) -> Option<Issue> {
    if line.outcome != ThresholdOutcome::Failed {
        return None;
    }
    let title = format!("{} of {} is {}, target {}", line.aggregation, line.metric, line.measured(), line.target());
    let (recommendation, expected) = match (line.unit, is_upper_limit(line), line.actual) {
        (Unit::Ms, true, Some(actual)) => (slowest_request(document), improvement(line, actual)),
        (_, true, Some(actual)) => (None, improvement(line, actual)),
        _ => (None, None),
    };
    let impact = impact_of(document, line);
    Some(Issue { title, impact, recommendation, expected, ..Issue::of(Evidence::Threshold(line.outcome)) })
}

/// Of an objective that no threshold stands for: a limit of the target's resources, or a hope.
fn objective_issue(document: &Document, line: &ObjectiveRecord) -> Option<Issue> {
    let title = match line.status {
        ObjectiveStatus::NotMeasured => format!("{} was not measured, target {}", line.title, line.target),
        _ => format!("{} is {}, target {}", line.title, line.actual, line.target),
    };
    let issue = Issue::of(Evidence::Objective(line.status));
    // The threshold that an objective stands for has told of it.
    let is_told = line.status == ObjectiveStatus::Missed && !line.is_limit;
    if is_told || issue.status == RunStatus::Good {
        return None;
    }
    let silent = document.target.iter().find(|source| source.answered < source.asked);
    let recommendation =
        silent.filter(|_| line.status == ObjectiveStatus::NotMeasured && line.is_limit).map(|source| {
            let problem = source.problem.as_deref().unwrap_or("no reason given");
            format!(
                "{} said nothing {} of {} times: {problem}.",
                source.source,
                source.asked - source.answered,
                source.asked
            )
        });
    Some(Issue { title, recommendation, ..issue })
}

/// Whether less is better.
fn is_upper_limit(line: &ThresholdLine) -> bool {
    line.comparison.starts_with('<')
}

/// `p(95)` of 850 ms: one in twenty takes at least that long.
fn impact_of(document: &Document, line: &ThresholdLine) -> Option<String> {
    let actual = line.actual?;
    if line.unit == Unit::Ms && is_upper_limit(line) {
        let percent: f64 = match line.aggregation.as_str() {
            "med" => 50.0,
            other => other.strip_prefix("p(")?.strip_suffix(')')?.parse().ok()?,
        };
        return Some(format!(
            "{} of the samples took {} or longer.",
            Unit::Share.text((100.0 - percent) / 100.0),
            line.unit.text(actual)
        ));
    }
    match line.metric.as_str() {
        "http_req_failed" => {
            let (_, failed, all) = document.rate("http_req_failed")?;
            Some(of_all("requests failed", failed, all))
        }
        "checks" => {
            let (_, held, all) = document.rate("checks")?;
            Some(of_all("checks failed", all - held, all))
        }
        _ => None,
    }
}

/// By how much a figure must change for its threshold to be met.
fn improvement(line: &ThresholdLine, actual: f64) -> Option<String> {
    (actual > 0.0 && line.limit > 0.0 && line.limit <= actual).then(|| {
        format!(
            "The threshold is met once {} is down by {}, from {} to {}.",
            line.aggregation,
            Unit::Share.text((actual - line.limit) / actual),
            line.unit.text(actual),
            line.unit.text(line.limit)
        )
    })
}

/// Where to begin: the name with the highest p95.
fn slowest_request(document: &Document) -> Option<String> {
    if document.requests.len() < 2 {
        return None;
    }
    let p95 = |line: &RequestLine| line.response_time.as_ref().and_then(|times| times.p95);
    let slowest = document
        .requests
        .iter()
        .filter_map(|line| Some((line, p95(line)?)))
        .max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let all: u64 = document.requests.iter().map(|line| line.count).sum();
    Some(format!(
        "Begin with {} {}: its p95 of response_time, {}, is the highest, and it makes {} of the requests.",
        slowest.0.method,
        slowest.0.name,
        Unit::Ms.text(slowest.1),
        Unit::Share.text(slowest.0.count as f64 / all.max(1) as f64)
    ))
}

fn failed_requests_issue(document: &Document, judgement: &Judgement) -> Option<Issue> {
    let (_, failed, all) = document.rate("http_req_failed")?;
    let has_threshold = document.thresholds.iter().any(|line| line.metric == "http_req_failed");
    if failed == 0 || has_threshold {
        return None;
    }
    let evidence = if judgement.all_failed.is_some() { Evidence::NothingSucceeded } else { Evidence::Doubt };
    let commonest = document.commonest_error();
    Some(Issue {
        title: "Requests failed".to_owned(),
        impact: Some(of_all("requests failed", failed, all)),
        recommendation: commonest
            .map(|error| format!("Begin with {}: it happened {}.", error.title, times(error.count))),
        ..Issue::of(evidence)
    })
}

fn failed_iterations_issue(document: &Document) -> Option<Issue> {
    let (_, failed, all) = document.rate("iterations_failed")?;
    (failed > 0).then(|| Issue {
        title: "Iterations failed".to_owned(),
        impact: Some(of_all("iterations failed", failed, all)),
        ..Issue::of(Evidence::Doubt)
    })
}

fn dropped_issue(document: &Document) -> Option<Issue> {
    let (dropped, _) = document.counter("dropped_iterations")?;
    Some(Issue {
        title: "Iterations were dropped".to_owned(),
        impact: Some(format!(
            "{} iterations that the plan asked for never began, because no virtual user was free in time.",
            Unit::Number.text(dropped)
        )),
        ..Issue::of(Evidence::Doubt)
    })
}

fn drift_issue(document: &Document) -> Option<Issue> {
    let remark = document.remarks.iter().find(|remark| remark.about == "steadiness")?;
    let text = remark.text.strip_prefix("drifting: ")?;
    Some(Issue {
        title: "Response times drifted".to_owned(),
        impact: Some(sentence_of(text)),
        ..Issue::of(Evidence::Doubt)
    })
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", Unit::Number.text(count as f64)) }
}

fn of_all(what: &str, part: u64, all: u64) -> String {
    let number = |number: u64| Unit::Number.text(number as f64);
    format!("{} of all {what}: {} of {}.", Unit::Share.text(part as f64 / all.max(1) as f64), number(part), number(all))
}

//! What is to be thought of a run, and what follows from it. Every sentence is derived from a figure of the document; what
//! no figure says is not said.

use serde::{Deserialize, Serialize};
use squall_insight::{Evidence, JudgedObjective, Judgement, ObjectiveStatus, Quantity, RunStatus, ThresholdOutcome};
use squall_metrics::{Finding, Health};

use super::headline::headline;
use super::recommendations::{self, LimitAdvice, begin_with_error, times};
use super::{Document, ThresholdLine, Unit};
use crate::agents::describe_missing_load;
use crate::objectives::ObjectiveRecord;
use crate::wording::sentence_of;

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
    let objectives = document.objectives.iter().zip(&judgement.objectives);
    issues.extend(objectives.filter_map(|(line, judged)| objective_issue(document, line, judged)));
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
    issues.extend(missing_load_issue(document));
    issues.extend(drift_issue(document));
    // Stable: among equals the order above stays.
    issues.sort_by_key(|issue| std::cmp::Reverse(issue.status));
    let of_generator = Evidence::Generator(judgement.generator.weight()).status();
    let status = RunStatus::worst(issues.iter().map(|issue| issue.status).chain([of_generator]));
    Verdict { status, sentence: headline(document, judgement), issues }
}

impl Issue {
    fn of(evidence: Evidence) -> Issue {
        Issue { status: evidence.status(), title: String::new(), impact: None, recommendation: None, expected: None }
    }
}

fn generator_issues(judgement: &Judgement) -> impl Iterator<Item = Issue> {
    let impact = match judgement.generator.health {
        Health::Bottleneck if judgement.generator.lacked_users() => {
            "The figures are of the load that was possible, not of the rate that was asked for."
        }
        Health::Bottleneck if judgement.generator.accepted => {
            "The figures hold delays of this machine; they were judged all the same (--accept-bottleneck)."
        }
        Health::Bottleneck => "The figures say how this machine is, not how the target is.",
        Health::Suspect | Health::Ok => "Some of the figures may hold delays of this machine.",
    };
    judgement.generator.findings.iter().map(move |finding: &Finding| Issue {
        title: format!("Generator, {}: {}", finding.signal, finding.reason),
        impact: Some(impact.to_owned()),
        recommendation: Some(sentence_of(&finding.remedy)),
        ..Issue::of(Evidence::Generator(judgement.generator.weight()))
    })
}

fn ending_issue(document: &Document) -> Option<Issue> {
    let end = &document.run.end;
    (!end.as_planned).then(|| Issue {
        title: format!("The run ended {}", end.text),
        impact: Some(format!("The figures are of {} of load.", Unit::Ms.text(document.run.duration_ms))),
        ..Issue::of(Evidence::EndedEarly)
    })
}

fn threshold_issue(document: &Document, line: &ThresholdLine) -> Option<Issue> {
    if line.outcome != ThresholdOutcome::Failed {
        return None;
    }
    Some(Issue {
        title: line.issue_title(),
        impact: impact_of(document, line),
        recommendation: recommendations::for_threshold(document, line),
        expected: line.actual.and_then(|actual| improvement(line, actual)),
        ..Issue::of(Evidence::Threshold(line.outcome))
    })
}

/// Of an objective that no threshold stands for: a limit of the target's resources, or a hope.
fn objective_issue(document: &Document, line: &ObjectiveRecord, judged: &JudgedObjective) -> Option<Issue> {
    let issue = Issue::of(Evidence::Objective(line.status));
    // The threshold that an objective stands for has told of it.
    let is_told = line.status == ObjectiveStatus::Missed && !line.is_limit;
    if is_told || issue.status == RunStatus::Good {
        return None;
    }
    let issue = Issue { title: line.outcome(), ..issue };
    Some(match (line.status, line.is_limit) {
        (ObjectiveStatus::NotMeasured, true) => Issue { recommendation: Some(missing_source(document)), ..issue },
        (ObjectiveStatus::Missed, true) => match recommendations::for_limit(document, judged) {
            Some(LimitAdvice { impact, recommendation, expected }) => {
                Issue { impact, recommendation, expected, ..issue }
            }
            None => issue,
        },
        (ObjectiveStatus::BelowTarget, _) if judged.objective.quantity == Quantity::Rate => {
            Issue { recommendation: recommendations::users_for(document, "http_reqs", judged.objective.limit), ..issue }
        }
        _ => issue,
    })
}

/// Why a resource was not measured.
fn missing_source(document: &Document) -> String {
    let silent = document.target.iter().find(|source| source.answered < source.asked);
    silent.map_or_else(
        || recommendations::NO_SOURCE.to_owned(),
        |source| {
            let problem = source.problem.as_deref().unwrap_or("no reason given");
            let missing = source.asked - source.answered;
            format!("{} said nothing {missing} of {} times: {problem}.", source.source, source.asked)
        },
    )
}

/// `p(95)` of 850 ms: one in twenty takes at least that long.
fn impact_of(document: &Document, line: &ThresholdLine) -> Option<String> {
    let actual = line.actual?;
    if line.unit == Unit::Ms && line.is_upper_limit() {
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
        "http_reqs" | "iterations" if line.unit == Unit::PerSecond && !line.is_upper_limit() => Some(format!(
            "{} of the demanded rate was reached: {} of {}.",
            Unit::Share.text(actual / line.limit),
            line.unit.text(actual),
            line.unit.text(line.limit)
        )),
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
    let direction = match line.comparison.as_str() {
        "<" | "<=" if line.limit <= actual => "down",
        ">" | ">=" if line.limit >= actual => "up",
        _ => return None,
    };
    (actual > 0.0 && line.limit > 0.0).then(|| {
        format!(
            "The threshold is met once {} is {direction} by {}, from {} to {}.",
            line.aggregation,
            Unit::Share.text((actual - line.limit).abs() / actual),
            line.unit.text(actual),
            line.unit.text(line.limit)
        )
    })
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
        recommendation: commonest.map(begin_with_error),
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

/// Of the load that was lost with agents: its figures. How far the rest can be believed is the generator's verdict.
fn missing_load_issue(document: &Document) -> Option<Issue> {
    let (title, impact) = describe_missing_load(document.agents.as_ref()?)?;
    Some(Issue { title, impact: Some(impact), ..Issue::of(Evidence::Doubt) })
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

fn of_all(what: &str, part: u64, all: u64) -> String {
    let number = |number: u64| Unit::Number.text(number as f64);
    format!("{} of all {what}: {} of {}.", Unit::Share.text(part as f64 / all.max(1) as f64), number(part), number(all))
}

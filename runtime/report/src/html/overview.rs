//! What a reader sees first: the verdict, the figures that matter, thresholds, and what is wrong.

use maud::{Markup, html};

use squall_insight::{ObjectiveStatus, RunStatus, ThresholdOutcome};
use squall_metrics::Health;

use super::cell;
use crate::document::{Issue, ThresholdLine};
use crate::objectives::ObjectiveRecord;
use crate::wording::NOT_JUDGED;
use crate::{Document, Unit};

pub(super) fn overview(document: &Document) -> Markup {
    html! {
        (verdict(document))
        (tiles(document))
        @if !document.objectives.is_empty() { (objectives(&document.objectives)) }
        @if !document.thresholds.is_empty() { (thresholds(&document.thresholds)) }
        @if !document.verdict.issues.is_empty() { (issues(&document.verdict.issues)) }
    }
}

fn class(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Good => "good",
        RunStatus::Warning => "warning",
        RunStatus::Critical => "critical",
        RunStatus::Invalid => "invalid",
    }
}

fn health_class(health: Health) -> &'static str {
    match health {
        Health::Ok => "good",
        Health::Suspect => "warning",
        Health::Bottleneck => "invalid",
    }
}

fn verdict(document: &Document) -> Markup {
    let (run, verdict) = (&document.run, &document.verdict);
    html! {
        div class={ "verdict " (class(verdict.status)) } {
            h1 { (run.scenario) }
            p.word { (verdict.status.name()) }
            p { (verdict.sentence) }
            div.facts {
                span class=(health_class(document.generator.health)) { "generator " span.state { (document.generator.health.name()) } }
                @if let Some(target) = &run.target { span { "target " b { (target) } } }
                span { "load " b { (run.load) } }
                span { "began " b { (run.began) } }
                span { "took " b { (Unit::Ms.text(run.duration_ms)) } }
                span { "ended " b { (run.end.text) } }
            }
        }
    }
}

fn tiles(document: &Document) -> Markup {
    let times = document.distribution("response_time");
    let text = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| Unit::Ms.text(value));
    html! {
        div.tiles {
            @if let Some(times) = times {
                (tile("response time p50", &text(times.p50), "typical"))
                (tile("p95", &text(times.p95), "of response_time"))
                (tile("p99", &text(times.p99), if times.p99.is_some() { "tail" } else { "too few samples" }))
            }
            @if let Some((sum, rate)) = document.counter("http_reqs") {
                (tile("requests", &Unit::PerSecond.text(rate), &format!("{} in all", Unit::Number.text(sum))))
            }
            @if let Some((share, failed, _)) = document.rate("http_req_failed") {
                (tile("failed requests", &Unit::Share.text(share), &format!("{} in all", Unit::Number.text(failed as f64))))
            }
            @if let Some((sum, rate)) = document.counter("iterations") {
                (tile("iterations", &Unit::PerSecond.text(rate), &format!("{} in all", Unit::Number.text(sum))))
            }
            @if let Some((share, passes, all)) = document.rate("checks") {
                (tile("checks", &Unit::Share.text(share),
                      &format!("{} of {} held", Unit::Number.text(passes as f64), Unit::Number.text(all as f64))))
            }
            @if let Some((_, _, max)) = document.gauge("vus") {
                (tile("virtual users", &Unit::Number.text(max), "at most"))
            }
        }
    }
}

fn tile(label: &str, figure: &str, more: &str) -> Markup {
    html! { div.tile { div.label { (label) } div.figure { (figure) } div.more { (more) } } }
}

fn objectives(lines: &[ObjectiveRecord]) -> Markup {
    let class = |line: &ObjectiveRecord| match line.status {
        ObjectiveStatus::Met => "good",
        ObjectiveStatus::Missed => "critical",
        ObjectiveStatus::NotJudged => "invalid",
        ObjectiveStatus::Close | ObjectiveStatus::BelowTarget | ObjectiveStatus::NotMeasured => "warning",
    };
    html! {
        section #objectives {
            h2 { "Objectives" }
            div.scroll { table {
                thead { tr { th { "objective" } th { "target" } th { "actual" } th { "interval (about 90% sure)" } th { "margin" } th { "status" } } }
                tbody { @for line in lines { tr class=(class(line)) {
                    td { (line.title) }
                    td { (line.target) }
                    td { (line.actual) }
                    td { (line.interval.as_deref().unwrap_or("–")) }
                    (cell(line.margin, &line.margin_text()))
                    td { span.state { (line.marked()) } }
                } } }
            } }
        }
    }
}

fn thresholds(lines: &[ThresholdLine]) -> Markup {
    html! {
        section #thresholds {
            h2 { "Thresholds" }
            div.scroll { table {
                thead { tr { th { "metric" } th { "target" } th { "actual" } th { "status" } } }
                tbody { @for line in lines { tr class=(outcome(line.outcome).0) {
                    td { code { (line.metric) } }
                    td { (line.target()) }
                    (cell(line.actual, &line.measured()))
                    td { span.state { (outcome(line.outcome).1) } }
                } } }
            } }
        }
    }
}

fn outcome(outcome: ThresholdOutcome) -> (&'static str, &'static str) {
    match outcome {
        ThresholdOutcome::Passed => ("good", "✓ met"),
        ThresholdOutcome::Failed => ("critical", "✗ not met"),
        ThresholdOutcome::NotJudged => ("invalid", NOT_JUDGED),
    }
}

fn issues(issues: &[Issue]) -> Markup {
    html! {
        section #issues {
            h2 { "What to look at" }
            @for issue in issues {
                div class={ "issue " (class(issue.status)) } {
                    h3 { (issue.title) }
                    @for text in [&issue.impact, &issue.recommendation, &issue.expected].into_iter().flatten() { p { (text) } }
                }
            }
        }
    }
}

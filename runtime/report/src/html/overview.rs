//! What a reader sees first: the verdict, the figures that matter, thresholds, and what is wrong.

use maud::{Markup, Render, html};

use squall_insight::{ObjectiveStatus, RunStatus, ThresholdOutcome};
use squall_metrics::Health;

use super::{Ids, cell};
use crate::combined::NamedRun;
use crate::document::{Issue, ThresholdLine};
use crate::objectives::ObjectiveRecord;
use crate::wording::{NOT_JUDGED, protocols};
use crate::{Document, Unit};

pub(super) fn overview(document: &Document, ids: Ids<'_>) -> Markup {
    let asked = document.run.plan.as_ref().map(|plan| (&plan.questions, &plan.environment));
    html! {
        (verdict(document, document.title()))
        @if let Some((questions, environment)) = asked { (about(questions, environment, ids)) }
        (judged_figures(document, ids))
        @if !document.verdict.issues.is_empty() { (issues(&document.verdict.issues, ids)) }
        (course(document, ids))
    }
}

/// The same of one of several runs, whose plan and findings are on the page's first screen.
pub(super) fn overview_of_several(run: &NamedRun, ids: Ids<'_>) -> Markup {
    html! {
        (verdict(&run.document, &run.heading()))
        (judged_figures(&run.document, ids))
        (course(&run.document, ids))
    }
}

fn judged_figures(document: &Document, ids: Ids<'_>) -> Markup {
    html! {
        (tiles(document))
        (judged(document, ids))
    }
}

/// Objectives, thresholds and issues of a run that goes on.
pub(super) fn judged_so_far(document: &Document) -> Markup {
    html! {
        (judged(document, Ids::ONLY))
        @if !document.verdict.issues.is_empty() { (issues(&document.verdict.issues, Ids::ONLY)) }
    }
}

fn judged(document: &Document, ids: Ids<'_>) -> Markup {
    let other_thresholds: Vec<&ThresholdLine> = document.other_thresholds().collect();
    html! {
        @if !document.objectives.is_empty() { (objectives(&document.objectives, ids)) }
        @if !other_thresholds.is_empty() { (thresholds(&other_thresholds, ids)) }
    }
}

pub(super) fn class(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Good => "good",
        RunStatus::Warning => "warning",
        RunStatus::Critical => "critical",
        RunStatus::Invalid => "invalid",
    }
}

pub(super) fn health_class(health: Health) -> &'static str {
    match health {
        Health::Ok => "good",
        Health::Suspect => "warning",
        Health::Bottleneck => "invalid",
    }
}

pub(super) fn verdict(document: &Document, title: &str) -> Markup {
    let (run, verdict) = (&document.run, &document.verdict);
    html! {
            div class={ "verdict " (class(verdict.status)) } {
                h1 { (title) }
                p.word { (verdict.status.name()) }
                p { (verdict.sentence) }
                div.facts {
    @if let Some(kind) = document.test_type() { span { "type " b { (kind) } } }
                    @if document.title() != run.scenario { span { "scenario " b { (run.scenario) } } }
                    span class=(health_class(document.generator.weight())) { "generator " span.state { (document.generator.name()) } }
                    @if let Some(target) = &run.target { span { "target " b { (target) } } }
                    span { "load " b { (run.load) } }
                    span { "began " b { (run.began) } }
                    span { "took " b { (Unit::Ms.text(run.duration_ms)) } }
                    span { "ended " b { (run.end.text) } }
                }
            }
        }
}

/// What the plan says of itself besides its name and its type.
pub(super) fn about<Text: Render>(
    questions: impl IntoIterator<Item = Text, IntoIter: ExactSizeIterator>,
    environment: impl IntoIterator<Item = (Text, Text), IntoIter: ExactSizeIterator>,
    ids: Ids<'_>,
) -> Markup {
    let (questions, environment) = (questions.into_iter(), environment.into_iter());
    html! {
        @if questions.len() + environment.len() > 0 {
            section id=(ids.of("plan")) {
                @if questions.len() > 0 {
                    h2 { "What the test is to find out" }
                    ul { @for question in questions { li { (question) } } }
                }
                @if environment.len() > 0 {
                    h2 { "Environment" }
                    dl { @for (name, value) in environment { dt { (name) } dd { (value) } } }
                }
            }
        }
    }
}

pub(super) fn tiles(document: &Document) -> Markup {
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
            @if let (Some((most, _)), Some(all)) = (document.notable_protocols().first(), protocols(document)) {
                (tile("protocols", most, &all))
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

fn objectives(lines: &[ObjectiveRecord], ids: Ids<'_>) -> Markup {
    let class = |line: &ObjectiveRecord| match line.status {
        ObjectiveStatus::Met => "good",
        ObjectiveStatus::Missed => "critical",
        ObjectiveStatus::NotJudged => "invalid",
        ObjectiveStatus::Close | ObjectiveStatus::BelowTarget | ObjectiveStatus::NotMeasured => "warning",
    };
    html! {
        section.judged id=(ids.of("objectives")) {
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

fn thresholds(lines: &[&ThresholdLine], ids: Ids<'_>) -> Markup {
    html! {
        section.judged id=(ids.of("thresholds")) {
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

fn issues(issues: &[Issue], ids: Ids<'_>) -> Markup {
    html! {
        section.long id=(ids.of("issues")) {
            h2 { "Findings and recommendations" }
            @for finding in issues { (issue(finding)) }
        }
    }
}

fn issue(issue: &Issue) -> Markup {
    html! {
        div class={ "issue " (class(issue.status)) } {
            h3 { (issue.title) }
            (labelled("Consequence", issue.impact.as_deref()))
            (labelled("Recommendation", issue.recommendation.as_deref()))
            (labelled("Expected", issue.expected.as_deref()))
        }
    }
}

/// A sentence about a finding, if there is one, after what it is about.
pub(super) fn labelled(label: &str, text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { p { span.faint { (label) ": " } (text) } } }
}

fn course(document: &Document, ids: Ids<'_>) -> Markup {
    html! {
        @if !document.course.is_empty() {
            section id=(ids.of("section-course")) {
                h2 { "Course of the test" }
                dl { @for remark in &document.course { dt { (remark.about) } dd { (remark.text) } } }
            }
        }
    }
}

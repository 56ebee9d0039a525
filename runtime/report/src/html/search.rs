//! A search for the highest rate that holds, as a page: the answer, what each rate came to, and every trial.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::tables::sortable;
use super::{Ids, cell, chart};
use crate::breakpoint::{BreakpointReport, RateLine, SearchEnd, TrialFigures, TrialLine, TrialOutcome};
use crate::{Unit, per_second};

const FIGURES: [&str; 6] = ["requests", "p50", "p95", "p99", "failed", "at once"];

/// What `assets/search.js` draws.
pub(super) fn data(report: &BreakpointReport) -> Value {
    json!({ "search": { "rates": report.rates, "answer": report.answer, "knee": report.scaling.knee.map(|(rate, _)| rate) } })
}

pub(super) fn search(report: &BreakpointReport) -> Markup {
    let answer = &report.answer;
    html! {
        div class={ "verdict " (class(answer.end)) } {
            h1 { (report.scenario) }
            p.word { (answer.holds.map_or_else(|| "No rate held".to_owned(), |rate| format!("{} holds", per_second(rate)))) }
            p { (answer.sentence()) "." }
            @if let Some(cause) = answer.limited_by() { p { "Limited by " (cause) "." } }
            div.facts {
                @if let Some(target) = &report.target { span { "target " b { (target) } } }
                span { "began " b { (report.began) } }
                span { "searched " b { (per_second(report.search.lowest)) " to " (per_second(report.search.highest)) } }
                @for threshold in &report.thresholds { span { "had to hold " b { (threshold) } } }
            }
        }
        @if !report.rates.is_empty() {
            section #by-rate {
                h2 { "By rate" }
                p.faint {
                    "Iterations started per second, from left to right. Green is the highest rate that holds, red the lowest that does not, \
                     and the broken line the knee. By keyboard: Tab to a chart, ← → for the rates."
                }
                div.charts {
                    (chart(Ids::ONLY, "rate-times", "Response time", "from the intended start to the last byte"))
                    (chart(Ids::ONLY, "rate-throughput", "Throughput", "requests that ended, per second"))
                }
            }
        }
        (scaling(report))
        (rates(&report.rates))
        (trials(&report.trials))
        section #section-reproduce {
            div.bar { h2 { "How to run it again" } button.copy type="button" data-of="command" { "Copy" } }
            pre #command { (report.command) }
            dl { dt { "component" } dd { code { (report.component) } } dt { "Squall" } dd { (report.squall) } }
        }
    }
}

fn class(end: SearchEnd) -> &'static str {
    match end {
        SearchEnd::Target | SearchEnd::Highest => "good",
        SearchEnd::Generator => "invalid",
        SearchEnd::Lowest => "critical",
        SearchEnd::Time | SearchEnd::Stopped => "warning",
    }
}

fn scaling(report: &BreakpointReport) -> Markup {
    let sentences = report.scaling.sentences();
    html! {
        @if !sentences.is_empty() {
            section #section-scaling {
                h2 { "How the target scales" }
                dl { @for (about, text) in &sentences { dt { (about) } dd { (text) } } }
            }
        }
    }
}

fn columns<'a>(first: &[&'a str]) -> Vec<&'a str> {
    first.iter().copied().chain(FIGURES).collect()
}

/// The cells under [`FIGURES`].
fn figures(figures: &TrialFigures) -> Markup {
    let time = |value: Option<f64>| cell(value, &value.map_or_else(|| "–".to_owned(), |value| Unit::Ms.text(value)));
    html! {
        (number(Unit::PerSecond, figures.requests_per_second))
        (time(figures.p50_ms)) (time(figures.p95_ms)) (time(figures.p99_ms))
        (number(Unit::Share, figures.failed_share)) (number(Unit::Number, figures.at_once))
    }
}

fn number(unit: Unit, value: f64) -> Markup {
    cell(Some(value), &unit.text(value))
}

fn rates(lines: &[RateLine]) -> Markup {
    let row = |line: &RateLine| {
        html! {
            (number(Unit::PerSecond, line.rate)) (number(Unit::Number, line.trials as f64)) (number(Unit::Number, line.good as f64))
            (figures(&line.figures))
        }
    };
    html! {
        @if !lines.is_empty() {
            section.long #section-rates {
                h2 { "What each rate came to" }
                (sortable(Ids::ONLY, "rates", &columns(&["rate", "trials", "held"]), &lines.iter().map(row).collect::<Vec<_>>()))
            }
        }
    }
}

fn trials(lines: &[TrialLine]) -> Markup {
    let row = |(place, line): (usize, &TrialLine)| {
        let (class, word) = outcome(line.outcome);
        html! {
            (number(Unit::Number, place as f64 + 1.0)) (number(Unit::PerSecond, line.rate)) (number(Unit::Ms, line.duration_ms))
            td class=(class) { span.state { (word) } }
            (figures(&line.figures))
            td { (line.reason.as_deref().unwrap_or("–")) }
        }
    };
    let mut names = columns(&["trial", "rate", "counted", "outcome"]);
    names.push("why");
    html! {
        @if !lines.is_empty() {
            section.long #section-trials {
                h2 { "Every trial, in the order of time" }
                (sortable(Ids::ONLY, "trials", &names, &lines.iter().enumerate().map(row).collect::<Vec<_>>()))
            }
        }
    }
}

fn outcome(outcome: TrialOutcome) -> (&'static str, &'static str) {
    match outcome {
        TrialOutcome::Good => ("good", "✓ held"),
        TrialOutcome::Bad => ("critical", "✗ did not hold"),
        TrialOutcome::Invalid => ("invalid", "invalid"),
    }
}

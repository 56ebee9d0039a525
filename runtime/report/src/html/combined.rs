//! Several runs on one page: their common result, then each run.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Ids, charts, overview, run_charts_and_tables};
use crate::CombinedReport;
use crate::combined::{COLUMNS, Finding, FindingGroup, RunRow};

/// What the charts of all runs show.
pub(super) fn data(report: &CombinedReport) -> Value {
    let runs = report.runs().iter().enumerate();
    json!({ "runs": runs.map(|(place, run)| charts::data(&run.document, Ids::with(&prefix(place)))).collect::<Vec<_>>() })
}

pub(super) fn combined(report: &CombinedReport) -> Markup {
    html! {
        (verdict(report))
        (overview::about(report.questions(), report.environment(), Ids::ONLY))
        (runs(&report.rows()))
        (findings(report))
        @for (place, run) in report.runs().iter().enumerate() {
            article.run id={ "run-" (place + 1) } {
                @let prefix = prefix(place);
                @let ids = Ids::with(&prefix);
                (overview::overview_of_several(run, ids))
                (run_charts_and_tables(&run.document, ids))
            }
        }
    }
}

/// The prefix of the ids of the run at that place.
fn prefix(place: usize) -> String {
    format!("run-{}-", place + 1)
}

fn verdict(report: &CombinedReport) -> Markup {
    html! {
        div class={ "verdict " (overview::class(report.status())) } {
            h1 { (report.title()) }
            p.word { (report.status().name()) }
            p { (report.sentence()) }
            div.facts {
                @if let Some(target) = report.target() { span { "target " b { (target) } } }
                span { "began " b { (report.days()) } }
            }
        }
    }
}

fn runs(rows: &[RunRow<'_>]) -> Markup {
    html! {
        section #runs {
            h2 { "Runs" }
            div.scroll { table.runs {
                thead { tr { @for column in COLUMNS { th.text[is_text(column)] scope="col" { (column) } } } }
                tbody { @for (place, row) in rows.iter().enumerate() { (run(place, row)) } }
            } }
        }
    }
}

/// Whether a column has sentences, and no figures.
fn is_text(column: &str) -> bool {
    ["load", "reason"].contains(&column)
}

fn run(place: usize, row: &RunRow<'_>) -> Markup {
    let [name, kind, verdict, load, rate, p95, errors, reason] = row.cells();
    html! {
        tr class=(overview::class(row.status())) {
            td { a href={ "#run-" (place + 1) } { (name) } }
            td { (kind) }
            td { span.state { (verdict) } }
            td.text { (load) }
            td { (rate) } td { (p95) } td { (errors) }
            td.text { (reason) }
        }
    }
}

fn finding_group(group: &FindingGroup<'_>) -> Markup {
    html! {
        div class={ "issue " (overview::class(group.status())) } {
            @for Finding { issue, runs } in &group.findings {
                h3 { (issue.title) " " span.faint { (runs.join("; ")) } }
                (overview::labelled("Consequence", issue.impact.as_deref()))
                (overview::labelled("Expected", issue.expected.as_deref()))
            }
            (overview::labelled("Recommendation", group.recommendation))
        }
    }
}

fn findings(report: &CombinedReport) -> Markup {
    let findings = report.findings();
    html! {
        @if !findings.is_empty() {
            section.long #issues {
                h2 { "Findings and recommendations" }
                @for group in &findings { (finding_group(group)) }
            }
        }
    }
}

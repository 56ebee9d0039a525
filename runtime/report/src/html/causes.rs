//! Findings on a page: each with its evidence, and a trace as a waterfall.

use maud::{Markup, html};
use squall_findings::{Bar, EndpointTime, Finding, Findings, Waterfall};

use super::cell;
use super::ids::Ids;
use super::overview::labelled;
use crate::causes::expected;
use crate::document::Unit;

pub(super) fn causes(findings: &Findings, ids: Ids<'_>) -> Markup {
    html! {
        section.long id=(ids.of("causes")) {
            h2 { "Causes" }
            @if findings.findings.is_empty() { p { "Nothing found." } }
            @for finding in &findings.findings { (cause(finding)) }
            @for endpoint in &findings.endpoints { (time_of(endpoint)) }
            details {
                summary { "What was looked at" }
                ul {
                    @for line in &findings.looked_at { li { (line) } }
                    @for line in &findings.not_seen { li { b { "not seen: " } (line) } }
                }
            }
        }
    }
}

fn cause(finding: &Finding) -> Markup {
    html! {
        div.issue.warning {
            h3 { (finding.title) }
            p.faint { (finding.cause.title()) ", " (finding.class.name()) ", " (finding.confidence.name()) }
            @if let (Some(explained), Some(endpoint)) = (finding.explains, &finding.endpoint) {
                p {
                    "Explains " b { (Unit::Share.text(explained.high)) } " of the time of " (endpoint)
                    @if let Some(low) = explained.low { ", under low load " (Unit::Share.text(low)) }
                    "."
                }
            }
            ul { @for line in &finding.evidence { li { (line) } } }
            @if let Some(statement) = &finding.statement { pre { (statement) } }
            @if !finding.plan.is_empty() { details { summary { "The database's plan" } pre { (finding.plan.join("\n")) } } }
            (labelled("Recommendation", Some(&finding.change)))
            @if let (Some(expected), Some(improvement)) = (expected(finding), &finding.improvement) {
                (labelled("Expected", Some(&format!("{} ({})", &expected["expected: ".len()..], improvement.arithmetic))))
            }
            @if let Some(low) = &finding.example_low { (waterfall("A trace under low load", low)) }
            @if let Some(high) = &finding.example { (waterfall("A trace under the load", high)) }
            @if !finding.traces.is_empty() { p.faint { "Traces: " (finding.traces.join(", ")) } }
        }
    }
}

fn waterfall(title: &str, waterfall: &Waterfall) -> Markup {
    html! {
        details open {
            summary { (title) ": " (Unit::Ms.text(waterfall.duration_ms)) }
            div.scroll { table.waterfall { tbody {
                @for bar in &waterfall.bars { (row(bar, waterfall.duration_ms.max(0.001))) }
            } } }
            @if waterfall.left_out > 0 { p.faint { "and " (waterfall.left_out) " more spans" } }
        }
    }
}

fn row(bar: &Bar, whole: f64) -> Markup {
    let percent = |ms: f64| (ms / whole * 100.0).clamp(0.0, 100.0);
    let from = percent(bar.at_ms).min(99.5);
    let width = percent(bar.duration_ms).clamp(0.5, 100.0 - from);
    html! {
        tr {
            td style={ "padding-left:" (format!("{:.1}em", 0.3 + f64::from(bar.depth))) } { (bar.name) }
            td.faint { (bar.service) }
            td.track { div.span style={ (format!("margin-left:{from:.2}%;width:{width:.2}%")) } {} }
            td { (Unit::Ms.text(bar.duration_ms)) }
        }
    }
}

fn time_of(endpoint: &EndpointTime) -> Markup {
    let with_low = endpoint.low_p95_ms.is_some();
    html! {
        details {
            summary {
                "Where the time of " b { (endpoint.endpoint) } " goes: p95 " (Unit::Ms.text(endpoint.p95_ms))
                @if let Some(low) = endpoint.low_p95_ms { ", under low load " (Unit::Ms.text(low)) }
            }
            div.scroll { table {
                thead { tr {
                    th { "span" } th { "service" } th { "in a request" } th { "own time" }
                    @if with_low { th { "under low load" } th { "of the growth" } }
                } }
                tbody { @for span in &endpoint.spans { tr {
                    td { (span.name) }
                    td { (span.service) }
                    (cell(Some(span.count), &format!("{:.1}", span.count)))
                    (cell(Some(span.mean_ms), &Unit::Ms.text(span.mean_ms)))
                    @if with_low {
                        (cell(span.low_mean_ms, &span.low_mean_ms.map(|ms| Unit::Ms.text(ms)).unwrap_or_default()))
                        (cell(span.growth_share, &span.growth_share.map(|share| Unit::Share.text(share)).unwrap_or_default()))
                    }
                } } }
            } }
        }
    }
}

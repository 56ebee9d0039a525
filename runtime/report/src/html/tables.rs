//! The tables below the charts, all of which sort.

use maud::{Markup, html};

use super::{Ids, agents, cell};
use crate::document::{Distribution, ErrorLine, ServerTimingLine, TargetSource, Values};
use crate::{Document, Unit};

/// The phases of a request, in their order, each with its colour.
const PHASES: [(&str, &str); 6] = [
    ("blocked", "--c5"),
    ("connecting", "--c6"),
    ("tls_handshaking", "--c4"),
    ("sending", "--c3"),
    ("waiting", "--c1"),
    ("receiving", "--c2"),
];
const PERCENTILES: [&str; 6] = ["mean", "p50", "p90", "p95", "p99", "max"];

pub(super) fn tables(document: &Document, ids: Ids<'_>) -> Markup {
    html! {
        (target(&document.target, ids))
        (agents::agents(document.agents.as_ref(), ids))
        (phases(document, ids))
        (server_timings(document, ids))
        (requests(document, ids))
        (scenarios(document, ids))
        (flows(document, ids))
        (transactions(document, ids))
        div.columns { div { (checks(document, ids)) } div { (errors(&document.errors, ids)) } }
        (data(document, ids))
        (metrics(document, ids))
        (measurement(document, ids))
        (reproduce(document, ids))
    }
}

/// A section with a table of these columns; nothing if it has no rows.
fn section(ids: Ids<'_>, id: &str, title: &str, columns: &[&str], rows: &[Markup]) -> Markup {
    html! {
        @if !rows.is_empty() {
            section.long id=(ids.of(&format!("section-{id}"))) {
                h2 { (title) }
                (sortable(ids, id, columns, rows))
            }
        }
    }
}

/// A table that sorts by any of its columns.
pub(super) fn sortable(ids: Ids<'_>, id: &str, columns: &[&str], rows: &[Markup]) -> Markup {
    html! {
        div.scroll { table id=(ids.of(id)) {
            thead { tr { @for column in columns { th scope="col" { button type="button" { (column) } } } } }
            tbody { @for row in rows { tr { (row) } } }
        } }
    }
}

fn target(sources: &[TargetSource], ids: Ids<'_>) -> Markup {
    let all = sources.iter().flat_map(|source| source.series.iter().map(move |series| (source, series)));
    let rows: Vec<Markup> = all
        .map(|(source, series)| {
            html! {
                td { (source.source) }
                td { (series.name) }
                (figure(series.unit, series.avg)) (figure(series.unit, series.p95)) (figure(series.unit, series.max))
                (cell(series.limit.map(|limit| series.max / limit), series.share_text().as_deref().unwrap_or("–")))
                (cell(Some(source.answered as f64), &format!("{} of {}", source.answered, source.asked)))
            }
        })
        .collect();
    section(
        ids,
        "target-table",
        "The target's resources",
        &["source", "what", "avg", "p95", "max", "of what there is", "answers"],
        &rows,
    )
}

fn columns<'a>(first: &[&'a str]) -> Vec<&'a str> {
    first.iter().copied().chain(PERCENTILES).collect()
}

fn number(value: u64) -> Markup {
    figure(Unit::Number, value as f64)
}

fn figure(unit: Unit, value: f64) -> Markup {
    cell(Some(value), &unit.text(value))
}

/// The cells under [`PERCENTILES`].
fn percentiles(distribution: Option<&Distribution>, unit: Unit) -> Markup {
    let values =
        distribution.map_or([None; 6], |all| [Some(all.mean), all.p50, all.p90, all.p95, all.p99, Some(all.max)]);
    html! {
        @for value in values { (cell(value, &value.map_or_else(|| "–".to_owned(), |value| unit.text(value)))) }
    }
}

fn phases(document: &Document, ids: Ids<'_>) -> Markup {
    let phases: Vec<(&str, &str, &Distribution)> = PHASES
        .iter()
        .filter_map(|(name, colour)| Some((*name, *colour, document.distribution(&format!("http_req_{name}"))?)))
        .collect();
    let all: f64 = phases.iter().map(|(_, _, times)| times.mean).sum();
    let rows: Vec<Markup> = phases
        .iter()
        .map(|(name, colour, times)| {
            html! {
                td { span style={ "color:var(" (colour) ")" } aria-hidden="true" { "■ " } (name) }
                (figure(Unit::Share, times.mean / all.max(1e-9)))
                (percentiles(Some(times), Unit::Ms))
            }
        })
        .collect();
    let names = columns(&["phase", "of the mean"]);
    html! {
        @if !rows.is_empty() {
            section id=(ids.of("section-phases")) {
                h2 { "Where the time of a request goes" }
                svg.phases viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label="Each phase's part of the mean" {
                    @for (from, (_, colour, times)) in running(&phases).into_iter().zip(&phases) {
                        rect x=(from / all.max(1e-9) * 100.0) y="0" width=(times.mean / all.max(1e-9) * 100.0) height="1"
                            style={ "fill:var(" (colour) ")" } {}
                    }
                }
                (sortable(ids, "phases", &names, &rows))
            }
        }
    }
}

/// Where each phase begins if they come one behind the other.
fn running(phases: &[(&str, &str, &Distribution)]) -> Vec<f64> {
    let begin = |sum: &mut f64, (_, _, times): &(&str, &str, &Distribution)| {
        let from = *sum;
        *sum += times.mean;
        Some(from)
    };
    phases.iter().scan(0.0, begin).collect()
}

/// What happened while a request was `waiting`, in the server's own words.
fn server_timings(document: &Document, ids: Ids<'_>) -> Markup {
    let row = |line: &ServerTimingLine| {
        html! { td { (line.name) } (number(line.count)) (percentiles(line.duration.as_ref(), Unit::Ms)) }
    };
    let rows: Vec<Markup> = document.server_timings.iter().map(row).collect();
    section(
        ids,
        "server-timing",
        "What the server says its work took (server_timing)",
        &columns(&["part", "count"]),
        &rows,
    )
}

fn requests(document: &Document, ids: Ids<'_>) -> Markup {
    let rows: Vec<Markup> = document
        .requests
        .iter()
        .map(|line| {
            html! {
                td { span.faint { (line.method) } " " (line.name) }
                (number(line.count)) (figure(Unit::PerSecond, line.rate)) (figure(Unit::Share, line.failed_share))
                (percentiles(line.response_time.as_ref(), Unit::Ms))
            }
        })
        .collect();
    section(
        ids,
        "requests",
        "Requests by name (response_time)",
        &columns(&["request", "count", "rate", "failed"]),
        &rows,
    )
}

fn scenarios(document: &Document, ids: Ids<'_>) -> Markup {
    let rows: Vec<Markup> = document
        .scenarios
        .iter()
        .map(|line| {
            html! {
                td { (line.name) }
                (number(line.iterations)) (number(line.failed_iterations)) (number(line.dropped_iterations))
                (number(line.requests)) (figure(Unit::Share, line.failed_share))
                (percentiles(line.response_time.as_ref(), Unit::Ms))
            }
        })
        .collect();
    let names = columns(&["scenario", "iterations", "failed", "dropped", "requests", "failed requests"]);
    section(ids, "scenarios", "Scenarios (response_time)", &names, &rows)
}

fn flows(document: &Document, ids: Ids<'_>) -> Markup {
    let rows: Vec<Markup> = document
        .flows
        .iter()
        .map(|line| {
            html! {
                td { (line.name) }
                (figure(Unit::Share, line.planned_share)) (figure(Unit::Share, line.achieved_share))
                (number(line.iterations)) (number(line.failed))
                (percentiles(line.duration.as_ref(), Unit::Ms))
            }
        })
        .collect();
    let names = columns(&["flow", "planned", "achieved", "iterations", "failed"]);
    section(ids, "flows", "Mix of flows (iteration_duration)", &names, &rows)
}

fn transactions(document: &Document, ids: Ids<'_>) -> Markup {
    let rows: Vec<Markup> = document
        .transactions
        .iter()
        .map(|line| {
            html! {
                td { (line.name) }
                (number(line.count)) (figure(Unit::PerSecond, line.rate)) (figure(Unit::Share, line.failed_share))
                (percentiles(line.duration.as_ref(), Unit::Ms))
            }
        })
        .collect();
    section(ids, "transactions", "Transactions", &columns(&["transaction", "count", "rate", "failed"]), &rows)
}

fn checks(document: &Document, ids: Ids<'_>) -> Markup {
    let rows: Vec<Markup> = document
        .checks
        .iter()
        .map(|line| {
            let (class, mark) = if line.fails == 0 { ("good", "✓") } else { ("critical", "✗") };
            html! {
                td class=(class) { span.state { (mark) } " " (line.name) }
                (figure(Unit::Share, line.share())) (number(line.passes)) (number(line.fails))
            }
        })
        .collect();
    section(ids, "checks", "Checks", &["check", "held", "passes", "fails"], &rows)
}

fn errors(lines: &[ErrorLine], ids: Ids<'_>) -> Markup {
    html! {
        @if !lines.is_empty() {
            section id=(ids.of("section-errors")) {
                h2 { "Errors" }
                @for line in lines {
                    div.issue.critical {
                        h3 { (line.title) ": " (Unit::Number.text(line.count as f64)) }
                        @if !line.examples.is_empty() {
                            ul { @for (text, count) in &line.examples { li { (Unit::Number.text(*count as f64)) "× " code { (text) } } } }
                        }
                    }
                }
            }
        }
    }
}

fn data(document: &Document, ids: Ids<'_>) -> Markup {
    let rows: Vec<Markup> = document
        .data
        .iter()
        .map(|line| {
            html! {
                td { (line.name) @if line.ended_the_run { " " span.faint { "(no row was left: the run ended)" } } }
                (number(line.rows)) (number(line.taken)) td { (line.policy) }
            }
        })
        .collect();
    section(ids, "data", "Data", &["data", "rows", "rows taken", "policy"], &rows)
}

/// Everything that was measured.
fn metrics(document: &Document, ids: Ids<'_>) -> Markup {
    html! {
        section.long id=(ids.of("section-metrics")) { details id=(ids.of("all-metrics")) {
            summary { "All metrics (" (document.metrics.len()) ")" }
            div.scroll { table id=(ids.of("metrics")) {
                thead { tr { @for name in ["metric", "kind", "value"] { th scope="col" { button type="button" { (name) } } } } }
                tbody { @for metric in &document.metrics { tr {
                    td { code { (metric.name) } }
                    td { (metric.values.kind()) }
                    td.text { (metric.text()) }
                } } }
            } }
        } }
    }
}

fn measurement(document: &Document, ids: Ids<'_>) -> Markup {
    html! {
        section id=(ids.of("section-measurement")) {
            h2 { "How far the measurement can be trusted" }
            dl {
                dt { "generator" } dd { (document.generator.name()) }
                @for finding in &document.generator.findings {
                    dt { (finding.signal) } dd { (finding.reason) " – " (finding.remedy) }
                }
                @if let Some(Values::Trend(lag)) = document.metric("schedule_lag").map(|metric| &metric.values) {
                    dt { "schedule_lag" } dd { (lag.text(Unit::Ms)) }
                }
                @for remark in &document.remarks { dt { (remark.about) } dd { (remark.text) } }
            }
        }
    }
}

fn reproduce(document: &Document, ids: Ids<'_>) -> Markup {
    let run = &document.run;
    html! {
        section id=(ids.of("section-reproduce")) {
            div.bar {
                h2 { "How to run it again" }
                button.copy type="button" data-of=(ids.of("command")) { "Copy" }
            }
            pre id=(ids.of("command")) { (run.command) }
            dl {
                dt { "seed" } dd { code { (run.seed) } }
                dt { "component" } dd { code { (run.component) } }
                dt { "Squall" } dd { (run.squall) }
                dt { "machine" } dd { (run.machine.os) ", " (run.machine.arch) ", " (run.machine.cores) " cores, " (run.threads) " worker threads" }
                @for (name, value) in &run.tags { dt { "tag " (name) } dd { (value) } }
            }
        }
    }
}

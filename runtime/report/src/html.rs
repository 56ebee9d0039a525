//! `--report FILE.html`: one file that needs no network, and the same page for a run that goes on.
//!
//! Text is escaped by `maud`, without exception: names come from strangers' scenarios. Beyond that the page's policy
//! allows no script but the two that are in it, by their digests, and no connection but (while a run goes on) to where
//! the page came from.

mod charts;
mod combined;
mod ids;
mod overview;
mod search;
mod tables;
mod trend;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{BreakpointReport, CombinedReport, Document, Trend};
use charts::chart;
use ids::Ids;

/// uPlot 1.6.32 (<https://github.com/leeoniya/uPlot>), MIT; its licence is in the page.
const UPLOT: &str = include_str!("../assets/uplot.min.js");
const UPLOT_STYLE: &str = include_str!("../assets/uplot.min.css");
const UPLOT_LICENCE: &str = include_str!("../assets/uplot-LICENSE.txt");
/// Of a page about a run.
const RUN_SCRIPT: &str =
    concat!(include_str!("../assets/common.js"), include_str!("../assets/trend.js"), include_str!("../assets/run.js"));
/// Of a page about a history of runs.
const TREND_SCRIPT: &str =
    concat!(include_str!("../assets/common.js"), include_str!("../assets/trend.js"), "squall.draw();\n");
const STYLE: &str = include_str!("../assets/report.css");

/// Of a page about a search.
const SEARCH_SCRIPT: &str =
    concat!(include_str!("../assets/common.js"), include_str!("../assets/search.js"), "squall.draw();\n");

/// What a page that shows a run while it goes on asks for once a second.
#[derive(Debug, Serialize)]
pub struct LiveUpdate {
    top: String,
    tables: String,
    charts: serde_json::Value,
    ended: bool,
}

impl LiveUpdate {
    /// What there is to show now.
    pub fn of(document: &Document, ended: bool) -> LiveUpdate {
        LiveUpdate {
            top: overview::overview(document, Ids::ONLY).into_string(),
            tables: tables::tables(document, Ids::ONLY).into_string(),
            charts: charts::data(document, Ids::ONLY),
            ended,
        }
    }
}

/// The report as a page.
pub fn html_report(document: &Document) -> String {
    run_page(document, None)
}

/// The same page, for a run that goes on: it asks that path of its own server for updates.
pub fn live_page(document: &Document, updates: &str) -> String {
    run_page(document, Some(updates))
}

/// The history of a load as a page, by that version of Squall.
pub fn trend_page(trend: &Trend, squall: &str) -> String {
    let page = Page {
        title: &format!("{} – trend", trend.scenario),
        squall,
        updates: None,
        script: TREND_SCRIPT,
        data: json!({ "trend": trend }),
    };
    page.around(&html! {
        div.verdict {
            h1 { (trend.scenario) }
            div.facts {
                @if !trend.target.is_empty() { span { "target " b { (trend.target) } } }
                span { "load " b { (trend.load) } }
            }
        }
        (trend::trend(trend, Ids::ONLY))
    })
}

/// A search for the highest rate that holds, as a page.
pub fn search_page(report: &BreakpointReport) -> String {
    let page = Page {
        title: &format!("{} – breakpoint", report.scenario),
        squall: &report.squall,
        updates: None,
        script: SEARCH_SCRIPT,
        data: search::data(report),
    };
    page.around(&search::search(report))
}

fn run_page(document: &Document, updates: Option<&str>) -> String {
    let page = Page {
        title: &format!("{} – {}", document.title(), document.verdict.status.name()),
        squall: &document.run.squall,
        updates,
        script: RUN_SCRIPT,
        data: charts::data(document, Ids::ONLY),
    };
    page.around(&run_body(document, Ids::ONLY))
}

/// Several runs on one page: their common result, then each run.
pub fn combined_page(report: &CombinedReport) -> String {
    let page = Page {
        title: &format!("{} – {}", report.title(), report.status().name()),
        squall: report.squall(),
        updates: None,
        script: RUN_SCRIPT,
        data: combined::data(report),
    };
    page.around(&combined::combined(report))
}

/// All that is shown of a run.
fn run_body(document: &Document, ids: Ids<'_>) -> Markup {
    html! {
        div id=(ids.of("top")) { (overview::overview(document, ids)) }
        (run_charts_and_tables(document, ids))
    }
}

fn run_charts_and_tables(document: &Document, ids: Ids<'_>) -> Markup {
    html! {
        (charts::shells(ids))
        @if let Some(trend) = &document.trend { (trend::trend(trend, ids)) }
        div id=(ids.of("tables")) { (tables::tables(document, ids)) }
    }
}

/// What all pages have.
struct Page<'a> {
    title: &'a str,
    squall: &'a str,
    /// The path that a page of a run that goes on asks for updates.
    updates: Option<&'a str>,
    script: &'static str,
    data: Value,
}

impl Page<'_> {
    fn around(&self, main: &Markup) -> String {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(self.policy());
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="generator" content={ "Squall " (self.squall) };
                    link rel="icon" href="data:,";
                    title { (self.title) }
                    style { (PreEscaped(UPLOT_STYLE)) (PreEscaped(STYLE)) }
                }
                body data-live=[self.updates] {
                    div.page {
                        div.bar {
                            span.brand { "Squall" @if self.updates.is_some() { " " span #live role="status" { "live" } } }
                            span.right { button #theme type="button" { "Light / dark" } }
                        }
                        main { (main) }
                        footer.faint {
                            details {
                                summary { "Licences" }
                                pre { "uPlot 1.6.32, https://github.com/leeoniya/uPlot\n\n" (UPLOT_LICENCE) }
                            }
                        }
                    }
                    script #measured type="application/json" { (PreEscaped(in_script(&self.data.to_string()))) }
                    script { (PreEscaped(UPLOT)) }
                    script { (PreEscaped(self.script)) }
                }
            }
        }
        .into_string()
    }

    /// What the page may do.
    fn policy(&self) -> String {
        let connect = if self.updates.is_some() { "'self'" } else { "'none'" };
        let (chart, script) = (digest(UPLOT), digest(self.script));
        format!(
            "default-src 'none'; script-src '{chart}' '{script}'; style-src 'unsafe-inline'; img-src data:; \
             connect-src {connect}; base-uri 'none'; form-action 'none'"
        )
    }
}

fn digest(script: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(script.as_bytes())))
}

/// JSON that cannot end the element that it is in: `<` comes in its texts alone.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// A cell with a figure: the number for sorting, the text for reading.
fn cell(value: Option<f64>, text: &str) -> Markup {
    html! { td data-value=(value.unwrap_or(-1.0)) { (text) } }
}

//! `--report FILE.html`: one file that needs no network, and the same page for a run that goes on.
//!
//! Text is escaped by `maud`, without exception: names come from strangers' scenarios. Beyond that the page's policy
//! allows no script but the two that are in it, by their digests, and no connection but (while a run goes on) to where
//! the page came from.

mod agents;
mod causes;
mod charts;
mod combined;
mod ids;
mod implemented;
mod live;
mod overview;
mod search;
mod tables;
mod trend;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{BreakpointReport, CombinedReport, Document, Trend};
use charts::chart;
use ids::Ids;
pub use live::{LiveUpdate, live_page};

/// uPlot 1.6.32 (<https://github.com/leeoniya/uPlot>), MIT; its licence is in the page.
const UPLOT: &str = include_str!("../assets/uplot.min.js");
const UPLOT_STYLE: &str = include_str!("../assets/uplot.min.css");
const UPLOT_LICENCE: &str = include_str!("../assets/uplot-LICENSE.txt");
/// Of a page about a run.
const RUN_SCRIPT: &str =
    concat!(include_str!("../assets/common.js"), include_str!("../assets/trend.js"), include_str!("../assets/run.js"));
/// Of a page about a run that goes on.
const LIVE_SCRIPT: &str = concat!(
    include_str!("../assets/common.js"),
    include_str!("../assets/trend.js"),
    include_str!("../assets/run.js"),
    include_str!("../assets/live.js")
);
/// Of a page about a history of runs.
const TREND_SCRIPT: &str =
    concat!(include_str!("../assets/common.js"), include_str!("../assets/trend.js"), "squall.draw();\n");
const STYLE: &str = include_str!("../assets/report.css");

/// Of a page about a search.
const SEARCH_SCRIPT: &str =
    concat!(include_str!("../assets/common.js"), include_str!("../assets/search.js"), "squall.draw();\n");

/// The report as a page.
pub fn html_report(document: &Document) -> String {
    let title = format!("{} – {}", document.title(), document.verdict.status.name());
    let page = Page { data: charts::data(document, Ids::ONLY), ..Page::of(&title, &document.run.squall, RUN_SCRIPT) };
    page.around(&html! {
        div #top { (overview::overview(document, Ids::ONLY)) }
        (run_charts_and_tables(document, Ids::ONLY))
    })
}

/// Several runs on one page: their common result, then each run.
pub fn combined_page(report: &CombinedReport) -> String {
    let title = format!("{} – {}", report.title(), report.status().name());
    let page = Page { data: combined::data(report), ..Page::of(&title, report.squall(), RUN_SCRIPT) };
    page.around(&combined::combined(report))
}

fn run_charts_and_tables(document: &Document, ids: Ids<'_>) -> Markup {
    html! {
        @if let Some(findings) = &document.findings { (causes::causes(findings, ids)) }
        (charts::shells(ids))
        @if !document.implemented.is_empty() { (implemented::implemented(&document.implemented, ids)) }
        @if let Some(trend) = &document.trend { (trend::trend(trend, ids)) }
        div id=(ids.of("tables")) { (tables::tables(document, ids)) }
    }
}

/// The history of a load as a page, by that version of Squall.
pub fn trend_page(trend: &Trend, squall: &str) -> String {
    let title = format!("{} – trend", trend.scenario);
    let page = Page { data: json!({ "trend": trend }), ..Page::of(&title, squall, TREND_SCRIPT) };
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
    let title = format!("{} – breakpoint", report.scenario);
    let page = Page { data: search::data(report), ..Page::of(&title, &report.squall, SEARCH_SCRIPT) };
    page.around(&search::search(report))
}

/// A page that is no report, with the appearance of reports, by that version of Squall. Its script may ask its own server.
pub fn app_page(title: &str, squall: &str, style: &str, script: &str, main: &Markup) -> String {
    let script = [include_str!("../assets/common.js"), script].concat();
    Page { is_live: true, style, ..Page::of(title, squall, &script) }.around(main)
}

/// What all pages have.
struct Page<'a> {
    title: &'a str,
    squall: &'a str,
    /// Whether it asks its own server for news.
    is_live: bool,
    /// What it has besides the style of all pages.
    style: &'a str,
    script: &'a str,
    data: Value,
}

impl<'a> Page<'a> {
    /// Without data and news, by that version of Squall.
    fn of(title: &'a str, squall: &'a str, script: &'a str) -> Page<'a> {
        Page { title, squall, is_live: false, style: "", script, data: json!({}) }
    }

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
                    style { (PreEscaped(UPLOT_STYLE)) (PreEscaped(STYLE)) (PreEscaped(self.style)) }
                }
                body data-state=[self.is_live.then_some("waiting")] {
                    div.page {
                        div.bar {
                            span.brand { "Squall" @if self.is_live { " " span #live role="status" {} } }
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
        let connect = if self.is_live { "'self'" } else { "'none'" };
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

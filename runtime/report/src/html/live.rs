//! The page of a run that goes on: its state and its controls, the charts, then figures and tables. It asks its own server
//! for updates, and shows the verdict when the run has ended.

use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;

use super::{Ids, LIVE_SCRIPT, Page, charts, overview, tables};
use crate::Document;

/// The parts of the page that change, which it asks for once a second.
#[derive(Debug, Serialize)]
pub struct LiveUpdate {
    verdict: String,
    tiles: String,
    judged: String,
    tables: String,
    charts: Value,
    ended: bool,
}

impl LiveUpdate {
    /// What there is to show now.
    pub fn of(document: &Document, ended: bool) -> LiveUpdate {
        LiveUpdate {
            verdict: overview::verdict(document, document.title()).into_string(),
            tiles: overview::tiles(document).into_string(),
            judged: overview::judged_so_far(document).into_string(),
            tables: tables::tables(document, Ids::ONLY).into_string(),
            charts: charts::data(document, Ids::ONLY),
            ended,
        }
    }
}

/// The page. `home` is the path of the page that has started the run, if a page has.
pub fn live_page(document: &Document, home: Option<&str>) -> String {
    let page = Page {
        is_live: true,
        data: charts::data(document, Ids::ONLY),
        ..Page::of(document.title(), &document.run.squall, LIVE_SCRIPT)
    };
    page.around(&html! {
        (now(document, home))
        section #waiting { p { "Waiting for the first second of the load…" } }
        div #verdict {}
        div #tiles { (overview::tiles(document)) }
        (charts::shells(Ids::ONLY))
        div #judged { (overview::judged_so_far(document)) }
        div #tables { (tables::tables(document, Ids::ONLY)) }
    })
}

/// The state of the run, and its controls; `assets/live.js` shows those that work.
fn now(document: &Document, home: Option<&str>) -> Markup {
    let run = &document.run;
    html! {
        section #now {
            div.bar {
                h1 { (document.title()) }
                span.right #controls {
                    button #pause type="button" hidden { "Pause" }
                    form #scale hidden {
                        label { span #scale-unit { "users" } " " input #load type="number" min="0" step="any" required; }
                        " " button type="submit" { "Change" }
                    }
                    button #stop type="button" hidden { "Stop" }
                    @if let Some(home) = home { a #home href=(home) { "All tests" } }
                }
            }
            progress #progress max="1" aria-label="progress" hidden {}
            div.facts {
                span { "state " b #state { "starting" } }
                span { "for " b #elapsed { "0:00" } }
                span #remaining hidden { "left " b {} }
                span { "users " b #users { "–" } }
                @if let Some(target) = &run.target { span { "target " b { (target) } } }
                span { "load " b { (run.load) } }
            }
            p.faint #control-hint hidden {}
            p #control-answer role="status" hidden {}
        }
    }
}

//! The page with the form and the list of runs.

use maud::{Markup, html};
use squall_report::app_page;

use crate::folder::is_plan;
use crate::form::{ADJUSTABLE, TYPES};
use crate::runs::RunLine;

const STYLE: &str = include_str!("../assets/ui.css");
const SCRIPT: &str = include_str!("../assets/ui.js");

/// The page; `store` is the folder of the runs.
pub(crate) fn home(tests: &[String], runs: &[RunLine], store: &str) -> String {
    app_page(
        "Squall",
        env!("CARGO_PKG_VERSION"),
        STYLE,
        SCRIPT,
        &html! {
            section #current hidden {
                div.bar { h2 #current-name {} a #current-link href="run/" { "Dashboard" } }
                p #current-text role="status" {}
            }
            (form(tests))
            (list(runs, store))
        },
    )
}

fn form(tests: &[String]) -> Markup {
    html! {
        section {
            h2 { "Start a test" }
            form #start.fields {
                label { "Test"
                    select name="test" {
                        @for test in tests { option value=(test) data-plan[is_plan(test)] { (test) } }
                        option value="" { "the target alone, over and over" }
                    }
                }
                label { "Target" input name="target" type="text" placeholder="http://127.0.0.1:8080" spellcheck="false"; }
                label { "Users" input name="users" type="text" inputmode="numeric" placeholder="10"; }
                label { "Rate" input name="rate" type="text" placeholder="500, 90/m"; }
                label { "Duration" input name="duration" type="text" placeholder="30s, 5m"; }
                label { "Type"
                    select name="kind" {
                        option value="" { "its own, or constant" }
                        option value=(ADJUSTABLE) { "adjustable while it runs" }
                        @for kind in TYPES { option value=(kind.name()) data-type { (kind.name()) } }
                    }
                }
                label #max-users hidden { "Users at most" input name="max_users" type="text" inputmode="numeric" placeholder="100"; }
                button type="submit" { "Start" }
            }
            p.faint { "Empty fields are as the test says itself, else as " code { "squall run" } " has them." }
            pre #start-error role="alert" hidden {}
        }
    }
}

fn list(runs: &[RunLine], store: &str) -> Markup {
    html! {
        section {
            h2 { "Runs" }
            @if runs.is_empty() { p.faint { "No runs in " code { (store) } " yet." } }
            @else { div.scroll { table #runs {
                thead { tr { th { "run" } th.text { "test" } th.text { "load" } th { "verdict" } th { "ended" } } }
                tbody { @for run in runs { tr class=(run.verdict.as_deref().unwrap_or_default()) {
                    td { a href={ "runs/" (run.id) } { (run.began) } }
                    td.text { (run.scenario) }
                    td.text { (run.load) }
                    td { span.state { (run.verdict.as_deref().unwrap_or("–")) } }
                    td { (run.ended) }
                } } }
            } } }
        }
    }
}

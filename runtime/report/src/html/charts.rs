//! The charts' places, and what is drawn in them by `assets/run.js`.

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::Document;

/// What the charts show.
pub(super) fn data(document: &Document) -> Value {
    json!({
        "timeline": document.timeline,
        "target": document.target,
        "heat_map": document.heat_map,
        "percentile_curves": document.percentile_curves,
        "trend": document.trend,
    })
}

/// Their places.
pub(super) fn shells() -> Markup {
    html! {
        section #over-time {
            div.bar {
                h2 { "Over time" }
                span.right {
                    label.check { input #logarithmic type="checkbox"; " logarithmic times" }
                    button #whole type="button" disabled { "Whole run" }
                }
            }
            div.charts {
                (chart("throughput", "Throughput", "offered and achieved, per second"))
                (chart("latency", "Response time", "from the intended start to the last byte"))
                (chart("errors", "Errors and virtual users", ""))
                (chart("heat", "Response times, all of them", "the darker, the more responses"))
            }
            p.faint {
                "Drag to zoom, double-click for the whole run. By keyboard: Tab to a chart, ← → to move the cursor, + − to zoom, \
                 Shift ← → to pan, Esc for the whole run."
            }
        }
        section #target hidden {
            h2 { "The target" }
            div.charts #target-charts {}
        }
        section #by-percentile {
            (chart("percentiles", "Response time by percentile", "over the whole run; each step to the right is ten times as rare"))
        }
    }
}

pub(super) fn chart(id: &str, title: &str, note: &str) -> Markup {
    html! {
        div.chart tabindex="0" role="group" aria-label=(title) {
            h3 { (title) " " span.faint { (note) } }
            div.plot #(id) {}
            @if id == "heat" { div.readout #heat-readout {} }
        }
    }
}

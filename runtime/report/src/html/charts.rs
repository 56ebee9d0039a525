//! The charts' places, and what is drawn in them by `assets/run.js`.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::Ids;
use crate::Document;
use crate::agents::missing_stretches;

/// What the charts show.
pub(super) fn data(document: &Document, ids: Ids<'_>) -> Value {
    let mut data = json!({
        "prefix": ids.prefix(),
        "timeline": document.timeline,
        "target": document.target,
        "heat_map": document.heat_map,
        "percentile_curves": document.percentile_curves,
        "trend": document.trend,
    });
    let missing = document.agents.as_ref().map(missing_stretches).unwrap_or_default();
    if !missing.is_empty() {
        data["missing"] = json!(missing);
    }
    data
}

/// Their places.
pub(super) fn shells(ids: Ids<'_>) -> Markup {
    html! {
        section.long id=(ids.of("over-time")) {
            div.bar {
                h2 { "Over time" }
                span.right {
                    label.check { input id=(ids.of("logarithmic")) type="checkbox"; " logarithmic times" }
                    button id=(ids.of("whole")) type="button" disabled { "Whole run" }
                }
            }
            div.charts {
                (chart(ids, "throughput", "Throughput", "offered and achieved, per second"))
                (chart(ids, "latency", "Response time", "from the intended start to the last byte"))
                (chart(ids, "errors", "Errors and virtual users", ""))
                (chart(ids, "heat", "Response times, all of them", "the darker, the more responses"))
            }
            p.faint.hint {
                "Drag to zoom, double-click for the whole run. By keyboard: Tab to a chart, ← → to move the cursor, + − to zoom, \
                 Shift ← → to pan, Esc for the whole run."
            }
        }
        section.long id=(ids.of("target")) hidden {
            h2 { "The target" }
            div.charts id=(ids.of("target-charts")) {}
        }
        section id=(ids.of("by-percentile")) {
            (chart(ids, "percentiles", "Response time by percentile", "over the whole run; each step to the right is ten times as rare"))
        }
    }
}

pub(super) fn chart(ids: Ids<'_>, id: &str, title: &str, note: &str) -> Markup {
    html! {
        div.chart tabindex="0" role="group" aria-label=(title) {
            h3 { (title) " " span.faint { (note) } }
            div.plot id=(ids.of(id)) {}
            @if id == "heat" { div.readout id=(ids.of("heat-readout")) {} }
        }
    }
}

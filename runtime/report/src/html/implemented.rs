//! Recommendations that have been implemented, on a page.

use maud::{Markup, html};

use super::cell;
use super::ids::Ids;
use super::tables::sortable;
use crate::Implemented;
use crate::document::Unit;

pub(super) fn implemented(lines: &[Implemented], ids: Ids<'_>) -> Markup {
    let columns = ["recommendation", "endpoint", "gone since", "p95 before", "p95 now", "promised", "measured"];
    let rows: Vec<Markup> = lines.iter().map(row).collect();
    html! {
        section.long id=(ids.of("section-implemented")) {
            h2 { "Recommendations implemented" }
            (sortable(ids, "implemented", &columns, &rows))
        }
    }
}

fn row(line: &Implemented) -> Markup {
    let [promised, measured] = line.shares();
    let (before, now) = (Unit::Ms.text(line.before_ms), Unit::Ms.text(line.now_ms));
    html! {
        td { (line.change) } td { (line.endpoint.as_deref().unwrap_or("all")) } td { (line.gone_since) }
        (cell(Some(line.before_ms), &before)) (cell(Some(line.now_ms), &now))
        (cell(line.promised_ms, &promised)) (cell(Some(line.before_ms - line.now_ms), &measured))
    }
}

//! Recommendations that have been implemented, as a table.

use super::escaped;
use crate::Implemented;
use crate::document::Unit;

/// A row for each; nothing if there are none.
pub(super) fn chapter(implemented: &[Implemented]) -> String {
    if implemented.is_empty() {
        return String::new();
    }
    let row = |line: &Implemented| {
        let [promised, measured] = line.shares();
        format!(
            "| {} | {} | {} | {} | {} | {promised} | {measured} |\n",
            escaped(&line.change),
            escaped(line.endpoint.as_deref().unwrap_or("all")),
            line.gone_since,
            Unit::Ms.text(line.before_ms),
            Unit::Ms.text(line.now_ms),
        )
    };
    let rows: String = implemented.iter().map(row).collect();
    format!(
        "## Recommendations implemented\n\n| Recommendation | Endpoint | Gone since | p95 before | p95 now | Promised | \
         Measured |\n| --- | --- | --- | --- | --- | --- | --- |\n{rows}"
    )
}

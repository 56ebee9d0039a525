//! The part of the summary about the data that a run used.

use squall_metrics::DataUse;

use super::Summary;
use crate::format::count;

impl Summary<'_> {
    pub(super) fn data_part(&self) -> String {
        let line = |data: &DataUse| {
            let rows = if data.rows == 1 { "row" } else { "rows" };
            let mut text =
                format!("{:<8}of {} {rows}, {}", count(data.taken as f64), count(data.rows as f64), data.policy);
            if data.ended_the_run {
                text.push_str("; no row is left, so the run was stopped");
            }
            (data.name.clone(), text)
        };
        self.section("DATA (rows taken)", &self.document.data.iter().map(line).collect::<Vec<_>>())
    }
}

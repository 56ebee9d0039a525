//! The part of the summary about the data that a run used.

use squall_plan::Policy;

use super::Summary;
use crate::format::count;

/// How much of one feed a run used by one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataLine<'a> {
    /// What the scenario calls it.
    pub name: &'a str,
    /// How many rows it has.
    pub rows: u64,
    /// Who got which.
    pub policy: Policy,
    /// How many rows were taken, those that came again included.
    pub taken: u64,
    /// Whether no row was left, and the run ended for it.
    pub ended_the_run: bool,
}

impl Summary<'_> {
    pub(super) fn data_part(&self) -> String {
        let line = |data: &DataLine<'_>| {
            let rows = if data.rows == 1 { "row" } else { "rows" };
            let mut text =
                format!("{:<8}of {} {rows}, {}", count(data.taken as f64), count(data.rows as f64), data.policy);
            if data.ended_the_run {
                text.push_str("; no row is left, so the run was stopped");
            }
            (data.name.to_owned(), text)
        };
        self.section("DATA (rows taken)", &self.data.iter().map(line).collect::<Vec<_>>())
    }
}

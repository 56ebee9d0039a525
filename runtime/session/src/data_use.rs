//! How much of the data a run used.

use squall_data::FeedUse;
use squall_load::{Outcome, RunEnd};
use squall_report::DataLine;

/// How much of the data was used, and whether its end was the end of the run.
pub fn data_lines<'a>(outcome: &'a Outcome) -> Vec<DataLine<'a>> {
    let ended = |name: &str| matches!(&outcome.end, RunEnd::DataEnded(ended) if ended == name);
    let line = |used: &'a FeedUse| DataLine {
        name: &used.name,
        rows: used.rows,
        policy: used.policy,
        taken: used.taken,
        ended_the_run: ended(&used.name),
    };
    outcome.data.iter().map(line).collect()
}

//! How much of the data a run used.

use squall_data::FeedUse;
use squall_load::{RunEnd, RunOutcome};
use squall_metrics::DataUse;

/// How much of the data was used, and whether its end was the end of the run.
pub fn data_use(outcome: &RunOutcome) -> Vec<DataUse> {
    let ended = |name: &str| matches!(&outcome.end, RunEnd::DataEnded(ended) if ended == name);
    let line = |used: &FeedUse| DataUse {
        name: used.name.clone(),
        rows: used.rows,
        policy: used.policy.to_string(),
        taken: used.taken,
        ended_the_run: ended(&used.name),
    };
    outcome.data.iter().map(line).collect()
}

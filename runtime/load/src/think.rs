//! How long a virtual user thinks after an iteration. Drawn by the iteration's number, so that a seed repeats a run, and apart
//! from the random numbers that the guest sees.

use squall_metrics::Nanos;
use squall_plan::random::{mix, stream_seed};
use squall_plan::{PlannedFlow, Scenario};

/// The think time behind iteration `number` of a scenario; none where its flow, of all `flows` of the plan, has none.
pub(crate) fn think_time(scenario: &Scenario, flows: &[PlannedFlow], number: u64) -> Option<Nanos> {
    let flow = flows.get(usize::from(scenario.flow_at(number)))?;
    Some(flow.think_time?.drawn(mix(scenario.seed ^ stream_seed(0, number))).into())
}

//! How long a virtual user thinks after an iteration. Drawn by the iteration's number, so that a seed repeats a run, and apart
//! from the random numbers that the guest sees.

use squall_metrics::Nanos;
use squall_plan::{PlannedFlow, Scenario};

/// The think time behind iteration `number` of a scenario; none where its flow, of all `flows` of the plan, has none.
pub(crate) fn think_time(scenario: &Scenario, flows: &[PlannedFlow], number: u64) -> Option<Nanos> {
    let flow = flows.get(usize::from(scenario.flow_at(number)))?;
    Some(flow.think_time?.drawn(mixed(scenario.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))).into())
}

/// The output function of SplitMix64 (Steele, Lea and Flood, 2014): neighbours in, unrelated numbers out.
fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

//! What was typed, as the top layer of the plan's options.

use squall_plan::{Options, ThresholdSpec};

use crate::args::load::LoadArgs;
use crate::args::options::RequestOptions;

/// The layer that the command line makes.
pub fn from_arguments(load: &LoadArgs, requests: &RequestOptions) -> Options {
    let mut options = load.options.0.clone().over(requests.0.clone());
    for spec in options.thresholds.iter_mut().flatten().flat_map(|(_, specs)| specs) {
        *spec = ThresholdSpec {
            abort_on_fail: spec.abort_on_fail || load.abort_on_fail,
            delay_abort_eval: load.delay_abort_eval.unwrap_or(spec.delay_abort_eval),
            ..spec.clone()
        };
    }
    options
}

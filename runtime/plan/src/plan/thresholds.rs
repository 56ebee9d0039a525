//! What must hold: the thresholds of the whole plan, and those that scenarios have for themselves.

use super::scenario::Loads;
use super::{PlanError, flows};
use crate::options::Options;
use crate::threshold::Threshold;

const SCENARIO: &str = "scenario";

/// Reads them all. A scenario's own see its own samples only.
pub(super) fn resolve(options: &Options) -> Result<Vec<Threshold>, Vec<PlanError>> {
    let (mut thresholds, mut mistakes) = (Vec::new(), Vec::new());
    read(options, &mut thresholds, &mut mistakes);
    for scenario in options.scenarios.iter().flatten() {
        let (mut own, mut wrong) = (Vec::new(), Vec::new());
        read(&scenario.own, &mut own, &mut wrong);
        own.iter_mut().for_each(|threshold| threshold.narrow(SCENARIO, &scenario.name));
        thresholds.extend(own);
        mistakes.extend(wrong.into_iter().map(|mistake| mistake.in_scenario(&scenario.name)));
    }
    if mistakes.is_empty() { Ok(thresholds) } else { Err(mistakes) }
}

fn read(options: &Options, thresholds: &mut Vec<Threshold>, mistakes: &mut Vec<PlanError>) {
    let given = options.thresholds.iter().flatten();
    for (selector, spec) in given.flat_map(|(selector, specs)| specs.iter().map(move |spec| (selector, spec))) {
        match Threshold::parse(selector, spec) {
            Ok(threshold) => thresholds.push(threshold),
            Err(source) => mistakes.push(PlanError::Threshold { selector: selector.clone(), source }),
        }
    }
}

/// The thresholds that are narrowed to a flow or a scenario that there is not: they would never see a sample.
pub(super) fn strangers(thresholds: &[Threshold], loads: &Loads) -> Vec<PlanError> {
    let flows: Vec<String> = loads.flows.iter().map(|flow| flow.name.clone()).collect();
    let scenarios: Vec<String> = loads.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
    let of_one = |threshold: &Threshold| {
        let of = format!("the threshold on {:?}", threshold.selector());
        let unknown = |tag: &str, known: &[String]| {
            let named = threshold.tags.iter().filter(|(name, _)| name == tag).map(|(_, value)| value.clone());
            named.filter(|value| !known.contains(value)).collect::<Vec<_>>()
        };
        let bad_flows = unknown("flow", &flows).into_iter();
        let bad_flows = bad_flows.map(|name| flows::unknown_among(&of, &name, flows.iter().cloned()));
        let bad_scenarios = unknown(SCENARIO, &scenarios).into_iter();
        let bad_scenarios =
            bad_scenarios.map(|name| PlanError::UnknownScenario { of: of.clone(), name, known: scenarios.clone() });
        bad_flows.chain(bad_scenarios).collect::<Vec<_>>()
    };
    thresholds.iter().flat_map(of_one).collect()
}

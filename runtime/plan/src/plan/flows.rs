//! Which of a component's flows run, and how often.

use serde::{Deserialize, Serialize};
use squall_schedule::{Mix, MixError};

use super::{PlanError, ThinkTime};
use crate::options::Options;

/// A flow of the component, with the weight it has in this test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFlow {
    /// Its name.
    pub name: String,
    /// How often it is run compared with the others; never with 0.
    pub weight: u32,
    /// How long a virtual user thinks after it.
    pub think_time: Option<ThinkTime>,
}

/// Lays the options over what the component describes.
pub(super) fn resolve(options: &Options, described: &[(String, u32)]) -> Result<Vec<PlannedFlow>, Vec<PlanError>> {
    let mut flows: Vec<PlannedFlow> = described
        .iter()
        .map(|(name, weight)| PlannedFlow {
            name: name.clone(),
            weight: *weight,
            think_time: options.think_time.get(name).copied(),
        })
        .collect();
    let mut mistakes = Vec::new();
    for (name, weight) in options.weights.iter().flatten() {
        match flows.iter_mut().find(|flow| flow.name == *name) {
            Some(flow) => flow.weight = *weight,
            None => mistakes.push(unknown("weights", name, &flows)),
        }
    }
    let strangers = options.think_time.keys().filter(|name| flows.iter().all(|flow| flow.name != **name));
    mistakes.extend(strangers.map(|name| unknown("think_time", name, &flows)));
    if let Some(only) = &options.flow {
        if flows.iter().any(|flow| flow.name == *only) {
            for flow in &mut flows {
                flow.weight = u32::from(flow.name == *only);
            }
        } else {
            mistakes.push(unknown("--flow", only, &flows));
        }
    }
    if mistakes.is_empty() { Ok(flows) } else { Err(mistakes) }
}

/// The order in which the flows are run.
pub(super) fn mix(flows: &[PlannedFlow]) -> Result<Mix, MixError> {
    let weights: Vec<u32> = flows.iter().map(|flow| flow.weight).collect();
    Mix::new(&weights)
}

fn unknown(of: &str, name: &str, flows: &[PlannedFlow]) -> PlanError {
    unknown_among(of, name, flows.iter().map(|flow| flow.name.clone()))
}

/// A flow that is none of those known.
pub(super) fn unknown_among(of: &str, name: &str, known: impl Iterator<Item = String>) -> PlanError {
    let mut known: Vec<String> = known.collect();
    // Several scenarios may have the same.
    known.dedup();
    PlanError::UnknownFlow { of: of.to_owned(), name: name.to_owned(), known }
}

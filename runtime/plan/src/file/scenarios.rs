//! `scenarios` as a list: which flows run, how often, with which think time. All share the load of the plan; those with loads
//! of their own are in `scenario_loads.rs`. Must not know which flows a component has.

use std::collections::BTreeMap;

use serde::Deserialize;
use squall_schedule::nearest;

use super::mistake::{Position, Trouble};
use super::node::{Entry, Node, Value};
use super::reader::snake_case;
use super::scenario_loads;
use crate::options::Options;

/// The keys of a scenario.
pub(super) const KEYS: [&str; 4] = ["flow", "weight", "think_time", "data"];

/// Data that a scenario says it uses, to be found under `data`.
pub(super) struct NeededData {
    pub(super) name: String,
    pub(super) place: Position,
}

/// Reads the list into weights and think times; what is wrong with one entry does not hide the others.
pub(super) fn read(
    options: &mut Options,
    places: &mut BTreeMap<String, Position>,
    value: &Node,
    troubles: &mut Vec<Trouble>,
) -> Vec<NeededData> {
    let Value::List(items) = &value.value else {
        let text = "write a list: - { flow: browse, weight: 60 }; or, for loads of their own, a mapping by name: \
                    browse: { vus: 50, duration: 10m, flow: browse }";
        troubles.push(Trouble::at(value.place, text));
        return Vec::new();
    };
    if items.is_empty() {
        troubles.push(Trouble::at(value.place, "the list is empty; name a flow, or leave scenarios out to run all"));
    }
    let mut needed = Vec::new();
    let mut weights = BTreeMap::new();
    for item in items {
        let scenario = Scenario::read(item, troubles);
        let Some((flow, place)) = scenario.flow else {
            continue;
        };
        if let Some(time) = scenario.think_time {
            options.think_time.insert(flow.clone(), time);
        }
        places.insert(flow.clone(), place);
        needed.extend(scenario.data);
        if weights.insert(flow.clone(), scenario.weight.unwrap_or(1)).is_some() {
            troubles
                .push(Trouble::at(place, format!("the flow {flow:?} comes twice; give it one entry, and one weight")));
        }
    }
    options.weights = Some(weights);
    needed
}

#[derive(Default)]
struct Scenario {
    flow: Option<(String, Position)>,
    weight: Option<u32>,
    think_time: Option<crate::plan::ThinkTime>,
    data: Option<NeededData>,
}

impl Scenario {
    fn read(item: &Node, troubles: &mut Vec<Trouble>) -> Scenario {
        let mut scenario = Scenario::default();
        let Value::Map(entries) = &item.value else {
            troubles.push(Trouble::at(item.place, "write a scenario as { flow: browse, weight: 60 }"));
            return scenario;
        };
        let before = troubles.len();
        for entry in entries {
            if let Err(trouble) = scenario.read_key(entry) {
                troubles.push(trouble.or_at(entry.value.place));
            }
        }
        if scenario.flow.is_none() && troubles.len() == before {
            troubles.push(Trouble::at(item.place, "this scenario names no flow: add flow: NAME"));
        }
        scenario
    }

    fn read_key(&mut self, entry: &Entry) -> Result<(), Trouble> {
        match snake_case(&entry.key).as_str() {
            "flow" => self.flow = Some((String::deserialize(&entry.value)?, entry.value.place)),
            "weight" => self.weight = Some(weight(&entry.value)?),
            "think_time" => {
                let text = String::deserialize(&entry.value)?;
                let time = text.parse().map_err(|error: String| Trouble::at(entry.value.place, error))?;
                self.think_time = Some(time);
            }
            "data" => {
                self.data = Some(NeededData { name: String::deserialize(&entry.value)?, place: entry.value.place });
            }
            _ => return Err(Trouble::at(entry.place, unknown(&entry.key))),
        }
        Ok(())
    }
}

/// `60`, or `60%`.
fn weight(value: &Node) -> Result<u32, Trouble> {
    let text = String::deserialize(value)?;
    let number = text.trim().trim_end_matches('%').trim_end();
    number
        .parse()
        .map_err(|_| Trouble::at(value.place, format!("the weight {text:?} is not a whole number: write 60, or 60%")))
}

fn unknown(written: &str) -> String {
    match nearest(written, KEYS).filter(|_| !scenario_loads::is_key(written)) {
        Some(meant) => format!("a scenario has no {written:?}: did you mean {meant:?}?"),
        None if scenario_loads::is_key(written) => format!(
            "{written} belongs to a load of its own, and in a list all scenarios share the load of the plan: write them as \
             a mapping, NAME: {{ {written}: ... }}"
        ),
        None => format!(
            "a scenario has no {written:?}: it has {}; all scenarios share the load of the plan",
            KEYS.join(", ")
        ),
    }
}

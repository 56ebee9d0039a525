//! `scenarios` as a mapping: loads of their own, by name, in the words of a plan or in k6's. Must not know which flows a
//! component has, nor what a whole plan makes of it.

use std::collections::BTreeMap;

use squall_schedule::nearest;

use super::mistake::{Position, Trouble};
use super::node::{Entry, Node, Value};
use super::reader::{one_by_one, snake_case, thresholds};
use super::scenarios::NeededData;
use super::shape::{self, Shape};
use super::test_type::TestType;
use crate::options::{Keyed, ScenarioOptions};

/// The keys with which a load is said in a planner's words; what else there is, a layer's scenario has, too.
const SHAPE: [&str; 7] = ["type", "users", "rate", "duration", "ramp_up", "ramp_down", "spike_factor"];
/// Data that a scenario says it uses.
const DATA: &str = "data";

/// Where the keys of each scenario stand; that of the scenario itself has no name.
pub(super) type Places = BTreeMap<String, BTreeMap<&'static str, Position>>;

/// Every documented key of a scenario with a load of its own.
pub(super) fn keys() -> Vec<&'static str> {
    let of_layer = ScenarioOptions::keys().map(|key| key.name).filter(|key| !SHAPE.contains(key));
    SHAPE.into_iter().chain(of_layer).chain([DATA]).collect()
}

/// Whether such a scenario has a key that is written so.
pub(super) fn is_key(written: &str) -> bool {
    find(written).is_some()
}

/// The documented name of a key.
fn find(written: &str) -> Option<&'static str> {
    let name = snake_case(written);
    let own = SHAPE.into_iter().chain([DATA]).find(|own| *own == name);
    let of_layer =
        || ScenarioOptions::keys().find(|key| key.is_called(written) || key.name == name).map(|key| key.name);
    own.or_else(of_layer)
}

/// Reads all scenarios; what is wrong with one does not hide the others.
pub(super) fn read(
    entries: &[Entry],
    places: &mut Places,
    needed: &mut Vec<NeededData>,
    troubles: &mut Vec<Trouble>,
) -> Vec<ScenarioOptions> {
    entries
        .iter()
        .map(|entry| {
            let of_scenario = places.entry(entry.key.clone()).or_default();
            of_scenario.insert("", entry.place);
            let before = troubles.len();
            let scenario = Reader { places: of_scenario, needed, troubles }.read(entry);
            for trouble in &mut troubles[before..] {
                trouble.message = format!("{}: {}", entry.key, trouble.message);
            }
            scenario
        })
        .collect()
}

struct Reader<'a> {
    places: &'a mut BTreeMap<&'static str, Position>,
    needed: &'a mut Vec<NeededData>,
    troubles: &'a mut Vec<Trouble>,
}

impl Reader<'_> {
    fn read(&mut self, entry: &Entry) -> ScenarioOptions {
        let mut scenario = ScenarioOptions { name: entry.key.clone(), ..ScenarioOptions::default() };
        let Value::Map(keys) = &entry.value.value else {
            let text = "write a scenario as { vus: 50, duration: 10m, flow: browse }";
            self.troubles.push(Trouble::at(entry.value.place, text));
            return scenario;
        };
        let mut shape = Shape::default();
        for key in keys {
            let Some(name) = find(&key.key) else {
                self.troubles.push(Trouble::at(key.place, unknown(&key.key)));
                continue;
            };
            if self.places.insert(name, key.place).is_some_and(|first| first != key.place) {
                self.troubles.push(Trouble::at(key.place, format!("{name} is given twice")));
            }
            let before = self.troubles.len();
            self.read_key(name, &key.value, &mut scenario, &mut shape);
            for trouble in &mut self.troubles[before..] {
                trouble.place.get_or_insert(key.value.place);
                trouble.message = format!("{name}: {}", trouble.message);
            }
        }
        self.lay_over(shape, scenario, entry.place)
    }

    fn read_key(&mut self, name: &'static str, value: &Node, scenario: &mut ScenarioOptions, shape: &mut Shape) {
        let read = match (&value.value, name) {
            (Value::Map(entries), "thresholds") => return thresholds(&mut scenario.own, entries, self.troubles),
            (Value::Map(entries), "env" | "tags" | "weights" | "think_time") => {
                return one_by_one(&mut scenario.own, name, entries, self.troubles);
            }
            (_, DATA) => serde::Deserialize::deserialize(value)
                .map(|name| self.needed.push(NeededData { name, place: value.place })),
            // Users and vus are the same, in a planner's words and in k6's.
            (_, "vus") => shape::read(shape, "users", value),
            (_, name) if SHAPE.contains(&name) => shape::read(shape, name, value),
            _ => scenario.set(name, value),
        };
        self.troubles.extend(read.err());
    }

    fn lay_over(&mut self, shape: Shape, mut scenario: ScenarioOptions, place: Position) -> ScenarioOptions {
        if shape.kind == Some(TestType::Breakpoint) {
            let place = self.places.get("type").copied().unwrap_or(place);
            let text = "a breakpoint test is a search over the whole plan: give it as the plan's own type, without scenarios by name";
            self.troubles.push(Trouble::at(place, text));
        }
        if shape.kind == Some(TestType::Stress) {
            let place = self.places.get("type").copied().unwrap_or(place);
            let text = "a stress test ends where the target gives way, which it can only tell of a load that is alone: give it as the \
                        plan's own type, without scenarios by name, or write the steps as stages";
            self.troubles.push(Trouble::at(place, text));
        }
        match shape.options() {
            Ok(load) => scenario.own = load.beside(scenario.own),
            Err((key, text)) => {
                let place = self.places.get(key).copied().unwrap_or(place);
                self.troubles.push(Trouble::at(place, text));
            }
        }
        scenario
    }
}

fn unknown(written: &str) -> String {
    match nearest(written, keys()) {
        Some(meant) => format!("a scenario has no {written:?}: did you mean {meant:?}?"),
        None => format!("a scenario has no {written:?}: it has {}", keys().join(", ")),
    }
}

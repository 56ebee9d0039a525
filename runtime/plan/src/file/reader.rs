//! Goes over a plan's keys, gives each to its group, and looks at what they mean together.

use std::collections::BTreeMap;

use squall_schedule::limits::LimitError;
use squall_schedule::nearest;

use super::mistake::{Mistake, Position, Trouble};
use super::node::{self, Entry, Node, Value};
use super::objective;
use super::scenarios::NeededData;
use super::schema::{self, Group};
use super::{PlanFile, about, limits, out, scenario_loads, scenarios, shape, work_items};
use crate::load_shape::LoadShapeError;
use crate::options::{Keyed, Options};
use crate::plan::{Component, Defaults, Plan, PlanError};
use crate::threshold::{SpecList, Threshold};

pub(super) fn read(text: &str) -> Result<PlanFile, Vec<Mistake>> {
    let mut reader = Reader::default();
    let root = node::parse(text, &mut reader.mistakes);
    match root {
        Some(Node { value: Value::Map(entries), .. }) => reader.read_all(&entries),
        Some(node) if !node.is_null() => {
            reader.mistakes.push(Mistake::at(node.place, "a plan is a mapping of keys, like users: 50"));
        }
        _ if reader.mistakes.is_empty() => {
            let text = "the plan is empty; `squall plan init FILE` writes one to start from";
            reader.mistakes.push(Mistake::at(Position::START, text));
        }
        _ => {}
    }
    reader.mistakes.sort();
    reader.mistakes.dedup();
    if reader.mistakes.is_empty() { Ok(reader.plan) } else { Err(reader.mistakes) }
}

/// `rampUp` as `ramp_up`.
pub(super) fn snake_case(written: &str) -> String {
    let mut name = String::with_capacity(written.len() + 2);
    for letter in written.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[derive(Default)]
struct Reader {
    plan: PlanFile,
    mistakes: Vec<Mistake>,
    needed_data: Vec<NeededData>,
}

impl Reader {
    fn read_all(&mut self, entries: &[Entry]) {
        for entry in entries {
            let Some((name, group)) = schema::find(&entry.key) else {
                self.mistakes.push(Mistake::at(entry.place, unknown(&entry.key)));
                continue;
            };
            if self.plan.places.insert(name, entry.place).is_some_and(|first| first != entry.place) {
                self.mistakes.push(Mistake::at(entry.place, format!("{name} is given twice")));
            }
            for trouble in self.read_key(name, group, &entry.value) {
                let place = trouble.place.unwrap_or(entry.value.place);
                self.mistakes.push(Mistake::at(place, format!("{name}: {}", trouble.message)));
            }
        }
        self.plan.objectives.extend(objective::of_type(self.plan.shape.kind));
        if self.plan.options.scenarios.is_none() && !self.plan.places.contains_key("component") {
            let text = "the plan names no component: add component: FILE.wasm, or a source or a project's folder";
            self.mistakes.push(Mistake::at(Position::START, text));
        }
        if let Some(name) = self.plan.without_component() {
            let place = self.plan.scenario_places.get(name).and_then(|places| places.get("")).copied();
            let text = format!("scenario {name:?} names no component: add component: FILE.wasm to it, or to the plan");
            self.mistakes.push(Mistake::at(place.unwrap_or(Position::START), text));
        }
        self.look_for_data();
        self.demand_objectives();
        // What could not be read would be missed by what needs it.
        if self.mistakes.is_empty() {
            self.look_at_the_whole();
        }
    }

    fn read_key(&mut self, name: &'static str, group: Group, value: &Node) -> Vec<Trouble> {
        let mut troubles = Vec::new();
        let plan = &mut self.plan;
        match group {
            Group::About => troubles.extend(about::read(&mut plan.about, name, value).err()),
            Group::Shape => troubles.extend(shape::read(&mut plan.shape, name, value).err()),
            Group::Component => match serde::Deserialize::deserialize(value) {
                Ok(component) => plan.component = component,
                Err(trouble) => troubles.push(trouble),
            },
            Group::Scenarios if matches!(value.value, Value::Map(_)) => {
                let Value::Map(entries) = &value.value else { return troubles };
                if entries.is_empty() {
                    troubles.push(Trouble::at(value.place, "there is none; name one, or leave scenarios out"));
                }
                let named =
                    scenario_loads::read(entries, &mut plan.scenario_places, &mut self.needed_data, &mut troubles);
                plan.options.scenarios = Some(named);
            }
            Group::Scenarios => {
                self.needed_data = scenarios::read(&mut plan.options, &mut plan.flow_places, value, &mut troubles);
                plan.only_named_flows = true;
            }
            Group::Objective => plan.objectives.extend(objective::read(name, value, &mut troubles)),
            Group::Out => plan.out = out::read(value, &mut troubles),
            Group::TargetMonitoring => limits::read(&mut plan.watching, name, value, &mut troubles),
            Group::WorkItems => work_items::read(&mut plan.work_items, value, &mut troubles),
            Group::Options => match (&value.value, name) {
                (Value::Map(entries), "thresholds") => thresholds(&mut plan.options, entries, &mut troubles),
                (Value::Map(entries), "http") => http(&mut plan.options, entries, &mut troubles),
                (Value::Map(entries), "env" | "tags" | "data" | "weights" | "think_time" | "hosts") => {
                    one_by_one(&mut plan.options, name, entries, &mut troubles);
                }
                _ => troubles.extend(plan.options.set(name, value).err()),
            },
        }
        troubles
    }

    fn look_for_data(&mut self) {
        for NeededData { name, place } in std::mem::take(&mut self.needed_data) {
            let given = &self.plan.options.data;
            if given.contains_key(&name) {
                continue;
            }
            let text = match nearest(&name, given.keys().map(String::as_str)) {
                Some(meant) => format!("scenarios: there is no data {name:?}: did you mean {meant:?}?"),
                None => format!("scenarios: there is no data {name:?}: add data: {{ {name}: FILE }}"),
            };
            self.mistakes.push(Mistake::at(place, text));
        }
    }

    fn demand_objectives(&mut self) {
        for objective in self.plan.objectives.clone() {
            self.plan.demand(&objective);
        }
    }

    /// What contradicts what, and what is beyond its limits. Which flows there are is not known yet.
    fn look_at_the_whole(&mut self) {
        let load = match self.plan.shape.options() {
            Ok(load) => load,
            Err((key, text)) => return self.mistakes.push(Mistake::at(self.place_of(key), text)),
        };
        let mut flows = vec![("default".to_owned(), 1)];
        if let Some(weights) = &self.plan.options.weights {
            flows = weights.iter().map(|(flow, weight)| (flow.clone(), *weight)).collect();
        }
        let options = load.beside(self.plan.options.clone());
        let components = self.plan.components().into_iter();
        let components: Vec<_> = components.map(|name| Component { name, flows: flows.clone() }).collect();
        let defaults = Defaults { threads: 1, seed: 0 };
        let wrong = Plan::resolve_for(options, &components, defaults).err().unwrap_or_default();
        for error in wrong.iter().filter(|error| !depends_on_component(error)) {
            self.mistakes.push(self.plan.locate(error));
        }
    }

    fn place_of(&self, key: &'static str) -> Position {
        place_of(&self.plan.places, key).unwrap_or(Position::START)
    }
}

/// Where a key stands, or what it was made of.
pub(super) fn place_of(places: &BTreeMap<&'static str, Position>, key: &'static str) -> Option<Position> {
    let made_of: &[&str] = match key {
        "vus" => &["users"],
        "stages" => &["users", "rate", "duration", "type"],
        "weights" => &["scenarios", "think_time", "flow"],
        // Limits of all scenarios together.
        key if key.contains("scenarios") => &["scenarios"],
        _ => &[],
    };
    std::iter::once(&key).chain(made_of).find_map(|key| places.get(key)).copied()
}

/// Whether the component may yet bring what is missed.
fn depends_on_component(error: &PlanError) -> bool {
    if let PlanError::InScenario { mistake, .. } = error {
        return depends_on_component(mistake);
    }
    matches!(error, PlanError::UnknownFlow { .. } | PlanError::LoadShape(LoadShapeError::Missing { .. }))
}

/// The key to look at for a mistake of the plan as a whole.
pub(super) fn key_of(error: &PlanError) -> &'static str {
    match error {
        PlanError::LoadShape(LoadShapeError::Contradiction(_, key) | LoadShapeError::Useless { key, .. })
        | PlanError::LoadShape(LoadShapeError::Missing { key, .. }) => key,
        PlanError::LoadShape(LoadShapeError::FewerIterationsThanVus { .. }) => "iterations",
        PlanError::LoadShape(LoadShapeError::FewerVusAtMost { .. }) => "max_vus",
        PlanError::LoadShape(LoadShapeError::Limit(limit)) | PlanError::Limit(limit) => key_of_limit(limit),
        PlanError::LoadShape(_) => "stages",
        PlanError::Target(_) => "target",
        PlanError::Tls { key, .. } => key,
        PlanError::Threshold { .. } => "thresholds",
        PlanError::InScenario { mistake, .. } => key_of(mistake),
        PlanError::UnknownFlow { .. } | PlanError::Mix(_) => "weights",
        PlanError::UnknownScenario { .. } => "thresholds",
        PlanError::UnknownComponent(_) => "component",
        PlanError::ScenarioName(_) => "scenarios",
        PlanError::BesideScenarios(key) => key,
        PlanError::SecondControlled | PlanError::SteppedBesideOthers => "executor",
        PlanError::BeginsAtOnce(_) => "start_time",
        PlanError::Data(_) => "data",
        PlanError::PoolTooSmall { .. } => "shared_connections",
        PlanError::NothingButWarmup { .. } | PlanError::TooShortForAutoWarmup { .. } => "warmup",
        PlanError::NoName(key) => key,
    }
}

fn key_of_limit(limit: &LimitError) -> &'static str {
    let (LimitError::Zero { key }
    | LimitError::NoRate { key }
    | LimitError::NoTime { key }
    | LimitError::TooMany { key, .. }
    | LimitError::TooFast { key, .. }
    | LimitError::TooLong { key, .. }) = limit;
    // Limits of a whole ramp, or of all scenarios, are told in words.
    if key.contains(' ') && !key.contains("scenarios") { "stages" } else { key }
}

pub(super) fn thresholds(options: &mut Options, entries: &[Entry], troubles: &mut Vec<Trouble>) {
    for entry in entries {
        let specs = match <SpecList as serde::Deserialize>::deserialize(&entry.value) {
            Ok(SpecList(specs)) => specs,
            Err(trouble) => {
                troubles.push(trouble.or_at(entry.value.place));
                continue;
            }
        };
        let wrong = specs.iter().filter_map(|spec| Threshold::parse(&entry.key, spec).err());
        troubles.extend(wrong.map(|error| Trouble::at(entry.value.place, error.to_string())));
        options.thresholds.get_or_insert_default().entry(entry.key.clone()).or_default().extend(specs);
    }
}

fn http(options: &mut Options, entries: &[Entry], troubles: &mut Vec<Trouble>) {
    for entry in entries {
        let result = match schema::find_http(&entry.key) {
            Some(name) => options.http.set(name, &entry.value),
            None => Err(Trouble::at(
                entry.place,
                format!("unknown key {:?}: known are {}", entry.key, schema::http_names()),
            )),
        };
        troubles.extend(result.err().map(|trouble| trouble.or_at(entry.value.place)));
    }
}

/// A mapping entry by entry, so that each mistake is found.
pub(super) fn one_by_one(options: &mut Options, name: &str, entries: &[Entry], troubles: &mut Vec<Trouble>) {
    for entry in entries {
        let one = Node { place: entry.place, value: Value::Map(vec![entry.clone()]) };
        let mut part = Options::default();
        match part.set(name, &one) {
            Ok(()) => *options = part.over(std::mem::take(options)),
            Err(trouble) => troubles.push(trouble.or_at(entry.value.place)),
        }
    }
}

fn unknown(written: &str) -> String {
    match nearest(written, schema::names()) {
        Some(meant) => format!("unknown key {written:?}: did you mean {meant:?}?"),
        None => format!("unknown key {written:?}: `squall plan schema` has all keys"),
    }
}

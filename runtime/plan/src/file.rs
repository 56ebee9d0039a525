//! The plan file: YAML in which a performance engineer says what is to be done and what must hold. It becomes one layer of
//! [`Options`], and what only a plan knows: its name, its objectives, its type. Must not read files: the caller does.
//!
//! One file for each group of keys; `node.rs` and `value.rs` are all that knows YAML.

mod about;
#[cfg(test)]
mod broken;
mod limits;
mod mistake;
mod node;
mod objective;
mod other_type;
mod out;
mod reader;
mod scenario_loads;
mod scenarios;
mod schema;
mod search;
mod shape;
mod test_type;
#[cfg(test)]
mod tests;
mod value;
mod work_items;

use std::collections::BTreeMap;
use std::path::Path;

use crate::options::Options;
use crate::plan::PlanError;
use mistake::Position;

pub use about::About;
pub use limits::{LookInside, TargetMonitoring, WatchedProcess};
pub use mistake::Mistake;
pub use objective::{Importance, Objective};
pub use schema::schema;
pub use search::SearchOptions;
pub use shape::Shape;
pub use test_type::TestType;
pub use work_items::WorkItemSettings;

/// A plan that has been read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanFile {
    /// The text that it was read from.
    pub text: String,
    /// What it is about, for people.
    pub about: About,
    /// What runs: a component, a source, as written or laid under the plan's folder. Scenarios may run others.
    pub component: Option<String>,
    /// The load, where the plan says it as a type of test, users and times.
    pub shape: Shape,
    /// What must hold, and what is hoped for, in the order of the file.
    pub objectives: Vec<Objective>,
    /// What the target may use, and how that is watched.
    pub watching: TargetMonitoring,
    /// Whose the run's work items are.
    pub work_items: WorkItemSettings,
    /// Where what is measured goes while the run goes on, as `--out` has it; read by a caller that knows outputs.
    out: Vec<(String, Position)>,
    /// All else, as the layer that it is.
    options: Options,
    /// Whether the flows named in `scenarios` are the only ones to be run.
    only_named_flows: bool,
    /// Where each key stands, by its documented name.
    places: BTreeMap<&'static str, Position>,
    /// Where each flow is named in `scenarios`.
    flow_places: BTreeMap<String, Position>,
    /// Where the keys of scenarios with loads of their own stand.
    scenario_places: scenario_loads::Places,
}

impl PlanFile {
    /// Reads a plan.
    ///
    /// # Errors
    /// Every mistake in it, in the order of the lines.
    pub fn read(text: &str) -> Result<PlanFile, Vec<Mistake>> {
        Ok(PlanFile { text: text.to_owned(), ..reader::read(text)? })
    }

    /// Files that it names are meant from the plan's own folder.
    pub fn in_folder(&mut self, folder: &Path) {
        let of_scenarios = self.options.scenarios.iter_mut().flatten().map(|scenario| &mut scenario.component);
        let components = std::iter::once(&mut self.component).chain(of_scenarios).flatten();
        for component in components.filter(|component| !component.contains("://")) {
            *component = folder.join(&*component).to_string_lossy().into_owned();
        }
        for data in self.options.data.values_mut() {
            data.file = data.file.take().map(|file| folder.join(file));
        }
        self.options.http.in_folder(folder);
    }

    /// Where what is measured goes, as written.
    pub fn out(&self) -> impl Iterator<Item = &str> {
        self.out.iter().map(|(written, _)| written.as_str())
    }

    /// The outputs, read by a caller that knows outputs.
    ///
    /// # Errors
    /// What is no output, each where it stands.
    pub fn outputs<Output>(&self, read: impl Fn(&str) -> Result<Output, String>) -> Result<Vec<Output>, Vec<Mistake>> {
        let wrong = |(written, place): &(String, Position)| {
            read(written).err().map(|text| Mistake::at(*place, format!("out: {text}")))
        };
        let mistakes: Vec<Mistake> = self.out.iter().filter_map(wrong).collect();
        if mistakes.is_empty() {
            Ok(self.out().filter_map(|written| read(written).ok()).collect())
        } else {
            Err(mistakes)
        }
    }

    /// Every component that it runs, each once; first the one that scenarios mean which name none.
    pub fn components(&self) -> Vec<String> {
        let of_scenarios = self.options.scenarios.iter().flatten().map(|scenario| &scenario.component);
        let nobody_else = self.options.scenarios.is_none();
        let is_meant = nobody_else || of_scenarios.clone().any(Option::is_none);
        let mut components: Vec<String> = Vec::new();
        for component in self.component.iter().filter(|_| is_meant).chain(of_scenarios.flatten()) {
            if !components.contains(component) {
                components.push(component.clone());
            }
        }
        components
    }

    /// A mistake that only shows once the component is known, at the key that it is about.
    pub fn locate(&self, error: &PlanError) -> Mistake {
        let key = reader::key_of(error);
        let place = match error {
            PlanError::InScenario { name, .. } => self.scenario_places.get(name).and_then(|places| {
                // A flow that there is not may be named by any of these.
                let makes = if key == "weights" { &["flow", "weights", "think_time"][..] } else { &[] };
                let keys = std::iter::once(&key).chain(makes);
                keys.chain(&[""]).find_map(|key| reader::place_of(places, key))
            }),
            PlanError::ScenarioName(name) => self.scenario_places.get(name).and_then(|places| places.get("")).copied(),
            PlanError::UnknownFlow { name, .. } => self.flow_places.get(name).copied(),
            _ => None,
        };
        let place = place.or_else(|| reader::place_of(&self.places, key)).unwrap_or(Position::START);
        Mistake::at(place, error.to_string())
    }

    /// The scenario with a load of its own that runs no component, if there is one.
    fn without_component(&self) -> Option<&str> {
        let named = self.options.scenarios.iter().flatten();
        let mut without = named.filter(|scenario| scenario.component.is_none() && self.component.is_none());
        without.next().map(|scenario| scenario.name.as_str())
    }

    /// The plan's layer for a component with these flows, with `upper` laid over it. Where the plan gives its load as a
    /// type of test, an upper layer's users, rate or duration are that test's.
    pub fn under(&self, mut upper: Options, flows: &[(String, u32)]) -> Options {
        let mut layer = self.options.clone();
        if !self.shape.gives_way_to(&upper)
            && self.options.scenarios.is_none()
            && let Ok(load) = self.shape.taking_from(&mut upper).options()
        {
            layer = load.beside(layer);
        }
        if self.only_named_flows {
            let weights = layer.weights.get_or_insert_default();
            for (flow, _) in flows {
                weights.entry(flow.clone()).or_insert(0);
            }
        }
        upper.over(layer)
    }
}

//! `scenarios` of a layer: loads with executors of their own, by name, as in k6. What a scenario can say is what a layer can
//! say of its load, and when it begins. Must not know what a plan makes of it.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::allowance::Allowance::Freely;
use super::kinds::{Text, Time};
use super::{Key, Keyed, KeyedVisitor, Options, read_duration};

/// What a layer says of one scenario.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScenarioOptions {
    /// Its name, and the value of the tag `scenario`.
    pub name: String,
    /// The component that it runs; that of the plan unless said otherwise.
    pub component: Option<String>,
    /// When it begins, from the beginning of the load; at once unless said otherwise.
    pub start_time: Option<Duration>,
    /// Its load, flows, environment, tags and thresholds. Nothing else is ever said here.
    pub own: Options,
}

/// The key under which a scenario names its component.
pub(crate) static COMPONENT: Key =
    Key::of::<Text>("component", "The component that it runs; that of the plan unless said otherwise.").in_files_only();

/// The other keys that only a scenario has, or calls by another name, too.
const KEYS: &[Key] = &[
    Key::of::<Time>("start_time", "When it begins, from the beginning of the load.")
        .also(&["startTime"])
        .suggest(Freely),
    Key::of::<Text>("flow", "Run only this flow.").also(&["exec"]).suggest(Freely),
];

impl Keyed for ScenarioOptions {
    fn keys() -> impl Iterator<Item = &'static Key> {
        Options::own_keys().iter().filter(|key| key.in_scenarios).chain(KEYS).chain([&COMPONENT])
    }

    fn set<'de, D: Deserializer<'de>>(&mut self, key: &str, value: D) -> Result<(), D::Error> {
        match key {
            "component" => self.component = Option::deserialize(value)?,
            "start_time" => self.start_time = read_duration(value)?,
            of_a_load => self.own.set(of_a_load, value)?,
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for ScenarioOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ScenarioOptions, D::Error> {
        deserializer.deserialize_map(KeyedVisitor::default())
    }
}

/// A mapping of scenarios, in the order in which it was written.
pub(super) struct Scenarios(pub(super) Vec<ScenarioOptions>);

impl<'de> Deserialize<'de> for Scenarios {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scenarios, D::Error> {
        deserializer.deserialize_map(ScenariosVisitor)
    }
}

struct ScenariosVisitor;

impl<'de> Visitor<'de> for ScenariosVisitor {
    type Value = Scenarios;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of scenarios by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scenarios, A::Error> {
        let mut scenarios: Vec<ScenarioOptions> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let read: ScenarioOptions =
                map.next_value().map_err(|error| de::Error::custom(format_args!("{name}: {error}")))?;
            if scenarios.iter().any(|known| known.name == name) {
                return Err(de::Error::custom(format_args!("{name} is given twice")));
            }
            scenarios.push(ScenarioOptions { name, ..read });
        }
        Ok(Scenarios(scenarios))
    }
}

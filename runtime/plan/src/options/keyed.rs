//! Reading an object key by key, so that an unknown key is told which one was meant and a bad value which key it is of.
//! Knows keys, not what they stand for; knows no format (JSON, YAML and environment variables all end here).

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use squall_schedule::nearest;

use super::Options;
use super::allowance::Allowance;
use super::environment::PREFIX;
use super::flag::Flag;
use super::kinds::{Kind, KindNames, Text};
use crate::http::HttpOptions;

/// An option: its names, and what users, editors and the command line should know of it.
#[derive(Debug)]
pub struct Key {
    /// The documented name, in snake_case.
    pub name: &'static str,
    /// k6's names.
    pub also: &'static [&'static str],
    /// A sentence or two for users.
    pub help: &'static str,
    /// The value where no layer says one, if that can be written.
    pub default: Option<&'static str>,
    /// How it is typed on the command line.
    pub flag: Option<Flag>,
    /// Whether there is a `SQUALL_` variable for it.
    pub in_environment: bool,
    /// Whether a scenario with a load of its own can say it.
    pub in_scenarios: bool,
    /// The kind of its value.
    pub kind: KindNames,
    pub(crate) allowance: Allowance,
    schema: fn() -> Value,
}

impl Key {
    /// A key of that kind, with a sentence for users.
    pub(crate) const fn of<K: Kind>(name: &'static str, help: &'static str) -> Key {
        Key {
            name,
            also: &[],
            help,
            default: None,
            flag: None,
            in_environment: true,
            in_scenarios: false,
            kind: K::NAMES,
            // A key that says nothing of components is none of theirs.
            allowance: Allowance::Never,
            schema: K::schema,
        }
    }

    /// A key without a description: of a part of an option.
    pub(crate) const fn new(name: &'static str, also: &'static [&'static str]) -> Key {
        Key { also, ..Key::of::<Text>(name, "") }
    }

    /// k6's names for it.
    pub(crate) const fn also(self, also: &'static [&'static str]) -> Key {
        Key { also, ..self }
    }

    /// The flag on the command line.
    pub(crate) const fn flag(self, flag: Flag) -> Key {
        Key { flag: Some(flag), ..self }
    }

    /// The value where no layer says one.
    pub(crate) const fn default(self, value: &'static str) -> Key {
        Key { default: Some(value), ..self }
    }

    /// Its value is too rich for an environment variable.
    pub(crate) const fn in_files_only(self) -> Key {
        Key { in_environment: false, ..self }
    }

    /// Scenarios with a load of their own can say it, too.
    pub(crate) const fn in_scenarios(self) -> Key {
        Key { in_scenarios: true, ..self }
    }

    /// How far a component goes with it.
    pub(crate) const fn suggest(self, allowance: Allowance) -> Key {
        Key { allowance, ..self }
    }

    /// Whether this is one of its names.
    pub(crate) fn is_called(&self, written: &str) -> bool {
        self.name == written || self.also.contains(&written)
    }

    /// Its environment variable: `SQUALL_VUS`.
    pub fn variable(&self) -> Option<String> {
        self.in_environment.then(|| format!("{PREFIX}{}", self.name.to_uppercase()))
    }

    /// The name of its value on the command line: `TIME`. A switch has none.
    pub fn flag_value(&self) -> Option<&'static str> {
        self.flag.and_then(|flag| flag.value).or(self.kind.value)
    }

    /// The JSON Schema of its value, with what users should know.
    pub(crate) fn schema(&self) -> Value {
        let mut schema = (self.schema)();
        schema["description"] = self.help.trim().into();
        schema
    }
}

/// An object whose keys are known and whose values are read one by one.
pub(crate) trait Keyed: Default {
    /// Every key there is.
    fn keys() -> impl Iterator<Item = &'static Key>;

    /// Reads the value of a key by its documented name.
    fn set<'de, D: Deserializer<'de>>(&mut self, key: &str, value: D) -> Result<(), D::Error>;
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Options, D::Error> {
        deserializer.deserialize_map(KeyedVisitor::default())
    }
}

impl<'de> Deserialize<'de> for HttpOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HttpOptions, D::Error> {
        deserializer.deserialize_map(KeyedVisitor::default())
    }
}

pub(crate) struct KeyedVisitor<K>(PhantomData<K>);

impl<K> Default for KeyedVisitor<K> {
    fn default() -> KeyedVisitor<K> {
        KeyedVisitor(PhantomData)
    }
}

impl<'de, K: Keyed> Visitor<'de> for KeyedVisitor<K> {
    type Value = K;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of options")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<K, A::Error> {
        let mut read = K::default();
        let mut seen = BTreeSet::new();
        while let Some(written) = map.next_key::<String>()? {
            let key = K::keys().find(|key| key.is_called(&written)).ok_or_else(|| unknown::<K, _>(&written))?.name;
            if !seen.insert(key) {
                return Err(de::Error::custom(format_args!("{key} is given twice")));
            }
            map.next_value_seed(KeyedValue { of: &mut read, key })?;
        }
        Ok(read)
    }
}

fn unknown<K: Keyed, E: de::Error>(written: &str) -> E {
    let all = K::keys().flat_map(|key| std::iter::once(&key.name).chain(key.also));
    match nearest(written, all.copied()) {
        Some(meant) => E::custom(format_args!("unknown key {written:?}: did you mean {meant:?}?")),
        None => {
            let known: Vec<&str> = K::keys().map(|key| key.name).collect();
            let known = known.join(", ");
            E::custom(format_args!("unknown key {written:?}: known are {known}"))
        }
    }
}

/// The value of one key, to be read into the object.
struct KeyedValue<'a, K> {
    of: &'a mut K,
    key: &'static str,
}

impl<'de, K: Keyed> DeserializeSeed<'de> for KeyedValue<'_, K> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.of.set(self.key, deserializer).map_err(|error| de::Error::custom(format_args!("{}: {error}", self.key)))
    }
}

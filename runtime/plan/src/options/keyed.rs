//! Reading an object key by key, so that an unknown key is told which one was meant and a bad value which key it is of.
//! Knows keys, not what they stand for; knows no format (JSON, YAML and environment variables all end here).

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::Options;
use crate::http::HttpOptions;
use crate::suggest::nearest;

/// The name of an option, and what else it may be called.
pub(crate) struct Key {
    /// The documented name, in snake_case.
    pub(crate) name: &'static str,
    /// k6's names.
    also: &'static [&'static str],
    /// Whether there is a `SQUALL_` variable for it.
    pub(crate) in_environment: bool,
}

impl Key {
    pub(crate) const fn new(name: &'static str, also: &'static [&'static str]) -> Key {
        Key { name, also, in_environment: true }
    }

    /// Whether this is one of its names.
    pub(crate) fn is_called(&self, written: &str) -> bool {
        self.name == written || self.also.contains(&written)
    }

    /// A key whose value is too rich for an environment variable.
    pub(crate) const fn in_files_only(name: &'static str, also: &'static [&'static str]) -> Key {
        Key { name, also, in_environment: false }
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
            map.next_value_seed(Value { of: &mut read, key })?;
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
struct Value<'a, K> {
    of: &'a mut K,
    key: &'static str,
}

impl<'de, K: Keyed> DeserializeSeed<'de> for Value<'_, K> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.of.set(self.key, deserializer).map_err(|error| de::Error::custom(format_args!("{}: {error}", self.key)))
    }
}

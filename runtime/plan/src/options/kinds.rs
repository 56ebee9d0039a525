//! The kinds of options: how a value is read, laid over a lower layer's, shown to people, and described to editors. Knows
//! values, not which options have them.

mod connections;
mod nested;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::marker::PhantomData;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer};
use serde_json::{Value, json};
use squall_schedule::{
    ArrivalProcess, ExecutorKind, HumanDuration, Level, RateError, StageError, StageSpec, parse_duration,
    parse_typed_duration,
};

use super::allowance::{Allowance, Breach, Machine};
use super::environment;
use super::keyed::Key;
use super::values::{Scalar, read_duration, read_level, read_map, read_whole, read_word};
use crate::plan::ThinkTime;
use squall_address::without_credentials;

pub use connections::{ClientCertificates, Dns, Hosts, StandIns, TextList, Version};
pub use nested::{DataFeeds, Requests, ScenarioLoads, Thresholds, Weights};

/// Options and their values, as text.
pub(super) type Entries = Vec<(String, String)>;

/// The names of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindNames {
    /// For people: `time`.
    pub kind: &'static str,
    /// The name of a value on the command line: `TIME`. A switch has none.
    pub value: Option<&'static str>,
    /// Whether a flag may be typed several times.
    pub is_repeated: bool,
}

/// A kind of option.
pub trait Kind {
    /// What a layer has of it.
    type Value: Clone + Debug + Default + PartialEq;

    /// Its names.
    const NAMES: KindNames;

    /// Reads a value that was written.
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error>;

    /// Takes in a value that was written.
    fn set<'de, D: Deserializer<'de>>(field: &mut Self::Value, value: D) -> Result<(), D::Error> {
        *field = Self::read(value)?;
        Ok(())
    }

    /// Takes in what was typed for the flag, once. The error is a sentence that says how to write the value.
    fn read_flag(field: &mut Self::Value, text: &str) -> Result<(), String> {
        Self::set(field, environment::Text(text)).map_err(|error| error.to_string())
    }

    /// A value laid over that of a lower layer.
    fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value;

    /// Appends what a layer says, by the option's name.
    fn show(name: &str, value: &Self::Value, entries: &mut Entries);

    /// The JSON Schema of the value.
    fn schema() -> Value;

    /// Tightens a value that a component suggests to the user's. Returns how it goes too far, if it does.
    fn tighten(suggested: &mut Self::Value, _: &Self::Value, key: &Key, _: Machine) -> Option<Breach> {
        refuse::<Self>(suggested, key)
    }
}

/// Of most kinds a component may say everything or nothing.
fn refuse<K: Kind + ?Sized>(suggested: &K::Value, key: &Key) -> Option<Breach> {
    if matches!(key.allowance, Allowance::Freely) {
        return None;
    }
    let mut entries = Entries::new();
    K::show(key.name, suggested, &mut entries);
    entries.into_iter().next().map(|(_, value)| Breach::NotAtAll(value))
}

const fn names(kind: &'static str, value: &'static str) -> KindNames {
    KindNames { kind, value: Some(value), is_repeated: false }
}

const fn list_names(kind: &'static str, value: &'static str) -> KindNames {
    KindNames { kind, value: Some(value), is_repeated: true }
}

/// A kind whose value is there or not, and where the upper layer's counts. What it does in its own way follows in braces.
macro_rules! single {
    (
        $(#[$meta:meta])* $kind:ident: $value:ty, $names:expr,
        read $read:expr, show $show:expr, schema $schema:expr $(, { $($own:item)* })?
    ) => {
        $(#[$meta])*
        pub struct $kind;

        impl Kind for $kind {
            type Value = Option<$value>;

            const NAMES: KindNames = $names;

            fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
                $read(value)
            }

            fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value {
                upper.or(lower)
            }

            fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
                let show: fn(&$value) -> String = $show;
                entries.extend(value.as_ref().map(|value| (name.to_owned(), show(value))));
            }

            fn schema() -> Value {
                $schema
            }

            $($($own)*)?
        }
    };
}

/// A kind with a value for each of several names.
macro_rules! mapping {
    (
        $(#[$meta:meta])* $kind:ident: $value:ty, $names:expr,
        read $read:expr, show $show:expr, schema $schema:expr $(, { $($own:item)* })?
    ) => {
        $(#[$meta])*
        pub struct $kind;

        impl Kind for $kind {
            type Value = BTreeMap<String, $value>;

            const NAMES: KindNames = $names;

            fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
                Ok(read_map(value, $read)?.unwrap_or_default())
            }

            fn read_flag(field: &mut Self::Value, text: &str) -> Result<(), String> {
                let (name, value) = split_pair(text, Self::NAMES)?;
                field.insert(name.to_owned(), read_text(value, $read)?);
                Ok(())
            }

            fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value {
                merge(upper, lower)
            }

            fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
                let show: fn(&$value) -> String = $show;
                entries.extend(value.iter().map(|(key, value)| (format!("{name}.{key}"), show(value))));
            }

            fn schema() -> Value {
                json!({ "type": "object", "additionalProperties": $schema })
            }

            $($($own)*)?
        }
    };
}

single!(/// A duration.
    Time: Duration, names("time", "TIME"),
    read read_duration, show |time| HumanDuration(*time).to_string(), schema time_schema(), {
    /// A bare number is seconds, as with wrk and curl.
    fn read_flag(field: &mut Option<Duration>, text: &str) -> Result<(), String> {
        *field = Some(parse_typed_duration(text).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn tighten(suggested: &mut Option<Duration>, users: &Option<Duration>, key: &Key, _: Machine) -> Option<Breach> {
        if matches!(key.allowance, Allowance::Freely) {
            return None;
        }
        let (value, most) = ((*suggested)?, parse_duration(key.default?).ok()?);
        *suggested = Some(users.map_or(value, |users| value.min(users)));
        (users.is_none() && value > most).then(|| Breach::too_much(HumanDuration(value), HumanDuration(most)))
    }
});
single!(/// A rate, or a number whose unit others say.
    RateLevel: Level, names("rate", "RATE"), read read_level, show Level::to_string,
    schema json!({ "type": ["string", "number"], "examples": ["1000/s", "90/m"] }), {
    fn read_flag(field: &mut Option<Level>, text: &str) -> Result<(), String> {
        *field = Some(text.parse().map_err(|error: RateError| error.to_string())?);
        Ok(())
    }
});
single!(/// Yes or no.
    Flag: bool, KindNames { kind: "true or false", value: None, is_repeated: false },
    read Option::deserialize, show bool::to_string, schema json!({ "type": "boolean" }), {
    fn tighten(suggested: &mut Option<bool>, users: &Option<bool>, key: &Key, _: Machine) -> Option<Breach> {
        let goes_too_far = !matches!(key.allowance, Allowance::Freely) && *suggested == Some(true) && users.is_none();
        goes_too_far.then(|| Breach::NotAtAll("true".to_owned()))
    }
});
single!(/// A text.
    Text: String, names("text", "TEXT"), read Option::deserialize, show String::clone, schema text_schema(), {
    fn tighten(suggested: &mut Option<String>, _: &Option<String>, key: &Key, _: Machine) -> Option<Breach> {
        match key.allowance {
            Allowance::Bytes(most) => Breach::over(most, suggested.as_ref()?.len(), |size| format!("has {size} bytes")),
            _ => refuse::<Self>(suggested, key),
        }
    }
});
single!(/// A file's path.
    File: PathBuf, names("file", "FILE"), read Option::deserialize, show |file| file.display().to_string(),
    schema text_schema());
single!(/// A URL, whose credentials are shown nowhere.
    Url: String, names("URL", "URL"),
    read Option::deserialize, show |url| without_credentials(url).into_owned(), schema text_schema(), {
    fn tighten(suggested: &mut Option<String>, users: &Option<String>, key: &Key, _: Machine) -> Option<Breach> {
        let is_overruled = matches!(key.allowance, Allowance::Overruled) && users.is_some();
        // The user's goes before it in any case.
        std::mem::take(suggested).filter(|_| !is_overruled).and_then(|url| refuse::<Self>(&Some(url), key))
    }
});
single!(/// The stages of a ramp.
    Stages: Vec<StageSpec>, list_names("stages", "TIME:TARGET"), read Option::deserialize, show |stages| list(stages),
    schema json!({ "type": "array", "items": {} }), {
    fn read_flag(field: &mut Option<Vec<StageSpec>>, text: &str) -> Result<(), String> {
        for stage in text.split(',') {
            let stage = stage.parse().map_err(|error: StageError| error.to_string())?;
            field.get_or_insert_default().push(stage);
        }
        Ok(())
    }
});

mapping!(/// Texts that may be URLs.
    Environment: String, list_names("texts by name", "NAME=VALUE"),
    read |Scalar(text)| text, show |text| without_credentials_of_url(text).into_owned(), schema scalar_schema(), {
    fn tighten(suggested: &mut Self::Value, _: &Self::Value, key: &Key, _: Machine) -> Option<Breach> {
        check_texts(suggested, key)
    }
});
mapping!(/// Texts.
    Texts: String, list_names("texts by name", "NAME=VALUE"),
    read |Scalar(text)| text, show String::clone, schema scalar_schema(), {
    fn tighten(suggested: &mut Self::Value, _: &Self::Value, key: &Key, _: Machine) -> Option<Breach> {
        check_texts(suggested, key)
    }
});
mapping!(/// Think times by flow.
    ThinkTimes: ThinkTime, list_names("times by flow", "FLOW=TIME"),
    read |time: ThinkTime| time, show ThinkTime::to_string, schema scalar_schema());

/// Reads a value that was typed.
fn read_text<'de, Read: Deserialize<'de>, T>(text: &'de str, inner: impl Fn(Read) -> T) -> Result<T, String> {
    Read::deserialize(environment::Text(text)).map(inner).map_err(|error| error.to_string())
}

/// Reads `NAME=VALUE`, in the words of the kind for these.
fn split_pair(text: &str, names: KindNames) -> Result<(&str, &str), String> {
    let words = names.value.unwrap_or("NAME=VALUE");
    text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| format!("write {words}"))
}

fn check_texts(texts: &BTreeMap<String, String>, key: &Key) -> Option<Breach> {
    let Allowance::Texts(most) = key.allowance else { return None };
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or_default();
    let name = longest(&mut texts.keys().map(String::len));
    let value = longest(&mut texts.values().map(String::len));
    Breach::over(most.entries, texts.len(), |entries| format!("has {entries} entries"))
        .or_else(|| Breach::over(most.name, name, |size| format!("has a name of {size} bytes")))
        .or_else(|| Breach::over(most.value, value, |size| format!("has a value of {size} bytes")))
}

/// A whole number.
pub struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<u64> + TryInto<u64> + Copy + Debug + PartialEq + Display> Kind for Whole<T> {
    type Value = Option<T>;

    const NAMES: KindNames = names("whole number", "N");

    fn read_flag(field: &mut Option<T>, text: &str) -> Result<(), String> {
        let number: u64 = text.parse().map_err(|_| "write a whole number, like 100".to_owned())?;
        *field = Some(T::try_from(number).map_err(|_| format!("{number} is too large"))?);
        Ok(())
    }

    fn tighten(suggested: &mut Option<T>, users: &Option<T>, key: &Key, machine: Machine) -> Option<Breach> {
        let most = match key.allowance {
            Allowance::UpTo(most) => most,
            Allowance::UpToCores => machine.cores as u64,
            Allowance::UpToDefault => key.default?.parse().ok()?,
            _ => return refuse::<Self>(suggested, key),
        };
        let value: u64 = (*suggested)?.try_into().unwrap_or(u64::MAX);
        (users.is_none() && value > most).then(|| Breach::too_much(value, most))
    }

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Option<T>, D::Error> {
        read_whole(value)
    }

    fn merge(upper: Option<T>, lower: Option<T>) -> Option<T> {
        upper.or(lower)
    }

    fn show(name: &str, value: &Option<T>, entries: &mut Entries) {
        entries.extend(value.as_ref().map(|number| (name.to_owned(), number.to_string())));
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0 })
    }
}

/// A type whose values have names.
pub trait Named {
    /// What such values are, for people.
    const KIND: &'static str = "word";
    /// What a value is called on the command line.
    const VALUE: &'static str = "NAME";

    /// What may be written.
    fn schema() -> Value;
}

impl Named for ArrivalProcess {
    const VALUE: &'static str = "PROCESS";

    fn schema() -> Value {
        words_schema(ArrivalProcess::NAMES)
    }
}

impl Named for ExecutorKind {
    fn schema() -> Value {
        words_schema(&ExecutorKind::ALL.map(ExecutorKind::name))
    }
}

/// One of several words.
pub struct Word<T>(PhantomData<T>);

impl<T: Named + FromStr<Err: Display> + Display + Clone + Debug + PartialEq> Kind for Word<T> {
    type Value = Option<T>;

    const NAMES: KindNames = names(T::KIND, T::VALUE);

    fn read_flag(field: &mut Option<T>, text: &str) -> Result<(), String> {
        *field = Some(text.parse().map_err(|error: T::Err| error.to_string())?);
        Ok(())
    }

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Option<T>, D::Error> {
        read_word(value)
    }

    fn merge(upper: Option<T>, lower: Option<T>) -> Option<T> {
        upper.or(lower)
    }

    fn show(name: &str, value: &Option<T>, entries: &mut Entries) {
        entries.extend(value.as_ref().map(|word| (name.to_owned(), word.to_string())));
    }

    fn schema() -> Value {
        T::schema()
    }
}

/// What may be written where words are taken.
pub(crate) fn words_schema(names: &[&str]) -> Value {
    json!({ "enum": names })
}

pub(crate) fn time_schema() -> Value {
    json!({ "type": ["string", "number"], "examples": ["30s", "1m30s", "2h"] })
}

pub(crate) fn text_schema() -> Value {
    json!({ "type": "string" })
}

pub(crate) fn scalar_schema() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn merge<T>(upper: BTreeMap<String, T>, mut lower: BTreeMap<String, T>) -> BTreeMap<String, T> {
    lower.extend(upper);
    lower
}

/// A value that may be a URL, or anything else with an `@` in it.
fn without_credentials_of_url(value: &str) -> Cow<'_, str> {
    if value.contains("://") { without_credentials(value) } else { value.into() }
}

fn list(items: &[impl Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

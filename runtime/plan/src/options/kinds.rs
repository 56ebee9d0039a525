//! The kinds of options: how a value is read, laid over a lower layer's, shown to people, and described to editors. Knows
//! values, not which options have them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::marker::PhantomData;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::scenario::{ScenarioOptions, Scenarios};
use super::values::{Scalar, Whole as WholeNumber, read_duration, read_level, read_map, read_whole, read_word};
use crate::credentials::without_credentials;
use crate::data::DataOptions;
use crate::http::HttpOptions;
use crate::plan::ThinkTime;
use crate::threshold::{SpecList, ThresholdSpec, layers};
use squall_schedule::HumanDuration;
use squall_schedule::StageSpec;
use squall_schedule::{ArrivalProcess, ExecutorKind, Level};

/// Options and their values, as text.
pub(super) type Entries = Vec<(String, String)>;

/// A kind of option.
pub trait Kind {
    /// What a layer has of it.
    type Value: Clone + Debug + Default + PartialEq;

    /// Reads a value that was written.
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error>;

    /// Takes in a value that was written.
    fn set<'de, D: Deserializer<'de>>(field: &mut Self::Value, value: D) -> Result<(), D::Error> {
        *field = Self::read(value)?;
        Ok(())
    }

    /// A value laid over that of a lower layer.
    fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value;

    /// Appends what a layer says, by the option's name.
    fn show(name: &str, value: &Self::Value, entries: &mut Entries);

    /// The JSON Schema of the value.
    fn schema() -> Value;
}

/// A kind whose value is there or not, and where the upper layer's counts.
macro_rules! single {
    ($(#[$meta:meta])* $kind:ident: $value:ty, read $read:expr, show $show:expr, schema $schema:expr) => {
        $(#[$meta])*
        pub struct $kind;

        impl Kind for $kind {
            type Value = Option<$value>;

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
        }
    };
}

/// A kind with a value for each of several names.
macro_rules! mapping {
    ($(#[$meta:meta])* $kind:ident: $value:ty, read $read:expr, show $show:expr, schema $schema:expr) => {
        $(#[$meta])*
        pub struct $kind;

        impl Kind for $kind {
            type Value = BTreeMap<String, $value>;

            fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
                Ok(read_map(value, $read)?.unwrap_or_default())
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
        }
    };
}

single!(/// A duration.
    Time: Duration, read read_duration, show |time| HumanDuration(*time).to_string(), schema time_schema());
single!(/// A rate, or a number whose unit others say.
    RateLevel: Level, read read_level, show Level::to_string,
    schema json!({ "type": ["string", "number"], "examples": ["1000/s", "90/m"] }));
single!(/// Yes or no.
    Flag: bool, read Option::deserialize, show bool::to_string, schema json!({ "type": "boolean" }));
single!(/// A text.
    Text: String, read Option::deserialize, show String::clone, schema text_schema());
single!(/// A file's path.
    File: PathBuf, read Option::deserialize, show |file| file.display().to_string(), schema text_schema());
single!(/// A URL, whose credentials are shown nowhere.
    Url: String, read Option::deserialize, show |url| without_credentials(url).into_owned(), schema text_schema());
single!(/// The stages of a ramp.
    Stages: Vec<StageSpec>, read Option::deserialize, show |stages| list(stages),
    schema json!({ "type": "array", "items": {} }));

mapping!(/// Texts that may be URLs.
    Environment: String, read |Scalar(text)| text, show |text| without_credentials_of_url(text).into_owned(),
    schema scalar_schema());
mapping!(/// Texts.
    Texts: String, read |Scalar(text)| text, show String::clone, schema scalar_schema());
mapping!(/// Think times by flow.
    ThinkTimes: ThinkTime, read |time: ThinkTime| time, show ThinkTime::to_string, schema scalar_schema());

/// A whole number.
pub struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<u64> + Clone + Debug + PartialEq + Display> Kind for Whole<T> {
    type Value = Option<T>;

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
    /// What may be written.
    fn schema() -> Value;
}

impl Named for ArrivalProcess {
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

/// Weights of flows, in place of all others where there are any.
pub struct Weights;

impl Kind for Weights {
    type Value = Option<BTreeMap<String, u32>>;

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
        read_map(value, |WholeNumber(weight)| weight)
    }

    fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value {
        match (upper, lower) {
            (Some(upper), Some(lower)) => Some(merge(upper, lower)),
            (upper, lower) => upper.or(lower),
        }
    }

    fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
        let weights = value.iter().flatten();
        entries.extend(weights.map(|(flow, weight)| (format!("{name}.{flow}"), weight.to_string())));
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": Whole::<u32>::schema() })
    }
}

/// Loads of their own, by name: the upper layer's in place of the lower's.
pub struct ScenarioLoads;

impl Kind for ScenarioLoads {
    type Value = Option<Vec<ScenarioOptions>>;

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
        Ok(Option::<Scenarios>::deserialize(value)?.map(|Scenarios(all)| all))
    }

    fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value {
        upper.or(lower)
    }

    fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
        for scenario in value.iter().flatten() {
            let prefix = format!("{name}.{}", scenario.name);
            Text::show(&format!("{prefix}.component"), &scenario.component, entries);
            Time::show(&format!("{prefix}.start_time"), &scenario.start_time, entries);
            entries.extend(scenario.own.said().into_iter().map(|(key, value)| (format!("{prefix}.{key}"), value)));
        }
    }

    fn schema() -> Value {
        json!({ "type": "object" })
    }
}

/// Thresholds by selector: those of all layers add up.
pub struct Thresholds;

impl Kind for Thresholds {
    type Value = Option<BTreeMap<String, Vec<ThresholdSpec>>>;

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
        read_map(value, |SpecList(specs)| specs)
    }

    fn merge(upper: Self::Value, lower: Self::Value) -> Self::Value {
        layers::add_up(upper, lower)
    }

    fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
        for (selector, specs) in value.iter().flatten() {
            // Each by itself: they may come from several layers.
            entries.extend(specs.iter().map(|spec| (format!("{name}.{selector}"), spec.expression.clone())));
        }
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": {} })
    }
}

/// Data by name. One layer may say which file, another in which order its rows come.
pub struct DataFeeds;

impl Kind for DataFeeds {
    type Value = BTreeMap<String, DataOptions>;

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self::Value, D::Error> {
        Ok(read_map(value, |data: DataOptions| data)?.unwrap_or_default())
    }

    fn merge(upper: Self::Value, mut lower: Self::Value) -> Self::Value {
        for (name, upper) in upper {
            let below = lower.remove(&name).unwrap_or_default();
            lower.insert(name, upper.over(below));
        }
        lower
    }

    fn show(name: &str, value: &Self::Value, entries: &mut Entries) {
        let mut push = |key: String, value: Option<String>| entries.extend(value.map(|value| (key, value)));
        for (feed, data) in value {
            push(format!("{name}.{feed}"), data.file.as_ref().map(|file| file.display().to_string()));
            push(format!("{name}.{feed}.policy"), data.policy.map(|policy| policy.to_string()));
            push(format!("{name}.{feed}.at_end"), data.at_end.map(|at_end| at_end.to_string()));
        }
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": { "type": ["string", "object"] } })
    }
}

/// The options about requests, which stand among the others or apart under one key.
pub struct Requests;

impl Kind for Requests {
    type Value = HttpOptions;

    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<HttpOptions, D::Error> {
        Ok(Option::deserialize(value)?.unwrap_or_default())
    }

    fn set<'de, D: Deserializer<'de>>(field: &mut HttpOptions, value: D) -> Result<(), D::Error> {
        *field = Self::read(value)?.over(std::mem::take(field));
        Ok(())
    }

    fn merge(upper: HttpOptions, lower: HttpOptions) -> HttpOptions {
        upper.over(lower)
    }

    fn show(_: &str, value: &HttpOptions, entries: &mut Entries) {
        entries.extend(value.said());
    }

    fn schema() -> Value {
        let properties: serde_json::Map<String, Value> =
            HttpOptions::own_keys().iter().map(|key| (key.name.to_owned(), key.schema())).collect();
        json!({ "type": "object", "additionalProperties": false, "properties": properties })
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

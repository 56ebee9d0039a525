//! The kinds of options whose values have parts of their own: weights, scenarios, thresholds, data, requests.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{Entries, Kind, KindNames, Text, Time, Whole, list_names, merge, refuse, split_pair};
use crate::data::{DataOptions, parse_cli_data};
use crate::http::HttpOptions;
use crate::options::allowance::{Allowance, Breach, Machine};
use crate::options::keyed::Key;
use crate::options::scenario::{ScenarioOptions, Scenarios};
use crate::options::values::{Whole as WholeNumber, read_map};
use crate::threshold::{SpecList, ThresholdSpec, layers, parse_cli_threshold};

/// Weights of flows, in place of all others where there are any.
pub struct Weights;

impl Kind for Weights {
    type Value = Option<BTreeMap<String, u32>>;

    const NAMES: KindNames = list_names("numbers by flow", "FLOW=N");

    fn read_flag(field: &mut Self::Value, text: &str) -> Result<(), String> {
        let (flow, weight) = split_pair(text, Self::NAMES)?;
        let weight = weight.parse().map_err(|_| "write FLOW=N with a whole number, like browse=60".to_owned())?;
        field.get_or_insert_default().insert(flow.to_owned(), weight);
        Ok(())
    }

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

    const NAMES: KindNames = list_names("loads by name", "LOADS");

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

    const NAMES: KindNames = list_names("expressions by metric", "METRIC=EXPRESSION");

    fn read_flag(field: &mut Self::Value, text: &str) -> Result<(), String> {
        let (selector, spec) = parse_cli_threshold(text).map_err(|error| error.to_string())?;
        field.get_or_insert_default().entry(selector).or_default().push(spec);
        Ok(())
    }

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

    fn tighten(suggested: &mut Self::Value, _: &Self::Value, key: &Key, _: Machine) -> Option<Breach> {
        let Allowance::Entries(most) = key.allowance else { return refuse::<Self>(suggested, key) };
        let entries = suggested.iter().flatten().map(|(_, specs)| specs.len().max(1)).sum();
        Breach::over(most, entries, |entries| format!("has {entries} entries"))
    }
}

/// Data by name. One layer may say which file, another in which order its rows come.
pub struct DataFeeds;

impl Kind for DataFeeds {
    type Value = BTreeMap<String, DataOptions>;

    const NAMES: KindNames = list_names("files by name", "NAME=FILE[,SETTING..]");

    fn read_flag(field: &mut Self::Value, text: &str) -> Result<(), String> {
        let (name, data) = parse_cli_data(text).map_err(|error| error.to_string())?;
        field.insert(name, data);
        Ok(())
    }

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

    /// A component may say how rows are handed out, but not of which file.
    fn tighten(suggested: &mut Self::Value, _: &Self::Value, _: &Key, _: Machine) -> Option<Breach> {
        let (name, file) = suggested.iter().find_map(|(name, data)| Some((name, data.file.as_ref()?)))?;
        Some(Breach::NotAtAll(format!("{name}={}", file.display())))
    }
}

/// The options about requests, which stand among the others or apart under one key.
pub struct Requests;

impl Kind for Requests {
    type Value = HttpOptions;

    const NAMES: KindNames = list_names("options", "OPTIONS");

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_without_a_number_is_told_in_the_words_of_its_help() {
        let mut weights = None;
        assert_eq!(Weights::read_flag(&mut weights, "browse"), Err("write FLOW=N".to_owned()));
        assert_eq!(Weights::read_flag(&mut weights, "browse=60"), Ok(()));
        assert_eq!(weights, Some(BTreeMap::from([("browse".to_owned(), 60)])));
    }
}

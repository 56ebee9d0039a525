//! Every key of a plan, once: which group reads it, and what it looks like for an editor (JSON Schema, draft 2020-12).

use serde_json::{Map, Value, json};

use super::reader::snake_case;
use super::test_type::TestType;
use super::{limits, objective, scenario_loads, scenarios, work_items};
use crate::http::HttpOptions;
use crate::options::kinds::{scalar_schema as scalar, text_schema as text, time_schema as time};
use crate::options::{Keyed, Options, ScenarioOptions};

/// Who reads a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    About,
    Component,
    Shape,
    Scenarios,
    Objective,
    TargetMonitoring,
    WorkItems,
    Out,
    /// A layer of options.
    Options,
}

/// The keys that only a plan has, or reads in its own way.
const OWN: [(&str, Group); 25] = [
    ("name", Group::About),
    ("objectives", Group::About),
    ("environment", Group::About),
    ("component", Group::Component),
    ("type", Group::Shape),
    ("users", Group::Shape),
    ("rate", Group::Shape),
    ("duration", Group::Shape),
    ("ramp_up", Group::Shape),
    ("ramp_down", Group::Shape),
    ("spike_factor", Group::Shape),
    ("min_rate", Group::Shape),
    ("max_rate", Group::Shape),
    ("precision", Group::Shape),
    ("trial", Group::Shape),
    ("settle", Group::Shape),
    ("scenarios", Group::Scenarios),
    ("response_time", Group::Objective),
    ("throughput", Group::Objective),
    ("error_rate", Group::Objective),
    ("resource_limits", Group::TargetMonitoring),
    ("monitoring", Group::TargetMonitoring),
    ("work_items", Group::WorkItems),
    ("out", Group::Out),
    // Another name for users.
    ("vus", Group::Shape),
];

/// The documented name of a key, and who reads it.
pub(super) fn find(written: &str) -> Option<(&'static str, Group)> {
    let name = snake_case(written);
    if let Some((name, group)) = OWN.iter().find(|(own, _)| *own == name || *own == written) {
        return Some((if *name == "vus" { "users" } else { name }, *group));
    }
    let key = Options::keys().find(|key| key.is_called(written))?;
    Some((key.name, Group::Options))
}

/// The documented name of a key under `http`.
pub(super) fn find_http(written: &str) -> Option<&'static str> {
    HttpOptions::keys().find(|key| key.is_called(written)).map(|key| key.name)
}

/// All keys under `http`, for people.
pub(super) fn http_names() -> String {
    HttpOptions::keys().map(|key| key.name).collect::<Vec<_>>().join(", ")
}

/// All documented names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let options = Options::keys().map(|key| key.name);
    OWN.iter().map(|(name, _)| *name).chain(options.filter(|name| OWN.iter().all(|(own, _)| own != name)))
}

/// The JSON Schema of a plan.
pub fn schema() -> Value {
    let properties: Map<String, Value> = names().map(|name| (name.to_owned(), form(name))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Squall test plan",
        "type": "object",
        "additionalProperties": false,
        "anyOf": [{ "required": ["component"] }, { "required": ["scenarios"] }],
        "properties": properties,
    })
}

/// The value of a key: as the plan reads it, or as every layer of options does.
fn form(name: &str) -> Value {
    own_form(name).or_else(|| Options::keys().find(|key| key.name == name).map(|key| key.schema())).unwrap_or_else(text)
}

/// The value of a key that only a plan has, or reads in its own way.
fn own_form(name: &str) -> Option<Value> {
    Some(match name {
        "name" => with("What the test is called.", text()),
        "type" => with("The type of test, which shapes the load.", json!({ "enum": TestType::names() })),
        "users" | "vus" => with("Virtual users where the load is highest.", whole()),
        "rate" => with("Iterations started in a second, instead of users: 1000/s.", rate()),
        "duration" => with("How long the whole test takes.", time()),
        "ramp_up" => with("How much of the duration the way up takes.", time()),
        "ramp_down" => with("How much of the duration the way down takes.", time()),
        "spike_factor" => with("How many times the normal load a spike is.", whole()),
        "objectives" => with("What it is to find out, in words.", list(text())),
        "environment" => with("Facts about the environment, for reports.", mapping(scalar())),
        "component" => with("What runs: a .wasm file, a source, or a project's folder.", text()),
        "scenarios" => with(
            "Which flows run, and how often: a list; or loads of their own, by name.",
            json!({ "oneOf": [list(closed(&scenarios::KEYS, weighted_form)), mapping(closed(&scenario_loads::keys(), load_form))] }),
        ),
        "response_time" => {
            let keys: Vec<&str> = objective::response_time_keys().collect();
            with("Bounds of the response time: p95: <500ms.", closed(&keys, |_| bound()))
        }
        "throughput" => with("Requests in a second.", closed(&objective::THROUGHPUT_KEYS, |_| scalar())),
        "error_rate" => with("The share of requests that may fail: <0.1%.", bound()),
        "resource_limits" => with("What the target may use.", closed(&limits::LIMITS, |_| scalar())),
        "monitoring" => with(
            "Where the target's use of resources can be seen.",
            closed(&limits::MONITORING, |key| match key {
                "scrape" | "databases" | "otlp_listen" => list(text()),
                "look_inside" | "diagnose" => json!({ "type": "boolean" }),
                "trace_share" => scalar(),
                "otlp_forward" => text(),
                _ => json!({ "type": "object" }),
            }),
        ),
        "work_items" => with(
            "Whose the run's work items are, and what they cost.",
            closed(&work_items::KEYS, |key| match key {
                "tags" => list(text()),
                "parent" => scalar(),
                "story_points" => mapping(json!({ "type": "number", "exclusiveMinimum": 0 })),
                _ => text(),
            }),
        ),
        "out" => with("Where measurements go while the run goes on: json=points.ndjson.", list(text())),
        "min_rate" => with("The lowest rate that a breakpoint test tries.", rate()),
        "max_rate" => with("The highest rate that a breakpoint test tries.", rate()),
        "precision" => with("How exact its answer is to be: 2.5%.", scalar()),
        "trial" => with("How long its last trials are.", time()),
        "settle" => with("How long each trial runs before it counts.", time()),
        _ => return None,
    })
}

/// The keys of an entry in a list of scenarios.
fn weighted_form(key: &str) -> Value {
    match key {
        "weight" => scalar(),
        "think_time" => with("How long a user thinks after an iteration: 1s..3s.", scalar()),
        _ => text(),
    }
}

/// The keys of a scenario with a load of its own.
fn load_form(key: &str) -> Value {
    match key {
        "data" => text(),
        "flow" | "component" | "start_time" => {
            ScenarioOptions::keys().find(|known| known.name == key).map_or_else(text, |known| known.schema())
        }
        key => form(key),
    }
}

fn with(description: &str, mut form: Value) -> Value {
    form["description"] = description.into();
    form
}

fn whole() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn rate() -> Value {
    json!({ "type": ["string", "number"], "examples": ["1000/s", "90/m"] })
}

fn bound() -> Value {
    json!({ "type": "string", "pattern": "^<" })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn mapping(of: Value) -> Value {
    json!({ "type": "object", "additionalProperties": of })
}

fn closed(keys: &[&str], form: impl Fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), form(key))).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

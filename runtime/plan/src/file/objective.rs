//! What must hold, and what is hoped for: `response_time`, `throughput`, `error_rate`. Each becomes a threshold; says
//! nothing about what was measured.

use squall_schedule::{nearest, parse_duration};

use super::mistake::Trouble;
use super::node::{Node, Value};
use super::test_type::TestType;
use crate::threshold::{Threshold, ThresholdSpec};

/// What follows from an objective that is not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Importance {
    /// The test fails.
    Required,
    /// A warning: a target to grow towards.
    Desired,
}

/// One objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// What it is of, for people: `response time p95`.
    pub title: String,
    /// What is wanted, for people: `<500ms`.
    pub target: String,
    /// The same as a demand on a metric.
    pub threshold: Threshold,
    /// What follows if it is not met.
    pub importance: Importance,
}

const RESPONSE_TIMES: [(&str, &str); 9] = [
    ("p50", "p(50)"),
    ("p75", "p(75)"),
    ("p90", "p(90)"),
    ("p95", "p(95)"),
    ("p99", "p(99)"),
    ("p999", "p(99.9)"),
    ("avg", "avg"),
    ("med", "med"),
    ("max", "max"),
];
/// The keys of `response_time`.
pub(super) fn response_time_keys() -> impl Iterator<Item = &'static str> + Clone {
    RESPONSE_TIMES.iter().map(|(key, _)| *key)
}
/// The keys of `throughput`.
pub(super) const THROUGHPUT_KEYS: [&str; 2] = ["min_rps", "target_rps"];

/// Reads the objectives under one key; what is wrong with some does not hide the others.
pub(super) fn read(key: &str, value: &Node, troubles: &mut Vec<Trouble>) -> Vec<Objective> {
    if key == "error_rate" {
        return keep(error_rate(value), troubles).into_iter().collect();
    }
    let Value::Map(entries) = &value.value else {
        let example = if key == "throughput" { "{ min_rps: 1000 }" } else { "{ p95: <500ms }" };
        troubles.push(Trouble::at(value.place, format!("write it as {example}")));
        return Vec::new();
    };
    let one = |entry: &super::node::Entry| match key {
        "throughput" => throughput(&super::reader::snake_case(&entry.key), entry),
        _ => response_time(entry),
    };
    entries.iter().filter_map(|entry| keep(one(entry), troubles)).collect()
}

/// That all checks pass, which a smoke test asks for.
pub(super) fn of_type(kind: Option<TestType>) -> Option<Objective> {
    match kind {
        Some(TestType::Smoke) => objective("checks", "all pass", "checks", "rate>=1", Importance::Required).ok(),
        _ => None,
    }
}

fn keep(read: Result<Objective, Trouble>, troubles: &mut Vec<Trouble>) -> Option<Objective> {
    read.map_err(|trouble| troubles.push(trouble)).ok()
}

fn response_time(entry: &super::node::Entry) -> Result<Objective, Trouble> {
    let Some((key, aggregation)) = RESPONSE_TIMES.iter().find(|(key, _)| *key == entry.key) else {
        return Err(Trouble::at(entry.place, unknown(&entry.key, "response_time", response_time_keys())));
    };
    let (comparison, text) = bound(&entry.value, "<500ms")?;
    let wrong = |text: String| Trouble::at(entry.value.place, format!("{key}: {text}"));
    let limit = parse_duration(text).map_err(|error| wrong(error.to_string()))?;
    let expression = format!("{aggregation}{comparison}{}", limit.as_secs_f64() * 1e3);
    let (title, target) = (format!("response time {key}"), format!("{comparison}{text}"));
    objective(&title, &target, "response_time", &expression, Importance::Required).map_err(wrong)
}

fn throughput(key: &str, entry: &super::node::Entry) -> Result<Objective, Trouble> {
    let importance = match key {
        "min_rps" => Importance::Required,
        "target_rps" => Importance::Desired,
        _ => return Err(Trouble::at(entry.place, unknown(&entry.key, "throughput", THROUGHPUT_KEYS))),
    };
    let Value::Scalar { text, .. } = &entry.value.value else {
        return Err(Trouble::at(entry.value.place, format!("{key}: write a number of requests in a second: 1000")));
    };
    let wrong = |text: String| Trouble::at(entry.value.place, format!("{key}: {text}"));
    let rate = text.trim().trim_end_matches("/s");
    let rate =
        number(rate).ok_or_else(|| wrong(format!("{text:?} is not a number of requests per second: write 1000")))?;
    let title = if importance == Importance::Required { "throughput, at least" } else { "throughput, target" };
    objective(title, &format!(">={rate}/s"), "http_reqs", &format!("rate>={rate}"), importance).map_err(wrong)
}

fn error_rate(value: &Node) -> Result<Objective, Trouble> {
    let (comparison, text) = bound(value, "<0.1%")?;
    let wrong = |text: String| Trouble::at(value.place, text);
    let share = match text.strip_suffix('%') {
        Some(percent) => number(percent.trim()).map(|percent| percent / 100.0),
        None => number(text),
    };
    let share = share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| wrong(format!("{text:?} is not a share: write <0.1%, or <0.001")))?;
    let expression = format!("rate{comparison}{share}");
    objective("error rate", &format!("{comparison}{text}"), "http_req_failed", &expression, Importance::Required)
        .map_err(wrong)
}

/// `<500ms` as `<` and `500ms`.
fn bound<'a>(value: &'a Node, example: &str) -> Result<(&'static str, &'a str), Trouble> {
    let Value::Scalar { text, .. } = &value.value else {
        return Err(Trouble::at(value.place, format!("write a bound: {example}")));
    };
    match (text.strip_prefix("<="), text.strip_prefix('<')) {
        (Some(rest), _) => Ok(("<=", rest.trim())),
        (_, Some(rest)) => Ok(("<", rest.trim())),
        _ => Err(Trouble::at(value.place, format!("{text:?} is not a bound: write it with <, like {example}"))),
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

fn objective(
    title: &str,
    target: &str,
    metric: &str,
    expression: &str,
    importance: Importance,
) -> Result<Objective, String> {
    let threshold = Threshold::parse(metric, &ThresholdSpec::new(expression)).map_err(|error| error.to_string())?;
    Ok(Objective { title: title.to_owned(), target: target.to_owned(), threshold, importance })
}

fn unknown(written: &str, of: &str, known: impl IntoIterator<Item = &'static str> + Clone) -> String {
    match nearest(written, known.clone()) {
        Some(meant) => format!("{of} has no {written:?}: did you mean {meant:?}?"),
        None => format!("{of} has no {written:?}: it has {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

//! Consequences and recommendations for limits that were not kept, from the figures of the run: since when, under which
//! load, where to begin, and what would be enough. Why a target is slow is not in these figures, and not said.

use squall_insight::JudgedObjective;
use squall_metrics::{Nanos, resource_names};

use super::{Document, ErrorLine, RequestLine, TargetSeries, TargetSource, ThresholdLine, Unit};
use crate::format::duration;

/// The phases of a request, with where to look if one of them takes the most.
const PHASES: [(&str, &str); 6] = [
    ("blocked", "requests wait for a free connection, so allow more of them"),
    ("connecting", "connections are made anew, so keep them open, or look at the network"),
    ("tls_handshaking", "connections are made anew, so keep them open, or resume sessions"),
    ("sending", "look at the size of requests, and at the network"),
    ("waiting", "the target works on the response, so look within it"),
    ("receiving", "look at the size of responses, at compression, and at the network"),
];

/// The recommendation for a threshold that was not met.
pub(super) fn for_threshold(document: &Document, line: &ThresholdLine) -> Option<String> {
    if line.actual.is_none() {
        return Some(
            "Nothing was measured: look whether its metric and its tags are those of the scenario.".to_owned(),
        );
    }
    match (line.metric.as_str(), line.unit) {
        ("http_req_failed", _) => document.commonest_error().map(begin_with_error),
        ("checks", _) => failing_check(document),
        ("http_reqs" | "iterations", Unit::PerSecond) if !line.is_upper_limit() => {
            users_for(document, &line.metric, line.limit)
        }
        (_, Unit::Ms) if line.is_upper_limit() => slow_part(document, line),
        _ => None,
    }
}

/// Where to begin with errors.
pub(super) fn begin_with_error(error: &ErrorLine) -> String {
    format!("Begin with {}: it happened {}.", error.title, times(error.count))
}

/// `once`, `7 times`.
pub(super) fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", Unit::Number.text(count as f64)) }
}

fn failing_check(document: &Document) -> Option<String> {
    let worst = document.checks.iter().filter(|check| check.fails > 0).max_by_key(|check| check.fails)?;
    Some(format!("Begin with the check {:?}: it failed {}.", worst.name, times(worst.fails)))
}

/// How many users the demanded rate takes, by the busiest moment of the run; where the plan sets the rate, that it does.
pub(super) fn users_for(document: &Document, metric: &str, limit: f64) -> Option<String> {
    let timeline = &document.timeline;
    if !timeline.offered.is_empty() {
        return Some("The plan sets the rate of this load: raise it, unless iterations were dropped.".to_owned());
    }
    let rates = if metric == "iterations" { &timeline.iterations } else { &timeline.requests };
    let (busiest, rate) = rates.iter().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let users = *timeline.vus.get(busiest)? as f64;
    if *rate <= 0.0 || users == 0.0 {
        return None;
    }
    let (number, per_second) = (|value| Unit::Number.text(value), |value| Unit::PerSecond.text(value));
    let busiest = format!("At its busiest moment {} virtual users made {}", number(users), per_second(*rate));
    Some(if *rate >= limit {
        format!("{busiest}, which is enough: let the load be that high all the time.")
    } else {
        let needed = number((users * limit / rate).ceil());
        format!("{busiest}; with the same response times and pauses, {} takes {needed} of them.", per_second(limit))
    })
}

/// The slowest name and the longest phase of a request. The slowest of all may have no samples with a threshold's tags.
fn slow_part(document: &Document, line: &ThresholdLine) -> Option<String> {
    let slowest = slowest_request(document).filter(|_| !line.metric.contains('{'));
    let parts: Vec<String> = slowest.into_iter().chain(longest_phase(document)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The name with the highest p95.
fn slowest_request(document: &Document) -> Option<String> {
    if document.requests.len() < 2 {
        return None;
    }
    let p95 = |line: &RequestLine| line.response_time.as_ref().and_then(|times| times.p95);
    let known = document.requests.iter().filter_map(|line| Some((line, p95(line)?)));
    let (slowest, time) = known.max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    Some(format!(
        "Begin with {} {}: its p95 of response_time, {}, is the highest, and it makes {} of the requests.",
        slowest.method,
        slowest.name,
        Unit::Ms.text(time),
        Unit::Share.text(share_of_requests(document, slowest))
    ))
}

fn share_of_requests(document: &Document, line: &RequestLine) -> f64 {
    let all: u64 = document.requests.iter().map(|line| line.count).sum();
    line.count as f64 / all.max(1) as f64
}

/// The phase that takes most of a request's time, and what servers say of it.
fn longest_phase(document: &Document) -> Option<String> {
    let mean = |name: &str| document.distribution(&format!("http_req_{name}")).map(|times| times.mean);
    let phases = PHASES.iter().filter_map(|(name, hint)| Some((*name, *hint, mean(name)?)));
    let all: f64 = phases.clone().map(|(.., time)| time).sum();
    let (name, hint, time) = phases.max_by(|(.., one), (.., other)| one.total_cmp(other))?;
    if all <= 0.0 {
        return None;
    }
    let share = Unit::Share.text(time / all);
    let said = if name == "waiting" { longest_server_timing(document).unwrap_or_default() } else { String::new() };
    Some(format!("{share} of the mean request is http_req_{name}: {hint}.{said}"))
}

/// The longest work by the server's own word.
fn longest_server_timing(document: &Document) -> Option<String> {
    let known = document.server_timings.iter().filter_map(|line| Some((line, line.duration.as_ref()?.mean)));
    let (line, mean) = known.max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    Some(format!(
        " By the server's own word {} is the longest part of that, {} on average.",
        line.name,
        Unit::Ms.text(mean)
    ))
}

/// Advice on a limit of the target's resources.
pub(super) struct LimitAdvice {
    pub(super) impact: Option<String>,
    pub(super) recommendation: Option<String>,
    pub(super) expected: Option<String>,
}

/// The consequence of a limit that was not kept, and what to do about it.
pub(super) fn for_limit(document: &Document, judged: &JudgedObjective) -> Option<LimitAdvice> {
    let objective = &judged.objective;
    let (limit, actual) = (objective.limit, judged.actual?);
    let unit = Unit::from(objective.quantity);
    let (name, advice, enough) = match objective.resource? {
        "cpu_max" => (
            resource_names::CPU,
            "Profile the target under this load to see what computes. Caching and fewer queries spare processors; with more \
             processors the load stays as it is.",
            "times the processors would bring the same work",
        ),
        "memory_max" => (
            resource_names::MEMORY,
            "See in a soak test whether it grows under a steady load: then something is not given back. If it does not, \
             limit caches and buffers, or give it more memory.",
            "times the memory would bring the same use",
        ),
        _ => (
            resource_names::CONNECTIONS,
            "Hold each connection for less time, share connections between requests, or make the pool larger.",
            "",
        ),
    };
    let expected = match enough {
        "" => format!("A pool of {} would have been enough.", unit.text(actual)),
        // Rounded up: a little less would not be enough.
        _ => format!(
            "{:.2} {enough} from {} to {}.",
            (actual / limit * 100.0 - 1e-9).ceil() / 100.0,
            unit.text(actual),
            unit.text(limit)
        ),
    };
    Some(LimitAdvice {
        impact: busiest(&document.target, name).and_then(|series| time_above(document, series, limit, unit)),
        recommendation: Some(match most_frequent_request(document) {
            Some(request) if name == resource_names::CPU => format!("{advice} {request}"),
            _ => advice.to_owned(),
        }),
        expected: (limit > 0.0).then_some(expected),
    })
}

/// Where a limit has no source that knows its resource.
pub(super) const NO_SOURCE: &str =
    "No source tells of it: name one under monitoring in the plan (process, scrape or prometheus).";

/// The series of that name that is the highest, as its limit is judged.
fn busiest<'a>(sources: &'a [TargetSource], name: &str) -> Option<&'a TargetSeries> {
    let series = sources.iter().flat_map(|source| &source.series).filter(|series| series.name == name);
    series.max_by(|one, other| use_of(one, one.max).total_cmp(&use_of(other, other.max)))
}

/// A value of a series as it is compared with a limit: bytes as a share of what there is.
fn use_of(series: &TargetSeries, value: f64) -> f64 {
    match (series.unit, series.limit) {
        (Unit::Bytes, Some(limit)) if limit > 0.0 => value / limit,
        _ => value,
    }
}

/// For how much of the time a resource was above its limit, and when first: under which load.
fn time_above(document: &Document, series: &TargetSeries, limit: f64, unit: Unit) -> Option<String> {
    let timeline = &document.timeline;
    let known = series.over_time.iter().enumerate().filter_map(|(point, value)| Some((point, (*value)?)));
    let above: Vec<usize> =
        known.clone().filter(|(_, value)| use_of(series, *value) > limit).map(|(point, _)| point).collect();
    let first = *above.first()?;
    let share = Unit::Share.text(above.len() as f64 / known.count() as f64);
    let since = match *timeline.at_s.get(first)? {
        0.0 => "from the beginning".to_owned(),
        at => format!("first after {}", duration(Nanos((at * 1e9) as u64))),
    };
    let load = format!(
        "{} virtual users and {}",
        Unit::Number.text(*timeline.vus.get(first)? as f64),
        Unit::PerSecond.text(*timeline.requests.get(first)?)
    );
    Some(format!("It was above {} for {share} of the time, {since}, with {load}.", unit.text(limit)))
}

fn most_frequent_request(document: &Document) -> Option<String> {
    let most = document.requests.iter().max_by_key(|line| line.count).filter(|_| document.requests.len() > 1)?;
    Some(format!("Begin with {} {}, the most frequent request.", most.method, most.name))
}

#[cfg(test)]
mod tests;

//! What the target may use and how that is watched: `resource_limits`, `monitoring`. Only reads what is asked for; must not
//! know how anything is watched.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::Error;
use squall_schedule::nearest;

use super::mistake::Trouble;
use super::node::{Entry, Node, Value};
use super::reader::snake_case;
use crate::options::{read_texts, read_whole};

/// What the target may use, and where that can be seen; everything optional.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TargetMonitoring {
    /// The most of its processors that the target may use, from 0 to 1.
    pub cpu_max: Option<f64>,
    /// The most of its memory that the target may use, from 0 to 1.
    pub memory_max: Option<f64>,
    /// The most connections that the target may have.
    pub connection_pool: Option<u64>,
    /// A Prometheus that knows the target.
    pub prometheus: Option<String>,
    /// What to ask it, by the name of the answer.
    pub queries: BTreeMap<String, String>,
    /// Exporters to be read.
    pub scrape: Vec<String>,
    /// A process on this machine, by number or by name.
    pub process: Option<WatchedProcess>,
    /// Whether and how the target is looked into.
    pub inside: LookInside,
}

/// How the inside of the target is seen: its traces, and its databases; everything optional.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LookInside {
    /// Whether requests are traced.
    pub traces: Option<bool>,
    /// The share of requests that are traced, from 0 to 1.
    pub trace_share: Option<f64>,
    /// Where its traces are received: addresses with a port.
    pub otlp_listen: Vec<String>,
    /// Where they are passed on to.
    pub otlp_forward: Option<String>,
    /// Databases whose statistics are read.
    pub databases: Vec<String>,
    /// Whether a stretch of low load comes before the load.
    pub diagnose: Option<bool>,
}

/// A process on the machine that makes the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchedProcess {
    /// By its number.
    Id(u64),
    /// By its name.
    Name(String),
}

pub(super) const LIMITS: [&str; 3] = ["cpu_max", "memory_max", "connection_pool"];
pub(super) const MONITORING: [&str; 9] = [
    "prometheus",
    "scrape",
    "process",
    "look_inside",
    "trace_share",
    "otlp_listen",
    "otlp_forward",
    "databases",
    "diagnose",
];

impl TargetMonitoring {
    /// What is to be judged, for people: `cpu_max` and `70%`.
    pub fn limits(&self) -> Vec<(&'static str, String)> {
        let percent = |share: f64| format!("{}%", (share * 1e6).round() / 1e4);
        let limits = [
            ("cpu_max", self.cpu_max.map(percent)),
            ("memory_max", self.memory_max.map(percent)),
            ("connection_pool", self.connection_pool.map(|most| most.to_string())),
        ];
        limits.into_iter().filter_map(|(name, limit)| Some((name, limit?))).collect()
    }
}

pub(super) fn read(watching: &mut TargetMonitoring, key: &str, value: &Node, troubles: &mut Vec<Trouble>) {
    let known: &[&str] = if key == "resource_limits" { &LIMITS } else { &MONITORING };
    each(value, key, known, troubles, |name, entry| {
        match name {
            "cpu_max" => watching.cpu_max = Some(share(&entry.value)?),
            "memory_max" => watching.memory_max = Some(share(&entry.value)?),
            "connection_pool" => watching.connection_pool = read_whole(&entry.value)?,
            "scrape" => watching.scrape = addresses(&entry.value, "http://target:9100/metrics")?,
            "look_inside" => watching.inside.traces = Option::deserialize(&entry.value)?,
            "trace_share" => watching.inside.trace_share = Some(share(&entry.value)?),
            "otlp_listen" => watching.inside.otlp_listen = addresses(&entry.value, "127.0.0.1:4318")?,
            "otlp_forward" => watching.inside.otlp_forward = Option::deserialize(&entry.value)?,
            "databases" => {
                watching.inside.databases = addresses(&entry.value, "postgresql://reader@127.0.0.1/shop")?;
            }
            "diagnose" => watching.inside.diagnose = Option::deserialize(&entry.value)?,
            "prometheus" => read_inner(&entry.value, name, &["url", "queries"], |inner, value| {
                match inner {
                    "url" => watching.prometheus = Some(String::deserialize(value)?),
                    _ => watching.queries = read_texts(value)?.unwrap_or_default(),
                }
                Ok(())
            })?,
            _ => read_inner(&entry.value, name, &["pid", "name"], |inner, value| {
                watching.process = match inner {
                    "pid" => read_whole(value)?.map(WatchedProcess::Id),
                    _ => Some(WatchedProcess::Name(String::deserialize(value)?)),
                };
                Ok(())
            })?,
        }
        Ok(())
    });
}

fn addresses(value: &Node, example: &str) -> Result<Vec<String>, Trouble> {
    let wrong = |_| Trouble::at(value.place, format!("write a list of addresses: [ {example} ]"));
    Option::deserialize(value).map(Option::unwrap_or_default).map_err(wrong)
}

/// Reads each entry of a mapping.
pub(super) fn each(
    value: &Node,
    of: &str,
    known: &[&'static str],
    troubles: &mut Vec<Trouble>,
    mut read: impl FnMut(&'static str, &Entry) -> Result<(), Trouble>,
) {
    let Value::Map(entries) = &value.value else {
        troubles.push(Trouble::at(value.place, format!("{of} is a mapping with {}", known.join(", "))));
        return;
    };
    for entry in entries {
        let written = snake_case(&entry.key);
        let result = match known.iter().find(|name| **name == written) {
            Some(name) => read(name, entry).map_err(|trouble| {
                let message = format!("{name}: {}", trouble.message);
                Trouble { message, ..trouble }.or_at(entry.value.place)
            }),
            None => Err(Trouble::at(entry.place, unknown(of, &entry.key, known))),
        };
        troubles.extend(result.err());
    }
}

fn read_inner(
    value: &Node,
    of: &str,
    known: &[&'static str],
    mut read: impl FnMut(&'static str, &Node) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut troubles = Vec::new();
    each(value, of, known, &mut troubles, |name, entry| read(name, &entry.value));
    troubles.into_iter().next().map_or(Ok(()), Err)
}

fn unknown(of: &str, written: &str, known: &[&'static str]) -> String {
    match nearest(written, known.iter().copied()) {
        Some(meant) => format!("{of} has no {written:?}: did you mean {meant:?}?"),
        None => format!("{of} has no {written:?}: it has {}", known.join(", ")),
    }
}

/// `70%` or `0.7`.
fn share(value: &Node) -> Result<f64, Trouble> {
    let text = String::deserialize(value)?;
    let share = match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.trim().parse(),
    };
    share
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| Trouble::custom(format_args!("{text:?} is not a share: write 70%, or 0.7")))
}

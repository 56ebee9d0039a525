//! What is reported of a run: one document, from which every form of output is printed, so that their figures are the
//! same. As JSON it is what `--summary-json` writes (docs/summary.schema.json says which fields there are), and it can
//! be read back, so that a report can be made of a run that is long over.
//!
//! Must not know how any form looks. What is written beside a number (`5.20ms`) comes from [`Unit::text`] alone.

pub(crate) mod breakdown;
mod build;
mod issues;
mod over_time;
pub(crate) mod target;
mod unit;
mod values;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::objectives::ObjectiveRecord;
use crate::trend::Trend;

pub use breakdown::Breakdown;
pub use build::{Ending, Machine, PlannedRun, RunFacts};
pub use issues::{Issue, Status, Verdict};
pub use over_time::{HeatMap, Timeline};
pub use target::{TargetSeries, TargetSource};
pub use unit::Unit;
pub use values::{Distribution, Metric, Values};

/// Everything that is reported of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// What this is: always [`Document::FORMAT`].
    pub format: String,
    /// The version of the format; a new field does not change it.
    pub version: u32,
    /// What ran, where, and how.
    pub run: RunRecord,
    /// What is to be thought of it all.
    pub verdict: Verdict,
    /// Whether this machine's measurements can be believed.
    pub generator: Generator,
    /// What had to hold.
    pub thresholds: Vec<ThresholdLine>,
    /// What a plan wanted, and what became of it.
    #[serde(default)]
    pub objectives: Vec<ObjectiveRecord>,
    /// What was measured over the whole run; metrics without a value are left out.
    pub metrics: Vec<Metric>,
    /// By scenario, where the plan has several.
    #[serde(default)]
    pub scenarios: Vec<ScenarioLine>,
    /// By flow, where a scenario has several.
    pub flows: Vec<FlowLine>,
    /// By name and method, the most frequent first.
    pub requests: Vec<RequestLine>,
    /// By name.
    pub transactions: Vec<TransactionLine>,
    /// What servers said that their own work took, by its name.
    #[serde(default)]
    pub server_timings: Vec<ServerTimingLine>,
    /// By name.
    pub checks: Vec<CheckLine>,
    /// What went wrong, by class.
    pub errors: Vec<ErrorLine>,
    /// The data that was used.
    pub data: Vec<DataUse>,
    /// What the course of the run says of the target, where the type of test asks for it: when it gave way, and how soon it
    /// was well again.
    #[serde(default)]
    pub course: Vec<Remark>,
    /// What the course of the run says about its numbers, in sentences.
    pub remarks: Vec<Remark>,
    /// What the target used, if somebody looked.
    #[serde(default)]
    pub target: Vec<TargetSource>,
    /// The course of the run.
    pub timeline: Timeline,
    /// How response times were spread, over time.
    pub heat_map: HeatMap,
    /// Percentiles (0 to 100) of distributions, by metric: what an HDR plot draws.
    pub percentile_curves: BTreeMap<String, Vec<(f64, f64)>>,
    /// The runs of the same kind up to this one, where they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<Trend>,
}

/// What ran, where, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The scenario, as the user named it.
    pub scenario: String,
    /// The component's digest.
    pub component: String,
    /// The base URL, if there is one.
    pub target: Option<String>,
    /// The shape of the load, in words.
    pub load: String,
    /// When the run began, as RFC 3339 has it, in UTC.
    pub began: String,
    /// The same in milliseconds since 1970.
    pub began_unix_ms: i64,
    /// How long the load ran, in milliseconds.
    pub duration_ms: f64,
    /// How it ended.
    pub end: Ending,
    /// Worker threads.
    pub threads: usize,
    /// What its random numbers started from. A text: it may have more digits than JSON's readers keep.
    pub seed: String,
    /// Squall's version.
    pub squall: String,
    /// The machine that made the load.
    pub machine: Machine,
    /// The command line, with what looks like a secret left out.
    pub command: String,
    /// Tags of the whole run.
    pub tags: BTreeMap<String, String>,
}

/// Whether the machine that made the load can be believed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// `ok`, `suspect` or `bottleneck`.
    pub health: String,
    /// Why, where it is not ok.
    pub findings: Vec<GeneratorFinding>,
}

/// Why it cannot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneratorFinding {
    /// A word for machines.
    pub signal: String,
    /// What was seen.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

/// What became of a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was met.
    Passed,
    /// It was not.
    Failed,
    /// The measurement is invalid, so nobody can say.
    NotJudged,
}

/// A threshold and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdLine {
    /// What was looked at: `http_req_duration{flow:checkout}`.
    pub metric: String,
    /// The expression, as typed.
    pub expression: String,
    /// What is made of the samples: `p(95)`.
    pub aggregation: String,
    /// How that is compared: `<`.
    pub comparison: String,
    /// With what.
    pub limit: f64,
    /// What was measured; none if nothing was.
    pub actual: Option<f64>,
    /// The unit of both.
    pub unit: Unit,
    /// What became of it.
    pub outcome: Outcome,
}

impl ThresholdLine {
    /// `p(95) < 500ms`.
    pub fn target(&self) -> String {
        format!("{} {} {}", self.aggregation, self.comparison, self.unit.text(self.limit))
    }

    /// What was measured, in words.
    pub fn measured(&self) -> String {
        self.actual.map_or_else(|| "nothing was measured".to_owned(), |actual| self.unit.text(actual))
    }
}

/// What one of several scenarios did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioLine {
    /// Its name.
    pub name: String,
    /// Iterations that ended.
    pub iterations: u64,
    /// Those of them that failed or trapped.
    pub failed_iterations: u64,
    /// Iterations that were given up, because no virtual user was free to begin them.
    pub dropped_iterations: u64,
    /// Requests.
    pub requests: u64,
    /// The share of them that failed, 0 to 1.
    pub failed_share: f64,
    /// From the intended start to the last byte, in milliseconds.
    pub response_time: Option<Distribution>,
}

/// The iterations of one flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowLine {
    /// Its name; behind that of its scenario, `readers/browse`, where there are several.
    pub name: String,
    /// Its share of the iterations of its scenario by plan, 0 to 1.
    pub planned_share: f64,
    /// Its share of those that ended.
    pub achieved_share: f64,
    /// How many ended.
    pub iterations: u64,
    /// Those that failed or trapped.
    pub failed: u64,
    /// How long they took, in milliseconds.
    pub duration: Option<Distribution>,
}

/// The requests of one name and method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestLine {
    /// Its name.
    pub name: String,
    /// Its method.
    pub method: String,
    /// How many.
    pub count: u64,
    /// How many a second.
    pub rate: f64,
    /// How many failed.
    pub failed: u64,
    /// Their share, 0 to 1.
    pub failed_share: f64,
    /// From the intended start to the last byte, in milliseconds.
    pub response_time: Option<Distribution>,
}

/// The transactions of one name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransactionLine {
    /// Its name.
    pub name: String,
    /// How many.
    pub count: u64,
    /// How many a second.
    pub rate: f64,
    /// The share that failed, 0 to 1.
    pub failed_share: f64,
    /// How long they took, in milliseconds.
    pub duration: Option<Distribution>,
}

/// What servers said of one part of their work (`Server-Timing`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerTimingLine {
    /// Its name.
    pub name: String,
    /// How many responses said so.
    pub count: u64,
    /// How long it took, in milliseconds.
    pub duration: Option<Distribution>,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckLine {
    /// Its name.
    pub name: String,
    /// How often it held.
    pub passes: u64,
    /// How often it did not.
    pub fails: u64,
}

impl CheckLine {
    /// How often it held, 0 to 1.
    pub fn share(&self) -> f64 {
        self.passes as f64 / (self.passes + self.fails).max(1) as f64
    }
}

/// A class of things that went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorLine {
    /// What: `status 503`, `timeout (flow "checkout")`.
    pub title: String,
    /// How often.
    pub count: u64,
    /// The first few texts, with how often each came.
    pub examples: Vec<(String, u64)>,
}

/// How much of a feed was used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataUse {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Who got which.
    pub policy: String,
    /// How many rows were taken.
    pub taken: u64,
    /// Whether no row was left, and the run ended for it.
    pub ended_the_run: bool,
}

/// Something that the course of the run says about its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remark {
    /// About what.
    pub about: String,
    /// What.
    pub text: String,
}

impl Document {
    /// What the field `format` says.
    pub const FORMAT: &'static str = "squall-summary";
    /// What the field `version` says.
    pub const VERSION: u32 = 1;

    /// The metric of that name, if it was measured.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// The distribution of that metric, if it has one.
    pub fn distribution(&self, name: &str) -> Option<&Distribution> {
        match &self.metric(name)?.values {
            Values::Trend(distribution) => Some(distribution),
            _ => None,
        }
    }

    /// The sum and the rate of that metric, if it is a counter.
    pub fn counter(&self, name: &str) -> Option<(f64, f64)> {
        match self.metric(name)?.values {
            Values::Counter { sum, rate } => Some((sum, rate)),
            _ => None,
        }
    }

    /// The share (0 to 1), the passes and all of that metric, if it is a rate.
    pub fn rate(&self, name: &str) -> Option<(f64, u64, u64)> {
        match self.metric(name)?.values {
            Values::Rate { share, passes, fails } => Some((share, passes, passes + fails)),
            _ => None,
        }
    }

    /// Says what the course of the run says of the target: subjects and sentences.
    pub fn tell_course(&mut self, remarks: Vec<(&str, String)>) {
        let remarks = remarks.into_iter().map(|(about, text)| Remark { about: about.to_owned(), text });
        self.course = remarks.collect();
    }

    /// As JSON, with a line feed at its end.
    pub fn to_json(&self) -> String {
        // Texts, numbers and lists always are JSON.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads what [`Document::to_json`] wrote.
    ///
    /// # Errors
    /// If it is something else, or of a version that is not known yet: a sentence.
    pub fn from_json(text: &str) -> Result<Document, String> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        let head: Head = serde_json::from_str(text)
            .map_err(|error| format!("this is not the JSON that --summary-json writes: {error}"))?;
        if head.format != Document::FORMAT {
            return Err(format!("this is not a summary of Squall's: its format is {:?}", head.format));
        }
        if head.version != Document::VERSION {
            return Err(format!(
                "version {} of the summary is not known: this Squall reads version {}",
                head.version,
                Document::VERSION
            ));
        }
        serde_json::from_str(text).map_err(|error| format!("the summary cannot be read: {error}"))
    }
}

#[cfg(test)]
mod tests;

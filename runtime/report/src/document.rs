//! What is reported of a run: one document, made once from the totals and the judgement on them. Every form of output is
//! printed from it, the terminal's summary too, so that their figures are the same. As JSON it is what `--summary-json` writes (docs/summary.schema.json says which fields there are), and it can
//! be read back, so that a report can be made of a run that is long over.
//!
//! Must not know how any form looks. What is written beside a number (`5.20ms`) comes from [`Unit::text`] alone.

mod breakdown;
mod build;
mod headline;
mod issues;
mod over_time;
mod recommendations;
mod remarks;
mod target;
mod threshold_line;
mod unit;
mod values;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use squall_findings::Findings;
use squall_metrics::{AgentsReport, DataUse, GeneratorVerdict, Protocol};
use squall_plan::WorkItemSettings;

use crate::implemented::Implemented;
use crate::objectives::ObjectiveRecord;
use crate::trend::Trend;

pub use breakdown::Breakdown;
pub use build::{Ending, Machine, PlannedRun, RunFacts};
pub use issues::{Issue, Verdict};
pub use over_time::{HeatMap, Timeline};
pub use remarks::Remark;
pub use target::{TargetSeries, TargetSource};
pub use threshold_line::ThresholdLine;
pub use unit::Unit;
pub use values::{Distribution, Metric, ScriptCost, Values};

/// What the figure is called that a threshold bounds.
pub(crate) fn figure_name(metric: &str, aggregation: &str) -> String {
    match aggregation {
        "rate" => metric.to_owned(),
        "med" => format!("{metric} p(50)"),
        _ => format!("{metric} {aggregation}"),
    }
}

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
    pub generator: GeneratorVerdict,
    /// What had to hold.
    pub thresholds: Vec<ThresholdLine>,
    /// What a plan wanted, and what became of it.
    #[serde(default)]
    pub objectives: Vec<ObjectiveRecord>,
    /// What was measured over the whole run; metrics without a value are left out.
    pub metrics: Vec<Metric>,
    /// `http_req_duration` of the responses that were expected, where others were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_responses: Option<Distribution>,
    /// Where the time of an iteration goes, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_cost: Option<ScriptCost>,
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
    /// Responses by status.
    #[serde(default)]
    pub statuses: BTreeMap<u16, u64>,
    /// Responses by version of HTTP, as the tag `proto` has it.
    #[serde(default)]
    pub protocols: BTreeMap<String, u64>,
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
    /// What the target used, if it was watched.
    #[serde(default)]
    pub target: Vec<TargetSource>,
    /// The causes of slow responses, if the target was looked into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Findings>,
    /// The agents that carried the load, where several did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agents: Option<AgentsReport>,
    /// The course of the run.
    pub timeline: Timeline,
    /// How response times were spread, over time.
    pub heat_map: HeatMap,
    /// Percentiles (0 to 100) of distributions, by metric: what an HDR plot draws.
    pub percentile_curves: BTreeMap<String, Vec<(f64, f64)>>,
    /// The runs of the same kind up to this one, where they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<Trend>,
    /// Recommendations of earlier runs that have been implemented, where runs are kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub implemented: Vec<Implemented>,
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
    /// What its plan says of itself, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanRecord>,
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

/// What a plan says of itself, for people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanRecord {
    /// Its name.
    pub name: Option<String>,
    /// The type of test that this run was: `load`, `soak`.
    pub test_type: Option<String>,
    /// The questions of the test, in the user's sentences.
    pub questions: Vec<String>,
    /// The tested system: names and values.
    pub environment: BTreeMap<String, String>,
    /// Whose the run's work items are, and what they cost.
    #[serde(skip_serializing_if = "is_default")]
    pub work_items: WorkItemSettings,
}

fn is_default(settings: &WorkItemSettings) -> bool {
    *settings == WorkItemSettings::default()
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

    /// Whether an objective or a threshold bounds that figure: `response_time p(95)`. Then it is told of there.
    pub fn bounds(&self, figure: &str) -> bool {
        let mut thresholds = self.thresholds.iter().map(|line| figure_name(&line.metric, &line.aggregation));
        let mut objectives = self.objectives.iter().filter_map(|line| line.figure.as_deref());
        objectives.any(|bounded| bounded == figure) || thresholds.any(|bounded| bounded == figure)
    }

    /// The thresholds that are not one of the plan's objectives.
    pub fn other_thresholds(&self) -> impl Iterator<Item = &ThresholdLine> {
        self.thresholds.iter().filter(|line| !line.is_objective)
    }

    /// The objective that a threshold stands for, if it stands for one.
    pub fn objective_of(&self, line: &ThresholdLine) -> Option<&ObjectiveRecord> {
        let figure = figure_name(&line.metric, &line.aggregation);
        self.objectives.iter().find(|objective| line.is_objective && objective.figure.as_deref() == Some(&figure))
    }

    /// What the run is called: by its plan, or else by its scenario.
    pub fn title(&self) -> &str {
        self.run.plan.as_ref().and_then(|plan| plan.name.as_deref()).unwrap_or(&self.run.scenario)
    }

    /// The type of test that the run was, if its plan says so.
    pub fn test_type(&self) -> Option<&str> {
        self.run.plan.as_ref()?.test_type.as_deref()
    }

    /// Whether it is of `squall run URL`, and not of a scenario.
    pub fn is_of_one_request(&self) -> bool {
        ["http://", "https://", "grpc://", "grpcs://"].iter().any(|scheme| self.run.scenario.starts_with(scheme))
    }

    /// Responses by version of HTTP, the most frequent first. Nothing if all were of HTTP/1.1, as most runs' are.
    pub fn notable_protocols(&self) -> Vec<(&str, u64)> {
        if self.protocols.keys().all(|name| name == Protocol::Http1.name()) {
            return Vec::new();
        }
        let mut protocols: Vec<_> = self.protocols.iter().rev().map(|(name, count)| (name.as_str(), *count)).collect();
        protocols.sort_by_key(|(_, count)| Reverse(*count));
        protocols
    }

    /// The error that happened most often.
    pub fn commonest_error(&self) -> Option<&ErrorLine> {
        self.errors.iter().max_by_key(|error| error.count)
    }

    /// The sum and the rate of that metric, if it is a counter.
    pub fn counter(&self, name: &str) -> Option<(f64, f64)> {
        match self.metric(name)?.values {
            Values::Counter { sum, rate } => Some((sum, rate)),
            _ => None,
        }
    }

    /// The latest value, the least and the greatest of that metric, if it is a gauge.
    pub fn gauge(&self, name: &str) -> Option<(f64, f64, f64)> {
        match self.metric(name)?.values {
            Values::Gauge { value, min, max } => Some((value, min, max)),
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

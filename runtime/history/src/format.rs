//! The files of a kept run, as `docs/history.md` describes them. All are JSON; times are nanoseconds unless they say
//! otherwise. A field that a reader does not know is to be passed over; a missing one has its default.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use squall_metrics::{
    AgentsReport, Band, BandParts, Cell, DataUse, DroppedCell, Finding, Health, Histogram, IterationCell, Nanos,
    Pacing, RateCell, RequestCell, ResourceValue, RunCell, SocketCell, StreamCell, ThresholdFigures, TransactionCell,
    WebSocketCell,
};

use crate::environment::Environment;
use crate::run_result::RunResult;
pub use crate::stored_cell::StoredCell;

/// The version of the format, in `run.json`. It changes when older readers would misread newer files.
pub const VERSION: u32 = 1;

/// `run.json`: what is known when a run begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunInfo {
    /// [`VERSION`].
    pub format: u32,
    /// When it began, in UTC.
    pub began: String,
    /// The same in milliseconds since 1970.
    pub began_ms: u64,
    /// The scenario, as the user named it.
    pub scenario: String,
    /// The name of its plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// What its plan says of itself besides.
    #[serde(skip_serializing_if = "AboutInfo::is_empty")]
    pub about: AboutInfo,
    /// The digest of its component.
    pub digest: String,
    /// Where the requests went.
    pub target: String,
    /// The load, in words.
    pub load: String,
    /// Whether the plan set the rate (an open load): then throughput is an input, not a result.
    pub open_load: bool,
    /// What all randomness came from.
    pub seed: u64,
    /// Worker threads.
    pub threads: usize,
    /// The planned share of each flow.
    pub planned_shares: Vec<f64>,
    /// What had to hold: metric with tags, and expression.
    pub thresholds: Vec<(String, String)>,
    /// What a plan wanted, for people and as thresholds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<ObjectiveInfo>,
    /// What its target may use.
    #[serde(skip_serializing_if = "LimitsInfo::is_empty")]
    pub limits: LimitsInfo,
    /// Tags of the whole run from the plan.
    pub tags: BTreeMap<String, String>,
    /// The arguments of the command line, without the program.
    pub command: Vec<String>,
    /// Where it was made.
    pub environment: Environment,
}

/// What a plan says of itself, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AboutInfo {
    /// The type of test that the run was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_type: Option<String>,
    /// The questions of the test, in sentences.
    pub questions: Vec<String>,
    /// The tested system: names and values.
    pub environment: BTreeMap<String, String>,
}

impl AboutInfo {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == AboutInfo::default()
    }
}

/// One thing that a plan wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectiveInfo {
    /// What it is of: `response time p95`.
    pub title: String,
    /// What was wanted, in words: `<500ms`.
    pub target: String,
    /// The metric, with its tags.
    pub metric: String,
    /// What is demanded of it: `p(95)<500`.
    pub expression: String,
    /// Whether it was only hoped for.
    pub hoped: bool,
}

/// What the target may use, where the plan says so; shares from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitsInfo {
    /// The most of its processors.
    pub cpu_max: Option<f64>,
    /// The most of its memory.
    pub memory_max: Option<f64>,
    /// The most connections.
    pub connection_pool: Option<u64>,
}

impl LimitsInfo {
    /// Whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == LimitsInfo::default()
    }
}

/// `end.json`: how a run ended. A run without it was killed, or goes on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndInfo {
    /// What it came to.
    #[serde(alias = "exit_code")]
    pub result: RunResult,
    /// The generator's health.
    pub generator: Health,
    /// Why, if it is not ok.
    pub findings: Vec<Finding>,
    /// Whether the run was to be judged although the generator was its bottleneck.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
    /// The thresholds, evaluated.
    pub thresholds: Vec<ThresholdFigures>,
    /// Data that was used.
    pub data: Vec<DataUse>,
    /// What its course says of the target: about what, and a sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub course: Vec<(String, String)>,
    /// What hours of steady load show: about what, and a sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub soak: Vec<(String, String)>,
    /// The agents that carried the load, where several did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<AgentsReport>,
}

/// One line of `seconds.ndjson`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SecondLine {
    /// When it began, from the beginning of the load.
    pub at: u64,
    /// How long it was.
    pub length: u64,
    /// Requests that ended.
    pub requests: u64,
    /// Those that failed.
    pub failed: u64,
    /// Iterations that ended.
    pub iterations: u64,
    /// Iterations that were given up.
    pub dropped: u64,
    /// Virtual users at work.
    pub vus: u64,
    /// Intended start to last byte.
    pub response_time: StoredHistogram,
    /// Sending + waiting + receiving.
    pub http_req_duration: StoredHistogram,
}

/// One line of `target.ndjson`: what one source said of the target at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TargetLine {
    /// When it was asked, from the beginning of the load.
    pub at: u64,
    /// Who was asked.
    pub source: String,
    /// Why there are no values, if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The values.
    pub values: Vec<ResourceValue>,
}

/// `totals.json`: everything that was measured up to a moment, series by series.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// How long the load had run: what rates are divided by.
    pub elapsed: u64,
    /// The name of the first scenario; of the only one, in runs that have no `scenarios`.
    pub scenario: String,
    /// The scenarios, in the order of their flows.
    pub scenarios: Vec<StoredScenario>,
    /// The flows' names, by index, one scenario after the other.
    pub flows: Vec<String>,
    /// Virtual users at work.
    pub vus: Option<Gauge>,
    /// Virtual users that the run had room for.
    pub vus_max: u64,
    /// What of the load's beginning does not count.
    pub warm_up: WarmUp,
    /// Seconds that began before this do not count: they belong to the warm-up.
    pub counts_from: u64,
    /// Requests.
    pub requests: Vec<Requests>,
    /// Iterations.
    pub iterations: Vec<FlowCell<IterationCell>>,
    /// Iterations that never began.
    pub dropped: Vec<FlowCell<DroppedCell>>,
    /// Checks.
    pub checks: Vec<NamedCell<RateCell>>,
    /// Transactions.
    pub transactions: Vec<NamedCell<TransactionCell>>,
    /// Streams.
    pub streams: Vec<NamedCell<StreamCell>>,
    /// Sockets.
    pub sockets: Vec<NamedCell<SocketCell>>,
    /// WebSockets.
    pub websockets: Vec<NamedCell<WebSocketCell>>,
    /// What servers said that their work took.
    pub server_timings: Vec<NamedCell<Histogram>>,
    /// Custom metrics.
    pub customs: Vec<Custom>,
    /// What went wrong.
    pub problems: Vec<ProblemLine>,
    /// What belongs to no flow.
    #[serde(flatten)]
    pub run: StoredCell<RunCell>,
    /// How well the generator kept to its plan: see `docs/measurement.md`.
    pub pacing: StoredCell<Pacing>,
    /// How long the workers were at work.
    pub busy: u64,
}

/// A scenario of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredScenario {
    /// Its name.
    pub name: String,
    /// Where its flows begin in [`Snapshot::flows`].
    pub first_flow: Flow,
    /// Tags that the plan gave it.
    pub tags: BTreeMap<String, String>,
}

/// A flow: its index in [`Snapshot::flows`], or 65535 for setup, 65534 for teardown, 65533 for start.
pub type Flow = u16;

/// What does not count: `nothing`, `planned`, `found` (each with a time), `never-settled` or `too-short`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WarmUp {
    /// Which of these.
    pub kind: String,
    /// How long.
    pub time: u64,
}

/// A latest, least and greatest value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Gauge {
    pub at: u64,
    pub value: f64,
    pub min: f64,
    pub max: f64,
}

/// One series of requests.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Requests {
    pub flow: Flow,
    pub name: String,
    pub method: String,
    /// 0 where there was no response.
    pub status: u16,
    /// Why there was none; empty if there was one.
    pub error: String,
    pub expected_response: bool,
    /// The version of HTTP of the response: `HTTP/1.1`, `HTTP/2.0`. Empty where there was no response, and in runs of
    /// versions that did not tell.
    pub proto: String,
    #[serde(flatten)]
    pub cell: StoredCell<RequestCell>,
}

/// The numbers of one flow.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, bound = "C: Cell")]
#[allow(missing_docs)]
pub struct FlowCell<C> {
    pub flow: Flow,
    #[serde(flatten)]
    pub cell: StoredCell<C>,
}

/// The numbers of one name in one flow: of a check, a transaction, a part of a server's work.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, bound = "C: Cell")]
#[allow(missing_docs)]
pub struct NamedCell<C> {
    pub flow: Flow,
    pub name: String,
    #[serde(flatten)]
    pub cell: StoredCell<C>,
}

/// One custom metric in one flow.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct Custom {
    pub flow: Flow,
    pub name: String,
    /// `number`, `time` or `data`.
    pub unit: String,
    pub value: CustomValue,
}

/// The value of a custom metric, by its kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum CustomValue {
    Counter(#[serde(deserialize_with = "sum")] f64),
    Gauge(Gauge),
    Rate { passes: u64, fails: u64 },
    Trend(StoredHistogram),
}

/// A sum that had grown past every number was once written as `null`.
fn sum<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::MAX))
}

impl Default for CustomValue {
    fn default() -> CustomValue {
        CustomValue::Counter(0.0)
    }
}

/// A kind of thing that went wrong.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProblemLine {
    /// `request`, `failed`, `trapped` or `start`.
    pub kind: String,
    /// In which flow; not for `start`.
    pub flow: Flow,
    /// The class of a request's failure.
    pub error: String,
    /// How often.
    pub count: u64,
    /// Some texts, with their counts.
    pub examples: Vec<(String, u64)>,
}

/// A histogram in HdrHistogram's V2 compressed format (microseconds), with what that has no room for: exact numbers, and
/// the values that no duration could be. Null if empty.
#[derive(Clone, Debug, Default)]
pub struct StoredHistogram(pub Histogram);

/// A histogram that is not empty, as an object.
#[derive(Serialize, Deserialize)]
pub(crate) struct Encoded {
    hdr: String,
    min: u64,
    max: u64,
    sum: u64,
    /// What custom trends have beyond durations: the least, the greatest and the sum of it, and its bands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beyond: Option<EncodedBeyond>,
}

#[derive(Serialize, Deserialize)]
struct EncodedBeyond {
    min: f64,
    max: f64,
    sum: f64,
    /// Magnitudes by band (negative_large, negative, negative_small, small, large), each on a scale of its own.
    bands: BTreeMap<String, StoredHistogram>,
}

impl EncodedBeyond {
    fn of(histogram: &Histogram) -> Option<EncodedBeyond> {
        let [min, max, sum] = histogram.exact_of_bands()?;
        let bands = histogram.bands().into_iter();
        let bands = bands.map(|parts| (parts.band.name().to_owned(), StoredHistogram(parts.histogram))).collect();
        Some(EncodedBeyond { min, max, sum, bands })
    }

    fn add_to(self, histogram: Histogram) -> Histogram {
        let part = |(name, StoredHistogram(histogram)): (String, StoredHistogram)| {
            let band = Band::ALL.into_iter().find(|band| band.name() == name)?;
            Some(BandParts { band, histogram })
        };
        let bands = self.bands.into_iter().filter_map(part).collect();
        histogram.with_bands(bands, [self.min, self.max, self.sum])
    }
}

impl Encoded {
    pub(crate) fn of(histogram: &Histogram) -> Option<Encoded> {
        (!histogram.is_empty()).then(|| Encoded {
            hdr: BASE64_STANDARD.encode(histogram.encode()),
            min: histogram.min().0,
            max: histogram.max().0,
            sum: histogram.sum().0,
            beyond: EncodedBeyond::of(histogram),
        })
    }
}

impl Serialize for StoredHistogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Encoded::of(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StoredHistogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<StoredHistogram, D::Error> {
        let Some(encoded) = Option::<Encoded>::deserialize(deserializer)? else {
            return Ok(StoredHistogram::default());
        };
        let bytes = BASE64_STANDARD.decode(&encoded.hdr).map_err(de::Error::custom)?;
        let histogram = Histogram::decode(&bytes).map_err(de::Error::custom)?;
        let histogram = histogram.with_exact(Nanos(encoded.min), Nanos(encoded.max), Nanos(encoded.sum));
        Ok(StoredHistogram(match encoded.beyond {
            Some(beyond) => beyond.add_to(histogram),
            None => histogram,
        }))
    }
}

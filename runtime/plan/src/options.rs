//! One layer of options, and how one layer lies over another. Must not know what makes a plan valid: a layer is only
//! what somebody wrote down.

mod environment;
mod error;
mod keyed;
mod said;
mod scenario;
mod values;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer};

use crate::arrivals::ArrivalProcess;
use crate::data::DataOptions;
use crate::executor::ExecutorKind;
use crate::http::{HTTP_KEYS, HttpOptions};
use crate::load_shape;
use crate::plan::{Pacing, ThinkTime, Warmup};
use crate::rate::{Level, read_level};
use crate::stage::StageSpec;
use crate::threshold::{SpecList, ThresholdSpec, layers};

pub use environment::from_environment;
pub use error::OptionsError;
pub(crate) use keyed::{Key, Keyed, KeyedVisitor};
pub use scenario::ScenarioOptions;
use scenario::Scenarios;
use values::{Scalar, read_map};
pub(crate) use values::{Whole, read_duration, read_texts, read_whole, read_word};

/// What one layer (command line, environment, plan file, component) says; everything optional.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// The number of VUs; with stages, the number to start with; with a rate, as `pre_allocated_vus`.
    pub vus: Option<u64>,
    /// For how long VUs iterate; with iterations, how long these may take.
    pub duration: Option<Duration>,
    /// How many iterations: in all, or for each VU with `per-vu-iterations`.
    pub iterations: Option<u64>,
    /// The stages of a ramp.
    pub stages: Option<Vec<StageSpec>>,
    /// The executor, where the options above do not already tell.
    pub executor: Option<ExecutorKind>,
    /// How long a number of iterations may take.
    pub max_duration: Option<Duration>,
    /// How long iterations may go on once the load has ended.
    pub graceful_stop: Option<Duration>,
    /// How long a VU that the ramp no longer wants may go on with its iteration.
    pub graceful_ramp_down: Option<Duration>,
    /// The number of VUs at the start of the first stage.
    pub start_vus: Option<u64>,
    /// How many iterations start in a second, or in each `time_unit`, however long they take.
    pub rate: Option<Level>,
    /// The time that rates without a unit of their own are for; a second unless said otherwise.
    pub time_unit: Option<Duration>,
    /// The rate at the start of the first stage; nothing unless said otherwise.
    pub start_rate: Option<Level>,
    /// How many VUs are made before an open load begins.
    pub pre_allocated_vus: Option<u64>,
    /// How many VUs there may be at most, where their number is not fixed.
    pub max_vus: Option<u64>,
    /// Whether the iterations of an open load start evenly or at random.
    pub arrival: Option<ArrivalProcess>,
    /// How long an iteration of an open load may wait for a VU before it is dropped.
    pub max_backlog: Option<Duration>,
    /// How long the load warms up before what it measures counts.
    pub warmup: Option<Warmup>,
    /// How worker threads wait for the next moment at which something is to start.
    pub pacing: Option<Pacing>,
    /// Run only this flow.
    pub flow: Option<String>,
    /// Weights of flows, in place of those the component describes.
    pub weights: Option<BTreeMap<String, u32>>,
    /// How long a virtual user thinks after an iteration, by flow.
    pub think_time: BTreeMap<String, ThinkTime>,
    /// Loads of their own, in place of the one above.
    pub scenarios: Option<Vec<ScenarioOptions>>,
    /// Thresholds by selector: `http_req_duration{flow:checkout}`.
    pub thresholds: Option<BTreeMap<String, Vec<ThresholdSpec>>>,
    /// The base URL of requests that name only a path.
    pub target: Option<String>,
    /// What the guest can ask for by name.
    pub env: BTreeMap<String, String>,
    /// Data for the scenario, by name.
    pub data: BTreeMap<String, DataOptions>,
    /// Tags of the whole run.
    pub tags: BTreeMap<String, String>,
    /// What all randomness comes from: the same seed repeats a run.
    pub seed: Option<u64>,
    /// The number of worker threads.
    pub threads: Option<usize>,
    /// What concerns requests.
    pub http: HttpOptions,
    /// How long setup may take.
    pub setup_timeout: Option<Duration>,
    /// How long teardown may take.
    pub teardown_timeout: Option<Duration>,
    /// The least time from the start of a VU's iteration to the start of its next.
    pub min_iteration_duration: Option<Duration>,
    /// How many time series are kept apart before further ones are counted together.
    pub max_series: Option<usize>,
}

impl Options {
    /// Reads the JSON that a component embeds, in snake_case or k6's camelCase; `null` says nothing.
    ///
    /// # Errors
    /// When the text is not JSON, a key is unknown or given twice, or a value cannot be read; the error names the key
    /// and its place.
    pub fn from_json(text: &str) -> Result<Options, OptionsError> {
        serde_json::from_str(text).map_err(|error| OptionsError::from_json(&error))
    }

    /// Whether iterations are to start at a rate, however long they take, as far as this layer says.
    pub fn is_open(&self) -> bool {
        load_shape::is_open(self)
    }

    /// This layer laid over a lower one, which speaks where this one is silent. Lay from the top:
    /// `command_line.over(environment).over(file).over(embedded)`.
    ///
    /// Weights, env, data and tags are merged by key. Thresholds add up; one that bounds the same value from the same side
    /// as an upper layer's gives way to it. The load shape is one thing: as in k6, a layer
    /// that says `duration`, `iterations`, `stages` or `rate` drops all of what the lower layer says about it, but keeps
    /// its `vus`: no more of them than there are iterations, and none for stages, which bring their own. A layer that
    /// says only `vus` changes just that, save that it drops lower stages of VUs; one that says only a `rate`, or only
    /// the `duration` of a lower rate, leaves the other as it is.
    pub fn over(self, mut lower: Options) -> Options {
        load_shape::give_way(&mut lower, &self);
        if let (Some(upper), Some(lower)) = (&self.thresholds, &mut lower.thresholds) {
            layers::give_way(lower, upper);
        }
        self.beside(lower)
    }

    /// What two parts of one layer say together: neither takes the other's place, so what contradicts is seen later. Where
    /// both say something, this one counts.
    pub(crate) fn beside(self, lower: Options) -> Options {
        Options {
            vus: self.vus.or(lower.vus),
            duration: self.duration.or(lower.duration),
            iterations: self.iterations.or(lower.iterations),
            stages: self.stages.or(lower.stages),
            executor: self.executor.or(lower.executor),
            max_duration: self.max_duration.or(lower.max_duration),
            graceful_stop: self.graceful_stop.or(lower.graceful_stop),
            graceful_ramp_down: self.graceful_ramp_down.or(lower.graceful_ramp_down),
            start_vus: self.start_vus.or(lower.start_vus),
            rate: self.rate.or(lower.rate),
            time_unit: self.time_unit.or(lower.time_unit),
            start_rate: self.start_rate.or(lower.start_rate),
            pre_allocated_vus: self.pre_allocated_vus.or(lower.pre_allocated_vus),
            max_vus: self.max_vus.or(lower.max_vus),
            arrival: self.arrival.or(lower.arrival),
            max_backlog: self.max_backlog.or(lower.max_backlog),
            warmup: self.warmup.or(lower.warmup),
            pacing: self.pacing.or(lower.pacing),
            flow: self.flow.or(lower.flow),
            weights: merge_optional(self.weights, lower.weights),
            think_time: merge(self.think_time, lower.think_time),
            scenarios: self.scenarios.or(lower.scenarios),
            thresholds: layers::add_up(self.thresholds, lower.thresholds),
            target: self.target.or(lower.target),
            env: merge(self.env, lower.env),
            data: merge_data(self.data, lower.data),
            tags: merge(self.tags, lower.tags),
            seed: self.seed.or(lower.seed),
            threads: self.threads.or(lower.threads),
            http: self.http.over(lower.http),
            setup_timeout: self.setup_timeout.or(lower.setup_timeout),
            teardown_timeout: self.teardown_timeout.or(lower.teardown_timeout),
            min_iteration_duration: self.min_iteration_duration.or(lower.min_iteration_duration),
            max_series: self.max_series.or(lower.max_series),
        }
    }
}

type Map<T> = BTreeMap<String, T>;

fn merge<T>(upper: Map<T>, mut lower: Map<T>) -> Map<T> {
    lower.extend(upper);
    lower
}

/// Part by part: one layer may say which file, another in which order its rows come.
fn merge_data(upper: Map<DataOptions>, mut lower: Map<DataOptions>) -> Map<DataOptions> {
    for (name, upper) in upper {
        let below = lower.remove(&name).unwrap_or_default();
        lower.insert(name, upper.over(below));
    }
    lower
}

fn merge_optional<T>(upper: Option<Map<T>>, lower: Option<Map<T>>) -> Option<Map<T>> {
    match (upper, lower) {
        (Some(upper), Some(lower)) => Some(merge(upper, lower)),
        (upper, lower) => upper.or(lower),
    }
}

/// What can be written in a layer, beside the keys about requests, which stand among these or apart under `http`.
const KEYS: &[Key] = &[
    Key::new("vus", &[]),
    Key::new("duration", &[]),
    Key::new("iterations", &[]),
    Key::new("stages", &[]),
    Key::new("executor", &[]),
    Key::new("max_duration", &["maxDuration"]),
    Key::new("graceful_stop", &["gracefulStop"]),
    Key::new("graceful_ramp_down", &["gracefulRampDown"]),
    Key::new("start_vus", &["startVUs", "startVus"]),
    Key::new("rate", &[]),
    Key::new("time_unit", &["timeUnit"]),
    Key::new("start_rate", &["startRate"]),
    Key::new("pre_allocated_vus", &["preAllocatedVUs", "preAllocatedVus"]),
    Key::new("max_vus", &["maxVUs", "maxVus"]),
    Key::new("arrival", &[]),
    Key::new("max_backlog", &["maxBacklog"]),
    Key::new("warmup", &[]),
    Key::new("pacing", &[]),
    Key::new("flow", &[]),
    Key::new("weights", &[]),
    Key::new("think_time", &["thinkTime"]),
    Key::in_files_only("scenarios", &[]),
    Key::in_files_only("thresholds", &[]),
    Key::new("target", &[]),
    Key::in_files_only("env", &[]),
    Key::in_files_only("data", &[]),
    Key::new("tags", &[]),
    Key::new("seed", &[]),
    Key::new("threads", &[]),
    Key::in_files_only("http", &[]),
    Key::new("setup_timeout", &["setupTimeout"]),
    Key::new("teardown_timeout", &["teardownTimeout"]),
    Key::new("min_iteration_duration", &["minIterationDuration"]),
    Key::new("max_series", &["maxSeries"]),
];

impl Keyed for Options {
    fn keys() -> impl Iterator<Item = &'static Key> {
        KEYS.iter().chain(HTTP_KEYS)
    }

    fn set<'de, D: Deserializer<'de>>(&mut self, key: &str, value: D) -> Result<(), D::Error> {
        match key {
            "vus" => self.vus = read_whole(value)?,
            "duration" => self.duration = read_duration(value)?,
            "iterations" => self.iterations = read_whole(value)?,
            "stages" => self.stages = Option::deserialize(value)?,
            "executor" => self.executor = Option::deserialize(value)?,
            "max_duration" => self.max_duration = read_duration(value)?,
            "graceful_stop" => self.graceful_stop = read_duration(value)?,
            "graceful_ramp_down" => self.graceful_ramp_down = read_duration(value)?,
            "start_vus" => self.start_vus = read_whole(value)?,
            "rate" => self.rate = read_level(value)?,
            "time_unit" => self.time_unit = read_duration(value)?,
            "start_rate" => self.start_rate = read_level(value)?,
            "pre_allocated_vus" => self.pre_allocated_vus = read_whole(value)?,
            "max_vus" => self.max_vus = read_whole(value)?,
            "arrival" => self.arrival = read_word(value)?,
            "max_backlog" => self.max_backlog = read_duration(value)?,
            "warmup" => self.warmup = read_word(value)?,
            "pacing" => self.pacing = read_word(value)?,
            "flow" => self.flow = Option::deserialize(value)?,
            "weights" => self.weights = read_map(value, |Whole(weight)| weight)?,
            "think_time" => self.think_time = read_map(value, |time: ThinkTime| time)?.unwrap_or_default(),
            "scenarios" => self.scenarios = Option::<Scenarios>::deserialize(value)?.map(|Scenarios(all)| all),
            "thresholds" => self.thresholds = read_map(value, |SpecList(specs)| specs)?,
            "target" => self.target = Option::deserialize(value)?,
            "env" => self.env = read_map(value, |Scalar(text)| text)?.unwrap_or_default(),
            "data" => self.data = read_map(value, |data: DataOptions| data)?.unwrap_or_default(),
            "tags" => self.tags = read_map(value, |Scalar(text)| text)?.unwrap_or_default(),
            "seed" => self.seed = read_whole(value)?,
            "threads" => self.threads = read_whole(value)?,
            "http" => {
                let apart: Option<HttpOptions> = Option::deserialize(value)?;
                self.http = apart.unwrap_or_default().over(std::mem::take(&mut self.http));
            }
            "setup_timeout" => self.setup_timeout = read_duration(value)?,
            "teardown_timeout" => self.teardown_timeout = read_duration(value)?,
            "min_iteration_duration" => self.min_iteration_duration = read_duration(value)?,
            "max_series" => self.max_series = read_whole(value)?,
            _ => self.http.set(key, value)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! One layer of options, and how one layer lies over another. Must not know what makes a plan valid: a layer is only
//! what somebody wrote down.

mod environment;
mod error;
mod keyed;
pub(crate) mod kinds;
mod reference;
mod scenario;
pub(crate) mod table;
mod values;

use serde::de::Deserializer;

use crate::http::HttpOptions;
use crate::load_shape;
use crate::plan::{Pacing, Warmup};
use crate::threshold::layers;
use kinds::{
    DataFeeds, Environment, RateLevel, Requests, ScenarioLoads, Stages, Text, Texts, ThinkTimes, Thresholds, Time, Url,
    Weights, Whole, Word,
};
use squall_schedule::ArrivalProcess;
use squall_schedule::ExecutorKind;
use table::option_table;

pub use environment::from_environment;
pub use error::OptionsError;
pub(crate) use keyed::{Key, Keyed, KeyedVisitor};
pub use reference::options_reference;
pub use scenario::ScenarioOptions;
pub(crate) use values::{read_duration, read_level, read_texts, read_whole, read_word};

option_table! {
    /// What one layer (command line, environment, plan file, component) says; everything optional.
    pub struct Options {
        /// Virtual users; with stages, the number to start with; with a rate, as `pre_allocated_vus`.
        vus: Whole<u64> => flag("-u, --vus"), in_scenarios();
        /// How long virtual users iterate; with iterations, how long these may take.
        duration: Time => flag("-d, --duration"), in_scenarios();
        /// The number of iterations: in all, or for each virtual user with `per-vu-iterations`.
        iterations: Whole<u64> => flag("-i, --iterations"), in_scenarios();
        /// The stages of a ramp: `30s:100`.
        stages: Stages => flag("-s, --stage"), in_scenarios();
        /// How the load is shaped, where the other options leave a choice.
        executor: Word<ExecutorKind> => flag("--executor"), in_scenarios();
        /// How long a number of iterations may take.
        max_duration: Time => also(&["maxDuration"]), default("10m"), in_scenarios();
        /// How long iterations may go on once the load has ended.
        graceful_stop: Time => also(&["gracefulStop"]), flag("--graceful-stop"), default("30s"), in_scenarios();
        /// How long a virtual user that the ramp no longer needs may go on with its iteration.
        graceful_ramp_down: Time => also(&["gracefulRampDown"]), default("30s"), in_scenarios();
        /// Virtual users at the start of the first stage.
        start_vus: Whole<u64> => also(&["startVUs", "startVus"]), default("0"), in_scenarios();
        /// Iterations started in a second, or in each `time_unit`, however long they take: `1000/s`.
        rate: RateLevel => flag("-R, --rate"), in_scenarios();
        /// The time that rates without a unit of their own are for.
        time_unit: Time => also(&["timeUnit"]), default("1s"), in_scenarios();
        /// The rate at the start of the first stage.
        start_rate: RateLevel => also(&["startRate"]), default("0"), in_scenarios();
        /// Virtual users that are made before an open load begins.
        pre_allocated_vus: Whole<u64> => also(&["preAllocatedVUs", "preAllocatedVus"]), flag("--pre-allocated-vus"), in_scenarios();
        /// Virtual users at most, where their number is not fixed.
        max_vus: Whole<u64> => also(&["maxVUs", "maxVus"]), flag("--max-vus"), in_scenarios();
        /// Whether the iterations of an open load start evenly or at random.
        arrival: Word<ArrivalProcess> => flag("--arrival"), default("constant"), in_scenarios();
        /// How long an iteration of an open load may wait for a virtual user before it is dropped.
        max_backlog: Time => also(&["maxBacklog"]), flag("--max-backlog"), default("10s"), in_scenarios();
        /// How long the load warms up before its measurements count: `30s`; `auto` finds it out.
        warmup: Word<Warmup> => flag("--warmup"), default("none");
        /// How worker threads wait for the next start.
        pacing: Word<Pacing> => flag("--pacing"), default("timer");
        /// Run only this flow.
        flow: Text => flag("--flow");
        /// Weights of flows, in place of those that the component describes.
        weights: Weights => in_scenarios();
        /// How long a virtual user thinks after an iteration, by flow: `1s..3s`.
        think_time: ThinkTimes => also(&["thinkTime"]), in_scenarios();
        /// Loads of their own, by name, in place of the one above.
        scenarios: ScenarioLoads => in_files_only();
        /// Thresholds by metric, as k6 writes them: `p(95)<500`.
        thresholds: Thresholds => flag("--threshold"), in_files_only(), in_scenarios();
        /// The base URL of requests that name only a path.
        target: Url => flag("--target");
        /// Options of the scenario, by name.
        env: Environment => flag("-e, --env"), in_files_only(), in_scenarios();
        /// Data for the scenario, by name.
        data: DataFeeds => flag("--data"), in_files_only();
        /// Tags of the whole run, or of a scenario.
        tags: Texts => flag("--tag"), in_scenarios();
        /// The origin of all randomness: the same seed, the same choices.
        seed: Whole<u64> => flag("--seed");
        /// Worker threads; one for each core unless said otherwise.
        threads: Whole<usize> => flag("-t, --threads");
        /// The options about requests, apart.
        http: Requests => in_files_only();
        /// How long `setup` may take.
        setup_timeout: Time => also(&["setupTimeout"]), default("60s");
        /// How long `teardown` may take.
        teardown_timeout: Time => also(&["teardownTimeout"]), default("60s");
        /// The least time from the start of an iteration to the start of the next one of the same virtual user.
        min_iteration_duration: Time => also(&["minIterationDuration"]), flag("--min-iteration-duration"), in_scenarios();
        /// Series that are kept apart; further ones are counted together.
        max_series: Whole<usize> => also(&["maxSeries"]), flag("--max-series"), default("1000");
    }
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
        self.merged(lower)
    }
}

impl Keyed for Options {
    fn keys() -> impl Iterator<Item = &'static Key> {
        Options::own_keys().iter().chain(HttpOptions::own_keys())
    }

    fn set<'de, D: Deserializer<'de>>(&mut self, key: &str, value: D) -> Result<(), D::Error> {
        // The keys about requests stand among the others, or apart.
        if HttpOptions::own_keys().iter().any(|of_requests| of_requests.name == key) {
            return self.http.set_own(key, value);
        }
        self.set_own(key, value)
    }
}

#[cfg(test)]
mod tests;

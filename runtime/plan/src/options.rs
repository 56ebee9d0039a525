//! One layer of options, and how one layer lies over another. Must not know what makes a plan valid: a layer is only
//! what a user wrote down.

pub(crate) mod allowance;
mod environment;
mod error;
mod flag;
mod keyed;
pub(crate) mod kinds;
mod reference;
pub(crate) mod scenario;
pub(crate) mod table;
mod values;

use serde::de::Deserializer;
use squall_schedule::{ArrivalProcess, ExecutorKind};

use crate::guest_limits::Limits;
use crate::http::HttpOptions;
use crate::load_shape;
use crate::plan::{Pacing, Warmup};
use crate::threshold::layers;
use Allowance::{Entries, Freely, Overruled, UpTo, UpToCores, UpToDefault};
use allowance::{Allowance, Breach, TextLimits};
use headings::{MACHINE, OUTPUTS, REQUESTS, SCENARIO, THRESHOLDS};
use kinds::{
    DataFeeds, Environment, Flag as Switch, RateLevel, Requests, ScenarioLoads, Stages, Text, Texts, ThinkTimes,
    Thresholds, Time, Url, Weights, Whole, Word,
};
use table::option_table;

pub use allowance::Machine;
pub use environment::from_environment;
pub use error::OptionsError;
pub(crate) use flag::long;
pub use flag::{Flag, headings};
pub use keyed::Key;
pub(crate) use keyed::{Keyed, KeyedVisitor};
pub use kinds::KindNames;
pub use reference::options_reference;
pub use scenario::ScenarioOptions;
pub(crate) use values::{Scalar, read_duration, read_level, read_texts, read_whole, read_word};

option_table! {
    /// What one layer (command line, environment, plan file, component) says; everything optional.
    pub struct Options {
        /// Virtual users; with stages, the number to start with; with a rate, the same as `pre_allocated_vus`.
        vus: Whole<u64> => flag(long("vus").short('u').brief("Virtual users")), in_scenarios(), suggest(Freely);
        /// How long virtual users iterate (30s, 1m30s, 2h); with iterations, how long these may take.
        duration: Time => flag(long("duration").short('d').short_alias('z').brief("Length of the load: 30s, 1m30s, 2h")), in_scenarios(), suggest(Freely);
        /// The number of iterations: in all, or for each virtual user with `per-vu-iterations`.
        iterations: Whole<u64> => flag(long("iterations").short('i').short_alias('n').brief("Number of iterations in all")), in_scenarios(), suggest(Freely);
        /// The stages of a ramp, like 30s:100,1m:100,30s:0; with a unit, the target is a rate: 1m:1000/s.
        stages: Stages => flag(long("stage").short('s').brief("Stage of a ramp: 1m:100, or 1m:500/s as a rate")), in_scenarios(), suggest(Freely);
        /// How the load is shaped, where the other options leave a choice.
        executor: Word<ExecutorKind> => flag(long("executor")), in_scenarios(), suggest(Freely);
        /// How long a number of iterations may take. `--max-duration` bounds all of a run.
        max_duration: Time => also(&["maxDuration"]), default("10m"), in_files_only(), in_scenarios(), suggest(Freely);
        /// How long iterations may go on once the load has ended.
        graceful_stop: Time => also(&["gracefulStop"]), flag(long("graceful-stop")), default("30s"), in_scenarios(), suggest(UpToDefault);
        /// How long a virtual user that the ramp no longer needs may go on with its iteration.
        graceful_ramp_down: Time => also(&["gracefulRampDown"]), default("30s"), in_scenarios(), suggest(UpToDefault);
        /// Virtual users at the start of the first stage.
        start_vus: Whole<u64> => also(&["startVUs", "startVus"]), default("1"), in_scenarios(), suggest(Freely);
        /// Iterations started per second, or in each `time_unit`, however long they take: 5000, 5000/s, 90/m, 0.5/s.
        rate: RateLevel => flag(long("rate").short('R').conflicts(&["iterations", "stages"]).brief("Iterations started per second: 5000, or 90/m")), in_scenarios(), suggest(Freely);
        /// The time that rates without a unit of their own are for.
        time_unit: Time => also(&["timeUnit"]), default("1s"), in_scenarios(), suggest(Freely);
        /// The rate at the start of the first stage.
        start_rate: RateLevel => also(&["startRate"]), default("0"), in_scenarios(), suggest(Freely);
        /// Virtual users that are made before an open load begins; as many as the rate needs unless said otherwise.
        pre_allocated_vus: Whole<u64> => also(&["preAllocatedVUs", "preAllocatedVus"]), flag(long("pre-allocated-vus").conflicts(&["vus"])), in_scenarios(), suggest(Freely);
        /// The most virtual users: as many as a rate may take; other loads are refused if they ask for more.
        max_vus: Whole<u64> => also(&["maxVUs", "maxVus"]), flag(long("max-vus")), in_scenarios(), suggest(Freely);
        /// Whether the iterations of an open load start evenly (constant), or at random like independent users (poisson).
        arrival: Word<ArrivalProcess> => flag(long("arrival")), default("constant"), in_scenarios(), suggest(Freely);
        /// How long an iteration of an open load may wait for a virtual user before it is dropped.
        max_backlog: Time => also(&["maxBacklog"]), flag(long("max-backlog")), default("10s"), in_scenarios(), suggest(UpToDefault);
        /// How long the load warms up before its measurements count: 30s; `auto` finds it out.
        warmup: Word<Warmup> => flag(long("warmup")), default("none"), suggest(Freely);
        /// How worker threads wait for the next start: asleep (timer), or awake (spin), which is more exact and takes a core each.
        pacing: Word<Pacing> => flag(long("pacing").under(MACHINE)), default("timer"), suggest(Freely);
        /// Run only this flow.
        flow: Text => flag(long("flow").value("NAME").under(SCENARIO)), suggest(Freely);
        /// Weights of flows, in place of those that the component describes.
        weights: Weights => flag(long("weight").under(SCENARIO)), in_scenarios(), suggest(Freely);
        /// How long a virtual user thinks after an iteration, by flow: browse=1s..3s.
        think_time: ThinkTimes => also(&["thinkTime"]), flag(long("think-time").brief("Pause after an iteration: browse=1s..3s")), in_scenarios(), suggest(Freely);
        /// Loads of their own, by name, in place of the one above.
        scenarios: ScenarioLoads => in_files_only(), suggest(Freely);
        /// Thresholds by metric, as k6 writes them: 'http_req_duration=p(95)<500', 'checks{flow:browse}=rate>0.99'.
        thresholds: Thresholds => flag(long("threshold").under(THRESHOLDS).brief("Must hold: 'http_req_duration=p(95)<500'")), in_files_only(), in_scenarios(), suggest(Entries(1_000));
        /// Judge the run even where the generator was the bottleneck, which makes its measurement invalid otherwise: for
        /// machines that others use, too.
        accept_bottleneck: Switch => also(&["acceptBottleneck"]), flag(long("accept-bottleneck").under(THRESHOLDS)), default("false");
        /// The base URL of requests that name only a path.
        target: Url => flag(long("target").under(REQUESTS).brief("Base URL of requests that name only a path")), suggest(Overruled);
        /// Options of the scenario, by name.
        env: Environment => flag(long("env").short('e').under(SCENARIO).brief("Option of the scenario, by name")), in_files_only(), in_scenarios(), suggest(ENVIRONMENT);
        /// Data for the scenario, by name: a table (csv, tsv, json, ndjson) whose rows it takes, or file:PATH, whose bytes it
        /// sends. After a comma: policy=sequential|random|shuffle|unique-per-vu|once-each, at-end=recycle|stop|error,
        /// delimiter=CHARACTER.
        data: DataFeeds => flag(long("data").under(SCENARIO).brief("Table of data, by name: users=users.csv")), in_files_only();
        /// Tags of the whole run, or of a scenario, for reports, kept runs and outputs.
        tags: Texts => flag(long("tag").under(OUTPUTS)), in_scenarios(), suggest(TAGS);
        /// The origin of all randomness: the same seed, the same choices.
        seed: Whole<u64> => flag(long("seed").brief("Origin of all randomness")), suggest(Freely);
        /// Worker threads; one for each core unless said otherwise.
        threads: Whole<usize> => flag(long("threads").short('t').under(MACHINE)), suggest(UpToCores);
        /// The options about requests, apart.
        http: Requests => in_files_only(), suggest(Freely);
        /// How long `setup` may take.
        setup_timeout: Time => also(&["setupTimeout"]), default("60s"), suggest(UpToDefault);
        /// How long `teardown` may take.
        teardown_timeout: Time => also(&["teardownTimeout"]), default("60s"), suggest(UpToDefault);
        /// The least time from the start of an iteration to the start of the next one of the same virtual user.
        min_iteration_duration: Time => also(&["minIterationDuration"]), flag(long("min-iteration-duration")), in_scenarios(), suggest(Freely);
        /// Series (names × statuses × flows) that are kept apart; further ones are counted together.
        max_series: Whole<usize> => also(&["maxSeries"]), flag(long("max-series").under(OUTPUTS)), default("1000"), suggest(UpTo(Limits::SUGGESTED_SERIES as u64));
    }
}

/// The option that says where requests go.
const TARGET: &str = "target";

/// The options of a scenario that a component may suggest.
const ENVIRONMENT: Allowance = Allowance::Texts(TextLimits { entries: 1_000, name: 256, value: 64 << 10 });
/// The tags that a component may suggest.
const TAGS: Allowance = Allowance::Texts(TextLimits { entries: 32, name: 64, value: 256 });

impl Options {
    /// Reads the JSON that a component embeds, in snake_case or k6's camelCase; `null` says nothing.
    ///
    /// # Errors
    /// When the text is not JSON, a key is unknown or given twice, or a value cannot be read; the error names the key
    /// and its place.
    pub fn from_json(text: &str) -> Result<Options, OptionsError> {
        serde_json::from_str(text).map_err(|error| OptionsError::from_json(&error))
    }

    /// The options of a load, in the order of their table.
    pub fn load_keys() -> impl Iterator<Item = &'static Key> {
        Options::own_keys().iter().filter(|key| key.name != TARGET)
    }

    /// The options about requests: where they go, and how.
    pub fn request_keys() -> impl Iterator<Item = &'static Key> {
        Options::own_keys().iter().filter(|key| key.name == TARGET).chain(HttpOptions::own_keys())
    }

    /// Takes in what was typed for the flag of a key, once for each time that it was.
    ///
    /// # Errors
    /// A sentence that says how the value is written.
    pub fn read_flag(&mut self, key: &Key, text: &str) -> Result<(), String> {
        if is_about_requests(key.name) {
            return self.http.read_flag_own(key.name, text);
        }
        self.read_flag_own(key.name, text)
    }

    /// Tightens what a component suggests to what the user says; returns each key with which it goes too far.
    pub(crate) fn tighten(&mut self, users: &Options, machine: Machine) -> Vec<(&'static Key, Breach)> {
        let mut breaches = self.tighten_own(users, machine);
        breaches.extend(self.http.tighten_own(&users.http, machine));
        breaches
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
        load_shape::drop_overridden(&mut lower, &self);
        if let (Some(upper), Some(lower)) = (&self.thresholds, &mut lower.thresholds) {
            layers::drop_overridden(lower, upper);
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
        if is_about_requests(key) {
            return self.http.set_own(key, value);
        }
        self.set_own(key, value)
    }
}

fn is_about_requests(key: &str) -> bool {
    HttpOptions::own_keys().iter().any(|of_requests| of_requests.name == key)
}

#[cfg(test)]
mod tests;

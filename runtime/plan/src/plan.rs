//! The plan: every layer of options merged, every default filled in, every mistake found. What runs a test reads only
//! this. Must not know where options came from.

mod error;
mod flows;
mod pacing;
mod settings;
mod think_time;
mod warmup;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::arrivals::ArrivalProcess;
use crate::data::{self, PlannedData};
use crate::executor::Executor;
use crate::http::HttpPlan;
use crate::load_shape;
use crate::mix::Mix;
use crate::options::Options;
use crate::target::Target;
use crate::threshold::{Threshold, ThresholdSpec};

pub use error::PlanError;
pub use flows::PlannedFlow;
pub use pacing::Pacing;
pub use think_time::ThinkTime;
pub use warmup::Warmup;

/// Everything about a test, resolved and validated.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The name of this load, and the value of the tag `scenario`: `default`.
    pub scenario: String,
    /// Which VUs iterate when.
    pub executor: Executor,
    /// Whether the iterations of an open load start evenly or at random; evenly unless said otherwise.
    pub arrival: ArrivalProcess,
    /// How long an iteration of an open load may wait for a VU before it is dropped; 10 seconds unless said otherwise.
    pub max_backlog: Duration,
    /// How long the load warms up before what it measures counts; not at all unless said otherwise.
    pub warmup: Warmup,
    /// How worker threads wait; with a timer unless said otherwise.
    pub pacing: Pacing,
    /// How long iterations may go on once the load has ended; 30 seconds unless said otherwise.
    pub graceful_stop: Duration,
    /// All flows of the component in its own order, so that an index means the same here and there. A flow that is not
    /// to be run has weight 0.
    pub flows: Vec<PlannedFlow>,
    /// Which flow each iteration runs.
    pub mix: Mix,
    /// What must hold for the test to pass.
    pub thresholds: Vec<Threshold>,
    /// The base URL of requests that name only a path.
    pub target: Option<Target>,
    /// What the guest can ask for by name.
    pub env: BTreeMap<String, String>,
    /// Data for the scenario, by name.
    pub data: Vec<PlannedData>,
    /// Tags of the whole run.
    pub tags: BTreeMap<String, String>,
    /// What all randomness comes from.
    pub seed: u64,
    /// The number of worker threads.
    pub threads: usize,
    /// What concerns requests.
    pub http: HttpPlan,
    /// How long setup may take; 60 seconds unless said otherwise.
    pub setup_timeout: Duration,
    /// How long teardown may take; 60 seconds unless said otherwise.
    pub teardown_timeout: Duration,
    /// The least time from the start of a VU's iteration to the start of its next.
    pub min_iteration_duration: Option<Duration>,
    /// How many time series are kept apart before further ones are counted together; 1,000 unless said otherwise.
    pub max_series: usize,
}

/// What depends on the machine or the moment, which this crate does not know, for when the options do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// The number of worker threads.
    pub threads: usize,
    /// The seed, usually random.
    pub seed: u64,
}

impl Plan {
    /// Makes the plan that the merged options mean for a component with these flows (name and weight, in its own order).
    ///
    /// # Errors
    /// All mistakes at once, each a sentence that says what to do.
    pub fn resolve(options: Options, flows: &[(String, u32)], defaults: Defaults) -> Result<Plan, Vec<PlanError>> {
        let mut mistakes = Mistakes(Vec::new());
        let executor = mistakes.all(load_shape::resolve(&options));
        let flows = mistakes.all(flows::resolve(&options, flows));
        let mix = flows.as_ref().and_then(|flows| mistakes.one(flows::mix(flows)));
        let specs = options.thresholds.clone().unwrap_or_default();
        let thresholds = mistakes.all(read_thresholds(&specs));
        if let (Some(thresholds), Some(flows)) = (&thresholds, &flows) {
            mistakes.0.extend(flows::unknown_in(thresholds, flows));
        }
        if let Some(executor) = &executor {
            mistakes.one(settings::check_warmup(options.warmup.unwrap_or_default(), executor.time_limit()));
        }
        let data = mistakes.all(data::resolve(&options.data));
        let target = mistakes.one(options.target.as_deref().map(str::parse).transpose());
        let settings = mistakes.all(settings::resolve(&options, defaults));
        let (http, bad_http) = HttpPlan::resolve(options.http);
        mistakes.0.extend(bad_http.into_iter().map(PlanError::from));
        match (executor, flows, mix, thresholds, data, target, settings) {
            (Some(executor), Some(flows), Some(mix), Some(thresholds), Some(data), Some(target), Some(settings))
                if mistakes.0.is_empty() =>
            {
                Ok(Plan {
                    scenario: "default".to_owned(),
                    executor,
                    arrival: options.arrival.unwrap_or_default(),
                    max_backlog: settings.max_backlog,
                    warmup: options.warmup.unwrap_or_default(),
                    pacing: options.pacing.unwrap_or_default(),
                    graceful_stop: settings.graceful_stop,
                    flows,
                    mix,
                    thresholds,
                    target,
                    env: options.env,
                    data,
                    tags: options.tags,
                    seed: options.seed.unwrap_or(defaults.seed),
                    threads: settings.threads,
                    http,
                    setup_timeout: settings.setup_timeout,
                    teardown_timeout: settings.teardown_timeout,
                    min_iteration_duration: settings.min_iteration_duration,
                    max_series: settings.max_series,
                })
            }
            _ => Err(mistakes.0),
        }
    }
}

fn read_thresholds(specs: &BTreeMap<String, Vec<ThresholdSpec>>) -> Result<Vec<Threshold>, Vec<PlanError>> {
    let mut thresholds = Vec::new();
    let mut mistakes = Vec::new();
    for (selector, specs) in specs {
        for spec in specs {
            match Threshold::parse(selector, spec) {
                Ok(threshold) => thresholds.push(threshold),
                Err(source) => mistakes.push(PlanError::Threshold { selector: selector.clone(), source }),
            }
        }
    }
    if mistakes.is_empty() { Ok(thresholds) } else { Err(mistakes) }
}

/// What is wrong so far. A part that fails leaves its mistakes here and nothing behind, and the others are still looked at.
struct Mistakes(Vec<PlanError>);

impl Mistakes {
    fn one<T, E: Into<PlanError>>(&mut self, part: Result<T, E>) -> Option<T> {
        part.map_err(|mistake| self.0.push(mistake.into())).ok()
    }

    fn all<T, E: Into<PlanError>>(&mut self, part: Result<T, Vec<E>>) -> Option<T> {
        part.map_err(|mistakes| self.0.extend(mistakes.into_iter().map(E::into))).ok()
    }
}

#[cfg(test)]
mod tests;

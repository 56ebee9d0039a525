//! The plan: every layer of options merged, every default filled in, every mistake found. What runs a test reads only
//! this. Must not know where options came from.

mod error;
mod flows;
pub(crate) mod http_version;
mod mistakes;
mod pacing;
mod scenario;
pub(crate) mod settings;
mod think_time;
mod thresholds;
mod warmup;
mod whole;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::data::{self, PlannedData};
use crate::http::HttpPlan;
use crate::options::Options;
use crate::threshold::Threshold;
use mistakes::Mistakes;
use squall_address::Target;

pub use error::PlanError;
pub use flows::PlannedFlow;
pub use http_version::HttpVersion;
pub use pacing::Pacing;
pub use scenario::Scenario;
pub use think_time::ThinkTime;
pub use warmup::Warmup;
pub use whole::OfferedRate;

/// Everything about a test, resolved and validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The loads that it consists of, at least one.
    pub scenarios: Vec<Scenario>,
    /// The flows of all scenarios, one scenario after the other, each with all flows of its component in the component's
    /// order. A flow that is not to be run has weight 0.
    pub flows: Vec<PlannedFlow>,
    /// How long the load warms up before what it measures counts; not at all unless said otherwise.
    pub warmup: Warmup,
    /// How worker threads wait; with a timer unless said otherwise.
    pub pacing: Pacing,
    /// What must hold for the test to pass.
    pub thresholds: Vec<Threshold>,
    /// Whether the test is judged even where the generator was the bottleneck; not unless asked for.
    pub accept_bottleneck: bool,
    /// The base URL of requests that name only a path.
    pub target: Option<Target>,
    /// What `setup` and `teardown` can ask for by name; a scenario may have more, or other values.
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

/// A component, as far as a plan needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Component {
    /// What scenarios call it; those that name none mean the first.
    pub name: String,
    /// Its flows, name and weight, in its own order.
    pub flows: Vec<(String, u32)>,
}

impl Component {
    fn flow_names(&self) -> impl Iterator<Item = &String> {
        self.flows.iter().map(|(name, _)| name)
    }
}

impl Plan {
    /// Makes the plan that the merged options mean for a component with these flows (name and weight, in its own order).
    ///
    /// # Errors
    /// All mistakes at once, each a sentence that says what to do.
    pub fn resolve(options: Options, flows: &[(String, u32)], defaults: Defaults) -> Result<Plan, Vec<PlanError>> {
        let component = Component { name: String::new(), flows: flows.to_vec() };
        Plan::resolve_for(options, &[component], defaults)
    }

    /// The same where scenarios may run different components.
    ///
    /// # Errors
    /// All mistakes at once, each a sentence that says what to do.
    pub fn resolve_for(options: Options, components: &[Component], defaults: Defaults) -> Result<Plan, Vec<PlanError>> {
        let mut mistakes = Mistakes::default();
        let seed = options.seed.unwrap_or(defaults.seed);
        let loads = mistakes.all(scenario::resolve(&options, components, seed));
        let thresholds = mistakes.all(thresholds::resolve(&options));
        if let (Some(thresholds), Some(loads)) = (&thresholds, &loads) {
            mistakes.extend(thresholds::strangers(thresholds, loads));
        }
        let data = mistakes.all(data::resolve(&options.data));
        let target = mistakes.one(options.target.as_deref().map(str::parse).transpose());
        let settings = mistakes.all(settings::resolve(&options, defaults));
        mistakes.extend(settings::unnamed(&options));
        let (http, bad_http) = HttpPlan::resolve(options.http);
        mistakes.extend(bad_http);
        let (Some(loads), Some(thresholds), Some(data), Some(target), Some(settings)) =
            (loads, thresholds, data, target, settings)
        else {
            return Err(mistakes.into());
        };
        let plan = Plan {
            scenarios: loads.scenarios,
            flows: loads.flows,
            warmup: options.warmup.unwrap_or_default(),
            pacing: options.pacing.unwrap_or_default(),
            thresholds,
            accept_bottleneck: options.accept_bottleneck.unwrap_or_default(),
            target,
            env: options.env,
            data,
            tags: options.tags,
            seed,
            threads: settings.threads,
            http,
            setup_timeout: settings.setup_timeout,
            teardown_timeout: settings.teardown_timeout,
            max_series: settings.max_series,
        };
        mistakes.one(settings::check_warmup(plan.warmup, plan.time_limit()));
        if mistakes.is_empty() { Ok(plan) } else { Err(mistakes.into()) }
    }
}

#[cfg(test)]
mod tests;

//! One second of a run, as outputs receive it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use squall_metrics::{FlowId, Interval, Nanos, Registry, ScenarioTags, Totals};

/// The names in a run's samples.
#[derive(Debug)]
pub(crate) struct Names {
    pub registry: Arc<Registry>,
    pub flows: Vec<String>,
    pub scenarios: Vec<ScenarioTags>,
    /// Tags of the whole run.
    pub tags: BTreeMap<String, String>,
}

impl Names {
    pub fn new(totals: &Totals, tags: BTreeMap<String, String>) -> Names {
        let (registry, flows) = (Arc::clone(&totals.registry), totals.flows.clone());
        Names { registry, flows, scenarios: totals.scenarios.clone(), tags }
    }

    /// The scenario of a flow; without a flow, the only scenario.
    pub fn scenario(&self, flow: Option<FlowId>) -> Option<&ScenarioTags> {
        match (flow, &*self.scenarios) {
            (Some(flow), all) => ScenarioTags::of_flow(all, flow),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// The `flow` tag.
    pub fn flow(&self, flow: FlowId) -> &str {
        match flow {
            FlowId::SETUP => "setup",
            FlowId::TEARDOWN => "teardown",
            FlowId::START => "start",
            _ => flow.index().and_then(|index| self.flows.get(index)).map_or("", String::as_str),
        }
    }
}

/// The samples of one second; of several seconds for an output that could not take each of them.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// Its end, counted from 1970.
    pub ended: Duration,
    /// Its length.
    pub length: Nanos,
    /// The number of seconds in it, for counts of deliveries.
    pub seconds: u64,
    pub recorded: Arc<Interval>,
    /// Active virtual users at its end; `None` before and after the load.
    pub vus: Option<u64>,
    pub vus_max: u64,
    pub names: Arc<Names>,
}

impl Batch {
    /// Adds later samples. Only the resolution in time is lost.
    pub fn absorb(&mut self, later: &Batch) {
        Arc::make_mut(&mut self.recorded).merge(&later.recorded);
        self.ended = later.ended;
        self.length += later.length;
        self.seconds += later.seconds;
        self.vus = later.vus.or(self.vus);
        self.vus_max = later.vus_max;
    }

    /// Its end, in milliseconds since 1970.
    pub fn ended_ms(&self) -> i64 {
        i64::try_from(self.ended.as_millis()).unwrap_or(i64::MAX)
    }
}

//! A second of a run, as outputs get it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use squall_metrics::{FlowId, Interval, Nanos, Registry, ScenarioTags, Totals};

/// What the numbers of a run are called.
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

    /// The scenario of a flow; of what has no flow, the only scenario.
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

/// What was recorded in a second; or in several, for an output that could not take them one by one.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// When it ended, counted from 1970.
    pub ended: Duration,
    /// How long it took.
    pub length: Nanos,
    /// How many seconds of the run this is, for those who count what was delivered.
    pub seconds: u64,
    pub recorded: Arc<Interval>,
    /// Virtual users at work at its end; none before the load and after it.
    pub vus: Option<u64>,
    pub vus_max: u64,
    pub names: Arc<Names>,
}

impl Batch {
    /// Adds what was recorded later. Nothing is lost but the resolution in time.
    pub fn absorb(&mut self, later: &Batch) {
        Arc::make_mut(&mut self.recorded).merge(&later.recorded);
        self.ended = later.ended;
        self.length += later.length;
        self.seconds += later.seconds;
        self.vus = later.vus.or(self.vus);
        self.vus_max = later.vus_max;
    }

    /// When it ended, in milliseconds since 1970.
    pub fn ended_ms(&self) -> i64 {
        i64::try_from(self.ended.as_millis()).unwrap_or(i64::MAX)
    }
}

//! What a run adds up to: the intervals of all threads merged, and the numbers that belong to no thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Nanos;
use crate::history::History;
use crate::interval::{GaugeCell, Interval, RateCell};
use crate::registry::{FlowId, NameId, Registry};
use crate::watched::Watched;

/// What of a load's beginning does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeftOut {
    /// Everything counts.
    #[default]
    Nothing,
    /// This long a time, as the plan has it.
    Planned(Nanos),
    /// This long a time, found in the measurements; zero if nothing of a warm-up was to be seen.
    Found(Nanos),
    /// Where the warm-up ends was to be found, and it never did: everything counts.
    NeverSettled,
    /// Where the warm-up ends was to be found, and the load ended before that could be told: everything counts.
    TooShort,
}

/// All that was measured up to now.
#[derive(Clone, Debug)]
pub struct Totals {
    /// The names behind the numbers.
    pub registry: Arc<Registry>,
    /// The flows' names, by index.
    pub flows: Vec<String>,
    /// The plan's name for this workload: the `scenario` tag.
    pub scenario: String,
    /// Everything that the worker threads recorded.
    pub recorded: Interval,
    /// Virtual users at work.
    pub vus: Option<GaugeCell>,
    /// Virtual users that the run had room for.
    pub vus_max: u64,
    /// How long the load ran: what rates are divided by.
    pub elapsed: Nanos,
    /// What happened second by second, from the beginning of the load.
    pub history: History,
    /// What does not count.
    pub warm_up: LeftOut,
    /// What was seen of the target's resources.
    pub watched: Watched,
}

impl Totals {
    /// Nothing yet.
    pub fn new(registry: Arc<Registry>, scenario: &str, flows: Vec<String>) -> Totals {
        Totals {
            registry,
            flows,
            scenario: scenario.to_owned(),
            recorded: Interval::default(),
            vus: None,
            vus_max: 0,
            elapsed: Nanos::ZERO,
            history: History::new(),
            warm_up: LeftOut::Nothing,
            watched: Watched::default(),
        }
    }

    /// Notes how many virtual users are at work.
    pub fn set_vus(&mut self, at: Nanos, count: u64) {
        let new = GaugeCell::new(at, count as f64);
        match &mut self.vus {
            Some(cell) => cell.merge(&new),
            None => self.vus = Some(new),
        }
    }

    /// The checks of all flows, by name.
    pub fn checks_by_name(&self) -> BTreeMap<String, RateCell> {
        let mut checks: BTreeMap<String, RateCell> = BTreeMap::new();
        for (key, cell) in &self.recorded.checks {
            checks.entry(self.registry.name(NameId(key.id))).or_default().merge(cell);
        }
        checks
    }

    /// The name of a flow, as the `flow` tag has it.
    pub fn flow_name(&self, flow: FlowId) -> &str {
        match flow {
            FlowId::SETUP => "setup",
            FlowId::TEARDOWN => "teardown",
            FlowId::START => "start",
            _ => flow.index().and_then(|index| self.flows.get(index)).map_or("", String::as_str),
        }
    }
}

//! A run's totals: the merged intervals of all threads, and the numbers that belong to no thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Nanos;
use crate::history::History;
use crate::interval::{GaugeCell, Interval, RateCell};
use crate::keys::{FlowId, MetricId, NameId};
use crate::registry::Registry;
use crate::target_resources::TargetResources;
use crate::traced_request::TracedRequests;

/// The beginning of a load that does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeftOut {
    /// Everything counts.
    #[default]
    Nothing,
    /// This much time, by the plan.
    Planned(Nanos),
    /// This much time, found in the measurements; zero without a visible warm-up.
    Found(Nanos),
    /// The end of the warm-up was to be found, but the run never settled: everything counts.
    NeverSettled,
    /// The end of the warm-up was to be found, but the load ended too early: everything counts.
    TooShort,
}

/// The tags of a scenario's samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScenarioTags {
    /// Its name: the tag `scenario`.
    pub name: String,
    /// Index of its first flow in [`Totals::flows`]; its flows end where the next scenario's begin.
    pub first_flow: u16,
    /// Tags from the plan.
    pub tags: BTreeMap<String, String>,
}

impl ScenarioTags {
    /// The scenario of a flow. Setup, start and teardown belong to none of several.
    pub fn of_flow(scenarios: &[ScenarioTags], flow: FlowId) -> Option<&ScenarioTags> {
        match (scenarios, flow.index()) {
            ([only], _) => Some(only),
            (_, None) => None,
            (all, Some(_)) => all.iter().rev().find(|scenario| scenario.first_flow <= flow.0),
        }
    }
}

/// The measurements so far.
#[derive(Clone, Debug)]
pub struct Totals {
    /// The names behind the numbers.
    pub registry: Arc<Registry>,
    /// The flows' names, by index, one scenario after the other.
    pub flows: Vec<String>,
    /// The scenarios, at least one, in the order of their flows.
    pub scenarios: Vec<ScenarioTags>,
    /// The records of the worker threads.
    pub recorded: Interval,
    /// Active virtual users.
    pub vus: Option<GaugeCell>,
    /// Virtual users that the run has room for.
    pub vus_max: u64,
    /// The length of the load, by which rates are divided.
    pub elapsed: Nanos,
    /// The course second by second, from the beginning of the load.
    pub history: History,
    /// The warm-up, which does not count.
    pub warm_up: LeftOut,
    /// The target's resources.
    pub watched: TargetResources,
    /// Requests that the target was asked to trace, a warm-up's included.
    pub traced: TracedRequests,
}

impl Totals {
    /// Empty totals, of one scenario with all flows.
    pub fn new(registry: Arc<Registry>, scenario: &str, flows: Vec<String>) -> Totals {
        let only = ScenarioTags { name: scenario.to_owned(), ..ScenarioTags::default() };
        Totals::of_scenarios(registry, vec![only], flows)
    }

    /// Empty totals.
    pub fn of_scenarios(registry: Arc<Registry>, scenarios: Vec<ScenarioTags>, flows: Vec<String>) -> Totals {
        Totals {
            registry,
            flows,
            scenarios,
            recorded: Interval::default(),
            vus: None,
            vus_max: 0,
            elapsed: Nanos::ZERO,
            history: History::new(),
            warm_up: LeftOut::Nothing,
            watched: TargetResources::default(),
            traced: TracedRequests::default(),
        }
    }

    /// A copy without the history, which is the largest part of a long run.
    pub fn without_history(&self) -> Totals {
        Totals { recorded: self.recorded.clone(), ..self.empty() }
    }

    /// The same run without its records and its history.
    pub(crate) fn empty(&self) -> Totals {
        Totals {
            registry: Arc::clone(&self.registry),
            flows: self.flows.clone(),
            scenarios: self.scenarios.clone(),
            recorded: Interval::default(),
            vus: self.vus,
            vus_max: self.vus_max,
            elapsed: self.elapsed,
            history: History::new(),
            warm_up: self.warm_up,
            watched: TargetResources::default(),
            traced: TracedRequests::default(),
        }
    }

    /// Sets the number of active virtual users.
    pub fn set_vus(&mut self, at: Nanos, count: u64) {
        let new = GaugeCell::new(at, count as f64);
        match &mut self.vus {
            Some(cell) => cell.merge(&new),
            None => self.vus = Some(new),
        }
    }

    /// Whether a custom metric has any samples.
    pub fn was_recorded(&self, metric: MetricId) -> bool {
        self.recorded.customs.keys().any(|key| key.id == metric.0)
    }

    /// The checks of all flows, by name.
    pub fn checks_by_name(&self) -> BTreeMap<String, RateCell> {
        let mut checks: BTreeMap<String, RateCell> = BTreeMap::new();
        for (key, cell) in &self.recorded.checks {
            checks.entry(self.registry.name(NameId(key.id))).or_default().merge(cell);
        }
        checks
    }

    /// The scenario of a flow. Setup, start and teardown belong to none of several.
    pub fn scenario_of(&self, flow: FlowId) -> Option<&ScenarioTags> {
        ScenarioTags::of_flow(&self.scenarios, flow)
    }

    /// The numbers of the flows of scenario number `index`.
    pub fn flows_of(&self, index: usize) -> std::ops::Range<usize> {
        let from = |index: usize| self.scenarios.get(index).map(|scenario| usize::from(scenario.first_flow));
        from(index).unwrap_or(self.flows.len())..from(index + 1).unwrap_or(self.flows.len())
    }

    /// The name of a flow among those of all scenarios: `readers/browse`, or `browse` if there is only one scenario.
    pub fn full_flow_name(&self, flow: FlowId) -> String {
        match (self.scenarios.len(), self.scenario_of(flow)) {
            (2.., Some(scenario)) => format!("{}/{}", scenario.name, self.flow_name(flow)),
            _ => self.flow_name(flow).to_owned(),
        }
    }

    /// The name of a flow, as in the `flow` tag.
    pub fn flow_name(&self, flow: FlowId) -> &str {
        match flow {
            FlowId::SETUP => "setup",
            FlowId::TEARDOWN => "teardown",
            FlowId::START => "start",
            _ => flow.index().and_then(|index| self.flows.get(index)).map_or("", String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Aggregate, AskedTags, IterationEnd, Recorder, SampleOrigin, Selector};

    #[test]
    fn only_the_tags_of_thresholds_are_kept() {
        let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let asked = AskedTags::new([tag("kind", "x"), tag("group", "::main")]);
        let registry = Arc::new(Registry::new(10).asking(asked));
        let mut recorder = Recorder::new(Arc::clone(&registry));
        let name = recorder.name("is ok");
        let mut check = |tags: &[(&str, &str)], passed| {
            let tags = registry.tag_set(tags.iter().map(|(name, value)| tag(name, value)));
            recorder.check(SampleOrigin { flow: FlowId(0), tags }, name, passed);
        };
        check(&[("kind", "x"), ("group", "::main")], true);
        check(&[("kind", "x")], false);
        check(&[("kind", "y"), ("colour", "red")], false);
        check(&[], true);
        let mut totals = Totals::new(registry, "default", vec!["main".to_owned()]);
        totals.recorded.merge(&recorder.take());
        let rate = |tags: &[(&str, &str)]| {
            let tags: Vec<_> = tags.iter().map(|(name, value)| tag(name, value)).collect();
            match totals.select(Selector { metric: "checks", tags: &tags }) {
                Some(Aggregate::Rate(cell)) => (cell.passes, cell.fails),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((rate(&[]), rate(&[("kind", "x")])), ((2, 2), (1, 1)));
        assert_eq!(rate(&[("kind", "x"), ("group", "::main")]), (1, 0));
        assert_eq!(rate(&[("kind", "x"), ("flow", "main"), ("check", "is ok")]), (1, 1));
        assert_eq!(rate(&[("kind", "x"), ("flow", "another")]), (0, 0));
        assert_eq!(totals.recorded.tagged.len(), 2, "tags without a threshold make no set");
    }

    #[test]
    fn samples_carry_the_tags_of_their_scenario() {
        let registry = Arc::new(Registry::new(10));
        let scenario = |name: &str, first_flow: u16, tags: &[(&str, &str)]| ScenarioTags {
            name: name.to_owned(),
            first_flow,
            tags: tags.iter().map(|(tag, value)| ((*tag).to_owned(), (*value).to_owned())).collect(),
        };
        let scenarios = vec![scenario("readers", 0, &[]), scenario("buyers", 2, &[("team", "web")])];
        let flows = ["browse", "buy", "browse", "buy"].map(str::to_owned).to_vec();
        let mut totals = Totals::of_scenarios(Arc::clone(&registry), scenarios, flows);
        let mut recorder = Recorder::new(registry);
        // Flow 0 once, flow 1 twice, and so on; and samples that belong to no scenario.
        for flow in [0, 1, 1, 2, 2, 2, 3, 3, 3, 3].map(FlowId).into_iter().chain([FlowId::SETUP]) {
            recorder.iteration(flow, IterationEnd::Completed, Nanos(1), Nanos(0), "");
        }
        totals.recorded.merge(&recorder.take());
        let count = |tags: &[(&str, &str)]| {
            let tags: Vec<_> = tags.iter().map(|(tag, value)| ((*tag).to_owned(), (*value).to_owned())).collect();
            match totals.select(Selector { metric: "iterations", tags: &tags }) {
                Some(Aggregate::Counter(sum)) => sum,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((count(&[("scenario", "readers")]), count(&[("scenario", "buyers")])), (3.0, 7.0));
        assert_eq!((count(&[("flow", "browse")]), count(&[("flow", "buy"), ("scenario", "readers")])), (4.0, 2.0));
        assert_eq!((count(&[("team", "web")]), count(&[])), (7.0, 11.0));
        assert_eq!((totals.flows_of(0), totals.flows_of(1)), (0..2, 2..4));
        assert_eq!(totals.full_flow_name(FlowId(3)), "buyers/buy");
    }
}

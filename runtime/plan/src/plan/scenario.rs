//! The scenarios of a plan: each a load of its own, with its executor, its time and its flows. Where a plan names none,
//! all of it is one. Must not know components but by their number, nor how executors run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use squall_schedule::limits::{self, MAX_SCENARIO_FLOWS, MAX_SCENARIOS, MAX_VUS};
use squall_schedule::random::stream_seed;
use squall_schedule::{ArrivalProcess, Executor, Mix};

use super::mistakes::Mistakes;
use super::{Component, PlanError, PlannedFlow, flows, settings};
use crate::load_shape;
use crate::options::{Options, ScenarioOptions};

/// The name of the load of a plan that names no scenarios, as in k6.
const ONLY: &str = "default";

/// A load with an executor of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// The value of the tag `scenario`.
    pub name: String,
    /// The number of the component that it runs.
    pub component: usize,
    /// Which VUs iterate when, counted from `start_time`.
    pub executor: Executor,
    /// When it begins, from the beginning of the load.
    pub start_time: Duration,
    /// How long its iterations may go on once it has ended; 30 seconds unless said otherwise.
    pub graceful_stop: Duration,
    /// Whether the iterations of an open load start evenly or at random; evenly unless said otherwise.
    pub arrival: ArrivalProcess,
    /// How long an iteration of an open load may wait for a VU before it is dropped; 10 seconds unless said otherwise.
    pub max_backlog: Duration,
    /// The least time from the start of a VU's iteration to the start of its next.
    pub min_iteration_duration: Option<Duration>,
    /// Which of its flows each iteration runs, counted from `first_flow`.
    pub mix: Mix,
    /// Where its flows begin among those of the plan. They are all flows of its component, in the component's order.
    pub first_flow: u16,
    /// How many VUs the scenarios before it may have: its own are numbered from here.
    pub first_vu: u64,
    /// What its guest can ask for by name.
    pub env: BTreeMap<String, String>,
    /// Tags of all its samples.
    pub tags: BTreeMap<String, String>,
    /// What its arrivals and think times are drawn from.
    pub seed: u64,
}

/// All scenarios of a plan, and all their flows.
pub(super) struct Loads {
    pub(super) scenarios: Vec<Scenario>,
    pub(super) flows: Vec<PlannedFlow>,
}

impl Scenario {
    /// The number, among the flows of the plan, of that which iteration `number` runs.
    #[inline]
    pub fn flow_at(&self, number: u64) -> u16 {
        self.first_flow + self.mix.flow_at(number) as u16
    }

    /// When it begins no more iterations, whatever comes, from the beginning of the load.
    pub fn ends(&self) -> Duration {
        self.start_time.saturating_add(self.executor.time_limit())
    }

    /// When it will have ended, from the beginning of the load, if that can be known.
    pub fn planned_end(&self) -> Option<Duration> {
        Some(self.start_time.saturating_add(self.executor.planned_duration()?))
    }

    /// Whether others may change it while it runs.
    pub fn is_controlled(&self) -> bool {
        matches!(self.executor, Executor::ExternallyControlled { .. })
    }

    /// From when until when it may have VUs. Those of an open load are made before anything begins.
    pub(super) fn presence(&self) -> (Duration, Duration) {
        let from = if self.executor.is_open() { Duration::ZERO } else { self.start_time };
        let grace = match self.executor {
            Executor::RampingVus { graceful_ramp_down, .. } | Executor::SteppedVus { graceful_ramp_down, .. } => {
                self.graceful_stop.max(graceful_ramp_down)
            }
            _ => self.graceful_stop,
        };
        (from, self.ends().saturating_add(grace))
    }
}

/// Makes the scenarios that the options name, or the one that they are.
pub(super) fn resolve(options: &Options, components: &[Component], seed: u64) -> Result<Loads, Vec<PlanError>> {
    let mut loads = Loads { scenarios: Vec::new(), flows: Vec::new() };
    let Some(named) = &options.scenarios else {
        loads.push(make(ONLY, None, Duration::ZERO, options, components, seed)?);
        return Ok(loads);
    };
    let mut mistakes = of_all(options, named, components);
    for (index, scenario) in named.iter().enumerate() {
        mistakes.extend(settings::unnamed(&scenario.own).map(|mistake| mistake.in_scenario(&scenario.name)));
        let own = with_defaults(scenario, options, components);
        let start_time = scenario.start_time.unwrap_or_default();
        // Scenarios of one plan do not draw the same numbers; the first draws as a plan without scenarios does.
        let seed = stream_seed(seed, index as u64);
        match make(&scenario.name, scenario.component.as_deref(), start_time, &own, components, seed) {
            Ok(made) => loads.push(made),
            Err(wrong) => mistakes.extend(wrong.into_iter().map(|mistake| mistake.in_scenario(&scenario.name))),
        }
    }
    mistakes.extend(loads.beyond_limits());
    if mistakes.is_empty() { Ok(loads) } else { Err(mistakes) }
}

impl Loads {
    fn push(&mut self, (scenario, flows): (Scenario, Vec<PlannedFlow>)) {
        // Past the limit this number is wrong, and the plan refused.
        let first_flow = u16::try_from(self.flows.len()).unwrap_or(0);
        self.scenarios.push(Scenario { first_flow, first_vu: self.vus(), ..scenario });
        self.flows.extend(flows);
    }

    /// How many VUs all scenarios may have.
    fn vus(&self) -> u64 {
        self.scenarios.iter().map(|scenario| scenario.executor.max_vus()).sum()
    }

    fn beyond_limits(&self) -> Vec<PlanError> {
        let controlled = self.scenarios.iter().filter(|scenario| scenario.is_controlled());
        let second = controlled.skip(1).map(|scenario| PlanError::SecondControlled.in_scenario(&scenario.name));
        let stepped =
            self.scenarios.iter().filter(|scenario| self.scenarios.len() > 1 && scenario.executor.is_stepped());
        let beside = stepped.map(|scenario| PlanError::SteppedBesideOthers.in_scenario(&scenario.name));
        let flows = limits::count("the number of flows of all scenarios", self.flows.len() as u64, MAX_SCENARIO_FLOWS);
        let vus = limits::count("the number of VUs of all scenarios", self.vus(), MAX_VUS);
        let beyond = [flows.err(), vus.err()].into_iter().flatten().map(PlanError::from);
        // What none could be made of has told so.
        if self.scenarios.is_empty() { Vec::new() } else { beyond.chain(second).chain(beside).collect() }
    }
}

/// What is wrong with the scenarios as a whole, and with what stands beside them.
fn of_all(options: &Options, named: &[ScenarioOptions], components: &[Component]) -> Vec<PlanError> {
    let count = limits::count("the number of scenarios", named.len() as u64, MAX_SCENARIOS);
    let bad_name = |scenario: &&ScenarioOptions| !is_name(&scenario.name);
    let beside = load_shape::keys_of_load(options).chain(options.flow.as_ref().map(|_| "flow"));
    count
        .err()
        .into_iter()
        .map(PlanError::from)
        .chain(named.iter().filter(bad_name).map(|scenario| PlanError::ScenarioName(scenario.name.clone())))
        .chain(beside.map(PlanError::BesideScenarios))
        .chain(flows_of_none(options, components))
        .collect()
}

fn is_name(name: &str) -> bool {
    let allowed = |letter: char| letter.is_alphanumeric() || ['-', '_', '.'].contains(&letter);
    !name.is_empty() && name.len() <= 100 && name.chars().all(allowed)
}

/// Flows that the options beside the scenarios name, and no component has.
fn flows_of_none(options: &Options, components: &[Component]) -> Vec<PlanError> {
    let known: BTreeSet<&String> = components.iter().flat_map(Component::flow_names).collect();
    let weights = options.weights.iter().flatten().map(|(flow, _)| ("weights", flow));
    let think_times = options.think_time.keys().map(|flow| ("think_time", flow));
    let unknown = weights.chain(think_times).filter(|(_, flow)| !known.contains(flow));
    unknown.map(|(of, flow)| flows::unknown_among(of, flow, known.iter().map(|name| (*name).clone()))).collect()
}

/// A scenario's own options, and where it says nothing those of the whole plan that it may take.
fn with_defaults(scenario: &ScenarioOptions, all: &Options, components: &[Component]) -> Options {
    let component = find(scenario.component.as_deref(), components).map(|number| &components[number]);
    let knows = |flow: &String| component.is_some_and(|component| component.flow_names().any(|name| name == flow));
    let weights = all.weights.clone().map(|mut weights| {
        weights.retain(|flow, _| knows(flow));
        weights
    });
    let defaults = Options {
        graceful_stop: all.graceful_stop,
        graceful_ramp_down: all.graceful_ramp_down,
        arrival: all.arrival,
        max_backlog: all.max_backlog,
        min_iteration_duration: all.min_iteration_duration,
        weights: weights.filter(|weights| !weights.is_empty()),
        think_time: all.think_time.iter().filter(|(flow, _)| knows(flow)).map(|(k, v)| (k.clone(), *v)).collect(),
        env: all.env.clone(),
        tags: all.tags.clone(),
        ..Options::default()
    };
    scenario.own.clone().over(defaults)
}

fn find(name: Option<&str>, components: &[Component]) -> Option<usize> {
    match name {
        None => (!components.is_empty()).then_some(0),
        Some(name) => components.iter().position(|component| component.name == name),
    }
}

/// Makes one scenario, and its flows.
fn make(
    name: &str,
    component: Option<&str>,
    start_time: Duration,
    options: &Options,
    components: &[Component],
    seed: u64,
) -> Result<(Scenario, Vec<PlannedFlow>), Vec<PlanError>> {
    let Some(component) = find(component, components) else {
        return Err(vec![PlanError::UnknownComponent(component.unwrap_or_default().to_owned())]);
    };
    let mut mistakes = Mistakes::default();
    let executor = mistakes.all(load_shape::resolve(options));
    let flows = mistakes.all(flows::resolve(options, &components[component].flows));
    let mix = flows.as_ref().and_then(|flows| mistakes.one(flows::mix(flows)));
    let pace = mistakes.all(settings::pace(options));
    let start_time = mistakes.one(limits::duration("start_time", start_time));
    let begins_later = start_time.is_some_and(|time| !time.is_zero());
    if let Some(executor) = executor.as_ref().filter(|executor| begins_later && executor.first_level().is_some()) {
        mistakes.push(PlanError::BeginsAtOnce(executor.kind()));
    }
    match (executor, flows, mix, pace, start_time) {
        (Some(executor), Some(flows), Some(mix), Some(pace), Some(start_time)) if mistakes.is_empty() => {
            let scenario = Scenario {
                name: name.to_owned(),
                component,
                executor,
                start_time,
                graceful_stop: pace.graceful_stop,
                arrival: options.arrival.unwrap_or_default(),
                max_backlog: pace.max_backlog,
                min_iteration_duration: pace.min_iteration_duration,
                mix,
                first_flow: 0,
                first_vu: 0,
                env: options.env.clone(),
                tags: options.tags.clone(),
                seed,
            };
            Ok((scenario, flows))
        }
        _ => Err(mistakes.into()),
    }
}

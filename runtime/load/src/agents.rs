//! Agents: processes, usually on other machines, that carry the load of a run in place of this process's threads. The
//! words that run and agents exchange. Must not know how these get from one to the other, nor who starts agents.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use squall_data::FeedUse;
use squall_guest::LogLine;
use squall_metrics::{Finding, GeneratorVerdict, Health, Interval, Nanos, Registry};
use squall_plan::Rate;
use tokio::sync::mpsc;

use crate::part::TakenOver;
use crate::seconds::RecordedByAll;
use crate::steering::{ControlState, RateChange, Stop, StoppedBy};

/// The agents of a run, ready to be told of its setup.
#[derive(Debug)]
pub struct Agents {
    /// Their names, by number; those that come later have higher numbers.
    pub names: Vec<String>,
    /// The most that there may be, later ones included.
    pub most: usize,
    /// The worker threads of all of them.
    pub threads: usize,
    /// The run's orders.
    pub orders: mpsc::Sender<AgentOrder>,
    /// Their answers. It ends when all of them have.
    pub news: mpsc::Receiver<AgentNews>,
    /// What is known of a run that goes on already, and that another coordinator began.
    pub resumed: Option<Resumed>,
}

/// A run that another coordinator began.
#[derive(Clone, Debug)]
pub struct Resumed {
    /// The results of `setup`, by component.
    pub setup_data: Vec<Vec<u8>>,
    /// When the load began, on this system's monotonic clock.
    pub load_began: Nanos,
}

/// What a run asks of its agents.
#[derive(Debug)]
pub enum AgentOrder {
    /// To prepare their virtual users.
    Prepare {
        /// The results of `setup`, by component.
        setup_data: Vec<Arc<[u8]>>,
        /// Where the names in their records get their numbers.
        registry: Arc<Registry>,
    },
    /// To begin.
    Begin,
    /// To stop, to pause, or to go on at another level.
    Steer(SteeringOrder),
}

/// What a run hears of its agents.
#[derive(Debug)]
pub enum AgentNews {
    /// All have prepared their virtual users.
    Ready,
    /// The load begins then, on this system's monotonic clock.
    Begins(Nanos),
    /// What one of them recorded.
    Recorded(usize, Box<AgentRecord>),
    /// An agent that came later is at work.
    Joined(usize, String),
    /// A guest's line, and how often it was written again.
    Log(LogLine, u64),
    /// Lines that could not be shown.
    LogDropped(u64),
    /// Something that the user should know.
    Warning(String),
    /// Its part is over, after this time of the load.
    Ended(usize, Duration, Vec<FeedUse>),
    /// Nothing more will come of it, for this reason.
    Lost(usize, String),
    /// The load is to end, for this reason.
    Failed(String),
}

/// What an agent recorded in a second of the load, and how it is.
#[derive(Debug, Default)]
pub struct AgentRecord {
    /// The second's number; none for what came before the load.
    pub second: Option<u64>,
    /// All seconds before this one are complete.
    pub complete_before: u64,
    /// What all its threads recorded.
    pub recorded: Interval,
    /// The longest time that one of its threads was at work.
    pub busiest: Nanos,
    /// The longest time that one of them was ready to run while the system ran something else.
    pub run_delay: Nanos,
    /// Its state at the end of that second.
    pub state: AgentState,
}

/// An agent's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentState {
    /// Virtual users at work, at most, since the last time.
    pub vus: u64,
    /// The same by scenario.
    pub vus_of_scenarios: Vec<u64>,
    /// Whether its generator is to be believed.
    pub generator: GeneratorVerdict,
    /// Why a guest wants the run to end.
    pub aborted: Option<String>,
    /// The data that has come to its end here.
    pub data_ended: Option<String>,
    /// Why a request without a target cannot be made.
    pub missing_target: Option<String>,
}

/// The steering of a run, as it travels to agents. Times count from the beginning of the load.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SteeringOrder {
    /// How the load is to end.
    pub stop: StopOrder,
    /// Whether it pauses.
    pub paused: bool,
    /// Virtual users in place of the plan's.
    pub vus: Option<u64>,
    /// From when on, and from which iteration on, another rate holds; no rate is a pause.
    pub rate_change: Option<(Duration, u64, Option<Rate>)>,
}

/// How a load is to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StopOrder {
    /// As planned.
    #[default]
    No,
    /// Without new iterations.
    Gracefully,
    /// At once.
    Now,
}

impl SteeringOrder {
    pub(crate) fn of(state: &ControlState, load_begins: Nanos) -> SteeringOrder {
        let stop = match state.stop {
            Stop::No => StopOrder::No,
            Stop::Gracefully => StopOrder::Gracefully,
            Stop::Now => StopOrder::Now,
        };
        let change = |RateChange { at, first_index, rate }| (at.since(load_begins).into(), first_index, rate);
        SteeringOrder { stop, paused: state.paused, vus: state.vus, rate_change: state.rate_change.map(change) }
    }

    /// Applies it, and what the agent is to take over, to the control of its threads.
    pub(crate) fn apply(&self, taken_over: &[TakenOver], load_begins: Nanos, state: &mut ControlState) {
        let stop = match self.stop {
            StopOrder::No => Stop::No,
            StopOrder::Gracefully => Stop::Gracefully,
            StopOrder::Now => Stop::Now,
        };
        state.stop = state.stop.max(stop);
        if state.stop != Stop::No {
            state.stopped_by.get_or_insert(StoppedBy::Api);
        }
        (state.paused, state.vus) = (self.paused, self.vus);
        state.rate_change = self.rate_change.map(|(at, first_index, rate)| RateChange {
            at: load_begins + at.into(),
            first_index,
            rate,
        });
        if *state.taken_over != *taken_over {
            state.taken_over = taken_over.into();
        }
    }
}

impl From<AgentRecord> for RecordedByAll {
    fn from(record: AgentRecord) -> RecordedByAll {
        RecordedByAll { recorded: record.recorded, busiest: record.busiest, run_delay: record.run_delay }
    }
}

/// The verdicts of agents on themselves, as one on the run: an agent that cannot be believed is named, with its share of the
/// requests.
#[derive(Debug, Default)]
pub(crate) struct AgentVerdicts(BTreeMap<usize, AgentVerdict>);

#[derive(Debug, Default)]
struct AgentVerdict {
    name: String,
    requests: u64,
    verdict: GeneratorVerdict,
    /// Why it was lost.
    lost: Option<String>,
}

/// From this share of the requests on, agents that measured themselves make the whole run one that did.
const MOST_OF_IT: f64 = 0.5;
const LOOK_AT_MACHINE: &str = "look at its machine and at the network between; the report says what is missing";

impl AgentVerdicts {
    pub(crate) fn name(&mut self, agent: usize, name: &str) {
        self.0.entry(agent).or_default().name = name.to_owned();
    }

    pub(crate) fn hear(&mut self, agent: usize, record: &AgentRecord) {
        let known = self.0.entry(agent).or_default();
        known.requests += record.recorded.requests.values().map(|cell| cell.count).sum::<u64>();
        known.verdict = record.state.generator.clone();
    }

    pub(crate) fn lose(&mut self, agent: usize, reason: &str) {
        let known = self.0.entry(agent).or_default();
        known.lost = Some(format!("{} was lost: {reason}", known.name));
    }

    /// What is missing cannot be believed.
    fn losses(&self) -> impl Iterator<Item = Finding> {
        self.0.values().filter_map(|agent| agent.lost.clone()).map(|reason| Finding {
            health: Health::Suspect,
            signal: Cow::Borrowed("agent lost"),
            reason,
            remedy: Cow::Borrowed(LOOK_AT_MACHINE),
        })
    }

    pub(crate) fn verdict(&self) -> GeneratorVerdict {
        let all: u64 = self.0.values().map(|agent| agent.requests).sum();
        let share = |agent: &AgentVerdict| agent.requests as f64 / (all as f64).max(1.0);
        let is = |health: Health| move |agent: &&AgentVerdict| agent.verdict.health == health;
        let of_bottlenecks: f64 = self.0.values().filter(is(Health::Bottleneck)).map(share).sum();
        let health = match self.0.values().map(|agent| agent.verdict.health).max().unwrap_or_default() {
            Health::Bottleneck if of_bottlenecks < MOST_OF_IT => Health::Suspect,
            worst => worst,
        };
        let findings = self.0.values().flat_map(|agent| {
            let named = move |finding: &Finding| Finding {
                health: finding.health.min(health),
                reason: format!("{} ({:.0}% of requests): {}", agent.name, 100.0 * share(agent), finding.reason),
                ..finding.clone()
            };
            agent.verdict.findings.iter().map(named)
        });
        let mut findings: Vec<Finding> = findings.chain(self.losses()).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.health));
        let health = findings.first().map_or(health, |first| first.health.max(health));
        GeneratorVerdict { health, findings, accepted: false }
    }
}

#[cfg(test)]
mod tests {
    use squall_metrics::{FlowId, Method, NameId, Protocol, RequestCell, RequestKey};

    use super::*;

    fn record(requests: u64, health: Health) -> AgentRecord {
        let finding = Finding {
            health,
            signal: Cow::Borrowed("processor"),
            reason: "a worker thread was busy 97% of the time".to_owned(),
            remedy: Cow::Borrowed("use more machines"),
        };
        let findings = if health == Health::Ok { Vec::new() } else { vec![finding] };
        let key = RequestKey {
            flow: FlowId(0),
            name: NameId::OTHER,
            method: Method::Get,
            status: 200,
            failure: 0,
            expected: true,
            proto: Protocol::Http1,
        };
        let mut record = AgentRecord::default();
        record.recorded.requests.insert(key, RequestCell { count: requests, ..RequestCell::default() });
        record.state.generator = GeneratorVerdict { health, findings, accepted: false };
        record
    }

    fn verdict(agents: &[(u64, Health)]) -> GeneratorVerdict {
        let mut verdicts = AgentVerdicts::default();
        for (number, (requests, health)) in agents.iter().enumerate() {
            verdicts.name(number, &format!("agent-{number}"));
            verdicts.hear(number, &record(*requests, *health));
        }
        verdicts.verdict()
    }

    #[test]
    fn one_bad_agent_makes_the_run_suspect_by_name() {
        let told = verdict(&[(300, Health::Ok), (100, Health::Bottleneck), (400, Health::Ok)]);
        assert_eq!(told.health, Health::Suspect);
        assert_eq!(told.findings[0].reason, "agent-1 (12% of requests): a worker thread was busy 97% of the time");
    }

    #[test]
    fn a_lost_agent_makes_the_run_suspect() {
        let mut verdicts = AgentVerdicts::default();
        verdicts.name(0, "agent-0");
        verdicts.hear(0, &record(10, Health::Ok));
        verdicts.lose(0, "nothing was heard of it for 4s");
        let told = verdicts.verdict();
        assert_eq!(
            (told.health, told.findings[0].reason.as_str()),
            (Health::Suspect, "agent-0 was lost: nothing was heard of it for 4s")
        );
    }

    #[test]
    fn most_of_the_load_from_bad_agents_makes_it_invalid() {
        assert!(verdict(&[(300, Health::Bottleneck), (100, Health::Ok)]).is_invalid());
        assert_eq!(verdict(&[(300, Health::Ok), (100, Health::Ok)]), GeneratorVerdict::default());
    }
}

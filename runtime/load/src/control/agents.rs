//! Hearing of agents: their records become seconds of the run, their wishes its own.

use std::collections::BTreeSet;
use std::time::Duration;

use squall_data::FeedUse;
use squall_guest::{RunContext, UntoldLines};
use squall_metrics::Nanos;
use tokio::sync::mpsc;

use super::{Control, Reporters};
use crate::agents::{AgentNews, AgentRecord};
use crate::event::Event;
use crate::rate_changes::NOTICE;
use crate::seconds::SecondsUnderWay;
use crate::worker::Report;

/// Time for the news of another rate to reach all agents.
const NOTICE_OF_AGENTS: Nanos = Nanos(1_500_000_000);

/// Where reports come from.
pub(crate) enum Incoming {
    Threads(mpsc::Receiver<Report>),
    Agents(mpsc::Receiver<AgentNews>),
}

/// What was reported.
pub(crate) enum Reported {
    ByThread(Box<Report>),
    ByAgent(AgentNews),
}

impl Incoming {
    /// The next report; none when all that report have ended.
    pub(crate) async fn next(&mut self) -> Option<Reported> {
        match self {
            Incoming::Threads(reports) => reports.recv().await.map(Box::new).map(Reported::ByThread),
            Incoming::Agents(news) => news.recv().await.map(Reported::ByAgent),
        }
    }

    /// How long before it another rate is announced.
    pub(super) fn notice(&self) -> Nanos {
        match self {
            Incoming::Threads(_) => NOTICE,
            Incoming::Agents(_) => NOTICE_OF_AGENTS,
        }
    }
}

/// What is known of the agents of a run.
#[derive(Debug, Default)]
pub(super) struct OfAgents {
    at_work: BTreeSet<usize>,
    /// Those whose data has come to its end.
    without_data: BTreeSet<usize>,
    load_took: Nanos,
    /// Agents that were taken for lost.
    lost: BTreeSet<usize>,
    has_late_ones: bool,
    feed_use: Vec<FeedUse>,
    failure: Option<String>,
}

impl OfAgents {
    /// Those that the load begins with, if agents carry it.
    pub(super) fn of(reporters: &Reporters<'_>) -> OfAgents {
        let at_work = match reporters {
            Reporters::Threads => BTreeSet::new(),
            Reporters::Agents(agents) => (0..agents.names.len()).collect(),
        };
        OfAgents { at_work, ..OfAgents::default() }
    }

    /// How long the load took, once all agents have ended.
    pub(super) fn load_took(&self) -> Option<Nanos> {
        (self.at_work.is_empty() && self.load_took > Nanos::ZERO).then_some(self.load_took)
    }

    /// Whether agents were lost, or came late.
    pub(super) fn has_losses(&self) -> bool {
        self.has_late_ones || !self.lost.is_empty()
    }

    /// Why the load is not to go on.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    pub(super) fn into_feed_use(self) -> Vec<FeedUse> {
        self.feed_use
    }

    /// Adds up the rows that agents took of the same feed.
    fn add_feed_use(&mut self, used: Vec<FeedUse>) {
        for one in used {
            let same = |known: &&mut FeedUse| known.name == one.name && known.policy == one.policy;
            match self.feed_use.iter_mut().find(same) {
                Some(known) => known.taken += one.taken,
                None => self.feed_use.push(one),
            }
        }
    }
}

/// Seconds that wait for these reporters; agents that may come later are not waited for.
pub(super) fn seconds_of(reporters: &Reporters<'_>, most: usize) -> SecondsUnderWay {
    let mut seconds = SecondsUnderWay::new(most);
    if let Reporters::Agents(agents) = reporters {
        (agents.names.len()..most).for_each(|later| seconds.release(later));
    }
    seconds
}

impl Control<'_> {
    /// Takes in what was heard of an agent.
    pub(crate) fn take_news(&mut self, news: AgentNews, run: &RunContext) {
        match news {
            AgentNews::Recorded(agent, record) => self.take_record(agent, *record, run),
            AgentNews::Joined(agent, name) => {
                self.of_agents.has_late_ones = true;
                self.generator.name_agent(agent, &name);
            }
            AgentNews::Log(line, times) => {
                self.log.take(UntoldLines { repeated: vec![(line, times)], dropped: 0 }, self.observer);
            }
            AgentNews::LogDropped(dropped) => {
                self.log.take(UntoldLines { repeated: Vec::new(), dropped }, self.observer);
            }
            AgentNews::Warning(text) => self.tell(&Event::Warning(&text)),
            AgentNews::Failed(reason) => drop(self.of_agents.failure.get_or_insert(reason)),
            AgentNews::Ended(agent, load_took, used) => self.take_end(agent, load_took, used),
            AgentNews::Lost(agent, reason) => {
                self.of_agents.lost.insert(agent);
                self.generator.lose_agent(agent, &reason);
                self.release_agent(agent);
            }
            AgentNews::Ready | AgentNews::Begins(_) => {}
        }
    }

    fn take_record(&mut self, agent: usize, record: AgentRecord, run: &RunContext) {
        self.generator.hear_agent(agent, &record);
        if self.of_agents.lost.contains(&agent) {
            // It was frozen, or cut off: what it did is counted, and nothing more is waited for.
            return self.take_late_record(agent, record);
        }
        self.of_agents.at_work.insert(agent);
        self.active_vus.report(agent, record.state.vus);
        if let Some(known) = self.vus_of_scenarios.get_mut(agent) {
            known.iter_mut().zip(&record.state.vus_of_scenarios).for_each(|(known, vus)| *known = *vus);
        }
        if let Some(reason) = &record.state.aborted {
            run.abort.request(reason.clone());
        }
        if let Some(problem) = &record.state.missing_target {
            run.missing_target.report(problem);
        }
        if let Some(name) = &record.state.data_ended {
            self.of_agents.without_data.insert(agent);
            // Others may have rows left.
            if self.of_agents.at_work.is_subset(&self.of_agents.without_data) {
                run.data_end.reach(name);
            }
        }
        match record.second {
            None => self.take_from_before_load(&record.recorded),
            Some(number) => self.seconds.add_of_agent(agent, number, record.complete_before, record.into()),
        }
        self.complete_seconds();
    }

    fn take_late_record(&mut self, agent: usize, record: AgentRecord) {
        match record.second {
            None => self.take_from_before_load(&record.recorded),
            Some(number) => self.seconds.add_of_agent(agent, number, u64::MAX, record.into()),
        }
        self.complete_seconds();
    }

    fn take_end(&mut self, agent: usize, load_took: Duration, used: Vec<FeedUse>) {
        self.of_agents.load_took = self.of_agents.load_took.max(load_took.into());
        self.of_agents.add_feed_use(used);
        self.release_agent(agent);
    }

    fn release_agent(&mut self, agent: usize) {
        self.of_agents.at_work.remove(&agent);
        self.active_vus.report(agent, 0);
        if let Some(vus) = self.vus_of_scenarios.get_mut(agent) {
            vus.fill(0);
        }
        self.seconds.release(agent);
        self.complete_seconds();
    }
}

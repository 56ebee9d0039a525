//! During the run: its orders go to the agents, and what they record comes back as news.

use std::time::Duration;

use squall_bus::{AgentName, Delivery, Heard};
use squall_data::FeedUse;
use squall_load::{AgentNews, AgentOrder, AgentRecord, TakenOver};
use squall_metrics::{AgentLine, AgentsReport, LostLoad, Nanos, SecondGrid};
use squall_plan::Warmup;

use super::known_agent::{KnownAgent, Stage};
use super::{Coordinator, NOTICE};
use crate::clock::farthest_apart;
use crate::frame;
use crate::message::{Blob, Note, ToAgent, ToCoordinator};

impl Coordinator {
    /// Carries out an order of the run.
    pub(super) async fn carry_out(&mut self, order: AgentOrder) {
        match order {
            AgentOrder::Prepare { setup_data, registry } => {
                self.registry = Some(registry);
                if self.load_began.is_none() {
                    self.setup_data = setup_data.iter().map(|data| data.to_vec()).collect();
                    self.prepare_all().await;
                }
                for (agent, bytes) in std::mem::take(&mut self.early) {
                    self.hear_frame(agent, &bytes).await;
                }
            }
            AgentOrder::Begin => self.begin().await,
            AgentOrder::Steer(order) => {
                if order != self.order {
                    self.order = order.clone();
                    self.expect_end();
                    self.tell_all(Delivery::Kept, &ToAgent::Steer(order)).await;
                }
            }
        }
    }

    async fn prepare_all(&mut self) {
        let setup_data = self.setup_data.iter().cloned().map(Blob).collect();
        self.tell_all(Delivery::Kept, &ToAgent::Prepare { setup_data }).await;
    }

    /// All begin at the same moment, each by its own clock.
    async fn begin(&mut self) {
        let at = self.clock.now() + self.settings.lead.into();
        for agent in 0..self.agents.len() {
            if self.assignment.is_at_work(agent) {
                self.tell_beginning(agent, at).await;
            }
        }
        self.load_began = Some(at);
        self.expect_end();
        self.note(Note::Begun { time_of_day: time_of_day_at(at.since(self.clock.now())) }).await;
        self.news(AgentNews::Begins(at)).await;
        self.warn_of_clocks().await;
    }

    async fn tell_beginning(&self, agent: usize, at: Nanos) {
        let offset = self.agents.get(agent).and_then(|known| known.offset);
        let at = offset.map_or(at, |offset| offset.on_agent(at)).0;
        self.tell(agent, &ToAgent::Begin { at }).await;
    }

    async fn warn_of_clocks(&self) {
        const MUCH: Duration = Duration::from_millis(10);
        for agent in &self.agents {
            let error = agent.offset.map_or(Duration::ZERO, |offset| offset.error);
            if error > MUCH {
                let (name, error) = (agent.name.as_str(), error.as_millis());
                self.warn(format!(
                    "the clock of {name} is known to {error} ms only: it may begin that much too early or late"
                ))
                .await;
            }
        }
    }

    /// How far the load is.
    pub(super) fn elapsed(&self) -> Duration {
        self.load_began.map_or(Duration::ZERO, |began| self.clock.now().since(began).into())
    }

    pub(super) async fn hear(&mut self, heard: Heard) {
        if let Some((from, bytes)) = self.hear_bus(heard).await {
            self.hear_message(from, bytes).await;
        }
    }

    pub(super) async fn hear_message(&mut self, from: AgentName, bytes: Vec<u8>) {
        let known = self.numbers.get(&from).copied();
        if let Some(agent) = known.and_then(|number| self.agents.get_mut(number)) {
            agent.last_heard = self.clock.now();
        }
        match known {
            Some(agent) if frame::is_frame(&bytes) && self.registry.is_none() => self.early.push((agent, bytes)),
            Some(agent) if frame::is_frame(&bytes) => self.hear_frame(agent, &bytes).await,
            _ => match serde_json::from_slice(&bytes) {
                Ok(message) => self.hear_words(from, known, message).await,
                Err(_) => self.note_dropped(from.as_str(), "it cannot be read").await,
            },
        }
    }

    async fn hear_words(&mut self, from: AgentName, known: Option<usize>, message: ToCoordinator) {
        if Coordinator::is_early(&message) {
            let was_ready = self.all_ready();
            self.hear_newcomer(from, message).await;
            if !was_ready && self.all_ready() && self.load_began.is_none() {
                self.news(AgentNews::Ready).await;
            }
            if let Some(agent) = known {
                self.put_to_work(agent).await;
            }
            return;
        }
        let Some(agent) = known else { return };
        match message {
            ToCoordinator::Log { line, times } => self.news(AgentNews::Log(line.into(), times)).await,
            ToCoordinator::LogDropped(dropped) => self.news(AgentNews::LogDropped(dropped)).await,
            ToCoordinator::Warning(text) => self.warn(format!("{}: {text}", self.name(agent))).await,
            ToCoordinator::Failed(reason) => self.lose(agent, reason).await,
            ToCoordinator::Ended { took, used, was_alone } => self.end_agent(agent, (took, was_alone), used).await,
            _ => {}
        }
    }

    async fn end_agent(&mut self, agent: usize, (took, was_alone): (Duration, bool), used: Vec<FeedUse>) {
        if let Some(known) = self.agents.get_mut(agent) {
            known.stage = Stage::Over;
        }
        let was_missed = self.assignment.is_at_work(agent) && was_alone;
        self.assignment.end(agent);
        self.news(AgentNews::Ended(agent, took, used)).await;
        if was_missed {
            let (name, seconds) = (self.name(agent), took.as_secs());
            let reason =
                format!("{name} ended its load after {seconds}s by itself, because it had heard no coordinator");
            self.news(AgentNews::Failed(reason)).await;
        }
    }

    async fn hear_frame(&mut self, agent: usize, bytes: &[u8]) {
        // What the run does not hear any more is not counted either.
        let Some(registry) = self.registry.as_ref().filter(|_| self.news.is_some()) else { return };
        match frame::decode(bytes, registry) {
            Ok(record) => self.take_record(agent, record).await,
            Err(error) => self.note_dropped(self.name(agent).to_owned().as_str(), &error.to_string()).await,
        }
    }

    async fn take_record(&mut self, agent: usize, record: AgentRecord) {
        let recorded = &record.recorded;
        let ended = recorded.iterations.values().map(|cell| cell.count + cell.interrupted).sum::<u64>()
            + recorded.dropped.values().map(|cell| cell.count).sum::<u64>();
        let until = record.second.map_or(Duration::ZERO, |number| self.grid().end_of(number).into());
        self.assignment.count(agent, recorded.pacing.due, ended, until);
        if let Some(known) = self.agents.get_mut(agent) {
            known.requests += recorded.requests.values().map(|cell| cell.count).sum::<u64>();
            known.health = record.state.generator.health;
        }
        self.news(AgentNews::Recorded(agent, Box::new(record))).await;
    }

    /// The seconds of the load, from its beginning.
    fn grid(&self) -> SecondGrid {
        let warm_up = match self.plan().warmup {
            Warmup::For(time) => time,
            Warmup::None | Warmup::Auto => Duration::ZERO,
        };
        SecondGrid::new(Nanos::ZERO, warm_up.into())
    }

    /// A late agent begins, if there is something for it to do.
    pub(super) async fn put_to_work(&mut self, agent: usize) {
        let is_prepared = self.agents.get(agent).is_some_and(|known| known.stage == Stage::Prepared);
        if self.load_began.is_none() || !is_prepared {
            return;
        }
        let from = self.elapsed() + NOTICE;
        let changed = self.assignment.put_to_work(agent, from);
        if !changed.is_empty() {
            self.start_late(agent, from).await;
            self.tell_taken_over(&changed).await;
        }
    }

    pub(super) async fn start_late(&mut self, agent: usize, from: Duration) {
        let setup_data = self.setup_data.iter().cloned().map(Blob).collect();
        let name = self.name(agent).to_owned();
        let threads = self.agents.get_mut(agent).map_or(0, |known| {
            known.joined = Some(from);
            known.threads
        });
        self.note(Note::Joined { agent: name.clone(), at: from, threads }).await;
        self.tell(agent, &self.taken_over(agent)).await;
        self.tell(agent, &ToAgent::Prepare { setup_data }).await;
        if let Some(began) = self.load_began {
            self.tell_beginning(agent, began).await;
        }
        self.tell(agent, &ToAgent::Steer(self.order.clone())).await;
        self.news(AgentNews::Joined(agent, name.clone())).await;
        self.warn(format!("{name} takes part from {:.1}s on", from.as_secs_f64())).await;
    }

    pub(super) async fn tell_taken_over(&self, agents: &[usize]) {
        for agent in agents {
            self.tell(*agent, &self.taken_over(*agent)).await;
        }
    }

    fn taken_over(&self, agent: usize) -> ToAgent {
        let parts: Vec<TakenOver> = self.assignment.taken_over(agent);
        ToAgent::TakeOver { parts, place: self.assignment.place(agent) }
    }

    /// Nothing more can come: the run hears the end of the news.
    pub(super) fn close_when_over(&mut self) {
        if self.registry.is_some() && self.assignment.is_over() {
            self.news = None;
        }
    }

    pub(super) fn report(&self, load_took: Duration) -> AgentsReport {
        let all: u64 = self.agents.iter().map(|agent| agent.requests).sum();
        let line = |agent: &KnownAgent| AgentLine {
            name: agent.name.as_str().to_owned(),
            host: agent.host.clone(),
            threads: agent.threads,
            requests: agent.requests,
            share: agent.requests as f64 / (all as f64).max(1.0),
            health: agent.health,
            clock_error_ms: agent.offset.map_or(0.0, |offset| millis(offset.error)),
            joined_ms: agent.joined.map(millis),
            lost_ms: agent.lost.as_ref().map(|(at, _)| millis(*at)),
        };
        let losses = self.assignment.losses(self.plan(), load_took).into_iter().map(|loss| LostLoad {
            agent: self.name(loss.agent).to_owned(),
            at_ms: millis(loss.at),
            reason: self.loss_reason(loss.agent),
            arrivals: loss.arrivals,
            repeated: loss.repeated,
            iterations: loss.iterations,
            missing_from_ms: millis(loss.gap.start),
            missing_until_ms: millis(loss.gap.end),
            taken_over: loss.gap.end < load_took,
        });
        let at_work = |agent: &&KnownAgent| agent.requests > 0 || agent.stage >= Stage::Ready;
        let errors = self.agents.iter().filter_map(|agent| agent.offset).map(|offset| offset.error);
        AgentsReport {
            agents: self.agents.iter().filter(at_work).map(line).collect(),
            start_error_ms: millis(farthest_apart(errors)),
            lost: losses.collect(),
            dropped: self.dropped.clone(),
        }
    }

    fn loss_reason(&self, agent: usize) -> String {
        let lost = self.agents.get(agent).and_then(|known| known.lost.as_ref());
        lost.map_or_else(String::new, |(_, reason)| reason.clone())
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The time of day after a time from now, in nanoseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "another coordinator, perhaps on another machine, must know when the load began"
)]
fn time_of_day_at(from_now: Nanos) -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    (Nanos::from(now) + from_now).0
}

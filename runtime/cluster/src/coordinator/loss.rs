//! Agents that are lost: missed, dismissed, and replaced.

use squall_load::{AgentNews, StopOrder};
use squall_metrics::Nanos;

use super::known_agent::{KnownAgent, Stage};
use super::{AWAY, Coordinator, NOTICE, OVERDUE, SILENCE};
use crate::message::{Note, ToAgent};

impl Coordinator {
    /// Takes agents for lost that have said nothing for too long. While the server does not answer, none can be heard.
    pub(super) async fn miss_silent(&mut self, now: Nanos) {
        if self.disconnected.is_some() || now < self.may_be_silent_until || self.registry.is_none() {
            return;
        }
        let is_silent = |agent: usize| {
            let known = self.agents.get(agent);
            let is_heard = |known: &KnownAgent| (Stage::Prepared..Stage::Over).contains(&known.stage);
            known.is_some_and(|known| is_heard(known) && now.since(known.last_heard) > SILENCE.into())
        };
        let silent: Vec<usize> = (0..self.agents.len()).filter(|agent| is_silent(*agent)).collect();
        for agent in silent {
            self.lose(agent, format!("nothing was heard of it for {}s", SILENCE.as_secs())).await;
        }
    }

    /// A run ends, whatever its agents and the server between do not say.
    pub(super) async fn give_up_when_overdue(&mut self, now: Nanos) {
        if self.news.is_none() || self.registry.is_none() {
            return;
        }
        if self.disconnected.is_some_and(|since| now.since(since) > AWAY.into()) {
            let reason = format!(
                "the server between coordinator and agents has not answered for {}s: agents end by themselves; when it is \
                 back, squall cluster attach reports what it has stored",
                AWAY.as_secs()
            );
            self.news(AgentNews::Failed(reason)).await;
            self.news = None;
        }
        if self.must_end_by.is_some_and(|end| now > end) {
            for agent in (0..self.agents.len()).filter(|agent| self.assignment.is_at_work(*agent)).collect::<Vec<_>>() {
                self.lose(agent, format!("its end was not heard {}s after that of the load", OVERDUE.as_secs())).await;
            }
        }
    }

    /// When all must have ended: some time after the planned end, or after a stop.
    pub(super) fn expect_end(&mut self) {
        let grace = self.plan().graceful_stop() + OVERDUE;
        let planned = self.plan().planned_duration().zip(self.load_began);
        let planned = planned.map(|(_, began)| began + (self.plan().time_limit() + grace).into());
        let stopped = (self.order.stop != StopOrder::No).then(|| self.clock.now() + grace.into());
        self.must_end_by = [self.must_end_by, planned, stopped].into_iter().flatten().min();
    }

    /// An agent is lost: the others take its part over, as far as the policy says.
    pub(super) async fn lose(&mut self, agent: usize, reason: String) {
        let Some(known) = self.agents.get_mut(agent).filter(|known| known.stage < Stage::Over) else { return };
        known.stage = Stage::Over;
        let was_at_work = self.assignment.is_at_work(agent);
        let at = self.elapsed();
        let name = self.name(agent).to_owned();
        if let Some(known) = self.agents.get_mut(agent) {
            known.lost = Some((at, reason.clone()));
        }
        self.tell(agent, &ToAgent::Dismissed).await;
        if self.load_began.is_none() {
            self.assignment.end(agent);
            self.news(AgentNews::Failed(format!("{name} was lost before the load began: {reason}"))).await;
            return;
        }
        self.note(Note::Lost { agent: name.clone(), at, reason: reason.clone() }).await;
        let changed = self.assignment.lose(agent, at, at + NOTICE);
        if was_at_work && self.assignment.is_over() && !self.assignment.has_ended_well() {
            self.news(AgentNews::Failed(format!("no agent is left: {name} was lost after {:.1}s", at.as_secs_f64())))
                .await;
        }
        self.news(AgentNews::Lost(agent, reason.clone())).await;
        if was_at_work {
            self.tell_of_loss(&name, &reason, !changed.is_empty()).await;
        }
        for late in changed.iter().filter(|late| self.is_waiting(**late)).copied().collect::<Vec<_>>() {
            self.start_late(late, at + NOTICE).await;
        }
        self.tell_taken_over(&changed).await;
    }

    fn is_waiting(&self, agent: usize) -> bool {
        self.agents.get(agent).is_some_and(|known| known.stage == Stage::Prepared)
    }

    async fn tell_of_loss(&self, name: &str, reason: &str, is_taken_over: bool) {
        let at = self.elapsed().as_secs_f64();
        let consequence = match (is_taken_over, self.assignment.fails_with_a_loss()) {
            (true, _) => "its part of the load is taken over",
            (false, true) => "the run ends, as --on-lost-agent=fail says",
            (false, false) => "its part of the load is missing from now on",
        };
        let text = format!("{name} was lost after {at:.1}s: {reason}; {consequence}");
        self.warn(text.clone()).await;
        if self.assignment.fails_with_a_loss() {
            self.news(AgentNews::Failed(text)).await;
        }
    }
}

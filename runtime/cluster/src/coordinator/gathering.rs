//! Before the run: agents come, their clocks are asked, and they prepare themselves.

use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

use squall_bus::{AgentName, Heard};
use squall_load::{AgentNews, AgentOrder, Agents};
use squall_metrics::Nanos;
use tokio::sync::mpsc;

use super::known_agent::{KnownAgent, Stage};
use super::{Coordinator, MOST_LATE, Progress, beat};
use crate::clock::{ClockOffset, QUESTIONS};
use crate::error::ClusterError;
use crate::manifest::ManifestFiles;
use crate::message::{Note, ToAgent, ToCoordinator};

/// The largest text of an agent that is shown.
const LONGEST_HOST: usize = 100;
/// Lines of agents' processes that are remembered.
const MOST_LINES: usize = 1_000;

impl Coordinator {
    /// Waits until as many agents as are wanted have prepared themselves.
    pub(super) async fn gather(
        &mut self,
        files: &ManifestFiles,
        progress: &SyncSender<Progress>,
        to_stop: &AtomicBool,
    ) -> Result<(), ClusterError> {
        for (name, content) in files.iter() {
            self.end.share_file(name, content.clone()).await?;
        }
        let agents = self.settings.agents as usize;
        self.note(Note::Run { manifest: self.manifest.clone(), agents }).await;
        let began = self.clock.now();
        let mut told = 0;
        while self.prepared() < agents {
            tokio::select! {
                heard = self.end.recv() => match heard {
                    Some(heard) => self.hear_early(heard).await?,
                    None => return Err(ClusterError::Bus(squall_bus::BusError::Closed)),
                },
                () = beat() => {}
            }
            self.keep_watch().await;
            if to_stop.load(Ordering::Relaxed) {
                return Err(ClusterError::Stopped);
            }
            let came = self.agents.len();
            if came > told && agents > 1 && came <= agents {
                told = came;
                let _ = progress.send(Progress::Line(format!("{came} of {agents} agents have come")));
            }
            if self.clock.now().since(began) > self.settings.join_timeout.into() && self.prepared() < agents {
                let (prepared, waited) = (self.prepared(), self.settings.join_timeout);
                return Err(ClusterError::Missing { came, prepared, wanted: agents, waited });
            }
        }
        let agents = self.agents.iter().map(KnownAgent::to_note).collect();
        self.note(Note::Agents { agents }).await;
        Ok(())
    }

    fn prepared(&self) -> usize {
        self.agents.iter().filter(|agent| agent.stage >= Stage::Prepared).count()
    }

    async fn hear_early(&mut self, heard: Heard) -> Result<(), ClusterError> {
        let heard = match heard {
            Heard::Said { from, line } => {
                // The last words explain an end; the first of many would only take memory.
                if self.said.len() >= MOST_LINES {
                    self.said.remove(0);
                }
                self.said.push((from, line));
                return Ok(());
            }
            Heard::Gone { agent, reason, status } => return Err(self.gone(&agent, reason, status)),
            other => other,
        };
        let Some((from, bytes)) = self.hear_bus(heard).await else { return Ok(()) };
        let Ok(message) = serde_json::from_slice(&bytes) else {
            self.note_dropped(from.as_str(), "it cannot be read").await;
            return Ok(());
        };
        match message {
            ToCoordinator::Failed(reason) => Err(ClusterError::Agent { agent: from.as_str().to_owned(), reason }),
            other => {
                self.hear_newcomer(from, other).await;
                Ok(())
            }
        }
    }

    fn gone(&mut self, agent: &AgentName, reason: String, status: Option<ExitStatus>) -> ClusterError {
        let lines = self.said.iter().filter(|(from, _)| from == agent).map(|(_, line)| line.as_str());
        let said = lines.collect::<Vec<_>>().join("\n");
        ClusterError::Gone { agent: agent.as_str().to_owned(), reason, status, said }
    }

    /// A message of an agent that is not at work yet.
    pub(super) async fn hear_newcomer(&mut self, from: AgentName, message: ToCoordinator) {
        let now = self.clock.now();
        let Some(agent) = self.numbers.get(&from).copied() else {
            if let ToCoordinator::Join { version, host, .. } = message {
                self.admit(from, &version, host).await;
            }
            return;
        };
        let Some(known) = self.agents.get_mut(agent) else { return };
        known.last_heard = now;
        match message {
            ToCoordinator::Pong { sent, answered, .. } => {
                known.hear_clock(ClockOffset::of_answer(Nanos(sent), Nanos(answered), now));
                match known.answers {
                    QUESTIONS => self.welcome(agent).await,
                    fewer if fewer < QUESTIONS => self.ask_clock(agent).await,
                    _ => {}
                }
            }
            ToCoordinator::Prepared { threads, .. } => {
                known.threads = threads;
                known.stage = known.stage.max(Stage::Prepared);
                self.assignment.mark_prepared(agent);
            }
            ToCoordinator::Ready => known.stage = known.stage.max(Stage::Ready),
            _ => {}
        }
    }

    async fn admit(&mut self, from: AgentName, version: &str, mut host: String) {
        let most = self.settings.agents as usize + MOST_LATE;
        host.truncate(host.floor_char_boundary(LONGEST_HOST));
        let number = self.agents.len();
        self.numbers.insert(from.clone(), number);
        self.agents.push(KnownAgent::new(from, host, self.clock.now()));
        if number >= self.assignment.len() {
            self.assignment.add_spare();
        }
        let refusal = match () {
            () if version != self.manifest.version => Some(format!(
                "it is Squall {version}, and the coordinator is {}: install the same version on all machines",
                self.manifest.version
            )),
            () if number >= most => Some(format!("the run has {most} agents already")),
            () => None,
        };
        match refusal {
            None => self.ask_clock(number).await,
            Some(reason) => {
                self.note_dropped(self.name(number).to_owned().as_str(), &reason).await;
                self.tell(number, &ToAgent::Refused { reason }).await;
                self.assignment.end(number);
            }
        }
    }

    async fn ask_clock(&self, agent: usize) {
        let number = self.agents.get(agent).map_or(0, |known| known.answers);
        self.tell(agent, &ToAgent::Ping { number, sent: self.clock.now().0 }).await;
    }

    async fn welcome(&mut self, agent: usize) {
        let place = self.assignment.place(agent);
        if let Some(known) = self.agents.get_mut(agent) {
            known.stage = known.stage.max(Stage::Preparing);
        }
        let (manifest, threads) = (self.manifest.clone(), self.settings.threads);
        self.tell(agent, &ToAgent::Welcome { manifest, place, threads }).await;
    }

    /// The agents, for the run; and where its orders come from.
    pub(super) fn hand_over(&mut self) -> (Agents, mpsc::Receiver<AgentOrder>) {
        let (orders, ordered) = mpsc::channel(16);
        let (news, heard) = mpsc::channel::<AgentNews>(1_024);
        self.news = Some(news);
        let names = self.agents.iter().map(|agent| agent.name.as_str().to_owned()).collect();
        let agents = Agents {
            names,
            most: self.settings.agents as usize + MOST_LATE,
            threads: self.agents.iter().map(|agent| agent.threads).sum(),
            orders,
            news: heard,
            resumed: None,
        };
        (agents, ordered)
    }

    /// Whether all agents have their virtual users.
    pub(super) fn all_ready(&self) -> bool {
        let at_work = |(number, _): &(usize, &KnownAgent)| self.assignment.is_at_work(*number);
        self.agents.iter().enumerate().filter(at_work).all(|(_, agent)| agent.stage >= Stage::Ready)
    }

    /// Whether a message is one of those that are sent before an agent is at work.
    pub(super) fn is_early(message: &ToCoordinator) -> bool {
        matches!(
            message,
            ToCoordinator::Join { .. }
                | ToCoordinator::Pong { .. }
                | ToCoordinator::Prepared { .. }
                | ToCoordinator::Ready
        )
    }
}

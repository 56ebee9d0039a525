//! A coordinator that takes the place of another: it reads all that the bus has stored of the run, and goes on.

use std::sync::mpsc::sync_channel;
use std::time::Duration;

use squall_bus::{AgentName, CoordinatorEnd, Heard};
use squall_load::Resumed;
use squall_metrics::Clock;
use tokio::sync::oneshot;

use super::known_agent::{KnownAgent, Stage};
use super::{ClusterHandle, ClusterSettings, Coordinator, Gathered, NOTICE, SILENCE, start_thread};
use crate::clock::ClockOffset;
use crate::error::ClusterError;
use crate::manifest::Manifest;
use crate::message::{AgentNote, Note, ToAgent};
use crate::wait::within;

/// How long the stored messages of a run may take.
const READING: Duration = Duration::from_secs(60);

/// A run as the bus has stored it: what its coordinator said. What its agents recorded may be more than fits into memory, so
/// it is read again, and added up on the way, when the run is resumed.
pub struct Stored {
    end: CoordinatorEnd,
    /// The run.
    pub manifest: Manifest,
    agents: usize,
    names: Vec<AgentNote>,
    setup_data: Option<Vec<Vec<u8>>>,
    began: Option<u64>,
}

/// Reads a run that another coordinator began.
///
/// # Errors
/// If the bus has none, or its load had not begun.
pub fn attach(end: CoordinatorEnd) -> Result<Stored, ClusterError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(read_stored(end))
}

async fn read_stored(mut end: CoordinatorEnd) -> Result<Stored, ClusterError> {
    let (mut run, mut setup_data, mut began, mut names) = (None, None, None, Vec::new());
    loop {
        let heard = match within(READING, end.recv()).await.flatten() {
            None => return Err(ClusterError::NotAttachable("the stored messages could not be read".to_owned())),
            Some(Heard::CaughtUp) => break,
            Some(heard) => heard,
        };
        match own(&heard) {
            Some(ToAgent::Note(Note::Run { manifest, agents })) => run = Some((*manifest, agents)),
            Some(ToAgent::Note(Note::Agents { agents })) => names = agents,
            Some(ToAgent::Note(Note::Begun { time_of_day })) => began = Some(time_of_day),
            Some(ToAgent::Prepare { setup_data: data }) => {
                setup_data = Some(data.into_iter().map(|blob| blob.0).collect());
            }
            _ => {}
        }
    }
    let (manifest, agents) =
        run.ok_or_else(|| ClusterError::NotAttachable("no run is stored under that name".to_owned()))?;
    Ok(Stored { end, manifest, agents, names, setup_data, began })
}

fn own(heard: &Heard) -> Option<ToAgent> {
    match heard {
        Heard::Own { bytes, .. } => serde_json::from_slice(bytes).ok(),
        _ => None,
    }
}

impl Stored {
    /// The run's components, as they were shared.
    ///
    /// # Errors
    /// If one cannot be fetched.
    pub fn components(&self) -> Result<Vec<bytes::Bytes>, ClusterError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let files = self.manifest.components.iter().map(|component| &component.file);
        files.map(|file| Ok(runtime.block_on(self.end.fetch_file(file))?)).collect()
    }

    /// When the load began: this long ago.
    ///
    /// # Errors
    /// If it had not begun.
    pub fn began_before(&self) -> Result<Duration, ClusterError> {
        let began = self.began.ok_or_else(|| {
            ClusterError::NotAttachable(
                "its load had not begun when its coordinator was lost: begin it again".to_owned(),
            )
        })?;
        Ok(time_of_day().saturating_sub(Duration::from_nanos(began)))
    }

    /// Goes on with the run, at a new end that reads its messages from the first one on.
    ///
    /// # Errors
    /// If its load had not begun.
    pub fn resume(self, end: CoordinatorEnd, policy: crate::LossPolicy) -> Result<Gathered, ClusterError> {
        let before = self.began_before()?;
        let Stored { manifest, agents, names, setup_data, .. } = self;
        let settings = ClusterSettings {
            agents: u32::try_from(agents).unwrap_or(u32::MAX),
            join_timeout: Duration::ZERO,
            policy,
            lead: Duration::ZERO,
            threads: manifest.threads,
            ends_are_heard: false,
        };
        let clock = Clock::of_system();
        let load_began = clock.now().since(before.into());
        let mut coordinator = Coordinator::new(end, manifest, settings, clock);
        coordinator.setup_data = setup_data.unwrap_or_default();
        coordinator.load_began = Some(load_began);
        coordinator.may_be_silent_until = coordinator.clock.now() + SILENCE.into() + SILENCE.into();
        names.iter().for_each(|agent| coordinator.know_agent(agent));
        let (mut agents, orders) = coordinator.hand_over();
        agents.resumed = Some(Resumed { setup_data: coordinator.setup_data.clone(), load_began });
        let (finish, finished) = oneshot::channel();
        let (report, reported) = sync_channel(1);
        start_thread(move |_| coordinator.resume(orders, finished, report))?;
        Ok(Gathered { agents, handle: ClusterHandle { finish, report: reported } })
    }
}

impl Coordinator {
    fn know_agent(&mut self, agent: &AgentNote) {
        let Ok(name) = AgentName::new(&agent.name) else { return };
        if self.numbers.contains_key(&name) {
            return;
        }
        self.numbers.insert(name.clone(), self.agents.len());
        let mut known = KnownAgent::new(name, agent.host.clone(), self.clock.now());
        (known.stage, known.threads) = (Stage::Ready, agent.threads);
        known.offset = agent.clock_error.map(ClockOffset::known_to);
        self.agents.push(known);
        while self.assignment.len() < self.agents.len() {
            self.assignment.add_spare();
        }
    }

    async fn resume(
        mut self,
        mut orders: tokio::sync::mpsc::Receiver<squall_load::AgentOrder>,
        finished: oneshot::Receiver<super::Finish>,
        report: std::sync::mpsc::SyncSender<squall_metrics::AgentsReport>,
    ) {
        // The registry comes with the first order, and names have no numbers without it.
        match orders.recv().await {
            None => return,
            Some(order) => self.carry_out(order).await,
        }
        if let Some(began) = self.load_began {
            self.news(squall_load::AgentNews::Begins(began)).await;
        }
        loop {
            match self.end.recv().await {
                None => return,
                Some(Heard::CaughtUp) => break,
                Some(heard) => self.hear_again(heard).await,
            }
        }
        self.expect_end();
        let now = self.clock.now();
        self.agents.iter_mut().for_each(|agent| agent.last_heard = now);
        self.close_when_over();
        self.serve(orders, finished, report).await;
    }

    /// What was said before, by agents and by the coordinator that was there.
    async fn hear_again(&mut self, heard: Heard) {
        match own(&heard) {
            Some(ToAgent::Steer(order)) => self.order = order,
            Some(ToAgent::Note(Note::Lost { agent, at, reason })) => self.lose_again(&agent, at, reason).await,
            Some(ToAgent::Note(Note::Joined { agent, at, threads })) => {
                let note = AgentNote { name: agent.clone(), host: String::new(), threads, clock_error: None };
                self.know_agent(&note);
                if let Some(number) = AgentName::new(&agent).ok().and_then(|name| self.numbers.get(&name).copied()) {
                    self.assignment.mark_prepared(number);
                    self.assignment.put_to_work(number, at);
                    self.news(squall_load::AgentNews::Joined(number, agent)).await;
                }
            }
            Some(_) => {}
            None => {
                if let Heard::Message { from, bytes, .. } = heard
                    && self.numbers.contains_key(&from)
                {
                    self.hear_message(from, bytes).await;
                }
            }
        }
    }

    async fn lose_again(&mut self, agent: &str, at: Duration, reason: String) {
        let Some(number) = AgentName::new(agent).ok().and_then(|name| self.numbers.get(&name).copied()) else { return };
        if let Some(known) = self.agents.get_mut(number) {
            (known.stage, known.lost) = (Stage::Over, Some((at, reason.clone())));
        }
        self.assignment.lose(number, at, at + NOTICE);
        self.news(squall_load::AgentNews::Lost(number, reason)).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the run began on another coordinator's clock: only the time of day is common"
)]
fn time_of_day() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

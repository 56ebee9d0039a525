//! The coordinator's side of a run on agents: waits for them, prepares and starts them together, hears what they record, and
//! misses those that fall silent. It works on a thread of its own, between the bus and the run.

mod gathering;
mod known_agent;
mod loss;
mod replay;
mod running;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use squall_bus::{AgentName, CoordinatorEnd, Delivery, Heard, Recipient};
use squall_load::{AgentNews, AgentOrder, Agents, SteeringOrder};
use squall_metrics::{AgentsReport, Clock, Nanos, Registry};
use squall_plan::Plan;
use tokio::sync::{mpsc, oneshot};

use crate::assignment::{Assignment, LossPolicy};
use crate::error::ClusterError;
use crate::manifest::{Manifest, ManifestFiles};
use crate::message::{Note, ToAgent, to_bytes};
use crate::wait::{pause, within};
use known_agent::KnownAgent;
pub use replay::{Stored, attach};

/// How long an agent may be silent before it is taken for lost.
const SILENCE: Duration = Duration::from_secs(4);
/// How long before it another agent begins with a part that it takes over.
const NOTICE: Duration = Duration::from_millis(700);
/// How long the server of the bus may be away before the run is given up.
const AWAY: Duration = Duration::from_secs(60);
/// How long after the end of the load, graceful stop included, agents may take to say that they have ended.
const OVERDUE: Duration = Duration::from_secs(45);
/// How often the coordinator says that it is there, and looks for silent agents.
const BEAT: Duration = Duration::from_millis(250);
/// How many late agents a run has room for.
const MOST_LATE: usize = 64;
/// How long the last messages may take.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long agents take to hear a message, at most.
const HEARING: Duration = Duration::from_secs(1);

/// How a run is carried out on agents.
#[derive(Clone, Copy, Debug)]
pub struct ClusterSettings {
    /// How many are waited for.
    pub agents: u32,
    /// For how long.
    pub join_timeout: Duration,
    /// What becomes of the part of an agent that is lost.
    pub policy: LossPolicy,
    /// How long before it the beginning of the load is announced.
    pub lead: Duration,
    /// Worker threads of each agent; its machine's cores if not given.
    pub threads: Option<usize>,
    /// Whether the agents are processes whose end is heard: then it is waited for.
    pub ends_are_heard: bool,
}

/// Agents that are ready for the run, and what remains to be asked of their coordinator.
pub struct Gathered {
    /// The agents, for the run.
    pub agents: Agents,
    /// The coordinator's thread.
    pub handle: ClusterHandle,
}

/// The coordinator's thread.
pub struct ClusterHandle {
    finish: oneshot::Sender<Finish>,
    report: Receiver<AgentsReport>,
}

/// How a coordinator ends.
#[derive(Clone, Copy, Debug)]
struct Finish {
    load_took: Duration,
    /// Whether what the bus has stored is deleted.
    delete: bool,
}

impl ClusterHandle {
    /// Ends the agents. The load took that long. `delete` removes what the bus has stored of the run.
    pub fn finish(self, load_took: Duration, delete: bool) -> AgentsReport {
        // Where the thread is gone, so is its report.
        let _ = self.finish.send(Finish { load_took, delete });
        self.report.recv().unwrap_or_default()
    }
}

/// What a coordinator says before the run begins.
enum Progress {
    Line(String),
    Ready(Box<Agents>),
    Failed(ClusterError),
}

/// The user of a coordinator, before the run begins.
pub struct Listener<'a> {
    /// Shows a line.
    pub show: &'a dyn Fn(&str),
    /// Whether the user wants it to stop.
    pub is_stopping: &'a dyn Fn() -> bool,
}

/// Waits for the agents of a run, and lets them compile its components and read its data.
///
/// # Errors
/// If they do not come in time, one of them cannot take part, or it is to stop.
pub fn gather(
    end: CoordinatorEnd,
    manifest: Manifest,
    files: ManifestFiles,
    settings: ClusterSettings,
    user: &Listener<'_>,
) -> Result<Gathered, ClusterError> {
    let (progress, heard) = sync_channel(64);
    let stop = Arc::new(AtomicBool::new(false));
    let to_stop = Arc::clone(&stop);
    let (finish, finished) = oneshot::channel();
    let (report, reported) = sync_channel(1);
    start_thread(move |clock| {
        let coordinator = Coordinator::new(end, manifest, settings, clock);
        coordinator.conduct(files, (progress, to_stop), finished, report)
    })?;
    let agents = hear_of_progress(&heard, user.show, &|| stop.store((user.is_stopping)(), Ordering::Relaxed))?;
    Ok(Gathered { agents, handle: ClusterHandle { finish, report: reported } })
}

/// Runs a coordinator on a thread of its own.
fn start_thread<F: Future<Output = ()>>(conduct: impl FnOnce(Clock) -> F + Send + 'static) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let thread = std::thread::Builder::new().name("cluster".to_owned());
    thread.spawn(move || runtime.block_on(conduct(Clock::of_system()))).map(drop)
}

fn hear_of_progress(
    heard: &Receiver<Progress>,
    notify: &dyn Fn(&str),
    look_around: &dyn Fn(),
) -> Result<Agents, ClusterError> {
    loop {
        match heard.recv_timeout(BEAT) {
            Ok(Progress::Line(line)) => notify(&line),
            Ok(Progress::Ready(agents)) => return Ok(*agents),
            Ok(Progress::Failed(error)) => return Err(error),
            Err(RecvTimeoutError::Timeout) => look_around(),
            Err(RecvTimeoutError::Disconnected) => return Err(ClusterError::Stopped),
        }
    }
}

/// A coordinator.
struct Coordinator {
    end: CoordinatorEnd,
    clock: Clock,
    settings: ClusterSettings,
    manifest: Box<Manifest>,
    agents: Vec<KnownAgent>,
    numbers: HashMap<AgentName, usize>,
    /// Who carries what; none before all have come.
    assignment: Assignment,
    setup_data: Vec<Vec<u8>>,
    registry: Option<Arc<Registry>>,
    load_began: Option<Nanos>,
    order: SteeringOrder,
    last_beat: Nanos,
    /// Since when the server has not answered; agents cannot be heard then.
    disconnected: Option<Nanos>,
    may_be_silent_until: Nanos,
    dropped: Vec<String>,
    /// Lines of agents' processes before the load.
    said: Vec<(AgentName, String)>,
    /// When all agents must have ended, once that is known.
    must_end_by: Option<Nanos>,
    /// What was heard before there was a registry for its names.
    early: Vec<(usize, Vec<u8>)>,
    news: Option<mpsc::Sender<AgentNews>>,
}

impl Coordinator {
    fn new(end: CoordinatorEnd, manifest: Manifest, settings: ClusterSettings, clock: Clock) -> Coordinator {
        Coordinator {
            end,
            settings,
            manifest: Box::new(manifest),
            agents: Vec::new(),
            numbers: HashMap::new(),
            assignment: Assignment::new(settings.agents, settings.policy),
            setup_data: Vec::new(),
            registry: None,
            load_began: None,
            order: SteeringOrder::default(),
            last_beat: Nanos::ZERO,
            disconnected: None,
            may_be_silent_until: Nanos::ZERO,
            dropped: Vec::new(),
            said: Vec::new(),
            must_end_by: None,
            early: Vec::new(),
            news: None,
            clock,
        }
    }

    /// From the first agent to the last message.
    async fn conduct(
        mut self,
        files: ManifestFiles,
        (progress, to_stop): (SyncSender<Progress>, Arc<AtomicBool>),
        finished: oneshot::Receiver<Finish>,
        report: SyncSender<AgentsReport>,
    ) {
        if let Err(error) = self.gather(&files, &progress, &to_stop).await {
            self.dismiss_all().await;
            delete_messages(self.end).await;
            // Without a reader the program has ended.
            let _ = progress.send(Progress::Failed(error));
            return;
        }
        let (agents, orders) = self.hand_over();
        let _ = progress.send(Progress::Ready(Box::new(agents)));
        self.serve(orders, finished, report).await;
    }

    /// Carries out the run's orders until it is over, and reports.
    async fn serve(
        mut self,
        mut orders: mpsc::Receiver<AgentOrder>,
        mut finished: oneshot::Receiver<Finish>,
        report: SyncSender<AgentsReport>,
    ) {
        let mut may_order = true;
        let finish = loop {
            tokio::select! {
                finish = &mut finished => break finish.ok(),
                heard = self.end.recv() => match heard {
                    Some(heard) => self.hear(heard).await,
                    None => break (&mut finished).await.ok(),
                },
                order = orders.recv(), if may_order => match order {
                    Some(order) => self.carry_out(order).await,
                    None => may_order = false,
                },
                () = beat() => {}
            }
            self.keep_watch().await;
            self.close_when_over();
        };
        self.dismiss_all().await;
        if self.settings.ends_are_heard {
            // They have nothing left to do; the bus kills those that do not end.
            within(FAREWELL, async { while self.end.recv().await.is_some() {} }).await;
        }
        if let Some(finish) = finish {
            let of_agents = self.report(finish.load_took);
            if finish.delete {
                delete_messages(self.end).await;
            }
            // The program may end when it has this. Without a reader it has ended.
            let _ = report.send(of_agents);
        }
    }

    fn plan(&self) -> &Plan {
        &self.manifest.plan
    }

    fn name(&self, agent: usize) -> &str {
        self.agents.get(agent).map_or("", |agent| agent.name.as_str())
    }

    async fn tell_all(&self, delivery: Delivery, message: &ToAgent) {
        // Where the bus has ended, the agents are missed.
        let _ = self.end.send(Recipient::All, delivery, to_bytes(message)).await;
    }

    async fn tell(&self, agent: usize, message: &ToAgent) {
        let delivery = if matches!(message, ToAgent::Ping { .. }) { Delivery::Passing } else { Delivery::Kept };
        if let Some(agent) = self.agents.get(agent) {
            let _ = self.end.send(Recipient::One(agent.name.clone()), delivery, to_bytes(message)).await;
        }
    }

    async fn note(&self, note: Note) {
        self.tell_all(Delivery::Kept, &ToAgent::Note(note)).await;
    }

    async fn news(&self, news: AgentNews) {
        if let Some(sender) = &self.news {
            // A run that does not listen any more is over.
            let _ = sender.send(news).await;
        }
    }

    async fn warn(&self, text: String) {
        self.news(AgentNews::Warning(text)).await;
    }

    async fn dismiss_all(&self) {
        self.tell_all(Delivery::Kept, &ToAgent::Over).await;
        // They end by themselves, too.
        let _ = self.end.flush(FAREWELL).await;
        if !self.settings.ends_are_heard && !self.agents.is_empty() {
            // Those that are connected have heard it before their messages are deleted.
            pause(HEARING).await;
        }
    }

    /// Says that it is there, and looks for agents that are silent.
    async fn keep_watch(&mut self) {
        let now = self.clock.now();
        if now.since(self.last_beat) < BEAT.into() {
            return;
        }
        self.last_beat = now;
        self.tell_all(Delivery::Passing, &ToAgent::Alive).await;
        self.miss_silent(now).await;
        self.give_up_when_overdue(now).await;
    }

    /// Notes what the bus says of itself. Returns a message of an agent, with the agent's name.
    async fn hear_bus(&mut self, heard: Heard) -> Option<(AgentName, Vec<u8>)> {
        match heard {
            Heard::Message { from, bytes, .. } => return Some((from, bytes)),
            Heard::Said { from, line } => self.warn(format!("{}: {line}", from.as_str())).await,
            Heard::Gone { agent, reason, .. } => {
                if let Some(number) = self.numbers.get(&agent).copied() {
                    self.lose(number, reason).await;
                }
            }
            Heard::Dropped { from, reason } => self.note_dropped(&from, &reason).await,
            Heard::Disconnected { reason } => {
                self.disconnected.get_or_insert(self.clock.now());
                self.warn(format!("the connection to the agents is interrupted: {reason}")).await;
            }
            Heard::Reconnected => {
                self.disconnected = None;
                self.may_be_silent_until = self.clock.now() + SILENCE.into() + SILENCE.into();
            }
            Heard::Own { .. } | Heard::CaughtUp => {}
        }
        None
    }

    async fn note_dropped(&mut self, from: &str, reason: &str) {
        const MOST: usize = 10;
        if self.dropped.len() < MOST {
            let text = format!("a message of {from} was dropped: {reason}");
            self.dropped.push(text.clone());
            self.warn(text).await;
        }
    }
}

/// Deletes what the bus has stored of a run. What cannot be deleted expires: the server may be away for good.
async fn delete_messages(end: CoordinatorEnd) {
    let _ = within(FAREWELL, end.delete()).await;
}

/// Time to look around.
async fn beat() {
    pause(BEAT).await;
}

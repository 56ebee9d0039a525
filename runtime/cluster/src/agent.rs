//! An agent's side: it comes, prepares itself, carries its part of the load, and sends what was recorded. It ends by itself
//! when it has heard no coordinator for a while: no load may go on that nothing supervises.

mod work;

use std::time::Duration;

use squall_bus::{AgentEnd, AgentHeard, Delivery};
use squall_load::{Run, SteeringOrder, TakenOver};
use squall_metrics::{Clock, Nanos};
use squall_plan::AgentPlace;

use crate::error::ClusterError;
use crate::manifest::{Fetched, Manifest};
use crate::message::{ToAgent, ToCoordinator, to_bytes};
use crate::wait::{pause, within};
use work::{Work, WorkSays};

/// How often an agent says that it is there.
const BEAT: Duration = Duration::from_secs(1);
/// How long an agent waits for the first word of a coordinator.
const WELCOME: Duration = Duration::from_secs(300);
/// After this long without a coordinator a load stops beginning iterations, and a little later altogether.
const ALONE: Duration = Duration::from_secs(11);
const ALONE_AT_LAST: Duration = Duration::from_secs(14);
/// How long the last messages may take.
const FAREWELL: Duration = Duration::from_secs(30);
/// How long a load may take to end once it is interrupted.
const ENDING: Duration = Duration::from_secs(10);

/// An agent's machine, as the coordinator shows it.
#[derive(Clone, Debug)]
pub struct AgentIdentity {
    /// The version of Squall.
    pub version: String,
    /// The machine's name.
    pub host: String,
    /// Its processor cores.
    pub cores: usize,
}

/// Where an agent says what it does.
pub trait AgentLog {
    /// A line for a person.
    fn line(&self, text: &str);
}

/// Serves one run, to its end.
///
/// # Errors
/// If there is no coordinator, it refuses the agent, or the run cannot be carried out here.
pub fn serve_agent(end: AgentEnd, identity: &AgentIdentity, log: &dyn AgentLog) -> Result<(), ClusterError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut agent = Agent::new(end, log);
        let served = agent.serve(identity).await;
        if let Err(error) = &served {
            agent.say(&ToCoordinator::Failed(error.to_string())).await;
        }
        // What was recorded is worth waiting for.
        let _ = agent.end.flush(FAREWELL).await;
        served
    })
}

/// An agent.
struct Agent<'a> {
    end: AgentEnd,
    clock: Clock,
    log: &'a dyn AgentLog,
    last_heard: Nanos,
    last_beat: Nanos,
    /// The run, once it is prepared, until it is carried.
    ready: Option<Box<Run>>,
    /// The run's files, from then on.
    fetched: Option<Fetched>,
    /// Whether it carries a part from the beginning.
    has_own_part: bool,
    /// Its place in the numbers that all agents hand out; none while it waits for others to be lost.
    place: Option<AgentPlace>,
    /// The load, once it is carried.
    work: Option<Work>,
    order: SteeringOrder,
    taken_over: Vec<TakenOver>,
    setup_data: Option<Vec<Vec<u8>>>,
    begins: Option<Nanos>,
}

impl<'a> Agent<'a> {
    fn new(end: AgentEnd, log: &'a dyn AgentLog) -> Agent<'a> {
        let clock = Clock::of_system();
        let now = clock.now();
        Agent {
            end,
            clock,
            log,
            last_heard: now,
            last_beat: Nanos::ZERO,
            ready: None,
            fetched: None,
            has_own_part: false,
            place: None,
            work: None,
            order: SteeringOrder::default(),
            taken_over: Vec::new(),
            setup_data: None,
            begins: None,
        }
    }

    async fn serve(&mut self, identity: &AgentIdentity) -> Result<(), ClusterError> {
        let AgentIdentity { version, host, cores } = identity.clone();
        self.say(&ToCoordinator::Join { version, host, cores }).await;
        loop {
            tokio::select! {
                biased;
                heard = self.end.recv() => match heard {
                    None => return self.end_alone().await,
                    Some(AgentHeard::Message { bytes, .. }) => {
                        if let Some(end) = self.hear(&bytes, identity).await {
                            return end;
                        }
                    }
                    Some(other) => self.hear_bus(&other),
                },
                said = said_by(&mut self.work) => match said {
                    WorkSays::Message(bytes) => drop(self.end.send(Delivery::Kept, bytes).await),
                    WorkSays::Over(result) => {
                        self.work = None;
                        result?;
                        self.log.line("its part of the load is over");
                    }
                },
                () = beat() => {}
            }
            self.keep_watch().await?;
        }
    }

    async fn say(&self, message: &ToCoordinator) {
        let passes = matches!(message, ToCoordinator::Alive | ToCoordinator::Pong { .. });
        let delivery = if passes { Delivery::Passing } else { Delivery::Kept };
        // Without a bus the agent ends soon.
        let _ = self.end.send(delivery, to_bytes(message)).await;
    }

    fn hear_bus(&self, heard: &AgentHeard) {
        match heard {
            AgentHeard::Dropped { reason } => self.log.line(&format!("a message was dropped: {reason}")),
            AgentHeard::Disconnected { reason } => self.log.line(&format!("the connection is interrupted: {reason}")),
            AgentHeard::Reconnected => self.log.line("connected again"),
            AgentHeard::Message { .. } => {}
        }
    }

    /// Does what the coordinator says. Returns how the agent ends, if it does.
    async fn hear(&mut self, bytes: &[u8], identity: &AgentIdentity) -> Option<Result<(), ClusterError>> {
        let heard = self.clock.now();
        self.last_heard = heard;
        let Ok(message) = serde_json::from_slice::<ToAgent>(bytes) else {
            self.log.line("a message of the coordinator cannot be read: install the same version on all machines");
            return None;
        };
        match message {
            ToAgent::Ping { number, sent } => {
                self.say(&ToCoordinator::Pong { number, sent, answered: heard.0 }).await;
            }
            ToAgent::Welcome { manifest, place, threads } => {
                if let Err(error) = self.prepare(*manifest, place, threads.unwrap_or(identity.cores)).await {
                    return Some(Err(error));
                }
            }
            ToAgent::Refused { reason } => return Some(Err(ClusterError::Refused(reason))),
            ToAgent::Prepare { setup_data } => {
                self.setup_data = Some(setup_data.into_iter().map(|blob| blob.0).collect());
                if let Err(error) = self.start_work() {
                    return Some(Err(error));
                }
            }
            ToAgent::Begin { at } => {
                self.begins = Some(Nanos(at));
                self.work.iter().for_each(|work| work.begin(Nanos(at)));
                self.obey();
            }
            ToAgent::Steer(order) => {
                self.order = order;
                self.obey();
            }
            ToAgent::TakeOver { parts, place } => {
                self.taken_over = parts;
                self.place = place.or(self.place);
                if let Err(error) = self.start_work() {
                    return Some(Err(error));
                }
                self.obey();
            }
            ToAgent::Dismissed => {
                self.log.line("the coordinator took this agent for lost: another carries its part");
                self.work.iter().for_each(Work::stop_now);
            }
            ToAgent::Over => {
                self.work.iter().for_each(Work::stop_now);
                return Some(self.finish_work().await);
            }
            ToAgent::Alive | ToAgent::Note(_) => {}
        }
        None
    }

    /// Fetches the run's files, compiles its components and reads its data.
    async fn prepare(
        &mut self,
        manifest: Manifest,
        place: Option<AgentPlace>,
        threads: usize,
    ) -> Result<(), ClusterError> {
        if self.fetched.is_some() {
            return Ok(());
        }
        let began = self.clock.now();
        let fetched = manifest.fetch(&self.end).await?;
        let threads = threads.max(1);
        let prepare = move || Ok((manifest.ready_run(&fetched, threads)?, fetched));
        let (ready, fetched) = self.do_beside(prepare).await?;
        let took = self.clock.now().since(began).into();
        self.log.line(&format!("prepared, with {threads} threads"));
        self.say(&ToCoordinator::Prepared { threads, took }).await;
        (self.ready, self.fetched) = (Some(Box::new(ready)), Some(fetched));
        (self.place, self.has_own_part) = (place, place.is_some());
        Ok(())
    }

    /// Starts to carry the load, once, when it is known what of it, and what `setup` returned.
    fn start_work(&mut self) -> Result<(), ClusterError> {
        let (Some(place), Some(setup_data)) = (self.place, &self.setup_data) else { return Ok(()) };
        let Some(ready) = self.ready.take() else { return Ok(()) };
        let work = Work::start(*ready, place, self.has_own_part, setup_data)?;
        if let Some(begins) = self.begins {
            work.begin(begins);
        }
        self.work = Some(work);
        Ok(())
    }

    /// Does what takes long on another thread, and says meanwhile that the agent is there.
    async fn do_beside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ClusterError> + Send + 'static,
    ) -> Result<T, ClusterError> {
        let mut done = tokio::task::spawn_blocking(work);
        loop {
            tokio::select! {
                done = &mut done => {
                    let panicked = |_| ClusterError::Unusable("preparing the run has panicked: report this as a bug".to_owned());
                    return done.map_err(panicked)?;
                }
                () = pause(BEAT) => self.say(&ToCoordinator::Alive).await,
            }
        }
    }

    fn obey(&self) {
        if let (Some(work), Some(begins)) = (&self.work, self.begins) {
            work.obey(&self.order, &self.taken_over, begins);
        } else if let Some(work) = &self.work {
            work.obey_before_load(&self.order);
        }
    }

    /// Says that it is there, and stops what nothing supervises.
    async fn keep_watch(&mut self) -> Result<(), ClusterError> {
        let now = self.clock.now();
        if now.since(self.last_beat) >= BEAT.into() {
            self.last_beat = now;
            self.say(&ToCoordinator::Alive).await;
        }
        let alone = Duration::from(now.since(self.last_heard));
        let is_over = self.work.is_none() && self.begins.is_some();
        match &self.work {
            Some(work) if alone > ALONE_AT_LAST => {
                work.stop_now();
                self.log.line("no coordinator was heard for 14s: the load is ended");
                self.finish_work().await
            }
            Some(work) if alone > ALONE => {
                work.stop_alone();
                Ok(())
            }
            None if is_over && alone > ALONE_AT_LAST => Err(ClusterError::Abandoned(alone)),
            None if alone > WELCOME => Err(ClusterError::NoCoordinator),
            _ => Ok(()),
        }
    }

    /// The coordinator's process is gone.
    async fn end_alone(&mut self) -> Result<(), ClusterError> {
        self.work.iter().for_each(Work::stop_now);
        self.finish_work().await
    }

    /// Sends what is left of a load that was told to stop.
    async fn finish_work(&mut self) -> Result<(), ClusterError> {
        let ended = within(ENDING, self.drain_work()).await;
        ended.unwrap_or_else(|| {
            let text =
                format!("the load did not end within {}s of being stopped: report this as a bug", ENDING.as_secs());
            Err(ClusterError::Unusable(text))
        })
    }

    async fn drain_work(&mut self) -> Result<(), ClusterError> {
        while self.work.is_some() {
            match said_by(&mut self.work).await {
                WorkSays::Message(bytes) => drop(self.end.send(Delivery::Kept, bytes).await),
                WorkSays::Over(result) => {
                    self.work = None;
                    result?;
                }
            }
        }
        Ok(())
    }
}

/// The next thing that the load's thread says; never, without one.
async fn said_by(work: &mut Option<Work>) -> WorkSays {
    match work {
        Some(work) => work.next().await,
        None => std::future::pending().await,
    }
}

/// Time to look around.
async fn beat() {
    pause(Duration::from_millis(250)).await;
}

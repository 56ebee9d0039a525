//! A worker thread: its runtime, its virtual users, and its report once a second. Each scenario has a
//! `ScenarioWorker` of its own on the thread. What that does depends on who decides when iterations begin: `closed.rs` (the virtual users themselves) or
//! `open.rs` (the plan).

mod active_vus;
mod closed;
mod lag_probe;
mod open;
mod reporter;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use squall_guest::{Goal, Guest, Identity, LogLine, LogSink, RunContext, ScenarioFacts, UntoldLines, WorkerContext};
use squall_http::{AddressTurns, ClientConfig, Network, SharedTls, Stub, StubAnswer, Wait};
use squall_metrics::{Clock, ManualClock, Nanos, Recorder, Registry, SecondGrid, TakenSeconds};
use squall_plan::{Arrivals, LoadLevel, Plan, Scenario};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinError;

use crate::backlog::ArrivalQueue;
use crate::quota::{IterationCounter, of_each_user};
use crate::schedule::Share;
use crate::steering::ControlState;
use crate::thread_times;
use crate::timer::{WorkerTimer, virtual_time};
use crate::vu::ScenarioContext;
use crate::warm_up::planned_warm_up;
use active_vus::Presence;
use lag_probe::look_at_ourselves;
use reporter::{Reporter, Seen};

/// Which time a run goes by, and what it talks to.
#[derive(Clone, Debug)]
pub(crate) enum Time {
    /// The system's, with a real target.
    Real,
    /// One that passes as fast as can be, with a target that always answers the same.
    Virtual(ManualClock, StubAnswer),
}

/// What one of so many has of a number that all have together.
fn part(all: usize, number: usize, workers: usize) -> usize {
    all / workers + usize::from(number < all % workers)
}

/// What every thread of a run needs.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) plan: Arc<Plan>,
    pub(crate) clock: Clock,
    pub(crate) time: Time,
    pub(crate) registry: Arc<Registry>,
    pub(crate) run: Arc<RunContext>,
    pub(crate) tls: SharedTls,
    pub(crate) client: ClientConfig,
    pub(crate) log: SyncSender<LogLine>,
    /// The number of the worker that it is for.
    pub(crate) worker: usize,
}

impl Shared {
    /// What one of the workers needs: the same, its part of the connections, if they are shared, and its turns at the
    /// target's addresses.
    pub(crate) fn for_worker(&self, number: usize, workers: usize) -> Shared {
        let pool = self.plan.http.shared_connections.map(|pool| part(pool as usize, number, workers));
        let turns = AddressTurns { first: number, step: workers };
        let trace_sampling = self.client.trace_sampling.map(|sampling| sampling.of_thread(number, workers));
        let client = ClientConfig { pool, turns, trace_sampling, ..self.client.clone() };
        Shared { client, worker: number, ..self.clone() }
    }

    /// The context of the calling thread, which must be inside its runtime.
    pub(crate) fn context(&self) -> std::io::Result<(Rc<WorkerContext>, WorkerTimer)> {
        let clock = self.clock.clone();
        let (timer, stub) = match &self.time {
            Time::Real => (WorkerTimer::start(clock, self.plan.pacing)?, None),
            Time::Virtual(hand, answer) => {
                let timer = WorkerTimer::start_virtual(clock, hand)?;
                let stub = Stub::new(answer, self.clock.clone(), wait_by(timer.clone()));
                (timer, Some(stub))
            }
        };
        let (client, tls) = (self.client.clone(), self.tls.clone());
        let (registry, run) = (Arc::clone(&self.registry), Arc::clone(&self.run));
        let clock = self.clock.clone();
        let network = |recorder| match stub {
            None => Network::new(client, tls, clock, recorder),
            Some(stub) => Network::to_stub(stub, client, tls, clock, recorder),
        };
        let options = Arc::new(self.plan.env.clone());
        let log = self.log.clone();
        let context = context(registry, network, log, run, timer.clone(), options, self.worker);
        Ok((context, timer))
    }
}

fn wait_by(timer: WorkerTimer) -> Rc<dyn Fn(Nanos) -> Wait> {
    Rc::new(move |time| Box::pin(timer.until(time)))
}

/// What the guests on the calling thread share.
pub(crate) fn context(
    registry: Arc<Registry>,
    network: impl FnOnce(Rc<RefCell<Recorder>>) -> Rc<Network>,
    log: SyncSender<LogLine>,
    run: Arc<RunContext>,
    timer: WorkerTimer,
    options: Arc<BTreeMap<String, String>>,
    number: usize,
) -> Rc<WorkerContext> {
    let log = LogSink::new(log, Arc::clone(&registry));
    let recorder = Rc::new(RefCell::new(Recorder::new(registry)));
    let network = network(Rc::clone(&recorder));
    let clock = timer.clock().clone();
    let (timer, first_flow, scenario) = (Rc::new(timer), 0, None);
    Rc::new(WorkerContext { clock, recorder, network, timer, log, run, options, first_flow, scenario, number })
}

/// What a guest can know of its scenario.
fn facts(scenario: &Scenario) -> ScenarioFacts {
    let executor = &scenario.executor;
    let goal = match executor.planned_duration() {
        Some(duration) => Goal::Time(duration.into()),
        None => executor.planned_iterations().map_or(Goal::None, Goal::Iterations),
    };
    ScenarioFacts {
        name: scenario.name.clone(),
        executor: executor.kind().name(),
        start_time: scenario.start_time.into(),
        goal,
    }
}

/// The part of a run that one worker thread does.
pub(crate) struct Job {
    pub(crate) shared: Shared,
    /// By component.
    pub(crate) parts: Arc<[Part]>,
    /// By scenario.
    pub(crate) iteration_counter: Arc<[Arc<IterationCounter>]>,
    /// This worker, of so many.
    pub(crate) number: usize,
    pub(crate) workers: usize,
    /// Where the worker says that it is ready to begin.
    pub(crate) ready: mpsc::Sender<()>,
    /// When the load begins, on the run's clock, as soon as that is known.
    pub(crate) begin: watch::Receiver<Option<Nanos>>,
    pub(crate) control_state: watch::Receiver<ControlState>,
    pub(crate) reports: mpsc::Sender<Report>,
}

/// A component in a run.
pub(crate) struct Part {
    pub(crate) guest: Arc<Guest>,
    /// What its `setup` returned.
    pub(crate) setup_data: Arc<[u8]>,
}

/// What a worker tells the control thread.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) taken: TakenSeconds,
    /// Virtual users at work together, at most, since the last report: at the end of a run the last one is leaving.
    pub(crate) vus: u64,
    /// The same for each scenario that this worker has a share of, by its number.
    pub(crate) vus_of_scenarios: Vec<(usize, u64)>,
    /// Arrivals that wait for a virtual user.
    pub(crate) backlog: u64,
    /// Whether every virtual user that this worker may have is busy.
    pub(crate) all_users_busy: bool,
    pub(crate) worker: usize,
    /// Of what guests logged.
    pub(crate) untold: UntoldLines,
}

/// A runtime for one thread.
pub(crate) fn runtime() -> std::io::Result<LocalRuntime> {
    Builder::new_current_thread()
        .enable_all()
        .on_thread_park(thread_times::falls_asleep)
        .on_thread_unpark(thread_times::wakes)
        .build_local(LocalOptions::default())
}

/// A runtime for a thread whose time is virtual.
pub(crate) fn virtual_runtime() -> std::io::Result<LocalRuntime> {
    Builder::new_current_thread().enable_all().on_thread_park(virtual_time::passes).build_local(LocalOptions::default())
}

/// Runs a job on the calling thread; returns when all virtual users have ended and the last report is sent.
pub(crate) fn run_job(job: Job) -> std::io::Result<()> {
    runtime()?.block_on(run_job_here(job))
}

/// The same inside of the thread's runtime.
pub(crate) async fn run_job_here(mut job: Job) -> std::io::Result<()> {
    let (context, timer) = job.shared.context()?;
    let present = Presence::of_worker(&context);
    let scenario_workers = ScenarioWorker::of_all(&job, &context, &timer, &present);
    let contexts: Vec<Rc<ScenarioContext>> =
        scenario_workers.iter().map(|(_, worker)| Rc::clone(&worker.context)).collect();
    let seen =
        scenario_workers.iter().map(|(scenario, worker_of_scenario)| worker_of_scenario.seen(*scenario)).collect();
    let reports = job.reports.clone();
    let mut reporter = Reporter::new(job.number, reports, Rc::clone(&context), present, seen);
    let scenarios: Vec<_> =
        scenario_workers.into_iter().map(|(_, worker)| tokio::task::spawn_local(worker.run())).collect();
    let mut second_ends = Nanos::MAX;
    let grid =
        beginning(&mut job.begin, &mut job.control_state).await.map(|begins| second_grid(&job.shared.plan, begins));
    if let Some(grid) = grid {
        context.recorder.borrow_mut().begin_seconds(grid);
        second_ends = grid.end_of(0);
        if !timer.is_virtual() {
            let begins = grid.start_of(0);
            tokio::task::spawn_local(look_at_ourselves(Rc::clone(&context), contexts, timer.clone(), begins));
        }
    }
    for mut scenario in scenarios {
        loop {
            tokio::select! {
                ended = &mut scenario => {
                    if let Err(panic) = ended.map_err(JoinError::try_into_panic) {
                        std::panic::resume_unwind(panic.unwrap_or_else(|_| Box::new("a scenario was cancelled")));
                    }
                    break;
                }
                () = timer.until(second_ends) => {
                    reporter.report_if_there_is_room();
                    let now = context.clock.now();
                    second_ends = grid.map_or(Nanos::MAX, |grid| grid.end_of(grid.number_at(now)));
                }
            }
        }
    }
    reporter.last_report().await;
    Ok(())
}

/// The seconds of a load that begins then.
fn second_grid(plan: &Plan, load_begins: Nanos) -> SecondGrid {
    SecondGrid::new(load_begins, planned_warm_up(plan))
}

/// When the load begins, as soon as that is known; `None` if the run is over before.
async fn beginning(
    begin: &mut watch::Receiver<Option<Nanos>>,
    control_state: &mut watch::Receiver<ControlState>,
) -> Option<Nanos> {
    loop {
        if let Some(begins) = *begin.borrow_and_update() {
            return Some(begins);
        }
        tokio::select! {
            changed = begin.changed() => changed.ok()?,
            _ = control_state.wait_for(ControlState::to_stop) => return None,
        }
    }
}

/// The arrivals of an open load; where its level is decided while it runs, those of the first level until that changes.
fn first_arrivals(scenario: &Scenario) -> Option<Arrivals> {
    let Scenario { executor, arrival, seed, .. } = scenario;
    match executor.first_level() {
        Some(LoadLevel::Rate(rate)) => Some(Arrivals::constant(rate, executor.planned_duration(), *arrival, *seed)),
        Some(LoadLevel::Vus(_)) => None,
        None => Arrivals::of(executor, *arrival, *seed),
    }
}

/// The virtual users that a worker has of a scenario, and what it needs to run them.
struct ScenarioWorker {
    share: Share,
    context: Rc<ScenarioContext>,
    timer: WorkerTimer,
    identities: HashMap<u32, Rc<Identity>>,
    ready: mpsc::Sender<()>,
    begin: watch::Receiver<Option<Nanos>>,
    control_state: watch::Receiver<ControlState>,
    present: Presence,
    /// Where arrivals wait, in an open load.
    queue: Rc<ArrivalQueue>,
}

impl ScenarioWorker {
    /// Those of all scenarios that the worker has a share of, each with the scenario's number.
    fn of_all(
        job: &Job,
        context: &Rc<WorkerContext>,
        timer: &WorkerTimer,
        present: &Presence,
    ) -> Vec<(usize, ScenarioWorker)> {
        let scenarios = job.shared.plan.scenarios.iter().enumerate();
        let shares = scenarios.filter_map(|(index, scenario)| {
            Share::of(scenario, job.number, job.workers).map(|share| (index, scenario, share))
        });
        shares
            .filter_map(|(index, scenario, share)| {
                let part = job.parts.get(scenario.component)?;
                let options = Arc::new(scenario.env.clone());
                let guest_context = context.of_scenario(facts(scenario), options, scenario.first_flow);
                let context = Rc::new(ScenarioContext {
                    iterations_of_each: of_each_user(&scenario.executor),
                    plan: Arc::clone(&job.shared.plan),
                    scenario: scenario.clone(),
                    guest: Arc::clone(&part.guest),
                    guest_context,
                    iteration_counter: Arc::clone(job.iteration_counter.get(index)?),
                    shared: Arc::clone(&part.setup_data),
                    stopping: Cell::new(false),
                    under_way: Cell::new(0),
                });
                let worker = ScenarioWorker {
                    share,
                    context,
                    timer: timer.clone(),
                    identities: HashMap::new(),
                    ready: job.ready.clone(),
                    begin: job.begin.clone(),
                    control_state: job.control_state.clone(),
                    present: present.part(),
                    queue: Rc::default(),
                };
                Some((index, worker))
            })
            .collect()
    }

    /// What the reporter sees of it.
    fn seen(&self, scenario: usize) -> Seen {
        Seen { scenario, present: self.present.clone(), queue: Rc::clone(&self.queue) }
    }

    /// Runs the load to its end.
    async fn run(self) {
        let scenario = &self.context.scenario;
        match first_arrivals(scenario) {
            Some(arrivals) => open::Open::new(self, arrivals).run().await,
            None => closed::Closed::new(self).run().await,
        }
    }

    /// Says that they are ready, and waits for the load to begin; `None` if the run is over before.
    async fn wait_for_beginning(&mut self) -> Option<Nanos> {
        // If the control thread is gone, so is the beginning.
        let _ = self.ready.send(()).await;
        let begins = beginning(&mut self.begin, &mut self.control_state).await?;
        // Before the first iteration, whichever task of the thread is the first to hear of it.
        self.context.guest_context.recorder.borrow_mut().begin_seconds(second_grid(&self.context.plan, begins));
        Some(begins)
    }

    /// A virtual user that comes back after a while is the same user, with its cookies and connections; unless it is
    /// still busy with the end of its last period, when somebody new comes under its number.
    fn identity(&mut self, vu: u32) -> Rc<Identity> {
        if let Some(identity) = self.identities.get(&vu)
            && Rc::strong_count(identity) == 1
        {
            return Rc::clone(identity);
        }
        let identity = Rc::new(Identity::new(&self.context.guest_context, vu));
        self.identities.insert(vu, Rc::clone(&identity));
        identity
    }
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_add_up_and_differ_by_one_at_most() {
        for (all, workers) in [(2, 2), (7, 3), (100, 16), (16, 16)] {
            let parts: Vec<usize> = (0..workers).map(|number| part(all, number, workers)).collect();
            assert_eq!(parts.iter().sum::<usize>(), all);
            assert!(parts.iter().all(|one| *one >= 1 && parts[0] - one <= 1), "{parts:?}");
        }
    }
}

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
use squall_plan::{Arrivals, Executor, LoadLevel, Plan, Scenario};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::backlog::ArrivalQueue;
use crate::client_settings::pace_of_one;
use crate::part::LoadPart;
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
        let trace_sampling = self.client.trace_sampling.map(|sampling| sampling.part(number, workers));
        let mut client = ClientConfig { pool, turns, trace_sampling, ..self.client.clone() };
        client.sockets.pace = client.sockets.pace.map(|pace| pace_of_one(pace, workers));
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
    /// The part of the load that this process carries from the beginning.
    pub(crate) part: Option<LoadPart>,
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
    let mut reporter = Reporter::new(job.number, job.reports.clone(), Rc::clone(&context), present.clone());
    let mut scenarios = ScenarioWorkers::new(context.clone(), timer.clone(), present);
    if let Some(part) = &job.part {
        scenarios.start(&job, part, None, &mut reporter);
    }
    let mut second_ends = Nanos::MAX;
    let grid =
        beginning(&mut job.begin, &mut job.control_state).await.map(|begins| second_grid(&job.shared.plan, begins));
    if let Some(grid) = grid {
        context.recorder.borrow_mut().begin_seconds(grid);
        second_ends = grid.end_of(0);
        if !timer.is_virtual() {
            let begins = grid.start_of(0);
            tokio::task::spawn_local(look_at_ourselves(
                Rc::clone(&context),
                scenarios.contexts(),
                timer.clone(),
                begins,
            ));
        }
    }
    let mut may_take_over = grid.is_some();
    if may_take_over {
        scenarios.take_over(&mut job, &mut reporter);
    }
    loop {
        tokio::select! {
            has_more = scenarios.next_end() => if !has_more { break },
            () = timer.until(second_ends) => {
                reporter.report_if_there_is_room();
                let now = context.clock.now();
                second_ends = grid.map_or(Nanos::MAX, |grid| grid.end_of(grid.number_at(now)));
            }
            changed = job.control_state.changed(), if may_take_over => {
                may_take_over = changed.is_ok();
                scenarios.take_over(&mut job, &mut reporter);
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

/// What is counted in iterations stays with the agent that was to run them: how many it had done is not known.
fn may_be_taken_over(executor: &Executor) -> bool {
    !matches!(executor, Executor::PerVuIterations { .. } | Executor::SharedIterations { .. })
}

/// The scenarios at work on a thread: those of its own part of the load, and those that it takes over.
struct ScenarioWorkers {
    context: Rc<WorkerContext>,
    timer: WorkerTimer,
    present: Presence,
    contexts: Rc<RefCell<Vec<Rc<ScenarioContext>>>>,
    at_work: JoinSet<()>,
    /// How many parts were taken over.
    taken_over: usize,
}

impl ScenarioWorkers {
    fn new(context: Rc<WorkerContext>, timer: WorkerTimer, present: Presence) -> ScenarioWorkers {
        ScenarioWorkers { context, timer, present, contexts: Rc::default(), at_work: JoinSet::new(), taken_over: 0 }
    }

    /// Starts the thread's share of a part of the load.
    fn start(&mut self, job: &Job, part: &LoadPart, taken_over: Option<usize>, reporter: &mut Reporter) {
        for (scenario, worker) in ScenarioWorker::of_part(job, part, taken_over, self) {
            reporter.see(worker.seen(scenario));
            self.contexts.borrow_mut().push(Rc::clone(&worker.context));
            self.at_work.spawn_local(worker.run());
        }
    }

    /// Starts what this process has taken over since it was last looked at.
    fn take_over(&mut self, job: &mut Job, reporter: &mut Reporter) {
        let parts = Arc::clone(&job.control_state.borrow_and_update().taken_over);
        for (number, taken) in parts.iter().enumerate().skip(self.taken_over) {
            self.start(job, &taken.part, Some(number), reporter);
        }
        self.taken_over = self.taken_over.max(parts.len());
    }

    /// Their contexts, those of later ones included.
    fn contexts(&self) -> Rc<RefCell<Vec<Rc<ScenarioContext>>>> {
        Rc::clone(&self.contexts)
    }

    /// Waits until one of them ends. False if none is left.
    async fn next_end(&mut self) -> bool {
        match self.at_work.join_next().await {
            None => false,
            Some(Ok(())) => true,
            Some(Err(error)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => true,
            },
        }
    }
}

/// The virtual users that a worker has of a scenario, and what it needs to run them.
struct ScenarioWorker {
    share: Share,
    /// The number of the part that was taken over; none of the part that this process has from the beginning.
    taken_over: Option<usize>,
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
    /// Those of all scenarios that the worker has a share of in that part of the load, each with the scenario's number.
    fn of_part(
        job: &Job,
        part: &LoadPart,
        taken_over: Option<usize>,
        on: &ScenarioWorkers,
    ) -> Vec<(usize, ScenarioWorker)> {
        let scenarios = job.shared.plan.scenarios.iter().enumerate();
        let shares = scenarios.filter_map(|(index, scenario)| {
            let share = part.share_of(scenario)?.part(scenario, job.number, job.workers)?;
            Some((index, scenario, share))
        });
        shares
            .filter(|(_, scenario, _)| taken_over.is_none() || may_be_taken_over(&scenario.executor))
            .filter_map(|(index, scenario, share)| {
                let component = job.parts.get(scenario.component)?;
                let options = Arc::new(scenario.env.clone());
                let guest_context = on.context.of_scenario(facts(scenario), options, scenario.first_flow);
                let context = Rc::new(ScenarioContext {
                    iterations_of_each: of_each_user(&scenario.executor),
                    plan: Arc::clone(&job.shared.plan),
                    scenario: scenario.clone(),
                    guest: Arc::clone(&component.guest),
                    guest_context,
                    iteration_counter: Arc::clone(job.iteration_counter.get(index)?),
                    shared: Arc::clone(&component.setup_data),
                    stopping: Cell::new(false),
                    under_way: Cell::new(0),
                });
                let worker = ScenarioWorker {
                    share,
                    taken_over,
                    context,
                    timer: on.timer.clone(),
                    identities: HashMap::new(),
                    ready: job.ready.clone(),
                    begin: job.begin.clone(),
                    control_state: job.control_state.clone(),
                    present: on.present.part(),
                    queue: Rc::default(),
                };
                Some((index, worker))
            })
            .collect()
    }

    /// From when until when its users and arrivals are this worker's, from the beginning of the load.
    fn window(&self) -> (Nanos, Nanos) {
        let control_state = self.control_state.borrow();
        let taken = self.taken_over.and_then(|number| control_state.taken_over.get(number));
        taken
            .map_or((Nanos::ZERO, Nanos::MAX), |taken| (taken.from.into(), taken.until.map_or(Nanos::MAX, Nanos::from)))
    }

    /// What the reporter sees of it.
    fn seen(&self, scenario: usize) -> Seen {
        Seen { scenario, present: self.present.clone(), queue: Rc::clone(&self.queue) }
    }

    /// Runs the load to its end.
    async fn run(self) {
        if self.taken_over.is_some() && !self.context.scenario.executor.is_open() {
            self.wait_for_window().await;
        }
        let scenario = &self.context.scenario;
        match first_arrivals(scenario) {
            Some(arrivals) => open::Open::new(self, arrivals).run().await,
            None => closed::Closed::new(self).run().await,
        }
    }

    /// Says that they are ready, and waits for the load to begin; `None` if the run is over before.
    async fn wait_for_beginning(&mut self) -> Option<Nanos> {
        if self.taken_over.is_none() {
            // If the control thread is gone, so is the beginning.
            let _ = self.ready.send(()).await;
        }
        let begins = beginning(&mut self.begin, &mut self.control_state).await?;
        // Before the first iteration, whichever task of the thread is the first to hear of it.
        self.context.guest_context.recorder.borrow_mut().begin_seconds(second_grid(&self.context.plan, begins));
        Some(begins)
    }

    async fn wait_for_window(&self) {
        let begins = self.begin.borrow().unwrap_or_default();
        self.timer.until(begins + self.window().0).await;
    }

    /// A virtual user that comes back after a while is the same user, with its cookies and connections; unless it is
    /// still busy with the end of its last period, when a new user comes under its number.
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

//! A run from setup to teardown.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use squall_data::{DataSet, FeedUse};
use squall_guest::{Abort, DataEnd, Guest, LogLine, Progress, RunContext, Secrets, WorkerContext};
use squall_http::{
    BaseUrl, ClientConfig, ConnectionReuse, EgressPolicy, MemoryLimits, MissingTarget, SharedAccount, SharedTls,
    StubAnswer, TlsConfig, TraceSampling,
};
use squall_metrics::{Clock, GeneratorVerdict, MetricInfo, Reading, Registry, ScenarioTags, Totals, asked_tags};
use squall_plan::{HttpPlan, Limits, Plan, Scenario};
use thiserror::Error;
use tokio::sync::{mpsc, watch};

use crate::control::{Control, Verdict};
use crate::event::{Event, Observer};
use crate::guest_log::GuestLog;
use crate::quota::IterationCounter;
use crate::schedule::Share;
use crate::steering::{ControlState, Steering, StoppedBy};
use crate::steps::{HasGivenWay, Stepper, StepsTaken};
use crate::timer::{WorkerTimer, virtual_time, within};
use crate::worker::{Job, Part, Shared, Time, run_job, run_job_here, runtime, virtual_runtime};

/// How long an iteration of a rehearsal takes at least.
const LEAST_OF_AN_ITERATION: Duration = Duration::from_millis(1);
/// A run that is ready to begin.
pub struct Run {
    /// What is to be done.
    pub plan: Plan,
    /// The compiled components, in the order of the plan's; several runs, one after the other, may share them.
    pub guests: Vec<Arc<Guest>>,
    /// The custom metrics that components have declared: those are there even if nothing is ever recorded.
    pub declared: Vec<MetricInfo>,
    /// The data that the plan names.
    pub data: DataSet,
    /// What the scenario may read and nobody may see.
    pub secrets: Secrets,
    /// Where it may go.
    pub egress: EgressPolicy,
    /// How others may steer it while it goes on.
    pub steering: Steering,
    /// What somebody who watches the target says of it, if somebody does.
    pub target: Option<Receiver<Reading>>,
    /// Which requests the target is asked to trace, if it is.
    pub trace_sampling: Option<TraceSampling>,
    /// When a stepped load steps back; without it, after its last step.
    pub has_given_way: Option<HasGivenWay>,
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// As planned.
    Completed,
    /// This data came to its end, which was to be the end of the run.
    DataEnded(String),
    /// Somebody stopped it.
    Stopped(StoppedBy),
    /// The guest asked for it, with this reason.
    Aborted(String),
    /// Nearly every iteration trapped, or nearly no virtual user could start.
    Hopeless(String),
    /// Requests were asked for, and not one could be made, for this reason.
    NoRequest(String),
    /// A threshold failed, this one, that was to end the run.
    ThresholdFailed(String),
    /// `setup` failed, with this text. There was no load.
    SetupFailed(String),
    /// `setup` took longer than the plan allows. There was no load.
    SetupTimedOut,
}

/// What became of a run.
#[derive(Debug)]
pub struct RunOutcome {
    /// How it ended.
    pub end: RunEnd,
    /// What went wrong in `teardown`, if anything did.
    pub teardown: Option<TeardownProblem>,
    /// Everything that was measured.
    pub totals: Totals,
    /// Whether the generator is to be believed.
    pub generator: GeneratorVerdict,
    /// How much of the data was used.
    pub data: Vec<FeedUse>,
    /// What was done.
    pub plan: Arc<Plan>,
    /// The steps of it, if it was a stepped load.
    pub steps: StepsTaken,
}

/// What went wrong in `teardown`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeardownProblem {
    /// It trapped.
    Failed(String),
    /// It took longer than the plan allows.
    TimedOut,
}

/// Why a run could not begin.
#[derive(Debug, Error)]
pub enum RunError {
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] squall_http::TlsError),
    /// The target is not a URL.
    #[error("the target {target}: {source}")]
    Target {
        /// The target.
        target: String,
        /// What is wrong with it.
        source: squall_http::UrlError,
    },
    /// The system does not give a thread, or a runtime.
    #[error("the system does not start a worker: {0}")]
    System(#[from] std::io::Error),
}

impl Run {
    /// Runs it all on this and the worker threads; returns when everything is over.
    ///
    /// # Errors
    /// If it could not begin. Whatever happens later is part of the outcome, so that nothing measured is lost.
    pub fn run(self, observer: &mut dyn Observer) -> Result<RunOutcome, RunError> {
        let (running, log_lines) = self.prepare(Clock::start(), Time::Real)?;
        runtime()?.block_on(running.run(log_lines, observer))
    }

    /// Plays it all on this thread, in virtual time and against a target that is not there: whatever waits, waits no longer
    /// than everything else takes. Guests really run.
    ///
    /// # Errors
    /// If it could not begin.
    pub fn rehearse(mut self, answer: StubAnswer, observer: &mut dyn Observer) -> Result<RunOutcome, RunError> {
        let (clock, hand) = Clock::manual();
        // A target that is not there does not give way.
        self.has_given_way = None;
        self.plan.threads = 1;
        for scenario in &mut self.plan.scenarios {
            // An iteration that takes no time would be followed by another at the same time, without end.
            scenario.min_iteration_duration = scenario.min_iteration_duration.max(Some(LEAST_OF_AN_ITERATION));
        }
        let (running, log_lines) = self.prepare(clock, Time::Virtual(hand, answer))?;
        let outcome = virtual_runtime()?.block_on(running.run(log_lines, observer));
        virtual_time::end();
        outcome
    }

    fn prepare(self, clock: Clock, time: Time) -> Result<(Running, Receiver<LogLine>), RunError> {
        let plan = Arc::new(self.plan);
        let limits = self.guests.first().map_or(Limits::default(), |guest| guest.limits().clone());
        let registry = Registry::new(plan.max_series).hiding(self.secrets.redactor());
        let registry = Arc::new(registry.asking(asked_tags(&plan.thresholds, &plan.sample_tags())));
        for declared in &self.declared {
            // One that does not fit is reported when the scenario uses it.
            let _ = registry.register(&declared.name, declared.kind, declared.unit);
        }
        let client = ClientConfig {
            egress: self.egress,
            max_body: limits.body,
            memory: memory_limits(&limits),
            trace_sampling: self.trace_sampling,
            ..client_config(&plan)?
        };
        let (log, log_lines) = sync_channel(Limits::LOG_LINES_WAITING);
        let shared = Shared {
            clock,
            time,
            registry,
            run: Arc::new(run_context(&plan, self.data, self.secrets, Arc::clone(&client.missing_target))),
            tls: SharedTls::build(&tls_config(&plan))?,
            client,
            log,
            plan,
            worker: 0,
        };
        let (guests, steering, target, has_given_way) = (self.guests, self.steering, self.target, self.has_given_way);
        Ok((Running { shared, guests, steering, target, has_given_way }, log_lines))
    }
}

/// What is booked, and for all virtual users together.
fn memory_limits(limits: &Limits) -> MemoryLimits {
    let shared = limits.memory_total.map(|total| Arc::new(SharedAccount::new(total)));
    MemoryLimits { own: limits.host_memory, shared }
}

fn run_context(plan: &Plan, data: DataSet, secrets: Secrets, missing_target: Arc<MissingTarget>) -> RunContext {
    let pre_allocated_vus = plan.scenarios.iter().map(|scenario| scenario.executor.pre_allocated_vus()).sum();
    RunContext {
        secrets,
        target: plan.target.as_ref().map(|target| target.as_str().to_owned()),
        seed: plan.seed,
        data,
        data_end: DataEnd::default(),
        abort: Abort::default(),
        missing_target,
        progress: Progress::new(plan.threads.max(1), pre_allocated_vus),
    }
}

fn tls_config(plan: &Plan) -> TlsConfig {
    TlsConfig { insecure: plan.http.insecure, ca_file: plan.http.cacert.clone() }
}

/// What the plan says about requests, in the client's words.
pub(crate) fn client_config(plan: &Plan) -> Result<ClientConfig, RunError> {
    let base = match &plan.target {
        None => None,
        Some(target) => Some(
            BaseUrl::parse(&target.with_credentials())
                .map_err(|source| RunError::Target { target: target.as_str().to_owned(), source })?,
        ),
    };
    Ok(ClientConfig {
        base,
        user_agent: plan.http.user_agent.clone(),
        connect_timeout: plan.http.connect_timeout,
        request_timeout: plan.http.request_timeout,
        max_redirects: plan.http.max_redirects,
        longest_timeout: plan.http.ceilings.timeout,
        most_redirects: plan.http.ceilings.redirects,
        tls: tls_config(plan),
        reuse: connection_reuse(&plan.http),
        batch_per_origin: plan.http.batch_per_origin as usize,
        discard_bodies: plan.http.discard_response_bodies,
        ..ClientConfig::default()
    })
}

fn connection_reuse(plan: &HttpPlan) -> ConnectionReuse {
    match (plan.no_connection_reuse, plan.no_vu_connection_reuse) {
        (true, _) => ConnectionReuse::Never,
        (false, true) => ConnectionReuse::WithinIteration,
        (false, false) => ConnectionReuse::Always,
    }
}

struct Running {
    shared: Shared,
    guests: Vec<Arc<Guest>>,
    steering: Steering,
    target: Option<Receiver<Reading>>,
    has_given_way: Option<HasGivenWay>,
}

impl Running {
    async fn run(mut self, log_lines: Receiver<LogLine>, observer: &mut dyn Observer) -> Result<RunOutcome, RunError> {
        let plan = Arc::clone(&self.shared.plan);
        let log = GuestLog::new(log_lines, self.guests.first().map_or(u64::MAX, |guest| guest.limits().log));
        let totals = totals(&plan, &self.shared.registry);
        let stepper = Stepper::of(&plan, self.has_given_way, self.steering.clone());
        let mut control =
            Control::new(&plan, self.shared.clock.clone(), totals, log, self.target.take(), stepper, observer);
        // Setup and teardown are measured too, on this thread.
        let (context, timer) = self.shared.context()?;

        control.tell(&Event::Setup);
        let set_up = self.set_up(&context).await;
        control.add(&context);
        let (end, parts) = match set_up {
            Ok(parts) => {
                let parts: Arc<[Part]> = parts.into();
                let verdict = self.load(&parts, &timer, &mut control).await?;
                (verdict.end(&self.shared.run), parts)
            }
            Err((end, parts)) => (end, parts.into()),
        };
        control.tell(&Event::Teardown);
        let mut teardown = self.tear_down(&context, &parts).await;
        control.add(&context);
        let (end, before) = (self.after_teardown(end.clone()), end);
        if end != before {
            // How a guest leaves the teardown in which it aborts the run is no failure of its own.
            teardown = None;
        }
        let (totals, generator, steps) = control.finish();
        let data = self.shared.run.data.usage();
        Ok(RunOutcome { end, teardown, totals, generator, data, plan, steps })
    }

    /// Lets each component prepare itself. If one cannot, says how that ends the run, and which could, or tried.
    async fn set_up(&self, context: &Rc<WorkerContext>) -> Result<Vec<Part>, (RunEnd, Vec<Part>)> {
        let mut parts = Vec::with_capacity(self.guests.len());
        for guest in &self.guests {
            let set_up = within(self.shared.plan.setup_timeout, guest.setup(context)).await;
            let aborted = self.shared.run.abort.reason().map(|reason| RunEnd::Aborted(reason.to_owned()));
            let (data, end) = match (set_up, aborted) {
                (Some(Ok(data)), aborted) => (data, aborted),
                (_, Some(aborted)) => (Vec::new(), Some(aborted)),
                (None, None) => (Vec::new(), Some(RunEnd::SetupTimedOut)),
                (Some(Err(text)), None) => (Vec::new(), Some(RunEnd::SetupFailed(text))),
            };
            parts.push(Part { guest: Arc::clone(guest), setup_data: data.into() });
            if let Some(end) = end {
                return Err((end, parts));
            }
        }
        Ok(parts)
    }

    /// Lets each component clean up. Where setup did not come to an end there may still be something to clean up.
    async fn tear_down(&self, context: &Rc<WorkerContext>, parts: &[Part]) -> Option<TeardownProblem> {
        let mut problem = None;
        for part in parts {
            let torn_down = part.guest.teardown(context, &part.setup_data);
            let problem_of_part = match within(self.shared.plan.teardown_timeout, torn_down).await {
                None => Some(TeardownProblem::TimedOut),
                Some(Err(text)) => Some(TeardownProblem::Failed(text)),
                Some(Ok(())) => None,
            };
            problem = problem.or(problem_of_part);
        }
        problem
    }

    /// How the run ended, once its teardown is over: that may have asked for its end as a failure, too.
    fn after_teardown(&self, end: RunEnd) -> RunEnd {
        match (end, self.shared.run.abort.reason()) {
            (RunEnd::Completed | RunEnd::DataEnded(_), Some(reason)) => RunEnd::Aborted(reason.to_owned()),
            (end, _) => end,
        }
    }

    async fn load(
        &self,
        parts: &Arc<[Part]>,
        timer: &WorkerTimer,
        control: &mut Control<'_>,
    ) -> Result<Verdict, RunError> {
        let plan = &self.shared.plan;
        let workers = plan.threads.max(1);
        let iteration_counter: Arc<[Arc<IterationCounter>]> =
            plan.scenarios.iter().map(|scenario| IterationCounter::new(&scenario.executor)).collect();
        let (reports, incoming) = mpsc::channel(4 * workers);
        let (ready, ready_crews) = mpsc::channel(workers);
        let (begin, _) = watch::channel(None);
        let mut active = Vec::with_capacity(workers);
        for number in 0..workers {
            let job = Job {
                shared: self.shared.for_worker(number, workers),
                parts: Arc::clone(parts),
                iteration_counter: Arc::clone(&iteration_counter),
                number,
                workers,
                ready: ready.clone(),
                begin: begin.subscribe(),
                control_state: self.steering.watch(),
                reports: reports.clone(),
            };
            active.push(self.start(job)?);
        }
        drop((reports, ready));
        let scenario_workers = plan.scenarios.iter().map(|scenario| Share::count(scenario, workers as u64)).sum();
        self.all_ready(scenario_workers, ready_crews).await;
        let load_begins = self.shared.clock.now();
        self.shared.run.progress.begin(load_begins);
        begin.send_replace(Some(load_begins));
        let verdict = control.watch(timer, load_begins, &self.steering, &self.shared.run, incoming).await;
        for worker in active {
            match worker.join().await {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(verdict)
    }

    /// Starts a worker: on a thread of its own or, where time is virtual, on this one, so that all share that time.
    fn start(&self, job: Job) -> std::io::Result<WorkerHandle> {
        match self.shared.time {
            Time::Real => {
                let thread = std::thread::Builder::new().name(format!("worker-{}", job.number));
                thread.spawn(move || run_job(job)).map(WorkerHandle::Thread)
            }
            Time::Virtual(..) => Ok(WorkerHandle::Here(tokio::task::spawn_local(run_job_here(job)))),
        }
    }

    /// Waits until all can begin together, or somebody wants to stop.
    async fn all_ready(&self, scenario_workers: u64, mut ready: mpsc::Receiver<()>) {
        let mut control_state = self.steering.watch();
        for _ in 0..scenario_workers {
            tokio::select! {
                _ = ready.recv() => {}
                _ = control_state.wait_for(ControlState::to_stop) => return,
            }
        }
    }
}

/// A worker.
enum WorkerHandle {
    Thread(std::thread::JoinHandle<std::io::Result<()>>),
    Here(tokio::task::JoinHandle<std::io::Result<()>>),
}

impl WorkerHandle {
    async fn join(self) -> std::thread::Result<std::io::Result<()>> {
        match self {
            WorkerHandle::Thread(thread) => thread.join(),
            WorkerHandle::Here(task) => match task.await {
                Ok(result) => Ok(result),
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => Err(panic),
                    Err(cancelled) => Ok(Err(std::io::Error::other(cancelled))),
                },
            },
        }
    }
}

/// Nothing measured yet, with the names that samples will have.
fn totals(plan: &Plan, registry: &Arc<Registry>) -> Totals {
    let tags = |scenario: &Scenario| ScenarioTags {
        name: scenario.name.clone(),
        first_flow: scenario.first_flow,
        tags: scenario.tags.clone(),
    };
    let flows = plan.flows.iter().map(|flow| flow.name.clone()).collect();
    Totals::of_scenarios(Arc::clone(registry), plan.scenarios.iter().map(tags).collect(), flows)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use squall_plan::{Defaults, Options, RequestCeilings};

    use super::*;

    #[test]
    fn requests_are_bounded_as_the_plan_says() {
        let options = Options::from_json(r#"{"vus": 1, "iterations": 1, "request_timeout": "5s"}"#).unwrap();
        let mut plan = Plan::resolve(options, &[("main".to_owned(), 1)], Defaults { threads: 1, seed: 1 }).unwrap();
        plan.http.ceilings = RequestCeilings { timeout: Duration::from_secs(30), redirects: 3 };
        let config = client_config(&plan).unwrap();
        assert_eq!((config.request_timeout, config.longest_timeout), (Duration::from_secs(5), Duration::from_secs(30)));
        assert_eq!(config.most_redirects, 3);
    }
}

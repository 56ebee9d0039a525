//! A run from setup to teardown.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use squall_data::{DataSet, FeedUse};
use squall_guest::{Abort, DataEnd, Guest, LogLine, Progress, RunContext, Schemas, Secrets, WorkerContext};
use squall_http::{
    BaseUrl, ClientConfig, ConnectionReuse, EgressPolicy, MemoryLimits, MissingTarget, SharedAccount, SharedTls,
    StubAnswer, TraceSampling,
};
use squall_metrics::{Clock, GeneratorVerdict, MetricInfo, Nanos, Reading, Registry, ScenarioTags, Totals, asked_tags};
use squall_plan::{AgentPlace, HttpPlan, HttpVersion, Limits, Plan, Scenario};
use thiserror::Error;
use tokio::sync::mpsc;

use crate::agents::{AgentNews, AgentOrder, Agents, SteeringOrder};
use crate::client_settings::{dns_config, route_config, socket_config, tls_config};
use crate::control::{Control, Incoming, Reporters, Verdict};
use crate::event::{Event, Observer};
use crate::guest_log::GuestLog;
use crate::part::LoadPart;
use crate::steering::{ControlState, Steering, StoppedBy};
use crate::steps::{HasGivenWay, Stepper, StepsTaken};
use crate::timer::{WorkerTimer, virtual_time, within};
use crate::worker::{Part, Shared, Time, runtime, virtual_runtime};
use crate::worker_threads::WorkerThreads;

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
    /// The secrets that the scenario may read.
    pub secrets: Secrets,
    /// Where it may go.
    pub egress: EgressPolicy,
    /// How others may steer it while it goes on.
    pub steering: Steering,
    /// The readings of the target, if it is watched.
    pub target: Option<Receiver<Reading>>,
    /// Which requests the target is asked to trace, if it is.
    pub trace_sampling: Option<TraceSampling>,
    /// When a stepped load steps back; without it, after its last step.
    pub has_given_way: Option<HasGivenWay>,
    /// The agents that carry the load, where this process does not.
    pub agents: Option<Agents>,
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// As planned.
    Completed,
    /// This data came to its end, which was to be the end of the run.
    DataEnded(String),
    /// It was stopped from outside.
    Stopped(StoppedBy),
    /// The guest asked for it, with this reason.
    Aborted(String),
    /// Nearly every iteration trapped, or nearly no virtual user could start.
    Hopeless(String),
    /// Requests were asked for, and not one could be made, for this reason.
    NoRequest(String),
    /// A threshold failed, this one, that was to end the run.
    ThresholdFailed(String),
    /// Agents were lost without which the load was not to go on.
    AgentsLost(String),
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
    /// A run on this process's threads that declares no metrics, watches no target and traces nothing.
    pub fn new(plan: Plan, guests: Vec<Arc<Guest>>, data: DataSet, secrets: Secrets, egress: EgressPolicy) -> Run {
        Run {
            plan,
            guests,
            declared: Vec::new(),
            data,
            secrets,
            egress,
            steering: Steering::default(),
            target: None,
            trace_sampling: None,
            has_given_way: None,
            agents: None,
        }
    }

    /// Runs it all on this and the worker threads; returns when everything is over.
    ///
    /// # Errors
    /// If it could not begin. Whatever happens later is part of the outcome, so that nothing measured is lost.
    pub fn run(self, observer: &mut dyn Observer) -> Result<RunOutcome, RunError> {
        let clock = match self.agents.as_ref().and_then(|agents| agents.resumed.as_ref()) {
            None => Clock::start(),
            Some(resumed) => Clock::starting_at(resumed.load_began),
        };
        let (running, log_lines) = self.make_ready(clock, Time::Real)?;
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
        let (running, log_lines) = self.make_ready(clock, Time::Virtual(hand, answer))?;
        let outcome = virtual_runtime()?.block_on(running.run(log_lines, observer));
        virtual_time::end();
        outcome
    }

    fn make_ready(mut self, clock: Clock, time: Time) -> Result<(Running, Receiver<LogLine>), RunError> {
        let (guests, steering, target) = (self.guests.clone(), self.steering.clone(), self.target.take());
        let (has_given_way, agents) = (self.has_given_way, self.agents.take());
        let (shared, log_lines) = self.prepare(clock, time)?;
        Ok((Running { shared, guests, steering, target, has_given_way, agents }, log_lines))
    }

    /// What all its threads share.
    pub(crate) fn prepare(self, clock: Clock, time: Time) -> Result<(Shared, Receiver<LogLine>), RunError> {
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
            tls: SharedTls::build(&tls_config(&plan.http))?,
            client,
            log,
            plan,
            worker: 0,
        };
        Ok((shared, log_lines))
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
        schemas: Schemas::default(),
    }
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
        tls: tls_config(&plan.http),
        dns: dns_config(&plan.http.connections),
        routes: route_config(&plan.http.connections),
        sockets: socket_config(&plan.http.connections),
        http: http_version(plan.http.http_version),
        max_streams: plan.http.max_streams as usize,
        reuse: connection_reuse(&plan.http),
        batch_per_origin: plan.http.batch_per_origin as usize,
        discard_bodies: plan.http.discard_response_bodies,
        ..ClientConfig::default()
    })
}

fn http_version(version: HttpVersion) -> squall_http::HttpVersion {
    match version {
        HttpVersion::Auto => squall_http::HttpVersion::Negotiated,
        HttpVersion::Http1 => squall_http::HttpVersion::Http1,
        HttpVersion::Http2 => squall_http::HttpVersion::Http2,
        HttpVersion::Http2PriorKnowledge => squall_http::HttpVersion::Http2PriorKnowledge,
        HttpVersion::Http3 => squall_http::HttpVersion::Http3,
    }
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
    agents: Option<Agents>,
}

impl Running {
    async fn run(mut self, log_lines: Receiver<LogLine>, observer: &mut dyn Observer) -> Result<RunOutcome, RunError> {
        let plan = Arc::clone(&self.shared.plan);
        let log = GuestLog::new(log_lines, self.guests.first().map_or(u64::MAX, |guest| guest.limits().log));
        let totals = totals(&plan, &self.shared.registry);
        let stepper = Stepper::of(&plan, self.has_given_way, self.steering.clone());
        let agents = self.agents.take();
        let reporters = agents.as_ref().map_or(Reporters::Threads, Reporters::Agents);
        let (clock, target) = (self.shared.clock.clone(), self.target.take());
        let mut control = Control::new(&plan, clock, totals, log, target, stepper, (observer, &reporters));
        // Setup and teardown are measured too, on this thread.
        let (context, timer) = self.shared.context()?;

        let set_up = match agents.as_ref().and_then(|agents| agents.resumed.as_ref()) {
            Some(resumed) => Ok(self.set_up_before(&resumed.setup_data)),
            None => {
                control.tell(&Event::Setup);
                self.set_up(&context).await
            }
        };
        control.add(&context);
        let (end, parts) = match set_up {
            Ok(parts) => {
                let parts: Arc<[Part]> = parts.into();
                let verdict = match agents {
                    None => self.load(&parts, &timer, &mut control).await?,
                    Some(agents) => self.load_by_agents(agents, &parts, &timer, &mut control).await,
                };
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
        let (totals, generator, steps, used_by_agents) = control.finish();
        let mut data = self.shared.run.data.usage();
        data.extend(used_by_agents);
        Ok(RunOutcome { end, teardown, totals, generator, data, plan, steps })
    }

    /// What each component returned when another coordinator let it prepare itself.
    fn set_up_before(&self, setup_data: &[Vec<u8>]) -> Vec<Part> {
        let parts = self.guests.iter().zip(setup_data);
        parts.map(|(guest, data)| Part { guest: Arc::clone(guest), setup_data: data.as_slice().into() }).collect()
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
        let part = (Some(LoadPart::WHOLE), AgentPlace::ONLY);
        let (mut workers, reports) = WorkerThreads::start(&self.shared, parts, &self.steering, part)?;
        workers.are_ready(self.steering.watch()).await;
        let load_begins = self.shared.clock.now();
        self.shared.run.progress.begin(load_begins);
        workers.begin(load_begins);
        let reports = Incoming::Threads(reports);
        let verdict = control.watch(timer, load_begins, &self.steering, &self.shared.run, reports).await;
        workers.join().await?;
        Ok(verdict)
    }

    /// Lets agents carry the load.
    async fn load_by_agents(
        &self,
        mut agents: Agents,
        parts: &Arc<[Part]>,
        timer: &WorkerTimer,
        control: &mut Control<'_>,
    ) -> Verdict {
        let setup_data = parts.iter().map(|part| Arc::clone(&part.setup_data)).collect();
        let registry = Arc::clone(&self.shared.registry);
        self.order(&agents.orders, AgentOrder::Prepare { setup_data, registry }).await;
        let load_begins = self.begin_with(&mut agents, control).await;
        self.shared.run.progress.begin(load_begins);
        let Agents { orders, news, .. } = agents;
        let news = Incoming::Agents(news);
        tokio::select! {
            verdict = control.watch(timer, load_begins, &self.steering, &self.shared.run, news) => verdict,
            never = self.steer_agents(&orders, load_begins) => match never {},
        }
    }

    /// Waits until all agents are ready, and lets them begin. Returns when they do, on the run's clock; where the run is to
    /// stop before, now.
    async fn begin_with(&self, agents: &mut Agents, control: &mut Control<'_>) -> Nanos {
        let mut control_state = self.steering.watch();
        loop {
            tokio::select! {
                news = agents.news.recv() => match news {
                    None => return self.shared.clock.now(),
                    Some(AgentNews::Ready) => self.order(&agents.orders, AgentOrder::Begin).await,
                    Some(AgentNews::Begins(at)) => return self.shared.clock.at_system_time(at),
                    Some(AgentNews::Failed(reason)) => {
                        control.take_news(AgentNews::Failed(reason), &self.shared.run);
                        return self.shared.clock.now();
                    }
                    Some(other) => control.take_news(other, &self.shared.run),
                },
                _ = control_state.wait_for(ControlState::to_stop) => return self.shared.clock.now(),
            }
        }
    }

    /// Passes on what those outside wish, as long as the load lasts.
    async fn steer_agents(&self, orders: &mpsc::Sender<AgentOrder>, load_begins: Nanos) -> std::convert::Infallible {
        let mut control_state = self.steering.watch();
        control_state.mark_changed();
        loop {
            // The run holds its other end.
            if control_state.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            let order = SteeringOrder::of(&control_state.borrow_and_update(), load_begins);
            self.order(orders, AgentOrder::Steer(order)).await;
        }
    }

    async fn order(&self, orders: &mpsc::Sender<AgentOrder>, order: AgentOrder) {
        // Where orders are not taken any more, the news end, too.
        let _ = orders.send(order).await;
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

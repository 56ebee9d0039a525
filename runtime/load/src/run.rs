//! A run from setup to teardown.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use squall_data::{DataSet, FeedUse};
use squall_guest::{Abort, DataEnd, Guest, RunContext, Secrets};
use squall_http::{BaseUrl, ClientConfig, EgressPolicy, SharedTls, TlsConfig};
use squall_metrics::{Clock, GeneratorVerdict, Nanos, Registry, ThresholdResult, Totals, evaluate_thresholds};
use squall_plan::{Limits, Plan};
use thiserror::Error;
use tokio::sync::{mpsc, watch};

use crate::control::{Control, Verdict};
use crate::event::{Event, Observer};
use crate::guest_log::GuestLog;
use crate::quota::Numbering;
use crate::steering::{Steering, StoppedBy, Wishes};
use crate::timer::within;
use crate::worker::{Job, Report, Shared, runtime, work};

/// A run that is ready to begin.
pub struct Run {
    /// What is to be done.
    pub plan: Plan,
    /// The compiled component; several runs, one after the other, may share it.
    pub guest: Arc<Guest>,
    /// The data that the plan names.
    pub data: DataSet,
    /// What the scenario may read and nobody may see.
    pub secrets: Secrets,
    /// Where it may go.
    pub egress: EgressPolicy,
    /// How others may steer it while it goes on.
    pub steering: Steering,
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
    /// A threshold failed, this one, that was to end the run.
    ThresholdFailed(String),
    /// `setup` failed, with this text. There was no load.
    SetupFailed(String),
    /// `setup` took longer than the plan allows. There was no load.
    SetupTimedOut,
}

/// What became of a run.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: RunEnd,
    /// What went wrong in `teardown`, if anything did.
    pub teardown: Option<TeardownProblem>,
    /// Everything that was measured.
    pub totals: Totals,
    /// The thresholds, evaluated.
    pub thresholds: Vec<ThresholdResult>,
    /// Whether the generator is to be believed.
    pub generator: GeneratorVerdict,
    /// How much of the data was used.
    pub data: Vec<FeedUse>,
    /// What was done.
    pub plan: Arc<Plan>,
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
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] squall_http::TlsError),
    /// The target is no URL.
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
    pub fn run(self, observer: &mut dyn Observer) -> Result<Outcome, RunError> {
        let plan = Arc::new(self.plan);
        let registry = Arc::new(Registry::new(plan.max_series).hiding(self.secrets.redactor()));
        let (log, log_lines) = sync_channel(Limits::LOG_LINES_WAITING);
        let shared = Shared {
            clock: Clock::start(),
            registry,
            run: Arc::new(run_context(&plan, self.data, self.secrets)),
            tls: SharedTls::build(&tls_config(&plan))?,
            client: ClientConfig { egress: self.egress, max_body: self.guest.limits().body, ..client_config(&plan)? },
            log,
            plan,
        };
        let running = Running { shared, guest: self.guest, steering: self.steering };
        runtime()?.block_on(running.run(log_lines, observer))
    }
}

fn run_context(plan: &Plan, data: DataSet, secrets: Secrets) -> RunContext {
    RunContext {
        options: plan.env.clone(),
        secrets,
        target: plan.target.as_ref().map(|target| target.as_str().to_owned()),
        seed: plan.seed,
        data,
        data_end: DataEnd::default(),
        abort: Abort::default(),
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
            BaseUrl::parse(target.as_str())
                .map_err(|source| RunError::Target { target: target.as_str().to_owned(), source })?,
        ),
    };
    Ok(ClientConfig {
        base,
        user_agent: plan.http.user_agent.clone(),
        connect_timeout: plan.http.connect_timeout,
        request_timeout: plan.http.request_timeout,
        max_redirects: plan.http.max_redirects,
        tls: tls_config(plan),
        keep_alive: !plan.http.no_connection_reuse,
        batch_per_origin: plan.http.batch_per_origin as usize,
        discard_bodies: plan.http.discard_response_bodies,
        ..ClientConfig::default()
    })
}

struct Running {
    shared: Shared,
    guest: Arc<Guest>,
    steering: Steering,
}

impl Running {
    async fn run(
        self,
        log_lines: std::sync::mpsc::Receiver<squall_guest::LogLine>,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, RunError> {
        let plan = Arc::clone(&self.shared.plan);
        let flows = plan.flows.iter().map(|flow| flow.name.clone()).collect();
        let totals = Totals::new(Arc::clone(&self.shared.registry), &plan.scenario, flows);
        let log = GuestLog::new(log_lines, self.guest.limits().log);
        let mut control = Control::new(&plan, totals, log, observer);
        // Setup and teardown are measured too, on this thread.
        let (context, _) = self.shared.context()?;

        control.tell(&Event::Setup);
        let set_up = within(plan.setup_timeout, self.guest.setup(&context)).await;
        control.add(&context.recorder.borrow_mut().take());
        let (end, setup_data) = match set_up {
            None => (RunEnd::SetupTimedOut, None),
            Some(Err(text)) => (RunEnd::SetupFailed(text), None),
            Some(Ok(data)) => {
                let data: Arc<[u8]> = data.into();
                let verdict = self.load(&data, &mut control).await?;
                (verdict.end(&self.shared.run), Some(data))
            }
        };
        control.tell(&Event::Teardown);
        // Where setup did not come to an end there may still be something to clean up.
        let setup_data = setup_data.as_deref().unwrap_or_default();
        let torn_down = within(plan.teardown_timeout, self.guest.teardown(&context, setup_data)).await;
        let teardown = match torn_down {
            None => Some(TeardownProblem::TimedOut),
            Some(Err(text)) => Some(TeardownProblem::Failed(text)),
            Some(Ok(())) => None,
        };
        control.add(&context.recorder.borrow_mut().take());
        let (totals, generator) = control.finish();
        let thresholds = evaluate_thresholds(&plan.thresholds, &totals);
        let data = self.shared.run.data.usage();
        Ok(Outcome { end, teardown, totals, thresholds, generator, data, plan })
    }

    async fn load(&self, setup_data: &Arc<[u8]>, control: &mut Control<'_>) -> Result<Verdict, RunError> {
        let workers = self.shared.plan.threads.max(1);
        let numbering = Numbering::new(&self.shared.plan.executor);
        let (reports, incoming) = mpsc::channel(4 * workers);
        let (ready, ready_workers) = mpsc::channel(workers);
        let (begin, _) = watch::channel(None);
        let mut threads = Vec::with_capacity(workers);
        for number in 0..workers {
            let job = Job {
                shared: self.shared.clone(),
                guest: Arc::clone(&self.guest),
                numbering: Arc::clone(&numbering),
                setup_data: Arc::clone(setup_data),
                number,
                workers,
                ready: ready.clone(),
                begin: begin.subscribe(),
                wishes: self.steering.watch(),
                reports: reports.clone(),
            };
            threads.push(start_worker(job)?);
        }
        drop((reports, ready));
        self.all_ready(workers, ready_workers).await;
        let load_begins = self.shared.clock.now();
        begin.send_replace(Some(load_begins));
        let verdict = self.watch(control, load_begins, incoming).await;
        for thread in threads {
            match thread.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(verdict)
    }

    /// Waits until all workers can begin together, or somebody wants to stop.
    async fn all_ready(&self, workers: usize, mut ready: mpsc::Receiver<()>) {
        let mut wishes = self.steering.watch();
        for _ in 0..workers {
            tokio::select! {
                _ = ready.recv() => {}
                _ = wishes.wait_for(Wishes::to_stop) => return,
            }
        }
    }

    async fn watch(&self, control: &mut Control<'_>, load_begins: Nanos, incoming: mpsc::Receiver<Report>) -> Verdict {
        control.watch(&self.shared.clock, load_begins, &self.steering, &self.shared.run, incoming).await
    }
}

fn start_worker(job: Job) -> std::io::Result<JoinHandle<std::io::Result<()>>> {
    std::thread::Builder::new().name(format!("worker-{}", job.number)).spawn(move || work(job))
}

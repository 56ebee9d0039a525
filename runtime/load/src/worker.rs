//! A worker thread: its runtime, its virtual users, and its report once a second. What it does in between depends on who
//! decides when iterations begin: `closed.rs` (the virtual users themselves) or `open.rs` (the plan).

mod closed;
mod look;
mod open;
mod present;
mod reporter;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use squall_guest::{Guest, Identity, LogLine, LogSink, RunContext, WorkerContext};
use squall_http::{ClientConfig, Network, SharedTls};
use squall_metrics::{Clock, Interval, Nanos, Recorder, Registry};
use squall_plan::{Arrivals, Plan};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::{mpsc, watch};

use crate::life::Work;
use crate::quota::{Numbering, of_each_user};
use crate::schedule::stints_of;
use crate::steering::Wishes;
use crate::thread_times;
use crate::timer::WorkerTimer;
use crate::warm_up::planned_warm_up;

/// What every thread of a run needs.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) plan: Arc<Plan>,
    pub(crate) clock: Clock,
    pub(crate) registry: Arc<Registry>,
    pub(crate) run: Arc<RunContext>,
    pub(crate) tls: SharedTls,
    pub(crate) client: ClientConfig,
    pub(crate) log: SyncSender<LogLine>,
}

impl Shared {
    /// The context of the calling thread, which must be inside its runtime.
    pub(crate) fn context(&self) -> std::io::Result<(Rc<WorkerContext>, WorkerTimer)> {
        let timer = WorkerTimer::start(self.clock.clone(), self.plan.pacing)?;
        let (client, tls) = (self.client.clone(), self.tls.clone());
        let (registry, run) = (Arc::clone(&self.registry), Arc::clone(&self.run));
        let context = context(self.clock.clone(), registry, client, tls, self.log.clone(), run, timer.clone());
        Ok((context, timer))
    }
}

/// What the guests on the calling thread share.
pub(crate) fn context(
    clock: Clock,
    registry: Arc<Registry>,
    client: ClientConfig,
    tls: SharedTls,
    log: SyncSender<LogLine>,
    run: Arc<RunContext>,
    timer: WorkerTimer,
) -> Rc<WorkerContext> {
    let log = LogSink::new(log, Arc::clone(&registry));
    let recorder = Rc::new(RefCell::new(Recorder::new(registry)));
    let network = Network::new(client, tls, clock.clone(), Rc::clone(&recorder));
    Rc::new(WorkerContext { clock, recorder, network, timer: Rc::new(timer), log, run })
}

/// The part of a run that one worker thread does.
pub(crate) struct Job {
    pub(crate) shared: Shared,
    pub(crate) guest: Arc<Guest>,
    pub(crate) numbering: Arc<Numbering>,
    pub(crate) setup_data: Arc<[u8]>,
    /// This worker, of so many.
    pub(crate) number: usize,
    pub(crate) workers: usize,
    /// Where the worker says that it is ready to begin.
    pub(crate) ready: mpsc::Sender<()>,
    /// When the load begins, on the run's clock, as soon as that is known.
    pub(crate) begin: watch::Receiver<Option<Nanos>>,
    pub(crate) wishes: watch::Receiver<Wishes>,
    pub(crate) reports: mpsc::Sender<Report>,
}

/// What a worker tells the control thread.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) recorded: Interval,
    /// Whether what was recorded does not count.
    pub(crate) warming_up: bool,
    /// Virtual users at work together, at most, since the last report: at the end of a run the last one is leaving.
    pub(crate) vus: u64,
    /// Arrivals that wait for a virtual user.
    pub(crate) backlog: u64,
    /// Whether every virtual user that this worker may have is busy.
    pub(crate) all_users_busy: bool,
    pub(crate) worker: usize,
    pub(crate) log_dropped: u64,
}

/// A runtime for one thread.
pub(crate) fn runtime() -> std::io::Result<LocalRuntime> {
    Builder::new_current_thread()
        .enable_all()
        .on_thread_park(thread_times::falls_asleep)
        .on_thread_unpark(thread_times::wakes)
        .build_local(LocalOptions::default())
}

/// Does a job on the calling thread; returns when all virtual users have ended and the last report is sent.
pub(crate) fn work(job: Job) -> std::io::Result<()> {
    runtime()?.block_on(async {
        let (context, timer) = job.shared.context()?;
        let plan = Arc::clone(&job.shared.plan);
        let stints = stints_of(&plan, job.number, job.workers);
        let arrivals = Arrivals::of(&plan.executor, plan.arrival, plan.seed);
        let crew = Crew::new(job, context, timer);
        match arrivals {
            Some(arrivals) => open::Open::new(crew, arrivals).run().await,
            None => closed::Closed::new(crew, stints).run().await,
        }
        Ok(())
    })
}

/// The virtual users of a worker, and what it needs to lead them.
struct Crew {
    number: usize,
    workers: usize,
    work: Rc<Work>,
    timer: WorkerTimer,
    identities: HashMap<u32, Rc<Identity>>,
    ready: mpsc::Sender<()>,
    begin: watch::Receiver<Option<Nanos>>,
    wishes: watch::Receiver<Wishes>,
    present: present::Presence,
    reporter: reporter::Reporter,
}

impl Crew {
    fn new(job: Job, context: Rc<WorkerContext>, timer: WorkerTimer) -> Crew {
        let plan = job.shared.plan;
        let work = Rc::new(Work {
            iterations_of_each: of_each_user(&plan.executor),
            warming_up: Cell::new(planned_warm_up(&plan) > Nanos::ZERO),
            plan,
            guest: job.guest,
            context,
            numbering: job.numbering,
            shared: job.setup_data,
            stopping: Cell::new(false),
            under_way: Cell::new(0),
        });
        let present = present::Presence::default();
        Crew {
            reporter: reporter::Reporter::new(job.number, job.reports, Rc::clone(&work), present.clone()),
            number: job.number,
            workers: job.workers,
            work,
            timer,
            identities: HashMap::new(),
            ready: job.ready,
            begin: job.begin,
            wishes: job.wishes,
            present,
        }
    }

    /// Says that the worker is ready, and waits for the load to begin; `None` if the run is over before.
    async fn wait_for_beginning(&mut self) -> Option<Nanos> {
        // If the control thread is gone, so is the beginning.
        let _ = self.ready.send(()).await;
        loop {
            if let Some(begins) = *self.begin.borrow_and_update() {
                tokio::task::spawn_local(look::look_at_ourselves(Rc::clone(&self.work), self.timer.clone(), begins));
                if self.work.warming_up.get() {
                    tokio::task::spawn_local(look::end_warm_up(Rc::clone(&self.work), self.timer.clone(), begins));
                }
                return Some(begins);
            }
            tokio::select! {
                changed = self.begin.changed() => changed.ok()?,
                _ = self.wishes.wait_for(Wishes::to_stop) => return None,
            }
        }
    }

    /// A virtual user that comes back after a while is the same user, with its cookies and connections; unless it is
    /// still busy with the end of its last stint, when somebody new comes under its number.
    fn identity(&mut self, vu: u32) -> Rc<Identity> {
        if let Some(identity) = self.identities.get(&vu)
            && Rc::strong_count(identity) == 1
        {
            return Rc::clone(identity);
        }
        let identity = Rc::new(Identity::new(&self.work.context, vu));
        self.identities.insert(vu, Rc::clone(&identity));
        identity
    }
}

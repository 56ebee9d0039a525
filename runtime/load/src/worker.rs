//! A worker thread: its runtime, its virtual users, and its report once a second.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use squall_guest::{Guest, Identity, LogLine, LogSink, RunContext, WorkerContext};
use squall_http::{ClientConfig, Network, SharedTls};
use squall_metrics::{Clock, Interval, Nanos, Recorder, Registry};
use squall_plan::Plan;
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::life::{Pulse, Work, live};
use crate::quota::{Numbering, of_each_user};
use crate::schedule::Stint;
use crate::stop::Stop;
use crate::thread_cpu::thread_cpu_time;
use crate::timer::{TokioTimer, every_second};

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
    /// The context of the calling thread.
    pub(crate) fn context(&self) -> Rc<WorkerContext> {
        let (client, tls) = (self.client.clone(), self.tls.clone());
        context(self.clock.clone(), Arc::clone(&self.registry), client, tls, self.log.clone(), Arc::clone(&self.run))
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
) -> Rc<WorkerContext> {
    let recorder = Rc::new(RefCell::new(Recorder::new(registry)));
    let network = Network::new(client, tls, clock.clone(), Rc::clone(&recorder));
    let timer = Rc::new(TokioTimer::new(clock.clone()));
    Rc::new(WorkerContext { clock, recorder, network, timer, log: LogSink::new(log), run })
}

/// The part of a run that one worker thread does.
pub(crate) struct Job {
    pub(crate) shared: Shared,
    pub(crate) guest: Arc<Guest>,
    pub(crate) numbering: Arc<Numbering>,
    pub(crate) setup_data: Arc<[u8]>,
    pub(crate) stints: Vec<Stint>,
    /// When the load begins, on the run's clock.
    pub(crate) load_begins: Nanos,
    pub(crate) stop: watch::Receiver<Stop>,
    pub(crate) reports: mpsc::Sender<Report>,
}

/// What a worker tells the control thread.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) recorded: Interval,
    /// Virtual users at work together, at most, since the last report: at the end of a run the last one is leaving.
    pub(crate) vus: u64,
    pub(crate) worker: usize,
    pub(crate) log_dropped: u64,
}

/// A runtime for one thread.
pub(crate) fn runtime() -> std::io::Result<LocalRuntime> {
    Builder::new_current_thread().enable_all().build_local(LocalOptions::default())
}

/// Does a job on the calling thread; returns when all virtual users have ended and the last report is sent.
pub(crate) fn work(job: Job, number: usize) -> std::io::Result<()> {
    runtime()?.block_on(Worker::new(job, number).run());
    Ok(())
}

struct Worker {
    number: usize,
    work: Rc<Work>,
    timer: TokioTimer,
    load_begins: Nanos,
    /// Still to begin, the next one last.
    to_begin: Vec<Stint>,
    /// By the number of the stint.
    at_work: HashMap<u64, AtWork>,
    stints_begun: u64,
    /// When the iterations of those at work are interrupted, and in which stint.
    deadlines: BinaryHeap<Reverse<(Nanos, u64)>>,
    identities: HashMap<u32, Rc<Identity>>,
    stop: watch::Receiver<Stop>,
    reports: mpsc::Sender<Report>,
    active: Rc<Cell<u64>>,
    most_active: Rc<Cell<u64>>,
    cpu_reported: Nanos,
}

struct AtWork {
    pulse: Rc<Pulse>,
    task: AbortHandle,
}

impl Worker {
    fn new(job: Job, number: usize) -> Worker {
        let context = job.shared.context();
        let plan = job.shared.plan;
        let mut to_begin = job.stints;
        to_begin.reverse();
        let work = Work {
            iterations_of_each: of_each_user(&plan.executor),
            plan,
            guest: job.guest,
            context,
            numbering: job.numbering,
            shared: job.setup_data,
            stopping: Cell::new(false),
        };
        Worker {
            number,
            timer: TokioTimer::new(job.shared.clock),
            work: Rc::new(work),
            load_begins: job.load_begins,
            to_begin,
            at_work: HashMap::new(),
            stints_begun: 0,
            deadlines: BinaryHeap::new(),
            identities: HashMap::new(),
            stop: job.stop,
            reports: job.reports,
            active: Rc::new(Cell::new(0)),
            most_active: Rc::new(Cell::new(0)),
            cpu_reported: Nanos::ZERO,
        }
    }

    async fn run(mut self) {
        let mut beat = every_second();
        let all_ended = Rc::new(tokio::sync::Notify::new());
        // Once the control thread is gone there is nobody left to stop for.
        let mut may_stop = true;
        loop {
            let now = self.work.context.clock.now();
            self.begin_due(now, &all_ended);
            self.interrupt_due(now);
            if self.to_begin.is_empty() && self.active.get() == 0 {
                break;
            }
            let next = self.next_time();
            tokio::select! {
                () = self.timer.until(next) => {}
                () = all_ended.notified() => {}
                _ = beat.tick() => self.report_if_there_is_room(),
                changed = self.stop.changed(), if may_stop => {
                    may_stop = changed.is_ok();
                    self.heed_stop();
                }
            }
        }
        self.last_report().await;
    }

    /// When something is next to be begun or interrupted.
    fn next_time(&self) -> Nanos {
        let begin = self.to_begin.last().map_or(Nanos::MAX, |stint| self.load_begins + stint.from);
        let interrupt = self.deadlines.peek().map_or(Nanos::MAX, |Reverse((time, _))| *time);
        begin.min(interrupt).min(self.work.context.clock.now() + Nanos(3_600_000_000_000))
    }

    fn begin_due(&mut self, now: Nanos, all_ended: &Rc<tokio::sync::Notify>) {
        while let Some(stint) = self.to_begin.pop_if(|stint| self.load_begins + stint.from <= now) {
            self.begin(stint, all_ended);
        }
    }

    fn begin(&mut self, stint: Stint, all_ended: &Rc<tokio::sync::Notify>) {
        let identity = self.identity(stint.vu);
        let pulse = Rc::new(Pulse::default());
        let present = Present::enter(Rc::clone(&self.active), Rc::clone(all_ended));
        self.most_active.set(self.most_active.get().max(self.active.get()));
        let life = live(Rc::clone(&self.work), identity, Rc::clone(&pulse), self.load_begins + stint.until, present);
        let task = tokio::task::spawn_local(life);
        self.stints_begun += 1;
        self.deadlines.push(Reverse((self.load_begins + stint.killed_at, self.stints_begun)));
        self.at_work.insert(self.stints_begun, AtWork { pulse, task: task.abort_handle() });
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

    fn interrupt_due(&mut self, now: Nanos) {
        while let Some(Reverse((time, stint))) = self.deadlines.peek().copied() {
            if time > now {
                return;
            }
            self.deadlines.pop();
            if let Some(user) = self.at_work.remove(&stint) {
                user.task.abort();
            }
        }
    }

    fn heed_stop(&mut self) {
        let stop = *self.stop.borrow_and_update();
        if stop == Stop::No {
            return;
        }
        self.to_begin.clear();
        self.work.stopping.set(true);
        let grace = Nanos::from(self.work.plan.graceful_stop);
        let end = self.work.context.clock.now() + grace;
        for (stint, user) in &self.at_work {
            // Who is between two iterations has nothing to finish.
            if stop == Stop::Now || !user.pulse.busy.get() {
                user.task.abort();
            } else {
                self.deadlines.push(Reverse((end, *stint)));
            }
        }
    }

    fn report_if_there_is_room(&mut self) {
        // A control thread that lags behind gets more at once later: nothing is lost.
        if let Ok(permit) = self.reports.clone().try_reserve() {
            permit.send(self.report());
        }
    }

    async fn last_report(&mut self) {
        let report = self.report();
        // If the control thread is gone there is nobody to tell.
        let _ = self.reports.send(report).await;
    }

    fn report(&mut self) -> Report {
        let cpu = thread_cpu_time();
        let mut recorder = self.work.context.recorder.borrow_mut();
        recorder.cpu(cpu.since(self.cpu_reported));
        self.cpu_reported = cpu;
        Report {
            recorded: recorder.take(),
            vus: self.most_active.replace(self.active.get()),
            worker: self.number,
            log_dropped: self.work.context.log.take_dropped(),
        }
    }
}

/// Counts a virtual user as long as it is at work, however it ends.
struct Present {
    active: Rc<Cell<u64>>,
    all_ended: Rc<tokio::sync::Notify>,
}

impl Present {
    fn enter(active: Rc<Cell<u64>>, all_ended: Rc<tokio::sync::Notify>) -> Present {
        active.set(active.get() + 1);
        Present { active, all_ended }
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.active.set(self.active.get() - 1);
        if self.active.get() == 0 {
            self.all_ended.notify_one();
        }
    }
}

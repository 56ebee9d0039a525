//! An agent's side of a run: its part of the load on this process's worker threads, and what they record, second by second.
//! No setup, no teardown, no thresholds and no totals: those are the coordinator's.

use std::sync::Arc;
use std::time::Duration;

use squall_data::FeedUse;
use squall_guest::LogLine;
use squall_http::StubAnswer;
use squall_metrics::{Clock, Nanos, Registry, SecondGrid};
use squall_plan::AgentPlace;
use tokio::sync::{mpsc, watch};

use crate::agents::{AgentRecord, AgentState, SteeringOrder};
use crate::event::{Event, Observer};
use crate::generator::Watch;
use crate::guest_log::GuestLog;
use crate::part::{LoadPart, TakenOver};
use crate::run::{Run, RunError};
use crate::seconds::{RecordedByAll, SecondsUnderWay};
use crate::steering::Steering;
use crate::timer::virtual_time;
use crate::warm_up::planned_warm_up;
use crate::worker::{Part, Report, Shared, Time, runtime, virtual_runtime};
use crate::worker_threads::WorkerThreads;

/// One agent's part of a run.
pub struct AgentRun {
    /// The plan with this machine's threads, its guests, its data, and what steers it.
    pub run: Run,
    /// Which of several agents it is.
    pub place: AgentPlace,
    /// Its part of the load; none for an agent that only carries what it takes over.
    pub part: Option<LoadPart>,
    /// The results of `setup`, by component.
    pub setup_data: Vec<Arc<[u8]>>,
    /// When the load begins, on this system's monotonic clock, as soon as that is known. Its sender may go away: then the
    /// load never begins.
    pub begin: watch::Receiver<Option<Nanos>>,
    /// Where its news go. An agent whose news are not taken waits, and loses nothing.
    pub says: mpsc::Sender<AgentSays>,
}

/// What an agent has to say.
#[derive(Debug)]
pub enum AgentSays {
    /// Its virtual users are prepared. The names of all records to come are in this registry.
    Ready(Arc<Registry>),
    /// What was recorded in a second.
    Recorded(Box<AgentRecord>),
    /// A line of a guest, and how often it was written again.
    Log(LogLine, u64),
    /// Lines that had no room.
    LogDropped(u64),
    /// Something that the user should know.
    Warning(String),
    /// It is over, after this time of the load.
    Ended(Duration, Vec<FeedUse>),
}

impl Steering {
    /// Does what the coordinator orders, and carries what it is to take over. The load began at that time of the system's
    /// monotonic clock.
    pub fn obey(&self, order: &SteeringOrder, taken_over: &[TakenOver], load_begins: Nanos) {
        self.change(|control_state| {
            let before = control_state.clone();
            order.apply(taken_over, load_begins, control_state);
            *control_state != before
        });
    }
}

impl AgentRun {
    /// Carries out its part; returns when it is over.
    ///
    /// # Errors
    /// If it could not begin.
    pub fn run(self) -> Result<(), RunError> {
        // A clock of the system, so that the coordinator's times need no conversion but that of its machine.
        self.carry_out(Clock::of_system(), Time::Real, runtime)
    }

    /// The same in virtual time, against a target that always answers the same, from time zero on.
    ///
    /// # Errors
    /// If it could not begin.
    pub fn rehearse(mut self, answer: StubAnswer) -> Result<(), RunError> {
        let (clock, hand) = Clock::manual();
        self.run.plan.threads = 1;
        let outcome = self.carry_out(clock, Time::Virtual(hand, answer), virtual_runtime);
        virtual_time::end();
        outcome
    }

    fn carry_out(
        self,
        clock: Clock,
        time: Time,
        runtime: fn() -> std::io::Result<tokio::runtime::LocalRuntime>,
    ) -> Result<(), RunError> {
        let AgentRun { run, place, part, setup_data, begin, says } = self;
        let (guests, steering) = (run.guests.clone(), run.steering.clone());
        let parts = guests.into_iter().zip(setup_data).map(|(guest, setup_data)| Part { guest, setup_data });
        let parts: Arc<[Part]> = parts.collect();
        let (shared, log_lines) = run.prepare(clock, time)?;
        let log_limit = parts.first().map_or(u64::MAX, |part| part.guest.limits().log);
        let work = AgentWork {
            state: AgentState { vus_of_scenarios: vec![0; shared.plan.scenarios.len()], ..AgentState::default() },
            watch: Watch::new(&shared.plan),
            seconds: SecondsUnderWay::new(shared.plan.threads.max(1)),
            vus_of_workers: vec![Vec::new(); shared.plan.threads.max(1)],
            log: GuestLog::new(log_lines, log_limit),
            heard: Heard::default(),
            warned_of_series: false,
            shared,
            steering,
            says,
        };
        runtime()?.block_on(work.carry_out(&parts, (part, place), begin))
    }
}

/// The control thread of an agent.
struct AgentWork {
    shared: Shared,
    steering: Steering,
    says: mpsc::Sender<AgentSays>,
    state: AgentState,
    watch: Watch,
    seconds: SecondsUnderWay,
    /// For each worker, the virtual users of each scenario.
    vus_of_workers: Vec<Vec<(usize, u64)>>,
    log: GuestLog,
    heard: Heard,
    warned_of_series: bool,
}

/// What a log has let through, until it is passed on.
#[derive(Default)]
struct Heard(Vec<AgentSays>);

impl Observer for Heard {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Log(line) => self.0.push(AgentSays::Log((*line).clone(), 1)),
            Event::LogRepeated(line, times) => self.0.push(AgentSays::Log((*line).clone(), *times)),
            Event::LogDropped(dropped) => self.0.push(AgentSays::LogDropped(*dropped)),
            Event::Warning(text) => self.0.push(AgentSays::Warning((*text).to_owned())),
            _ => {}
        }
    }
}

impl AgentWork {
    async fn carry_out(
        mut self,
        parts: &Arc<[Part]>,
        part: (Option<LoadPart>, AgentPlace),
        mut begin: watch::Receiver<Option<Nanos>>,
    ) -> Result<(), RunError> {
        let (mut workers, mut reports) = WorkerThreads::start(&self.shared, parts, &self.steering, part)?;
        workers.are_ready(self.steering.watch()).await;
        self.say(AgentSays::Ready(Arc::clone(&self.shared.registry))).await;
        let load_begins = self.beginning(&mut begin).await;
        if let Some(load_begins) = load_begins {
            self.shared.run.progress.begin(load_begins);
            workers.begin(load_begins);
        } else {
            self.steering.end_now();
        }
        let run = Arc::clone(&self.shared.run);
        let mut may_end = true;
        loop {
            tokio::select! {
                report = reports.recv() => match report {
                    Some(report) => self.take(report, load_begins.unwrap_or_default()).await,
                    None => break,
                },
                // The other agents may have rows left: only this one ends.
                () = run.data_end.reached(), if may_end => {
                    may_end = false;
                    self.steering.end_gracefully();
                }
            }
        }
        workers.join().await?;
        let took = load_begins.map_or(Nanos::ZERO, |begins| self.shared.clock.now().since(begins));
        self.log.sum_up(&mut self.heard);
        self.pass_on_heard().await;
        let used = self.shared.run.data.usage();
        self.say(AgentSays::Ended(took.into(), used)).await;
        Ok(())
    }

    /// When the load begins, on this machine's clock; `None` if it never does.
    async fn beginning(&self, begin: &mut watch::Receiver<Option<Nanos>>) -> Option<Nanos> {
        let mut control_state = self.steering.watch();
        loop {
            if let Some(begins) = *begin.borrow_and_update() {
                return Some(begins);
            }
            tokio::select! {
                changed = begin.changed() => changed.ok()?,
                _ = control_state.wait_for(|state| state.to_stop()) => return None,
            }
        }
    }

    async fn take(&mut self, report: Report, load_begins: Nanos) {
        self.watch.hear(&report);
        self.take_state(&report);
        self.log.take(report.untold, &mut self.heard);
        self.warn_of_series();
        self.pass_on_heard().await;
        if !report.taken.before_load.is_empty() {
            let recorded = report.taken.before_load.clone();
            self.record(None, 0, RecordedByAll { recorded, ..RecordedByAll::default() }).await;
        }
        self.seconds.add(report.worker, &report.taken);
        let grid = SecondGrid::new(load_begins, planned_warm_up(&self.shared.plan));
        while let Some((number, mut second)) = self.seconds.pop() {
            let (begins, ends) = (grid.start_of(number), grid.end_of(number).min(self.shared.clock.now()));
            self.watch.see(&second, ends.since(begins));
            second.recorded.traced = second.recorded.traced.since(load_begins);
            self.record(Some(number), number + 1, second).await;
        }
    }

    fn take_state(&mut self, report: &Report) {
        if let Some(known) = self.vus_of_workers.get_mut(report.worker) {
            known.clone_from(&report.vus_of_scenarios);
        }
        self.state.vus_of_scenarios.fill(0);
        for (scenario, vus) in self.vus_of_workers.iter().flatten() {
            if let Some(sum) = self.state.vus_of_scenarios.get_mut(*scenario) {
                *sum += vus;
            }
        }
        self.state.vus = self.state.vus_of_scenarios.iter().sum();
        // Virtual users that find no row may all be gone before this thread hears of it.
        self.state.data_ended = self.shared.run.data_end.name().map(str::to_owned);
        self.state.aborted = self.shared.run.abort.reason().map(str::to_owned);
        self.state.missing_target = self.shared.run.missing_target.problem().map(str::to_owned);
    }

    async fn record(&mut self, second: Option<u64>, complete_before: u64, all: RecordedByAll) {
        self.state.generator = self.watch.verdict();
        let RecordedByAll { recorded, busiest, run_delay } = all;
        let state = self.state.clone();
        let record = AgentRecord { second, complete_before, recorded, busiest, run_delay, state };
        self.say(AgentSays::Recorded(Box::new(record))).await;
    }

    fn warn_of_series(&mut self) {
        if self.shared.registry.is_full() && !std::mem::replace(&mut self.warned_of_series, true) {
            let limit = self.shared.registry.limit();
            self.heard.0.push(AgentSays::Warning(format!("more than {limit} different names")));
        }
    }

    async fn pass_on_heard(&mut self) {
        for heard in std::mem::take(&mut self.heard.0) {
            self.say(heard).await;
        }
    }

    async fn say(&self, what: AgentSays) {
        // Without a listener the coordinator is gone.
        let _ = self.says.send(what).await;
    }
}

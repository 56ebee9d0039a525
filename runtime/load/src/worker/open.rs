//! An open load: iterations begin when the plan says, whatever the target does. Arrivals and free virtual users meet at a
//! queue; an arrival that finds no free user waits there with its intended start.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use squall_metrics::{FlowId, Nanos};
use squall_plan::{Arrivals, Limits, WorkerArrivals};
use tokio::task::AbortHandle;

use super::{ScenarioWorker, first_arrivals};
use crate::backlog::Due;
use crate::schedule::vu_of;
use crate::steering::{RateChange, Stop};
use crate::timer::within;
use crate::vu::{VuHandle, run_open};

/// How long virtual users may take to prepare themselves before the load begins without them.
const PREPARATION: Duration = Duration::from_secs(60);

pub(super) struct Open {
    worker: ScenarioWorker,
    upcoming: Upcoming,
    handles: HashMap<u32, (Rc<VuHandle>, AbortHandle)>,
    /// Users that this worker has, and may have.
    users: u64,
    most_users: u64,
    /// How many arrivals may wait here, so that no rate exhausts the memory.
    most_waiting: u64,
    /// What is to come instead of `upcoming`, from a moment on.
    change: Option<(Nanos, Upcoming)>,
    /// The change that was made last, or is under way.
    heeded: Option<RateChange>,
    /// The load lasts as long as it is planned to, even after the last arrival: rates are divided by that time, and where
    /// its level is decided while it runs more may come.
    load_ends: Nanos,
    load_begins: Nanos,
    /// When whatever is still under way is interrupted.
    deadline: Nanos,
}

/// The arrivals still to come, in times of the run's clock.
struct Upcoming {
    arrivals: std::iter::Peekable<WorkerArrivals>,
    /// From then on they are another agent's.
    until: Nanos,
    /// What the arrivals' times and indices count from.
    begins: Nanos,
    first_index: u64,
}

impl Upcoming {
    fn new(arrivals: WorkerArrivals, begins: Nanos, first_index: u64) -> Upcoming {
        Upcoming { arrivals: arrivals.peekable(), until: Nanos::MAX, begins, first_index }
    }

    fn none() -> Upcoming {
        Upcoming::new(Arrivals::none().of_worker(0, 1), Nanos::MAX, 0)
    }

    fn next_at(&mut self) -> Option<Nanos> {
        self.arrivals.peek().map(|arrival| self.begins + arrival.at.into()).filter(|at| *at < self.until)
    }

    fn pop_due(&mut self, now: Nanos) -> Option<Due> {
        let (begins, until) = (self.begins, self.until);
        let is_due = |at: Nanos| at <= now && at < until;
        let arrival = self.arrivals.next_if(|arrival| is_due(begins + arrival.at.into()))?;
        Some(Due { index: self.first_index + arrival.index, intended: begins + arrival.at.into() })
    }
}

impl Open {
    pub(super) fn new(worker: ScenarioWorker, arrivals: Arrivals) -> Open {
        Open {
            most_users: worker.share.users(worker.context.scenario.executor.max_vus()),
            most_waiting: Limits::ITERATIONS_WAITING
                / (worker.share.count * worker.context.plan.scenarios.len() as u64).max(1),
            upcoming: Upcoming::new(worker.share.of(&arrivals), Nanos::MAX, 0),
            change: None,
            heeded: None,
            load_ends: Nanos::MAX,
            load_begins: Nanos::MAX,
            worker,
            handles: HashMap::new(),
            users: 0,
            deadline: Nanos::MAX,
        }
    }

    pub(super) async fn run(mut self) {
        self.prepare().await;
        match self.worker.wait_for_beginning().await {
            Some(begins) => self.start_arrivals(begins).await,
            None => self.abort_all(),
        }
        let now = self.worker.context.guest_context.clock.now();
        self.give_up(now, |_| true);
    }

    /// Virtual users are there before they are needed: making them is no part of the load.
    async fn prepare(&mut self) {
        let wanted = self.worker.share.users(self.worker.context.scenario.executor.pre_allocated_vus());
        while self.users < wanted {
            self.spawn_vu();
        }
        let prepared = self.worker.queue.wait_until_prepared(wanted);
        let mut control_state = self.worker.control_state.clone();
        tokio::select! {
            _ = within(PREPARATION, prepared) => {}
            _ = control_state.wait_for(crate::steering::ControlState::to_stop) => {}
        }
    }

    async fn start_arrivals(&mut self, load_begins: Nanos) {
        let begins = load_begins + self.worker.context.scenario.start_time.into();
        self.upcoming.begins = begins;
        let duration = self.worker.context.scenario.executor.planned_duration();
        self.load_ends = duration.map_or(Nanos::MAX, |duration| begins + duration.into());
        self.load_begins = load_begins;
        self.pass_over_others_arrivals().await;
        let mut beat = self.worker.timer.every_second();
        let mut may_wish = true;
        self.apply_control();
        loop {
            let now = self.worker.context.guest_context.clock.now();
            self.hand_out(now);
            self.scale_up();
            self.end_if_due(now);
            if self.worker.present.now() == 0 && self.worker.queue.is_closed() {
                return;
            }
            let change = self.change.as_ref().map_or(Nanos::MAX, |(at, _)| *at);
            let end = if self.worker.queue.is_closed() { Nanos::MAX } else { self.load_ends };
            let next = self.upcoming.next_at().unwrap_or(Nanos::MAX).min(self.deadline).min(change).min(end);
            if next <= self.worker.context.guest_context.clock.now() {
                // More is due already. The virtual users on this thread come first, or none of it would ever be begun.
                tokio::task::yield_now().await;
            }
            tokio::select! {
                biased;
                changed = self.worker.control_state.changed(), if may_wish => {
                    may_wish = changed.is_ok();
                    self.apply_control();
                }
                () = beat.tick() => self.beat(),
                () = self.worker.timer.until(next) => {}
                () = self.worker.present.all_gone() => {}
            }
        }
    }

    /// Of a part that is taken over, what came before belongs to the agent that is lost. Walking past the arrivals of hours
    /// takes a while, so a thread beside the workers does it.
    async fn pass_over_others_arrivals(&mut self) {
        let (from, _) = self.worker.window();
        let Some(arrivals) = first_arrivals(&self.worker.context.scenario).filter(|_| from > Nanos::ZERO) else {
            return;
        };
        let mut ours = self.worker.share.of(&arrivals);
        let begins = self.upcoming.begins;
        let from = Duration::from((self.load_begins + from).since(begins));
        let passed = tokio::task::spawn_blocking(move || {
            ours.skip_before(from);
            ours
        });
        // It cannot panic; without its arrivals a worker has nothing to do.
        self.upcoming = passed.await.map_or_else(|_| Upcoming::none(), |ours| Upcoming::new(ours, begins, 0));
    }

    /// What was taken over may be given back.
    fn heed_window(&mut self) {
        let (_, until) = self.worker.window();
        if until < Nanos::MAX && self.load_begins < Nanos::MAX {
            let until = self.load_begins + until;
            self.upcoming.until = until;
            if let Some((_, upcoming)) = &mut self.change {
                upcoming.until = until;
            }
            self.load_ends = self.load_ends.min(until);
        }
    }

    fn beat(&mut self) {
        let now = self.worker.context.guest_context.clock.now();
        let oldest = now.since(self.worker.context.scenario.max_backlog.into());
        self.give_up(now, |due| due.intended < oldest);
    }

    /// Everything that is due, at once.
    fn hand_out(&mut self, now: Nanos) {
        if let Some((at, _)) = self.change.as_ref().filter(|(at, _)| *at <= now) {
            let last = at.since(Nanos(1));
            self.hand_out_by(last, now);
            if let Some((_, upcoming)) = self.change.take() {
                self.upcoming = upcoming;
            }
        }
        self.hand_out_by(now, now);
    }

    fn hand_out_by(&mut self, last: Nanos, now: Nanos) {
        while let Some(due) = self.upcoming.pop_due(last) {
            let mut recorder = self.worker.context.guest_context.recorder.borrow_mut();
            recorder.advance_to(now);
            recorder.due(now.since(due.intended));
            drop(recorder);
            self.worker.queue.push(due);
            if self.worker.queue.waiting() > self.most_waiting {
                self.give_up_oldest(now);
            }
        }
    }

    /// A new user for each arrival that waits, as far as the plan allows; those on their way are counted.
    fn scale_up(&mut self) {
        while self.users < self.most_users && self.worker.queue.waiting() > self.users - self.worker.queue.prepared() {
            self.spawn_vu();
        }
    }

    fn spawn_vu(&mut self) {
        let vu = vu_of(&self.worker.context.scenario, self.worker.share.index + self.users * self.worker.share.count);
        self.users += 1;
        if self.upcoming.begins != Nanos::MAX {
            let context = &self.worker.context.guest_context;
            context.run.progress.further_vu(context.number);
        }
        self.worker.queue.set_at_max_vus(self.users == self.most_users);
        let identity = self.worker.identity(vu);
        let handle = Rc::new(VuHandle::until(Nanos::MAX));
        let (context, queue) = (Rc::clone(&self.worker.context), Rc::clone(&self.worker.queue));
        let task = run_open(context, identity, Rc::clone(&handle), queue, self.worker.present.enter());
        let task = tokio::task::spawn_local(task).abort_handle();
        self.handles.insert(vu, (handle, task));
    }

    /// Nothing more comes: users go when nothing waits any longer, or when their time is up.
    fn end_if_due(&mut self, now: Nanos) {
        if !self.worker.queue.is_closed() && self.upcoming.next_at().is_none() && now >= self.load_ends {
            self.worker.queue.close();
            self.deadline = now + self.worker.context.scenario.graceful_stop.into();
        }
        if now >= self.deadline {
            self.abort_all();
            self.deadline = Nanos::MAX;
        }
    }

    fn abort_all(&mut self) {
        self.worker.queue.close();
        for (_, task) in self.handles.values() {
            task.abort();
        }
    }

    /// Gives up what has waited in vain.
    fn give_up(&mut self, now: Nanos, in_vain: impl Fn(&Due) -> bool) {
        while let Some(due) = self.worker.queue.take_oldest_if(&in_vain) {
            self.count_dropped(due, now);
        }
    }

    fn give_up_oldest(&mut self, now: Nanos) {
        if let Some(due) = self.worker.queue.take_oldest_if(|_| true) {
            self.count_dropped(due, now);
        }
    }

    /// It is counted, and measured as far as it got.
    fn count_dropped(&self, due: Due, now: Nanos) {
        let context = &self.worker.context;
        let flow = FlowId(context.scenario.flow_at(due.index));
        let mut recorder = context.guest_context.recorder.borrow_mut();
        recorder.advance_to(now);
        recorder.dropped(flow, now.since(due.intended));
    }

    fn apply_control(&mut self) {
        let control_state = self.worker.control_state.borrow_and_update().clone();
        match control_state.stop {
            Stop::No => {}
            Stop::Now => return self.abort_all(),
            Stop::Gracefully => return self.stop_gracefully(),
        }
        // Whatever else is wished for, a change is made once: its first arrivals may have begun already.
        if self.worker.context.scenario.executor.first_level().is_some()
            && control_state.rate_change != self.heeded
            && let Some(change) = control_state.rate_change
        {
            self.heeded = Some(change);
            self.go_on_with(change);
        }
        self.heed_window();
    }

    /// From then on arrivals come at another rate, or not at all.
    fn go_on_with(&mut self, RateChange { at, first_index, rate }: RateChange) {
        let scenario = &self.worker.context.scenario;
        let began = self.worker.begin.borrow().unwrap_or(at);
        let left =
            scenario.executor.planned_duration().map(|duration| Duration::from((began + duration.into()).since(at)));
        let arrivals = rate.map_or_else(Arrivals::none, |rate| {
            Arrivals::constant(rate, left, scenario.arrival, scenario.seed.wrapping_add(first_index))
        });
        let mut ours = self.worker.share.of(&arrivals);
        let (from, _) = self.worker.window();
        ours.skip_before((began + from).since(at).into());
        self.change = Some((at, Upcoming::new(ours, at, first_index)));
    }

    fn stop_gracefully(&mut self) {
        let now = self.worker.context.guest_context.clock.now();
        self.upcoming = Upcoming::none();
        self.change = None;
        self.worker.context.stopping.set(true);
        // What waits has not begun, so it is not waited for.
        self.give_up(now, |_| true);
        self.worker.queue.close();
        self.deadline = now + self.worker.context.scenario.graceful_stop.into();
        for (handle, task) in self.handles.values() {
            if !handle.busy.get() {
                task.abort();
            }
        }
    }
}

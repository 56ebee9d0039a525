//! An open load: iterations begin when the plan says, whatever the target does. Arrivals and free virtual users meet at a
//! desk; an arrival that finds nobody waits there with its intended start.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use squall_metrics::{FlowId, Nanos};
use squall_plan::{Arrivals, Executor, Limits, WorkerArrivals};
use tokio::task::AbortHandle;

use super::Crew;
use crate::desk::Due;
use crate::life::{Pulse, serve};
use crate::schedule::vu_of;
use crate::steering::{RateChange, Stop};
use crate::timer::within;

/// How long virtual users may take to prepare themselves before the load begins without them.
const PREPARATION: Duration = Duration::from_secs(60);

pub(super) struct Open {
    crew: Crew,
    upcoming: Upcoming,
    pulses: HashMap<u32, (Rc<Pulse>, AbortHandle)>,
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
    /// it is controlled from outside more may come.
    load_ends: Nanos,
    /// When whatever is still under way is interrupted.
    deadline: Nanos,
}

/// The arrivals still to come, in times of the run's clock.
struct Upcoming {
    arrivals: std::iter::Peekable<WorkerArrivals>,
    /// What the arrivals' times and indices count from.
    begins: Nanos,
    first_index: u64,
}

impl Upcoming {
    fn new(arrivals: Arrivals, begins: Nanos, first_index: u64, crew: &Crew) -> Upcoming {
        let arrivals = arrivals.of_worker(crew.share.rank, crew.share.team).peekable();
        Upcoming { arrivals, begins, first_index }
    }

    fn next_at(&mut self) -> Option<Nanos> {
        self.arrivals.peek().map(|arrival| self.begins + arrival.at.into())
    }

    fn pop_due(&mut self, now: Nanos) -> Option<Due> {
        let begins = self.begins;
        let arrival = self.arrivals.next_if(|arrival| begins + arrival.at.into() <= now)?;
        Some(Due { index: self.first_index + arrival.index, intended: begins + arrival.at.into() })
    }
}

impl Open {
    pub(super) fn new(crew: Crew, arrivals: Arrivals) -> Open {
        Open {
            most_users: crew.share.users(crew.work.scenario.executor.max_vus()),
            most_waiting: Limits::ITERATIONS_WAITING / (crew.share.team * crew.work.plan.scenarios.len() as u64).max(1),
            upcoming: Upcoming::new(arrivals, Nanos::MAX, 0, &crew),
            change: None,
            heeded: None,
            load_ends: Nanos::MAX,
            crew,
            pulses: HashMap::new(),
            users: 0,
            deadline: Nanos::MAX,
        }
    }

    pub(super) async fn run(mut self) {
        self.prepare().await;
        match self.crew.wait_for_beginning().await {
            Some(begins) => self.lead(begins).await,
            None => self.abort_all(),
        }
        let now = self.crew.work.context.clock.now();
        self.give_up(now, |_| true);
    }

    /// Virtual users are there before they are needed: making them is no part of the load.
    async fn prepare(&mut self) {
        let wanted = self.crew.share.users(self.crew.work.scenario.executor.pre_allocated_vus());
        while self.users < wanted {
            self.employ();
        }
        let prepared = self.crew.desk.wait_until_prepared(wanted);
        let mut wishes = self.crew.wishes.clone();
        tokio::select! {
            _ = within(PREPARATION, prepared) => {}
            _ = wishes.wait_for(crate::steering::Wishes::to_stop) => {}
        }
    }

    async fn lead(&mut self, begins: Nanos) {
        let begins = begins + self.crew.work.scenario.start_time.into();
        self.upcoming.begins = begins;
        let duration = self.crew.work.scenario.executor.planned_duration();
        self.load_ends = duration.map_or(Nanos::MAX, |duration| begins + duration.into());
        let mut beat = self.crew.timer.every_second();
        let mut may_wish = true;
        self.heed_wishes();
        loop {
            let now = self.crew.work.context.clock.now();
            self.hand_out(now);
            self.find_helpers();
            self.end_if_due(now);
            if self.crew.present.now() == 0 && self.crew.desk.is_closed() {
                return;
            }
            let change = self.change.as_ref().map_or(Nanos::MAX, |(at, _)| *at);
            let end = if self.crew.desk.is_closed() { Nanos::MAX } else { self.load_ends };
            let next = self.upcoming.next_at().unwrap_or(Nanos::MAX).min(self.deadline).min(change).min(end);
            if next <= self.crew.work.context.clock.now() {
                // More is due already. The virtual users on this thread come first, or none of it would ever be begun.
                tokio::task::yield_now().await;
            }
            tokio::select! {
                biased;
                changed = self.crew.wishes.changed(), if may_wish => {
                    may_wish = changed.is_ok();
                    self.heed_wishes();
                }
                () = beat.tick() => self.beat(),
                () = self.crew.timer.until(next) => {}
                () = self.crew.present.all_gone() => {}
            }
        }
    }

    fn beat(&mut self) {
        let now = self.crew.work.context.clock.now();
        let oldest = now.since(self.crew.work.scenario.max_backlog.into());
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
            let mut recorder = self.crew.work.context.recorder.borrow_mut();
            recorder.advance_to(now);
            recorder.due(now.since(due.intended));
            drop(recorder);
            self.crew.desk.bring(due);
            if self.crew.desk.waiting() > self.most_waiting {
                self.give_up_oldest(now);
            }
        }
    }

    /// Somebody new for each arrival that waits, as far as the plan allows; those on their way are counted.
    fn find_helpers(&mut self) {
        while self.users < self.most_users && self.crew.desk.waiting() > self.users - self.crew.desk.prepared() {
            self.employ();
        }
    }

    fn employ(&mut self) {
        let vu = vu_of(&self.crew.work.scenario, self.crew.share.rank + self.users * self.crew.share.team);
        self.users += 1;
        if self.upcoming.begins != Nanos::MAX {
            let context = &self.crew.work.context;
            context.run.progress.further_vu(context.number);
        }
        self.crew.desk.set_fully_staffed(self.users == self.most_users);
        let identity = self.crew.identity(vu);
        let pulse = Rc::new(Pulse::until(Nanos::MAX));
        let (work, desk) = (Rc::clone(&self.crew.work), Rc::clone(&self.crew.desk));
        let life = serve(work, identity, Rc::clone(&pulse), desk, self.crew.present.enter());
        let task = tokio::task::spawn_local(life).abort_handle();
        self.pulses.insert(vu, (pulse, task));
    }

    /// Nothing more comes: users go when nothing waits any longer, or when their time is up.
    fn end_if_due(&mut self, now: Nanos) {
        if !self.crew.desk.is_closed() && self.upcoming.next_at().is_none() && now >= self.load_ends {
            self.crew.desk.close();
            self.deadline = now + self.crew.work.scenario.graceful_stop.into();
        }
        if now >= self.deadline {
            self.abort_all();
            self.deadline = Nanos::MAX;
        }
    }

    fn abort_all(&mut self) {
        self.crew.desk.close();
        for (_, task) in self.pulses.values() {
            task.abort();
        }
    }

    /// Gives up what has waited in vain.
    fn give_up(&mut self, now: Nanos, in_vain: impl Fn(&Due) -> bool) {
        while let Some(due) = self.crew.desk.take_oldest_if(&in_vain) {
            self.count_dropped(due, now);
        }
    }

    fn give_up_oldest(&mut self, now: Nanos) {
        if let Some(due) = self.crew.desk.take_oldest_if(|_| true) {
            self.count_dropped(due, now);
        }
    }

    /// It is counted, and measured as far as it got.
    fn count_dropped(&self, due: Due, now: Nanos) {
        let work = &self.crew.work;
        let flow = FlowId(work.scenario.flow_at(due.index));
        let mut recorder = work.context.recorder.borrow_mut();
        recorder.advance_to(now);
        recorder.dropped(flow, now.since(due.intended));
    }

    fn heed_wishes(&mut self) {
        let wishes = self.crew.wishes.borrow_and_update().clone();
        match wishes.stop {
            Stop::No => {}
            Stop::Now => return self.abort_all(),
            Stop::Gracefully => return self.stop_gracefully(),
        }
        // Whatever else is wished for, a change is made once: its first arrivals may have begun already.
        if matches!(self.crew.work.scenario.executor, Executor::ExternallyControlled { .. })
            && wishes.rate_change != self.heeded
            && let Some(change) = wishes.rate_change
        {
            self.heeded = Some(change);
            self.go_on_with(change);
        }
    }

    /// From then on arrivals come at another rate, or not at all.
    fn go_on_with(&mut self, RateChange { at, first_index, rate }: RateChange) {
        let scenario = &self.crew.work.scenario;
        let began = self.crew.begin.borrow().unwrap_or(at);
        let left =
            scenario.executor.planned_duration().map(|duration| Duration::from((began + duration.into()).since(at)));
        let arrivals = rate.map_or_else(Arrivals::none, |rate| {
            Arrivals::constant(rate, left, scenario.arrival, scenario.seed.wrapping_add(first_index))
        });
        self.change = Some((at, Upcoming::new(arrivals, at, first_index, &self.crew)));
    }

    fn stop_gracefully(&mut self) {
        let now = self.crew.work.context.clock.now();
        self.upcoming = Upcoming::new(Arrivals::none(), now, 0, &self.crew);
        self.change = None;
        self.crew.work.stopping.set(true);
        // What waits has not begun, so it is not waited for.
        self.give_up(now, |_| true);
        self.crew.desk.close();
        self.deadline = now + self.crew.work.scenario.graceful_stop.into();
        for (pulse, task) in self.pulses.values() {
            if !pulse.busy.get() {
                task.abort();
            }
        }
    }
}

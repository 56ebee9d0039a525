//! A closed load: each virtual user begins its next iteration when it has ended the one before. The worker begins and ends
//! the users' periods, as the plan says or, where the level of the load is decided while it runs, as the control state says.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use squall_metrics::Nanos;
use squall_plan::{Executor, LoadLevel, Ramp, Scenario};
use tokio::task::AbortHandle;

use super::ScenarioWorker;
use crate::schedule::{VuPeriod, vu_of, vu_periods_of};
use crate::steering::Stop;
use crate::vu::{VuHandle, run_closed};

/// How long a virtual user that is no longer wished for may go on with its iteration, where the plan does not say it.
const RAMP_DOWN_GRACE: Duration = Duration::from_secs(30);

pub(super) struct Closed {
    worker: ScenarioWorker,
    load_begins: Nanos,
    /// Still to begin, the next one last.
    to_begin: Vec<VuPeriod>,
    /// By the number of the period.
    active: HashMap<u64, ActiveVu>,
    periods_begun: u64,
    /// When to look whether a user at work is to be interrupted, and in which period.
    deadlines: BinaryHeap<Reverse<(Nanos, u64)>>,
    /// When a load ends in any case that may for a while have no virtual user: one whose level is decided while it runs, or
    /// a ramp down to nothing.
    lasts_until: Option<Nanos>,
}

struct ActiveVu {
    vu: u32,
    handle: Rc<VuHandle>,
    task: AbortHandle,
    /// When it is interrupted.
    hard_stop: Nanos,
}

/// How long a load goes on, whether there is a user at work or not. [`Nanos::MAX`] is until it is stopped.
fn lasts(scenario: &Scenario) -> Option<Nanos> {
    match &scenario.executor {
        Executor::ExternallyControlled { .. } | Executor::SteppedVus { .. } => {
            Some(scenario.executor.planned_duration().map_or(Nanos::MAX, Nanos::from))
        }
        Executor::RampingVus { start_vus, stages, .. } => {
            Some(Nanos::from(scenario.start_time) + Ramp::new(*start_vus, stages).duration().into())
        }
        _ => None,
    }
}

fn ramp_down_grace(executor: &Executor) -> Duration {
    match executor {
        Executor::SteppedVus { graceful_ramp_down, .. } => *graceful_ramp_down,
        _ => RAMP_DOWN_GRACE,
    }
}

impl Closed {
    pub(super) fn new(worker: ScenarioWorker) -> Closed {
        let (from, until) = worker.window();
        let mut periods = vu_periods_of(&worker.context.scenario, worker.share);
        periods.retain_mut(|period| period.clip(from, until));
        periods.reverse();
        Closed {
            worker,
            load_begins: Nanos::ZERO,
            to_begin: periods,
            active: HashMap::new(),
            periods_begun: 0,
            deadlines: BinaryHeap::new(),
            lasts_until: None,
        }
    }

    pub(super) async fn run(mut self) {
        let Some(begins) = self.worker.wait_for_beginning().await else { return };
        self.load_begins = begins;
        self.lasts_until = lasts(&self.worker.context.scenario).map(|lasts| begins + lasts);
        // Once the control thread is gone there is nothing left that could ask for a change.
        let mut may_wish = true;
        self.apply_control();
        loop {
            let now = self.worker.context.guest_context.clock.now();
            self.begin_due(now);
            self.interrupt_due(now);
            if self.is_over(now) {
                break;
            }
            let next = self.next_time(now);
            tokio::select! {
                () = self.worker.timer.until(next) => {}
                () = self.worker.present.all_gone() => {}
                changed = self.worker.control_state.changed(), if may_wish => {
                    may_wish = changed.is_ok();
                    self.apply_control();
                }
            }
        }
    }

    fn is_over(&self, now: Nanos) -> bool {
        let may_come = self.lasts_until.is_some_and(|until| now < until) && !self.worker.context.stopping.get();
        !may_come && self.to_begin.is_empty() && self.worker.present.now() == 0
    }

    /// When something is next to be begun, interrupted or over.
    fn next_time(&self, now: Nanos) -> Nanos {
        let begin = self.to_begin.last().map_or(Nanos::MAX, |period| self.load_begins + period.from);
        let interrupt = self.deadlines.peek().map_or(Nanos::MAX, |Reverse((time, _))| *time);
        // Once that is past there is only to wait for those who are still there: not to look again and again.
        let end = self.lasts_until.filter(|until| now < *until);
        begin.min(interrupt).min(end.unwrap_or(Nanos::MAX))
    }

    fn begin_due(&mut self, now: Nanos) {
        while let Some(period) = self.to_begin.pop_if(|period| self.load_begins + period.from <= now) {
            self.begin(period);
        }
    }

    fn begin(&mut self, period: VuPeriod) {
        let identity = self.worker.identity(period.vu);
        let handle = Rc::new(VuHandle::until(self.load_begins + period.until));
        let task =
            run_closed(Rc::clone(&self.worker.context), identity, Rc::clone(&handle), self.worker.present.enter());
        let task = tokio::task::spawn_local(task);
        self.periods_begun += 1;
        let hard_stop = self.load_begins + period.hard_stop;
        self.deadlines.push(Reverse((hard_stop, self.periods_begun)));
        let user = ActiveVu { vu: period.vu, handle, task: task.abort_handle(), hard_stop };
        self.active.insert(self.periods_begun, user);
    }

    fn interrupt_due(&mut self, now: Nanos) {
        while let Some(Reverse((time, period))) = self.deadlines.peek().copied() {
            if time > now {
                return;
            }
            self.deadlines.pop();
            // It may have been given more time since.
            if self.active.get(&period).is_some_and(|user| user.hard_stop <= now)
                && let Some(user) = self.active.remove(&period)
            {
                user.task.abort();
            }
        }
    }

    fn apply_control(&mut self) {
        let control_state = self.worker.control_state.borrow_and_update().clone();
        if control_state.stop != Stop::No {
            return self.stop(control_state.stop);
        }
        if let (Some(LoadLevel::Vus(vus)), Some(until)) =
            (self.worker.context.scenario.executor.first_level(), self.lasts_until)
        {
            let wanted = if control_state.paused { 0 } else { control_state.vus.unwrap_or(vus) };
            self.lead_to(wanted, until);
        }
        self.heed_window();
    }

    /// What was taken over may be given back: its users end with their iterations.
    fn heed_window(&mut self) {
        let (from, until) = self.worker.window();
        if until == Nanos::MAX {
            return;
        }
        let ends = self.load_begins + until;
        self.to_begin.retain_mut(|period| period.clip(from, until));
        self.lasts_until = self.lasts_until.map(|lasts| lasts.min(ends));
        for user in self.active.values() {
            user.handle.until.set(user.handle.until.get().min(ends));
        }
    }

    /// As many virtual users as are wanted, over all workers; this one has its share of them.
    fn lead_to(&mut self, wanted: u64, until: Nanos) {
        let now = self.worker.context.guest_context.clock.now();
        let hard_stop = until + self.worker.context.scenario.graceful_stop.into();
        let first_vu = self.worker.context.scenario.first_vu;
        let grace = Nanos::from(ramp_down_grace(&self.worker.context.scenario.executor));
        self.active.retain(|_, user| !user.task.is_finished());
        for (period, user) in &mut self.active {
            let (is_wanted, is_leaving) = (u64::from(user.vu) <= first_vu + wanted, user.handle.until.get() <= now);
            // Who is still there when wanted again goes on: a second one in its place would be one too many.
            let (until, hard_stop) = match (is_wanted, is_leaving) {
                (true, true) => (until, hard_stop),
                (false, false) => (now, hard_stop.min(now + grace)),
                _ => continue,
            };
            user.handle.until.set(until);
            user.hard_stop = hard_stop;
            self.deadlines.push(Reverse((user.hard_stop, *period)));
        }
        let working: HashSet<u32> = self.active.values().map(|user| user.vu).collect();
        let scenario = &self.worker.context.scenario;
        let ours: Vec<u32> = self.worker.share.numbers(wanted).map(|user| vu_of(scenario, user)).collect();
        for vu in ours.into_iter().filter(|vu| !working.contains(vu)) {
            let (from, until) = (now.since(self.load_begins), until.since(self.load_begins));
            self.begin(VuPeriod { from, until, hard_stop: hard_stop.since(self.load_begins), vu });
        }
    }

    fn stop(&mut self, stop: Stop) {
        self.to_begin.clear();
        self.worker.context.stopping.set(true);
        let grace = Nanos::from(self.worker.context.scenario.graceful_stop);
        let end = self.worker.context.guest_context.clock.now() + grace;
        for (period, user) in &mut self.active {
            // Who is between two iterations has nothing to finish.
            if stop == Stop::Now || !user.handle.busy.get() {
                user.task.abort();
            } else {
                user.hard_stop = user.hard_stop.min(end);
                self.deadlines.push(Reverse((user.hard_stop, *period)));
            }
        }
    }
}

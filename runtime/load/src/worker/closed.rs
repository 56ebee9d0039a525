//! A closed load: each virtual user begins its next iteration when it has ended the one before. The worker begins and ends
//! the users' stints, as the plan says or, where the load is controlled from outside, as is wished.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::rc::Rc;

use squall_metrics::Nanos;
use squall_plan::{Executor, Ramp, Scenario};
use tokio::task::AbortHandle;

use super::Crew;
use crate::life::{Pulse, live};
use crate::schedule::{Stint, stints_of, vu_of};
use crate::steering::Stop;

/// How long a virtual user that is no longer wished for may go on with its iteration.
const GRACE_OF_THE_UNWANTED: Nanos = Nanos(30_000_000_000);

pub(super) struct Closed {
    crew: Crew,
    load_begins: Nanos,
    /// Still to begin, the next one last.
    to_begin: Vec<Stint>,
    /// By the number of the stint.
    at_work: HashMap<u64, AtWork>,
    stints_begun: u64,
    /// When to look whether somebody at work is to be interrupted, and in which stint.
    deadlines: BinaryHeap<Reverse<(Nanos, u64)>>,
    /// When a load ends in any case that may for a while have no virtual user: one that is controlled from outside, or a
    /// ramp down to nothing.
    lasts_until: Option<Nanos>,
}

struct AtWork {
    vu: u32,
    pulse: Rc<Pulse>,
    task: AbortHandle,
    /// When it is interrupted.
    killed_at: Nanos,
}

/// How long a load goes on, whether there is somebody at work or not. [`Nanos::MAX`] is until it is stopped.
fn lasts(scenario: &Scenario) -> Option<Nanos> {
    match &scenario.executor {
        Executor::ExternallyControlled { duration, .. } => Some(duration.map_or(Nanos::MAX, Nanos::from)),
        Executor::RampingVus { start_vus, stages, .. } => {
            Some(Nanos::from(scenario.start_time) + Ramp::new(*start_vus, stages).duration().into())
        }
        _ => None,
    }
}

impl Closed {
    pub(super) fn new(crew: Crew) -> Closed {
        let mut stints = stints_of(&crew.work.scenario, crew.share);
        stints.reverse();
        Closed {
            crew,
            load_begins: Nanos::ZERO,
            to_begin: stints,
            at_work: HashMap::new(),
            stints_begun: 0,
            deadlines: BinaryHeap::new(),
            lasts_until: None,
        }
    }

    pub(super) async fn run(mut self) {
        let Some(begins) = self.crew.wait_for_beginning().await else { return };
        self.load_begins = begins;
        self.lasts_until = lasts(&self.crew.work.scenario).map(|lasts| begins + lasts);
        // Once the control thread is gone there is nobody left to wish for anything.
        let mut may_wish = true;
        self.heed_wishes();
        loop {
            let now = self.crew.work.context.clock.now();
            self.begin_due(now);
            self.interrupt_due(now);
            if self.is_over(now) {
                break;
            }
            let next = self.next_time(now);
            tokio::select! {
                () = self.crew.timer.until(next) => {}
                () = self.crew.present.all_gone() => {}
                changed = self.crew.wishes.changed(), if may_wish => {
                    may_wish = changed.is_ok();
                    self.heed_wishes();
                }
            }
        }
    }

    fn is_over(&self, now: Nanos) -> bool {
        let may_come = self.lasts_until.is_some_and(|until| now < until) && !self.crew.work.stopping.get();
        !may_come && self.to_begin.is_empty() && self.crew.present.now() == 0
    }

    /// When something is next to be begun, interrupted or over.
    fn next_time(&self, now: Nanos) -> Nanos {
        let begin = self.to_begin.last().map_or(Nanos::MAX, |stint| self.load_begins + stint.from);
        let interrupt = self.deadlines.peek().map_or(Nanos::MAX, |Reverse((time, _))| *time);
        // Once that is past there is only to wait for those who are still there: not to look again and again.
        let end = self.lasts_until.filter(|until| now < *until);
        begin.min(interrupt).min(end.unwrap_or(Nanos::MAX))
    }

    fn begin_due(&mut self, now: Nanos) {
        while let Some(stint) = self.to_begin.pop_if(|stint| self.load_begins + stint.from <= now) {
            self.begin(stint);
        }
    }

    fn begin(&mut self, stint: Stint) {
        let identity = self.crew.identity(stint.vu);
        let pulse = Rc::new(Pulse::until(self.load_begins + stint.until));
        let life = live(Rc::clone(&self.crew.work), identity, Rc::clone(&pulse), self.crew.present.enter());
        let task = tokio::task::spawn_local(life);
        self.stints_begun += 1;
        let killed_at = self.load_begins + stint.killed_at;
        self.deadlines.push(Reverse((killed_at, self.stints_begun)));
        let user = AtWork { vu: stint.vu, pulse, task: task.abort_handle(), killed_at };
        self.at_work.insert(self.stints_begun, user);
    }

    fn interrupt_due(&mut self, now: Nanos) {
        while let Some(Reverse((time, stint))) = self.deadlines.peek().copied() {
            if time > now {
                return;
            }
            self.deadlines.pop();
            // It may have been given more time since.
            if self.at_work.get(&stint).is_some_and(|user| user.killed_at <= now)
                && let Some(user) = self.at_work.remove(&stint)
            {
                user.task.abort();
            }
        }
    }

    fn heed_wishes(&mut self) {
        let wishes = self.crew.wishes.borrow_and_update().clone();
        if wishes.stop != Stop::No {
            return self.stop(wishes.stop);
        }
        if let (Executor::ExternallyControlled { vus, .. }, Some(until)) =
            (&self.crew.work.scenario.executor, self.lasts_until)
        {
            let wanted = if wishes.paused { 0 } else { wishes.vus.unwrap_or(*vus) };
            self.lead_to(wanted, until);
        }
    }

    /// As many virtual users as are wanted, over all workers; this one has its share of them.
    fn lead_to(&mut self, wanted: u64, until: Nanos) {
        let now = self.crew.work.context.clock.now();
        let killed_at = until + self.crew.work.scenario.graceful_stop.into();
        let first_vu = self.crew.work.scenario.first_vu;
        self.at_work.retain(|_, user| !user.task.is_finished());
        for (stint, user) in &mut self.at_work {
            let (is_wanted, is_leaving) = (u64::from(user.vu) <= first_vu + wanted, user.pulse.until.get() <= now);
            // Who is still there when wanted again goes on: a second one in its place would be one too many.
            let (until, killed_at) = match (is_wanted, is_leaving) {
                (true, true) => (until, killed_at),
                (false, false) => (now, killed_at.min(now + GRACE_OF_THE_UNWANTED)),
                _ => continue,
            };
            user.pulse.until.set(until);
            user.killed_at = killed_at;
            self.deadlines.push(Reverse((user.killed_at, *stint)));
        }
        let working: HashSet<u32> = self.at_work.values().map(|user| user.vu).collect();
        let scenario = &self.crew.work.scenario;
        let ours: Vec<u32> = self.crew.share.numbers(wanted).map(|user| vu_of(scenario, user)).collect();
        for vu in ours.into_iter().filter(|vu| !working.contains(vu)) {
            let (from, until) = (now.since(self.load_begins), until.since(self.load_begins));
            self.begin(Stint { from, until, killed_at: killed_at.since(self.load_begins), vu });
        }
    }

    fn stop(&mut self, stop: Stop) {
        self.to_begin.clear();
        self.crew.work.stopping.set(true);
        let grace = Nanos::from(self.crew.work.scenario.graceful_stop);
        let end = self.crew.work.context.clock.now() + grace;
        for (stint, user) in &mut self.at_work {
            // Who is between two iterations has nothing to finish.
            if stop == Stop::Now || !user.pulse.busy.get() {
                user.task.abort();
            } else {
                user.killed_at = user.killed_at.min(end);
                self.deadlines.push(Reverse((user.killed_at, *stint)));
            }
        }
    }
}

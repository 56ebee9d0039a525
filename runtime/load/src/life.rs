//! The life of a virtual user: an instance, its start, iteration after iteration, and a new instance where one traps.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use squall_guest::{Guest, Identity, Iteration, VirtualUser, WorkerContext};
use squall_metrics::{FlowId, IterationEnd, Nanos};
use squall_plan::{Plan, Scenario};

use crate::desk::{Desk, Seat};
use crate::quota::Numbering;
use crate::think::think_time;

/// What the virtual users of a scenario go by, on a worker thread.
pub(crate) struct Work {
    pub(crate) plan: Arc<Plan>,
    /// By value: an iteration looks here, and not through the plan.
    pub(crate) scenario: Scenario,
    pub(crate) guest: Arc<Guest>,
    pub(crate) context: Rc<WorkerContext>,
    pub(crate) numbering: Arc<Numbering>,
    pub(crate) iterations_of_each: u64,
    /// What `setup` returned.
    pub(crate) shared: Arc<[u8]>,
    /// Set when no new iteration is to begin.
    pub(crate) stopping: Cell<bool>,
    /// How many of its iterations are under way on this thread.
    pub(crate) under_way: Cell<u64>,
}

/// What the worker sees of a virtual user at work, and says to it.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// Whether an iteration (or a start) is under way.
    pub(crate) busy: Cell<bool>,
    /// From when on it begins no more iterations.
    pub(crate) until: Cell<Nanos>,
}

impl Pulse {
    pub(crate) fn until(until: Nanos) -> Pulse {
        Pulse { busy: Cell::new(false), until: Cell::new(until) }
    }
}

/// A virtual user that begins its iterations itself, until its time is up or there is nothing left to do. Holds `_present`
/// as long.
pub(crate) async fn live<Guard>(work: Rc<Work>, identity: Rc<Identity>, pulse: Rc<Pulse>, _present: Guard) {
    let mut patience = Patience::default();
    let mut instance = None;
    let mut now = work.context.clock.now();
    while !work.is_stopping() && now < pulse.until.get() && identity.iterations() < work.iterations_of_each {
        let until = pulse.until.get();
        let Some(user) = &mut instance else {
            pulse.busy.set(true);
            // Boxed: starting is rare, and its future would make everybody's task three times as large.
            instance = Box::pin(work.new_instance(&identity)).await;
            pulse.busy.set(false);
            now = match instance {
                Some(_) => work.context.clock.now(),
                None => work.rest(patience.next_pause(), until).await,
            };
            continue;
        };
        let Some(number) = work.numbering.take() else {
            return;
        };
        // One reading of the clock ends an iteration and begins the next.
        let started = now;
        pulse.busy.set(true);
        let iteration = work.iterate(user, number, started, Nanos::ZERO).await;
        pulse.busy.set(false);
        now = work.keep_pace(started, iteration.ended, until).await;
        now = work.think(number, now, until).await;
        if iteration.end == IterationEnd::Trapped {
            // A trap poisons the instance.
            instance = None;
            now = work.rest(patience.next_pause(), until).await;
        } else {
            patience = Patience::default();
        }
    }
}

/// A virtual user that is told when to begin. Holds `_present` until there is nothing more to come.
pub(crate) async fn serve<Guard>(
    work: Rc<Work>,
    identity: Rc<Identity>,
    pulse: Rc<Pulse>,
    desk: Rc<Desk>,
    _present: Guard,
) {
    let seat = Rc::new(Seat::default());
    let mut patience = Patience::default();
    pulse.busy.set(true);
    let mut instance = Box::pin(work.new_instance(&identity)).await;
    desk.one_is_prepared();
    loop {
        let Some(user) = &mut instance else {
            pulse.busy.set(false);
            work.rest(patience.next_pause(), pulse.until.get()).await;
            if desk.is_closed() && desk.waiting() == 0 {
                return;
            }
            pulse.busy.set(true);
            instance = Box::pin(work.new_instance(&identity)).await;
            continue;
        };
        pulse.busy.set(false);
        let Some(due) = desk.next(&seat).await else { return };
        pulse.busy.set(true);
        let started = work.context.clock.now();
        let late_by = started.since(due.intended);
        work.record_begin(started, late_by);
        let iteration = work.iterate(user, due.index, started, late_by).await;
        if iteration.end == IterationEnd::Trapped {
            // A trap poisons the instance.
            instance = None;
        } else {
            patience = Patience::default();
        }
        pulse.busy.set(false);
        work.think(due.index, iteration.ended, pulse.until.get()).await;
    }
}

impl Work {
    /// Whether no new iteration is to begin: somebody said so, or there is no data left to do it with.
    fn is_stopping(&self) -> bool {
        self.stopping.get() || self.context.run.data_end.name().is_some()
    }

    /// An instance that has done its `start`; none if that failed, which is counted.
    async fn new_instance(&self, identity: &Rc<Identity>) -> Option<VirtualUser> {
        let made = self.guest.virtual_user(&self.context, identity).await;
        let started = match made {
            Ok(mut user) => user.start(&self.shared).await.map(|()| user),
            Err(error) => Err(error.to_string()),
        };
        match started {
            Ok(user) => Some(user),
            Err(text) => {
                let mut recorder = self.context.recorder.borrow_mut();
                recorder.advance_to(self.context.clock.now());
                recorder.start_failure(&text);
                None
            }
        }
    }

    async fn iterate(&self, user: &mut VirtualUser, number: u64, started: Nanos, late_by: Nanos) -> Iteration {
        let flow = FlowId(self.scenario.flow_at(number));
        self.under_way.set(self.under_way.get() + 1);
        let under_way = UnderWay { work: self, flow, started, over: false };
        let iteration = user.iterate(flow, number, started, late_by).await;
        under_way.end();
        self.record(flow, &iteration);
        if iteration.guest_time == iteration.duration {
            // It waited for nothing, so nobody else on this thread had a turn.
            tokio::task::yield_now().await;
        } else {
            // Calls that are answered at once, as those that the policy refuses, are no waits either.
            tokio::task::coop::consume_budget().await;
        }
        iteration
    }

    fn record_begin(&self, started: Nanos, late_by: Nanos) {
        let mut recorder = self.context.recorder.borrow_mut();
        recorder.advance_to(started);
        recorder.begun(late_by);
    }

    fn record(&self, flow: FlowId, iteration: &Iteration) {
        self.context.run.progress.iteration_ended(self.context.number, iteration.end);
        let mut recorder = self.context.recorder.borrow_mut();
        recorder.advance_to(iteration.ended);
        recorder.iteration(flow, iteration.end, iteration.duration, iteration.guest_time, &iteration.text);
    }

    /// Waits until the plan's least duration of an iteration has passed. Returns the time then.
    async fn keep_pace(&self, started: Nanos, now: Nanos, until: Nanos) -> Nanos {
        let Some(least) = self.scenario.min_iteration_duration else {
            return now;
        };
        let next = (started + Nanos::from(least)).min(until);
        if next <= now {
            return now;
        }
        self.context.timer.sleep_until(next).await;
        self.context.clock.now()
    }

    /// Waits for as long as a user thinks after an iteration. Returns the time then.
    async fn think(&self, number: u64, now: Nanos, until: Nanos) -> Nanos {
        match think_time(&self.scenario, &self.plan.flows, number) {
            Some(time) if !self.is_stopping() && now < until => {
                self.context.timer.sleep_until((now + time).min(until)).await;
                self.context.clock.now()
            }
            _ => now,
        }
    }

    /// Waits before trying again. Returns the time then.
    async fn rest(&self, pause: Nanos, until: Nanos) -> Nanos {
        let end = (self.context.clock.now() + pause).min(until);
        self.context.timer.sleep_until(end).await;
        self.context.clock.now()
    }
}

/// An iteration under way. Dropped before its end, it counts as interrupted.
struct UnderWay<'a> {
    work: &'a Work,
    flow: FlowId,
    started: Nanos,
    over: bool,
}

impl UnderWay<'_> {
    fn end(mut self) {
        self.over = true;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.work.under_way.set(self.work.under_way.get() - 1);
        if !self.over {
            let context = &self.work.context;
            context.run.progress.iteration_ended(context.number, IterationEnd::Interrupted);
            let now = context.clock.now();
            let duration = now.since(self.started);
            let mut recorder = context.recorder.borrow_mut();
            recorder.advance_to(now);
            recorder.iteration(self.flow, IterationEnd::Interrupted, duration, Nanos::ZERO, "");
        }
    }
}

/// How long to wait before trying again what failed: 1 ms, doubled each time, at most a second.
#[derive(Debug, Default)]
struct Patience {
    failures: u32,
}

impl Patience {
    fn next_pause(&mut self) -> Nanos {
        let millis = 1u64 << self.failures.min(10);
        self.failures += 1;
        Nanos((millis * 1_000_000).min(1_000_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_grows_up_to_a_second() {
        let mut patience = Patience::default();
        let pauses: Vec<u64> = (0..12).map(|_| patience.next_pause().0 / 1_000_000).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000]);
    }
}

//! The life of a virtual user: an instance, its start, iteration after iteration, and a new instance where one traps.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use squall_guest::{Guest, Identity, Iteration, VirtualUser, WorkerContext};
use squall_metrics::{FlowId, IterationEnd, Nanos};
use squall_plan::{Plan, Scenario};

use crate::backlog::{ArrivalQueue, VuSlot};
use crate::quota::IterationCounter;
use crate::think::think_time;

/// What the virtual users of a scenario go by, on a worker thread.
pub(crate) struct ScenarioContext {
    pub(crate) plan: Arc<Plan>,
    /// By value: an iteration looks here, and not through the plan.
    pub(crate) scenario: Scenario,
    pub(crate) guest: Arc<Guest>,
    pub(crate) guest_context: Rc<WorkerContext>,
    pub(crate) iteration_counter: Arc<IterationCounter>,
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
pub(crate) struct VuHandle {
    /// Whether an iteration (or a start) is under way.
    pub(crate) busy: Cell<bool>,
    /// From when on it begins no more iterations.
    pub(crate) until: Cell<Nanos>,
}

impl VuHandle {
    pub(crate) fn until(until: Nanos) -> VuHandle {
        VuHandle { busy: Cell::new(false), until: Cell::new(until) }
    }
}

/// A virtual user that begins its iterations itself, until its time is up or there is nothing left to do. Holds `_present`
/// as long.
pub(crate) async fn run_closed<Guard>(
    context: Rc<ScenarioContext>,
    identity: Rc<Identity>,
    handle: Rc<VuHandle>,
    _present: Guard,
) {
    let mut backoff = Backoff::default();
    let mut instance = None;
    let mut now = context.guest_context.clock.now();
    while !context.is_stopping() && now < handle.until.get() && identity.iterations() < context.iterations_of_each {
        let until = handle.until.get();
        let Some(user) = &mut instance else {
            handle.busy.set(true);
            // Boxed: starting is rare, and its future would make everybody's task three times as large.
            instance = Box::pin(context.new_instance(&identity)).await;
            handle.busy.set(false);
            now = match instance {
                Some(_) => context.guest_context.clock.now(),
                None => context.rest(backoff.next_pause(), until).await,
            };
            continue;
        };
        let Some(number) = context.iteration_counter.take() else {
            return;
        };
        // One reading of the clock ends an iteration and begins the next.
        let started = now;
        handle.busy.set(true);
        let iteration = context.iterate(user, number, started, Nanos::ZERO).await;
        handle.busy.set(false);
        now = context.keep_pace(started, iteration.ended, until).await;
        now = context.think(number, now, until).await;
        if iteration.end == IterationEnd::Trapped {
            // A trap poisons the instance.
            instance = None;
            now = context.rest(backoff.next_pause(), until).await;
        } else {
            backoff = Backoff::default();
        }
    }
}

/// A virtual user that is told when to begin. Holds `_present` until there is nothing more to come.
pub(crate) async fn run_open<Guard>(
    context: Rc<ScenarioContext>,
    identity: Rc<Identity>,
    handle: Rc<VuHandle>,
    queue: Rc<ArrivalQueue>,
    _present: Guard,
) {
    let slot = Rc::new(VuSlot::default());
    let mut backoff = Backoff::default();
    handle.busy.set(true);
    let mut instance = Box::pin(context.new_instance(&identity)).await;
    queue.one_is_prepared();
    loop {
        let Some(user) = &mut instance else {
            handle.busy.set(false);
            context.rest(backoff.next_pause(), handle.until.get()).await;
            if queue.is_closed() && queue.waiting() == 0 {
                return;
            }
            handle.busy.set(true);
            instance = Box::pin(context.new_instance(&identity)).await;
            continue;
        };
        handle.busy.set(false);
        let Some(due) = queue.next(&slot).await else { return };
        handle.busy.set(true);
        let started = context.guest_context.clock.now();
        let late_by = started.since(due.intended);
        context.record_begin(started, late_by);
        let iteration = context.iterate(user, due.index, started, late_by).await;
        if iteration.end == IterationEnd::Trapped {
            // A trap poisons the instance.
            instance = None;
        } else {
            backoff = Backoff::default();
        }
        handle.busy.set(false);
        context.think(due.index, iteration.ended, handle.until.get()).await;
    }
}

impl ScenarioContext {
    /// Whether no new iteration is to begin: it was asked for, or there is no data left to do it with.
    fn is_stopping(&self) -> bool {
        self.stopping.get() || self.guest_context.run.data_end.name().is_some()
    }

    /// An instance that has done its `start`; none if that failed, which is counted.
    async fn new_instance(&self, identity: &Rc<Identity>) -> Option<VirtualUser> {
        let made = self.guest.virtual_user(&self.guest_context, identity).await;
        let started = match made {
            Ok(mut user) => user.start(&self.shared).await.map(|()| user),
            Err(error) => Err(error.to_string()),
        };
        match started {
            Ok(user) => Some(user),
            Err(text) => {
                let mut recorder = self.guest_context.recorder.borrow_mut();
                recorder.advance_to(self.guest_context.clock.now());
                recorder.start_failure(&text);
                None
            }
        }
    }

    async fn iterate(&self, user: &mut VirtualUser, number: u64, started: Nanos, late_by: Nanos) -> Iteration {
        let flow = FlowId(self.scenario.flow_at(number));
        self.under_way.set(self.under_way.get() + 1);
        let under_way = UnderWay { context: self, flow, started, over: false };
        let iteration = user.iterate(flow, number, started, late_by).await;
        under_way.end();
        self.record(flow, &iteration);
        if iteration.guest_time == iteration.duration {
            // It waited for nothing, so nothing else on this thread had a turn.
            tokio::task::yield_now().await;
        } else {
            // Calls that are answered at once, as those that the policy refuses, are no waits either.
            tokio::task::coop::consume_budget().await;
        }
        iteration
    }

    fn record_begin(&self, started: Nanos, late_by: Nanos) {
        let mut recorder = self.guest_context.recorder.borrow_mut();
        recorder.advance_to(started);
        recorder.begun(late_by);
    }

    fn record(&self, flow: FlowId, iteration: &Iteration) {
        self.guest_context.run.progress.iteration_ended(self.guest_context.number, iteration.end);
        let mut recorder = self.guest_context.recorder.borrow_mut();
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
        self.guest_context.timer.sleep_until(next).await;
        self.guest_context.clock.now()
    }

    /// Waits for as long as a user thinks after an iteration. Returns the time then.
    async fn think(&self, number: u64, now: Nanos, until: Nanos) -> Nanos {
        match think_time(&self.scenario, &self.plan.flows, number) {
            Some(time) if !self.is_stopping() && now < until => {
                self.guest_context.timer.sleep_until((now + time).min(until)).await;
                self.guest_context.clock.now()
            }
            _ => now,
        }
    }

    /// Waits before trying again. Returns the time then.
    async fn rest(&self, pause: Nanos, until: Nanos) -> Nanos {
        let end = (self.guest_context.clock.now() + pause).min(until);
        self.guest_context.timer.sleep_until(end).await;
        self.guest_context.clock.now()
    }
}

/// An iteration under way. Dropped before its end, it counts as interrupted.
struct UnderWay<'a> {
    context: &'a ScenarioContext,
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
        self.context.under_way.set(self.context.under_way.get() - 1);
        if !self.over {
            let context = &self.context.guest_context;
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
struct Backoff {
    failures: u32,
}

impl Backoff {
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
        let mut backoff = Backoff::default();
        let pauses: Vec<u64> = (0..12).map(|_| backoff.next_pause().0 / 1_000_000).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000]);
    }
}

//! A virtual user: who it is, and the instance that does its work.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use squall_http::Client;
use squall_metrics::{FlowId, IterationEnd, Nanos, SampleOrigin, TagSetId};
use squall_plan::HumanDuration;
use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, Lift, Lower, TypedFunc};

use crate::engine::TICKS_BEFORE_YIELD;
use crate::state::State;
use crate::time_limit::{Elapsed, TimeLimit};
use crate::trap::describe_trap;
use crate::worker::WorkerContext;

/// What stays the same when a trapped instance is replaced: number, connections, cookies, random numbers, count of
/// iterations.
pub struct Identity {
    number: u32,
    client: Client,
    flow: Cell<FlowId>,
    tags: Cell<TagSetId>,
    random: Cell<u64>,
    iterations: Cell<u64>,
    away: Cell<Nanos>,
    /// Whether it would go on computing, if others had not their turn.
    gives_way: Cell<bool>,
    /// Where time stands still for a guest that computes: how long it has, since it was called.
    computed: Computed,
    last_words: RefCell<Option<Box<str>>>,
    /// What was logged as an error outside of an iteration.
    last_error: RefCell<Option<Box<str>>>,
}

#[derive(Default)]
struct Computed {
    since: Cell<Option<Nanos>>,
    before: Cell<Nanos>,
}

impl Identity {
    /// Virtual user `number` (from 1; 0 is for `setup` and `teardown`).
    pub fn new(worker: &WorkerContext, number: u32) -> Identity {
        // Users with neighbouring numbers must not have neighbouring sequences.
        let mut seed = worker.run.seed ^ u64::from(number).wrapping_mul(0xa076_1d64_78bd_642f);
        let random = split_mix(&mut seed);
        Identity {
            number,
            client: Client::new(Rc::clone(&worker.network)),
            flow: Cell::new(FlowId::START),
            tags: Cell::default(),
            random: Cell::new(random),
            iterations: Cell::new(0),
            away: Cell::new(Nanos::ZERO),
            gives_way: Cell::new(false),
            computed: Computed::default(),
            last_words: RefCell::new(None),
            last_error: RefCell::new(None),
        }
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Its connections and cookies.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How many iterations it has begun.
    pub fn iterations(&self) -> u64 {
        self.iterations.get()
    }

    pub(crate) fn flow(&self) -> FlowId {
        self.flow.get()
    }

    /// Where its samples come from.
    pub(crate) fn origin(&self) -> SampleOrigin {
        SampleOrigin { flow: self.flow.get(), tags: self.tags.get() }
    }

    /// Begins a flow, without tags.
    pub(crate) fn enter(&self, flow: FlowId) {
        self.flow.set(flow);
        self.client.set_flow(flow);
        self.set_tags(TagSetId::NONE);
    }

    pub(crate) fn set_tags(&self, tags: TagSetId) {
        self.tags.set(tags);
        self.client.set_tags(tags);
    }

    /// Notes time that was not the guest's: sleeping, or giving way to others. (The client counts requests itself.)
    pub(crate) fn was_away(&self, time: Nanos) {
        self.away.set(self.away.get() + time);
    }

    pub(crate) fn gives_way(&self, gives_way: bool) {
        self.gives_way.set(gives_way);
    }

    /// It is called, and has given way to nobody yet.
    #[inline]
    pub(crate) fn begins_to_compute(&self) {
        self.gives_way.set(false);
        self.computed.since.set(None);
        self.computed.before.set(Nanos::ZERO);
    }

    /// It computes, now as before. Says how long it has since it was called, up to what passed before this was asked first.
    pub(crate) fn has_computed(&self, now: Nanos) -> Nanos {
        let Computed { since, before } = &self.computed;
        before.set(before.get() + since.replace(None).map_or(Nanos::ZERO, |since| now.since(since)));
        before.get()
    }

    /// It goes on computing.
    pub(crate) fn computes_again(&self, now: Nanos) {
        self.computed.since.set(Some(now));
    }

    /// All the time up to now that was not the guest's.
    fn elsewhere(&self) -> Nanos {
        self.away.get() + self.client.waited()
    }

    pub(crate) fn random(&self) -> u64 {
        let mut state = self.random.get();
        let number = split_mix(&mut state);
        self.random.set(state);
        number
    }

    pub(crate) fn remember_words(&self, text: String) {
        *self.last_words.borrow_mut() = Some(text.into());
    }

    pub(crate) fn remember_error(&self, text: String) {
        *self.last_error.borrow_mut() = Some(text.into());
    }

    pub(crate) fn take_last_error(&self) -> Option<Box<str>> {
        self.last_error.borrow_mut().take()
    }

    pub(crate) fn take_last_words(&self) -> Option<Box<str>> {
        self.last_words.borrow_mut().take()
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and good enough for think times and picking products.
pub(crate) fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// How one iteration went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iteration {
    /// How it ended.
    pub end: IterationEnd,
    /// When it ended.
    pub ended: Nanos,
    /// How long it took.
    pub duration: Nanos,
    /// The part of that which was spent in the guest: not waiting for responses, not sleeping, not giving way.
    pub guest_time: Nanos,
    /// Why, if the end is a bad one.
    pub text: String,
}

pub(crate) type Run = TypedFunc<(u32,), (Result<(), String>,)>;
pub(crate) type Start = TypedFunc<(Arc<[u8]>,), (Result<(), String>,)>;

/// An instance of a guest, doing the work of one virtual user.
pub struct VirtualUser {
    pub(crate) store: Store<State>,
    pub(crate) run: Run,
    /// With its limit, and when the time began that it holds for.
    pub(crate) start: Option<(Start, TimeLimit, Nanos)>,
    /// What to take from a flow's number in the plan to get its number in the component.
    pub(crate) first_flow: u16,
    pub(crate) limit: TimeLimit,
}

impl VirtualUser {
    /// Prepares the user: the guest's `start`, if it has one. An instance whose start fails is of no use.
    ///
    /// # Errors
    /// What the guest said, or how it trapped.
    pub async fn start(&mut self, shared: &Arc<[u8]>) -> Result<(), String> {
        let Some((start, mut limit, began)) = self.start.take() else {
            return Ok(());
        };
        let worker = Rc::clone(&self.store.data().local().worker);
        begin(&mut self.store, FlowId::START, worker.clock.now());
        let parameters = (Arc::clone(shared),);
        let result = call(&mut self.store, &start, parameters, &mut limit, began).await;
        match result {
            Ok(Ok((Ok(()),))) => Ok(()),
            Ok(Ok((Err(text),))) => Err(worker.log.presentable(&text)),
            Ok(Err(error)) => Err(describe_trap(self.store.data(), &error)),
            Err(elapsed) => Err(took_too_long(&self.store.data().local().user, elapsed)),
        }
    }

    /// Does one iteration of a flow, that of `number` in the scenario, which begins at `started`, and should have begun
    /// `late_by` earlier: its first request is measured from then. After [`IterationEnd::Trapped`] the instance is dead: drop it.
    ///
    /// Dropping the future ends the iteration where it is; the instance is of no use then either.
    pub async fn iterate(&mut self, flow: FlowId, number: u64, started: Nanos, late_by: Nanos) -> Iteration {
        let local = self.store.data_mut().local_mut();
        local.user.client().set_late_by(late_by);
        local.number = number;
        let elsewhere_before = begin(&mut self.store, flow, started);
        let index = u32::from(flow.0 - self.first_flow);
        let result = call(&mut self.store, &self.run, (index,), &mut self.limit, started).await;
        let (end, text) = match result {
            Ok(Ok((Ok(()),))) => (IterationEnd::Completed, String::new()),
            // The run ends because no row is left: whatever the guest says, that is no failure of the target's.
            Ok(Ok((Err(_),))) if self.store.data().local().out_of_rows => (IterationEnd::Interrupted, String::new()),
            Ok(Ok((Err(text),))) => (IterationEnd::Failed, self.store.data().local().worker.log.presentable(&text)),
            Ok(Err(error)) => (IterationEnd::Trapped, describe_trap(self.store.data(), &error)),
            // Its call is gone, and so is what the instance could still be used for.
            Err(elapsed) => (IterationEnd::Trapped, took_too_long(&self.store.data().local().user, elapsed)),
        };
        let local = self.store.data_mut().local_mut();
        match end {
            IterationEnd::Completed => {}
            IterationEnd::Interrupted => drop(local.transactions.take_all()),
            IterationEnd::Failed | IterationEnd::Trapped => local.fail_open_transactions(),
        }
        let ended = local.worker.clock.now();
        let duration = ended.since(started);
        let elsewhere = local.user.elsewhere().since(elsewhere_before);
        Iteration { end, ended, duration, guest_time: duration.since(elsewhere), text }
    }
}

/// Calls an export, and waits for what it has begun and let go of; no longer than the limit allows.
#[inline]
async fn call<P, R>(
    store: &mut Store<State>,
    export: &TypedFunc<P, R>,
    parameters: P,
    limit: &mut TimeLimit,
    started: Nanos,
) -> Result<wasmtime::Result<R>, Elapsed>
where
    P: ComponentNamedList + Lower + Send + Sync + 'static,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    let worker = Rc::clone(&store.data().local().worker);
    let work = pin!(async {
        let result = export.call_async(&mut *store, parameters).await;
        settle(store).await;
        result
    });
    limit.hold(&worker, started, work).await
}

#[cold]
pub(crate) fn took_too_long(user: &Identity, Elapsed(allowed): Elapsed) -> String {
    let does = if user.gives_way.get() { "computing" } else { "waiting" };
    let allowed = HumanDuration(allowed.into());
    format!("not done within {allowed}, and still {does} (limit {allowed}, raise with --iteration-timeout)")
}

/// Waits for what the guest has begun and let go of.
#[inline]
pub(crate) async fn settle(store: &mut Store<State>) {
    if let Some(exchanges) = store.data_mut().exchanges() {
        Box::pin(exchanges.settle()).await;
    }
}

/// Sets the scene for an iteration. Returns how much time up to now was not the guest's.
fn begin(store: &mut Store<State>, flow: FlowId, started: Nanos) -> Nanos {
    store.set_epoch_deadline(TICKS_BEFORE_YIELD);
    store.data_mut().memory.forgive();
    let local = store.data_mut().local_mut();
    local.user.enter(flow);
    local.iteration = local.user.iterations.get();
    if flow.index().is_some() {
        local.user.iterations.set(local.iteration + 1);
    }
    local.iteration_started = started;
    local.out_of_rows = false;
    local.user.begins_to_compute();
    local.user.elsewhere()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_are_those_of_split_mix() {
        // The first outputs for seed 1234567, from the reference implementation.
        let mut state = 1_234_567;
        let numbers: Vec<u64> = (0..3).map(|_| split_mix(&mut state)).collect();
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }
}

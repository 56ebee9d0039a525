//! A virtual user: the instance that does its work.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use send_wrapper::SendWrapper;
use squall_metrics::{FlowId, IterationEnd, Nanos};
use squall_plan::HumanDuration;
use wasmtime::Store;
use wasmtime::component::{ComponentNamedList, Lift, Lower, TypedFunc};

use crate::engine::TICKS_BEFORE_YIELD;
use crate::identity::Identity;
use crate::state::State;
use crate::time_limit::{Elapsed, TimeLimit};
use crate::trap::describe_trap;

/// The result of one iteration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iteration {
    /// Its ending.
    pub end: IterationEnd,
    /// The time at which it ended.
    pub ended: Nanos,
    /// Its duration.
    pub duration: Nanos,
    /// Time spent in the guest: without waiting for responses, sleeping and yielding.
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
    /// Subtracted from a flow's number in the plan to get its number in the component.
    pub(crate) first_flow: u16,
    pub(crate) limit: TimeLimit,
}

impl VirtualUser {
    /// Prepares the user with the guest's `start`, if it has one. An instance whose start fails is useless.
    ///
    /// # Errors
    /// The guest's error, or a description of its trap.
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

    /// Runs iteration `number` of the scenario, of this flow. It begins at `started`, and should have begun `late_by`
    /// earlier: its first request is measured from then. After [`IterationEnd::Trapped`] the instance is dead: drop it.
    ///
    /// Dropping the future ends the iteration where it is; the instance is useless then, too.
    pub async fn iterate(&mut self, flow: FlowId, number: u64, started: Nanos, late_by: Nanos) -> Iteration {
        let local = self.store.data_mut().local_mut();
        local.user.client().set_late_by(late_by);
        local.number = number;
        let elsewhere_before = begin(&mut self.store, flow, started);
        let index = u32::from(flow.0 - self.first_flow);
        let result = call(&mut self.store, &self.run, (index,), &mut self.limit, started).await;
        let (end, text) = match result {
            Ok(Ok((Ok(()),))) => (IterationEnd::Completed, String::new()),
            // The run ends because no row is left: the guest's error is not a failure of the target.
            Ok(Ok((Err(_),))) if self.store.data().local().out_of_rows => (IterationEnd::Interrupted, String::new()),
            Ok(Ok((Err(text),))) => (IterationEnd::Failed, self.store.data().local().worker.log.presentable(&text)),
            Ok(Err(error)) => (IterationEnd::Trapped, describe_trap(self.store.data(), &error)),
            // Its call was dropped, so the instance cannot be used any more.
            Err(elapsed) => (IterationEnd::Trapped, took_too_long(&self.store.data().local().user, elapsed)),
        };
        let local = self.store.data_mut().local_mut();
        match end {
            IterationEnd::Completed => {}
            IterationEnd::Interrupted => drop(local.transactions.take_all()),
            IterationEnd::Failed | IterationEnd::Trapped => local.fail_open_transactions(),
        }
        let ended = local.worker.clock.now();
        local.user.client().end_iteration();
        let duration = ended.since(started);
        let elsewhere = local.user.elsewhere().since(elsewhere_before);
        Iteration { end, ended, duration, guest_time: duration.since(elsewhere), text }
    }
}

/// Calls an export, and waits for requests that it has begun and dropped, within the limit.
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
    let does = if user.is_giving_way() { "computing" } else { "waiting" };
    let allowed = HumanDuration(allowed.into());
    format!("not done within {allowed}, and still {does} (limit {allowed}, raise with --iteration-timeout)")
}

/// Waits for requests that the guest has begun and dropped.
#[inline]
pub(crate) async fn settle(store: &mut Store<State>) {
    if let Some(exchanges) = store.data_mut().exchanges() {
        Box::pin(exchanges.settle()).await;
    }
    let streams = &mut store.data_mut().local_mut().streams;
    if !streams.is_idle() {
        Box::pin(SendWrapper::new(streams.settle())).await;
    }
    let websockets = &mut store.data_mut().local_mut().websockets;
    if !websockets.is_idle() {
        Box::pin(SendWrapper::new(websockets.settle())).await;
    }
}

/// Sets the scene for an iteration. Returns how much time up to now was not the guest's.
fn begin(store: &mut Store<State>, flow: FlowId, started: Nanos) -> Nanos {
    store.set_epoch_deadline(TICKS_BEFORE_YIELD);
    store.data_mut().memory.forgive();
    let local = store.data_mut().local_mut();
    local.user.enter(flow);
    local.iteration = local.user.begin_iteration(flow);
    local.iteration_started = started;
    local.out_of_rows = false;
    local.user.begins_to_compute();
    local.user.elsewhere()
}

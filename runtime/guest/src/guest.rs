//! A guest: a component, compiled and linked, ready to become as many virtual users as the run needs.

use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use send_wrapper::SendWrapper;
use squall_data::{Openable, Opened};
use squall_metrics::{Clock, FlowId, MetricInfo, Nanos};
use squall_plan::{HumanDuration, Limits};
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, ComponentType, InstancePre, Lift, Lower, TypedFunc,
};
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::artifact::Artifact;
use crate::cache::CodeCache;
use crate::compiler::Order;
use crate::contract::Incompatible;
use crate::engine::{Capacity, Layout, TICKS_BEFORE_YIELD, Ticker, describe_engine, pooled_engine};
use crate::error::GuestError;
use crate::host;
use crate::identity::Identity;
use crate::log::{LogLine, printable};
use crate::memory::MemoryLimit;
use crate::state::State;
use crate::time_limit::TimeLimit;
use crate::trap::describe_trap;
use crate::user::{VirtualUser, settle, took_too_long};
use crate::worker::WorkerContext;

/// Limit for the result of `describe`, in bytes of the host's memory: strings may overlap in the guest's, but are
/// copied here.
const LARGEST_DESCRIPTION: usize = 8 << 20;

/// The component's description of itself, with the run's options before its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its flows, at least one.
    pub flows: Vec<Flow>,
    /// The plan it suggests, as JSON; empty for none.
    pub plan: String,
    /// The files that it opened meanwhile: those that it may open in the run.
    pub opened: Opened,
    /// The custom metrics that it has made meanwhile.
    pub metrics: Vec<MetricInfo>,
    /// Whether it may make others in the run.
    pub may_make_metrics: bool,
    /// Whether it gives samples tags of its own.
    pub may_tag: bool,
    /// The lines that it has logged meanwhile.
    pub log: Vec<LogLine>,
}

/// The contract's record `description`.
#[derive(ComponentType, Lift)]
#[component(record)]
struct DescriptionRecord {
    flows: Vec<Flow>,
    plan: String,
}

/// A journey through the target.
#[derive(Clone, Debug, PartialEq, Eq, ComponentType, Lift)]
#[component(record)]
pub struct Flow {
    /// The flow's name.
    pub name: String,
    /// Its share of the traffic, relative to the others'.
    pub weight: u32,
}

/// A compiled component in an engine with room for a run.
pub struct Guest {
    pre: InstancePre<State>,
    exports: Exports,
    limits: Limits,
    files: Arc<Openable>,
    /// Maximum number of entries in a table.
    table_entries: usize,
    _ticker: Ticker,
}

/// Indices of the exports, looked up once.
struct Exports {
    describe: ComponentExportIndex,
    run: ComponentExportIndex,
    setup: Option<ComponentExportIndex>,
    start: Option<ComponentExportIndex>,
    teardown: Option<ComponentExportIndex>,
}

impl Guest {
    /// Compiles a component (or finds it compiled) for looking at it, one instance at a time.
    ///
    /// # Errors
    /// If it does not fit the contract or does not compile.
    pub fn inspect(artifact: &Artifact, limits: &Limits, cache: &CodeCache) -> Result<Guest, GuestError> {
        artifact.check()?;
        artifact.needs().check(limits).map_err(GuestError::Requirements)?;
        let engine = describe_engine(limits, Layout::Roomy)?;
        let component = cache.component(&engine, artifact, &Order::new(limits, Layout::Roomy))?;
        Guest::link(&engine, &component, artifact, limits)
    }

    /// Compiles a component (or loads it from the cache) for a run with `vus` virtual users.
    ///
    /// # Errors
    /// As [`Guest::inspect`], and if there is no room for the virtual users.
    pub fn for_run(
        artifact: &Artifact,
        limits: &Limits,
        capacity: Capacity,
        cache: &CodeCache,
    ) -> Result<Guest, GuestError> {
        artifact.check()?;
        artifact.needs().check(limits).map_err(GuestError::Requirements)?;
        capacity.check()?;
        let room = artifact.needs().check_total(capacity.vus, limits);
        room.map_err(|reason| GuestError::Capacity { vus: capacity.vus, reason })?;
        match Guest::in_pool(artifact, limits, capacity, capacity.layout(), cache) {
            // Address space may be scarcer than usual (a limit, an emulator); then smaller reservations do.
            Err(GuestError::Capacity { .. }) => Guest::in_pool(artifact, limits, capacity, Layout::Dense, cache),
            result => result,
        }
    }

    fn in_pool(
        artifact: &Artifact,
        limits: &Limits,
        capacity: Capacity,
        layout: Layout,
        cache: &CodeCache,
    ) -> Result<Guest, GuestError> {
        let inspected = describe_engine(limits, layout)?;
        let order = Order::new(limits, layout);
        let surveyed = cache.component(&inspected, artifact, &order)?;
        let engine = pooled_engine(limits, capacity, layout, &surveyed, artifact.needs().table_entries())?;
        let known = cache.find(&engine, artifact).or_else(|| adopt(&surveyed, &engine));
        let component = known.map_or_else(|| cache.component(&engine, artifact, &order), Ok)?;
        Guest::link(&engine, &component, artifact, limits)
    }

    fn link(engine: &Engine, component: &Component, artifact: &Artifact, limits: &Limits) -> Result<Guest, GuestError> {
        let failed = |error: wasmtime::Error| GuestError::Compile(format!("{error:#}"));
        let linker = host::linker(engine, artifact.uses_wasi_http()).map_err(failed)?;
        let pre = linker.instantiate_pre(component).map_err(|error| unlinkable(&error))?;
        let exports = Exports::of(component)?;
        let _ticker = Ticker::start(engine);
        Ok(Guest {
            pre,
            exports,
            limits: limits.clone(),
            files: Arc::default(),
            table_entries: artifact.needs().table_entries(),
            _ticker,
        })
    }

    /// The same guest, which may open these files.
    #[must_use]
    pub fn given(self, files: Openable) -> Guest {
        Guest { files: Arc::new(files), ..self }
    }

    /// Limits of an instance.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Calls the component's `describe`.
    ///
    /// # Errors
    /// If it traps, takes too long, or describes nothing that could be run.
    pub async fn describe(&self, worker: &Rc<WorkerContext>) -> Result<Description, GuestError> {
        let identity = Rc::new(Identity::new(worker, 0));
        let asked = async {
            let (mut store, instance) = self.instantiate(worker, &identity).await?;
            store.set_hostcall_fuel(LARGEST_DESCRIPTION);
            let describe: TypedFunc<(), (DescriptionRecord,)> =
                typed(&mut store, &instance, &self.exports.describe, "describe")?;
            let answer = describe.call_async(&mut store, ()).await;
            let (answer,) = answer
                .map_err(|error| GuestError::Describe(format!("trapped: {}", describe_trap(store.data(), &error))))?;
            Ok::<_, GuestError>((answer, store.data_mut().local_mut().data.take_opened()))
        };
        // Before the run there is no load whose pace could suffer from a coarse timer.
        #[allow(clippy::disallowed_methods)]
        let answered = tokio::time::timeout(Limits::DESCRIBE, asked).await;
        let (DescriptionRecord { flows, plan }, opened) =
            answered.map_err(|_| GuestError::DescribeTimeout(Limits::DESCRIBE))??;
        validate(&flows)?;
        let recorder = worker.recorder.borrow();
        let registry = recorder.registry();
        Ok(Description {
            flows,
            plan,
            opened,
            metrics: registry.metrics().into_iter().map(|(_, info)| info).collect(),
            may_make_metrics: !registry.is_closed(),
            may_tag: registry.expects_tags(),
            log: Vec::new(),
        })
    }

    /// Prepares the run with the guest's `setup`, if it has one. The bytes are for every `start`, and for `teardown`.
    ///
    /// # Errors
    /// The guest's error, or a description of its trap.
    pub async fn setup(&self, worker: &Rc<WorkerContext>) -> Result<Vec<u8>, String> {
        let Some(setup) = &self.exports.setup else {
            return Ok(Vec::new());
        };
        let identity = Rc::new(Identity::new(worker, 0));
        identity.enter(FlowId::SETUP);
        let (mut store, instance) = self.instantiate(worker, &identity).await.map_err(|error| error.to_string())?;
        let setup: TypedFunc<(), (Result<Vec<u8>, String>,)> =
            typed(&mut store, &instance, setup, "setup").map_err(|error| error.to_string())?;
        let result = setup.call_async(&mut store, ()).await;
        settle(&mut store).await;
        match result {
            Ok((Ok(shared),)) => Ok(shared),
            Ok((Err(text),)) => Err(worker.log.presentable(&text)),
            Err(error) => Err(format!("trapped: {}", describe_trap(store.data(), &error))),
        }
    }

    /// Cleans up after the run: the guest's `teardown`, if it has one.
    ///
    /// # Errors
    /// How it trapped.
    pub async fn teardown(&self, worker: &Rc<WorkerContext>, shared: &[u8]) -> Result<(), String> {
        let Some(teardown) = &self.exports.teardown else {
            return Ok(());
        };
        let identity = Rc::new(Identity::new(worker, 0));
        identity.enter(FlowId::TEARDOWN);
        let (mut store, instance) = self.instantiate(worker, &identity).await.map_err(|error| error.to_string())?;
        let teardown: TypedFunc<(&[u8],), ()> =
            typed(&mut store, &instance, teardown, "teardown").map_err(|error| error.to_string())?;
        let done = teardown.call_async(&mut store, (shared,)).await;
        settle(&mut store).await;
        done.map_err(|error| format!("trapped: {}", describe_trap(store.data(), &error)))
    }

    /// An instance for a virtual user.
    ///
    /// # Errors
    /// If it cannot be made.
    pub async fn virtual_user(
        &self,
        worker: &Rc<WorkerContext>,
        identity: &Rc<Identity>,
    ) -> Result<VirtualUser, GuestError> {
        let began = worker.clock.now();
        let mut start_limit = TimeLimit::new(Some(self.limits.iteration.unwrap_or(Limits::START).into()));
        // A core module may have a start function of its own, which computes as long as it likes.
        let making = pin!(self.instantiate(worker, identity));
        let made = start_limit.hold(worker, began, making).await;
        let (mut store, instance) =
            made.map_err(|elapsed| GuestError::Instantiate(took_too_long(identity, elapsed)))??;
        let run = typed(&mut store, &instance, &self.exports.run, "run")?;
        let start = match &self.exports.start {
            Some(start) => Some(typed(&mut store, &instance, start, "start")?),
            None => None,
        };
        let limit = TimeLimit::new(self.limits.iteration.map(Nanos::from));
        let start = start.map(|start| (start, start_limit, began));
        Ok(VirtualUser { store, run, start, first_flow: worker.first_flow, limit })
    }

    async fn instantiate(
        &self,
        worker: &Rc<WorkerContext>,
        identity: &Rc<Identity>,
    ) -> Result<(Store<State>, wasmtime::component::Instance), GuestError> {
        let memory =
            MemoryLimit::new(self.limits.memory, identity.client().account().shared().cloned(), self.table_entries);
        let state = State::new(Rc::clone(worker), Rc::clone(identity), &self.limits, memory, Arc::clone(&self.files));
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(TICKS_BEFORE_YIELD);
        let rehearsed = worker.timer.is_virtual().then(|| Rehearsed::new(&self.limits));
        identity.begins_to_compute();
        store.epoch_deadline_callback(move |store| {
            let local = store.data().local();
            let (user, worker) = (Rc::clone(&local.user), Rc::clone(&local.worker));
            let way: Pin<Box<dyn Future<Output = ()>>> = match &rehearsed {
                None => Box::pin(yield_to_others(user, worker)),
                Some(rehearsed) => rehearsed.yield_future(user, worker)?,
            };
            Ok(UpdateDeadline::YieldCustom(TICKS_BEFORE_YIELD, Box::pin(SendWrapper::new(way))))
        });
        let instance = self.pre.instantiate_async(&mut store).await;
        let instance = instance.map_err(|error| GuestError::Instantiate(describe_trap(store.data(), &error)))?;
        Ok((store, instance))
    }
}

/// Lets the other virtual users of the thread go on.
async fn yield_to_others(user: Rc<Identity>, worker: Rc<WorkerContext>) {
    let stopped = worker.clock.now();
    user.gives_way(true);
    tokio::task::yield_now().await;
    user.gives_way(false);
    user.was_away(worker.clock.now().since(stopped));
}

/// Limit for a guest's computing in a rehearsal. Virtual time stands still meanwhile, so no other limit would hold.
#[derive(Clone)]
struct Rehearsed {
    allowed: Duration,
    clock: Clock,
}

impl Rehearsed {
    fn new(limits: &Limits) -> Rehearsed {
        let allowed = limits.iteration.unwrap_or(Limits::REHEARSED_ITERATION);
        Rehearsed { allowed, clock: Clock::of_system() }
    }

    /// The next yield of a guest. When its time is over, virtual time passes by the same amount, so that other limits
    /// can act; a guest that is called back nevertheless ends at its next yield.
    fn yield_future(
        &self,
        user: Rc<Identity>,
        worker: Rc<WorkerContext>,
    ) -> wasmtime::Result<Pin<Box<dyn Future<Output = ()>>>> {
        let (computed, allowed, clock) =
            (user.has_computed(self.clock.now()), Nanos::from(self.allowed), self.clock.clone());
        if computed > allowed + allowed {
            let allowed = HumanDuration(self.allowed);
            wasmtime::bail!(
                "computed for {allowed} without an end (limit {allowed} in a rehearsal, raise with --iteration-timeout)"
            );
        }
        Ok(Box::pin(async move {
            if computed > allowed {
                user.gives_way(true);
                // A moment longer, so that a limit on the iteration is noticed first.
                worker.timer.sleep_until(worker.clock.now() + allowed + Nanos(1)).await;
                user.gives_way(false);
                // Counted as if it had computed all the time, so the next yield is the last.
                user.computes_again(clock.now().since(allowed));
            } else {
                yield_to_others(Rc::clone(&user), worker).await;
                user.computes_again(clock.now());
            }
        }))
    }
}

/// The same code in another engine with the same settings.
fn adopt(component: &Component, engine: &Engine) -> Option<Component> {
    let code = component.serialize().ok()?;
    // SAFETY: these bytes were made by this process from a component that it compiled or trusts, a line ago.
    unsafe { Component::deserialize(engine, code) }.ok()
}

fn unlinkable(error: &wasmtime::Error) -> GuestError {
    let text = format!("{error:#}");
    // Wasmtime's words: "component imports instance `x`, but a matching implementation was not found in the linker".
    match text.split_once('`').and_then(|(_, rest)| rest.split_once('`')) {
        Some((import, _)) if text.contains("matching implementation was not found") => {
            GuestError::Incompatible(Incompatible::Import(import.to_owned()))
        }
        _ => GuestError::Compile(text),
    }
}

fn typed<Params, Return>(
    store: &mut Store<State>,
    instance: &wasmtime::component::Instance,
    export: &ComponentExportIndex,
    name: &str,
) -> Result<TypedFunc<Params, Return>, GuestError>
where
    Params: ComponentNamedList + Lower,
    Return: ComponentNamedList + Lift,
{
    instance.get_typed_func(store, export).map_err(|error| {
        GuestError::Compile(format!(
            "its export \"{name}\" does not have the signature that the contract requires: {error:#}"
        ))
    })
}

impl Exports {
    fn of(component: &Component) -> Result<Exports, GuestError> {
        let function = |name| component.get_export_index(None, name);
        let optional = |name: &str| {
            let interface = format!("squall:scenario/{name}@{}", crate::contract::CONTRACT_VERSION);
            let interface = component.get_export_index(None, &interface)?;
            component.get_export_index(Some(&interface), name)
        };
        Ok(Exports {
            describe: function("describe").ok_or(Incompatible::NotAScenario { missing: "describe" })?,
            run: function("run").ok_or(Incompatible::NotAScenario { missing: "run" })?,
            setup: optional("setup"),
            start: optional("start"),
            teardown: optional("teardown"),
        })
    }
}

/// The most flows that a component may have.
const MOST_FLOWS: usize = 1_000;

fn validate(flows: &[Flow]) -> Result<(), GuestError> {
    let wrong = |text: String| Err(GuestError::Describe(text));
    if flows.is_empty() {
        return wrong("named no flow: there is nothing to run".to_owned());
    }
    if flows.len() > MOST_FLOWS {
        return wrong(format!("named {} flows: at most {MOST_FLOWS} are allowed", flows.len()));
    }
    for (index, flow) in flows.iter().enumerate() {
        if !is_flow_name(&flow.name) {
            let name = printable(&flow.name);
            return wrong(format!("named a flow {name:?}: names are 1 to 100 letters, digits, '-', '_' and '.'"));
        }
        if flows[..index].iter().any(|earlier| earlier.name == flow.name) {
            return wrong(format!("named two flows {:?}", flow.name));
        }
    }
    Ok(())
}

fn is_flow_name(name: &str) -> bool {
    let allowed = |letter: char| letter.is_alphanumeric() || ['-', '_', '.'].contains(&letter);
    !name.is_empty() && name.len() <= 100 && name.chars().all(allowed)
}

//! A guest: a component, compiled and linked, ready to become as many virtual users as the run needs.

use std::rc::Rc;
use std::sync::Arc;

use send_wrapper::SendWrapper;
use squall_metrics::{Clock, FlowId, MetricInfo, Nanos};
use squall_plan::Limits;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, ComponentType, InstancePre, Lift, Lower, TypedFunc,
};
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::artifact::Artifact;
use crate::cache::CodeCache;
use crate::contract::Misfit;
use crate::engine::{Capacity, Layout, TICKS_BEFORE_YIELD, Ticker, pooled_engine, survey_engine};
use crate::error::GuestError;
use crate::host;
use crate::log::{LogLine, printable};
use crate::memory::{MemoryLimit, TotalMemory};
use crate::offence::describe_trap;
use crate::state::State;
use crate::time_limit::TimeLimit;
use crate::user::{Identity, VirtualUser, settle};
use crate::worker::WorkerContext;

/// What `describe` may return, in bytes of the host's memory: strings may overlap in the guest's, and be many here.
const LARGEST_DESCRIPTION: usize = 8 << 20;

/// What a component says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its flows, at least one.
    pub flows: Vec<Flow>,
    /// The plan it suggests, as JSON; empty for none.
    pub plan: String,
    /// The custom metrics that it has made meanwhile.
    pub metrics: Vec<MetricInfo>,
    /// Whether it may make others in the run.
    pub may_make_metrics: bool,
    /// Whether it gives samples tags of its own.
    pub may_tag: bool,
    /// The lines that it has logged meanwhile.
    pub log: Vec<LogLine>,
}

/// What the contract calls a description.
#[derive(ComponentType, Lift)]
#[component(record)]
struct Answer {
    flows: Vec<Flow>,
    plan: String,
}

/// A journey through the target.
#[derive(Clone, Debug, PartialEq, Eq, ComponentType, Lift)]
#[component(record)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// Its share of the traffic, relative to the others'.
    pub weight: u32,
}

/// A compiled component in an engine with room for a run.
pub struct Guest {
    pre: InstancePre<State>,
    exports: Exports,
    limits: Limits,
    total_memory: Option<Arc<TotalMemory>>,
    /// How many entries a table may come to have.
    table_entries: usize,
    _ticker: Ticker,
}

/// Where the exports are, looked up once.
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
    pub fn survey(artifact: &Artifact, limits: &Limits, cache: &CodeCache) -> Result<Guest, GuestError> {
        artifact.check()?;
        artifact.needs().check(limits).map_err(GuestError::Needs)?;
        let engine = survey_engine(limits, Layout::Roomy)?;
        let component = cache.component(&engine, artifact, limits.compile)?;
        Guest::link(&engine, &component, artifact, limits)
    }

    /// Compiles a component (or finds it compiled) for a run with so many virtual users at once.
    ///
    /// # Errors
    /// As [`Guest::survey`], and if there is no room for them.
    pub fn for_run(
        artifact: &Artifact,
        limits: &Limits,
        capacity: Capacity,
        cache: &CodeCache,
    ) -> Result<Guest, GuestError> {
        artifact.check()?;
        artifact.needs().check(limits).map_err(GuestError::Needs)?;
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
        let survey = survey_engine(limits, layout)?;
        let surveyed = cache.component(&survey, artifact, limits.compile)?;
        let engine = pooled_engine(limits, capacity, layout, &surveyed, artifact.needs().table_entries())?;
        let known = cache.find(&engine, artifact).or_else(|| adopt(&surveyed, &engine));
        let component = known.map_or_else(|| cache.component(&engine, artifact, limits.compile), Ok)?;
        Guest::link(&engine, &component, artifact, limits)
    }

    fn link(engine: &Engine, component: &Component, artifact: &Artifact, limits: &Limits) -> Result<Guest, GuestError> {
        let failed = |error: wasmtime::Error| GuestError::Compile(format!("{error:#}"));
        let linker = host::linker(engine, artifact.uses_wasi_http()).map_err(failed)?;
        let pre = linker.instantiate_pre(component).map_err(|error| unlinkable(&error))?;
        let exports = Exports::of(component)?;
        let _ticker = Ticker::start(engine);
        let total_memory = limits.memory_total.map(|limit| Arc::new(TotalMemory::new(limit)));
        Ok(Guest {
            pre,
            exports,
            limits: limits.clone(),
            total_memory,
            table_entries: artifact.needs().table_entries(),
            _ticker,
        })
    }

    /// What it may take.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Asks the component what it is.
    ///
    /// # Errors
    /// If it traps, takes too long, or describes nothing that could be run.
    pub async fn describe(&self, worker: &Rc<WorkerContext>) -> Result<Description, GuestError> {
        let identity = Rc::new(Identity::new(worker, 0));
        let asked = async {
            let (mut store, instance) = self.instantiate(worker, &identity).await?;
            store.set_hostcall_fuel(LARGEST_DESCRIPTION);
            let describe: TypedFunc<(), (Answer,)> = typed(&mut store, &instance, &self.exports.describe, "describe")?;
            let answer = describe.call_async(&mut store, ()).await;
            answer.map_err(|error| GuestError::Describe(format!("trapped: {}", describe_trap(store.data(), &error))))
        };
        // Before the run there is no load whose pace could suffer from a coarse timer.
        #[allow(clippy::disallowed_methods)]
        let answered = tokio::time::timeout(Limits::DESCRIBE, asked).await;
        let (Answer { flows, plan },) = answered.map_err(|_| GuestError::DescribeTimeout(Limits::DESCRIBE))??;
        validate(&flows)?;
        let recorder = worker.recorder.borrow();
        let registry = recorder.registry();
        Ok(Description {
            flows,
            plan,
            metrics: registry.metrics().into_iter().map(|(_, info)| info).collect(),
            may_make_metrics: !registry.is_closed(),
            may_tag: registry.expects_tags(),
            log: Vec::new(),
        })
    }

    /// Prepares the run: the guest's `setup`, if it has one. The bytes are for every `start`, and for `teardown`.
    ///
    /// # Errors
    /// What the guest said, or how it trapped.
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
        let (mut store, instance) = self.instantiate(worker, identity).await?;
        let run = typed(&mut store, &instance, &self.exports.run, "run")?;
        let start = match &self.exports.start {
            Some(start) => Some(typed(&mut store, &instance, start, "start")?),
            None => None,
        };
        let limit = TimeLimit::new(self.limits.iteration.map(Nanos::from));
        Ok(VirtualUser { store, run, start, first_flow: worker.first_flow, limit })
    }

    async fn instantiate(
        &self,
        worker: &Rc<WorkerContext>,
        identity: &Rc<Identity>,
    ) -> Result<(Store<State>, wasmtime::component::Instance), GuestError> {
        let memory = MemoryLimit::new(self.limits.memory, self.total_memory.clone(), self.table_entries);
        let state = State::new(Rc::clone(worker), Rc::clone(identity), &self.limits, memory);
        let mut store = Store::new(self.pre.engine(), state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(TICKS_BEFORE_YIELD);
        store.epoch_deadline_callback(|store| {
            let local = store.data().local();
            let way = give_way(Rc::clone(&local.user), local.worker.clock.clone());
            Ok(UpdateDeadline::YieldCustom(TICKS_BEFORE_YIELD, Box::pin(SendWrapper::new(way))))
        });
        let instance = self.pre.instantiate_async(&mut store).await;
        let instance = instance.map_err(|error| GuestError::Instantiate(describe_trap(store.data(), &error)))?;
        Ok((store, instance))
    }
}

/// Lets the other virtual users of the thread go on.
async fn give_way(user: Rc<Identity>, clock: Clock) {
    let stopped = clock.now();
    user.gives_way(true);
    tokio::task::yield_now().await;
    user.gives_way(false);
    user.was_away(clock.now().since(stopped));
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
            GuestError::Misfit(Misfit::Import(import.to_owned()))
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
        GuestError::Compile(format!("its export \"{name}\" has not the shape that the contract gives it: {error:#}"))
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
            describe: function("describe").ok_or(Misfit::NotAScenario { missing: "describe" })?,
            run: function("run").ok_or(Misfit::NotAScenario { missing: "run" })?,
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

//! `squall:scenario/metrics`: checks, custom metrics and transactions.
//!
//! A custom metric's handle is its number in the run's registry, so there is no table of them. The handle of one that
//! could not be registered is [`DROPPED`].

use squall_metrics::{Kind, MetricId, Unit as MetricUnit};
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, LinkerInstance, Resource, ResourceType, WasmStr};

use super::text::text;
use crate::contract::METRICS;
use crate::log::Level;
use crate::state::{State, Transaction, local};

/// The handle of a metric whose values are dropped.
const DROPPED: u32 = u32::MAX;

struct Counter;
struct Gauge;
struct Rate;
struct Trend;

#[derive(Clone, Copy, ComponentType, Lift)]
#[allow(dead_code)] // Lifted, never made here.
#[component(enum)]
#[repr(u8)]
enum Unit {
    #[component(name = "number")]
    Number,
    #[component(name = "time")]
    Time,
    #[component(name = "data")]
    Data,
}

impl From<Unit> for MetricUnit {
    fn from(unit: Unit) -> MetricUnit {
        match unit {
            Unit::Number => MetricUnit::Number,
            Unit::Time => MetricUnit::Time,
            Unit::Data => MetricUnit::Data,
        }
    }
}

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(METRICS)?;
    interface.func_wrap("check", |store: StoreContextMut<'_, State>, (name, passed): (WasmStr, bool)| {
        let (name, local) = (text(&store, &name)?, local(&store));
        let mut recorder = local.worker.recorder.borrow_mut();
        let name = recorder.name(&name);
        recorder.check(local.user.origin(), name, passed);
        Ok(())
    })?;
    link_tags(&mut interface)?;
    link_counter(&mut interface)?;
    link_gauge(&mut interface)?;
    link_rate(&mut interface)?;
    link_trend(&mut interface)?;
    link_transaction(&mut interface)
}

fn link_tags(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap("no-more-metrics", |store: StoreContextMut<'_, State>, ()| {
        local(&store).worker.recorder.borrow().registry().close();
        Ok(())
    })?;
    interface.func_wrap("asked-tags", |store: StoreContextMut<'_, State>, ()| {
        let recorder = local(&store).worker.recorder.borrow();
        recorder.registry().expect_tags();
        Ok((recorder.registry().asked_tags().names(),))
    })?;
    interface.func_wrap("set-tags", |store: StoreContextMut<'_, State>, (tags,): (Vec<(String, String)>,)| {
        let local = local(&store);
        let tags = local.worker.recorder.borrow().registry().tag_set(tags);
        local.user.set_tags(tags);
        Ok(())
    })
}

/// The handle of a metric; logs once per construction if it cannot be registered.
fn register(
    store: &mut StoreContextMut<'_, State>,
    name: &WasmStr,
    kind: Kind,
    unit: MetricUnit,
) -> wasmtime::Result<u32> {
    store.data_mut().local_mut().count_metric_handle()?;
    let (name, local) = (text(store, name)?, local(store));
    let registered = local.worker.recorder.borrow_mut().metric(&name, kind, unit);
    Ok(registered.map_or_else(
        |error| {
            local.say(Level::Warn, &error.to_string());
            DROPPED
        },
        |MetricId(id)| id,
    ))
}

fn drop_handle(mut store: StoreContextMut<'_, State>, _: u32) -> wasmtime::Result<()> {
    store.data_mut().local_mut().drop_metric_handle();
    Ok(())
}

/// Hands a usable value to `record`.
fn record(
    store: &StoreContextMut<'_, State>,
    handle: u32,
    value: f64,
    record: impl FnOnce(&mut squall_metrics::Recorder, MetricId),
) {
    let local = local(store);
    if handle == DROPPED {
        return;
    }
    if !value.is_finite() {
        local.say(Level::Warn, "a metric was given a value that is not finite: dropped");
        return;
    }
    record(&mut local.worker.recorder.borrow_mut(), MetricId(handle));
}

fn is_negative(store: &StoreContextMut<'_, State>, value: f64) -> bool {
    if value < 0.0 {
        local(store).say(Level::Warn, "a counter was given a negative value: dropped");
    }
    value < 0.0
}

fn link_counter(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.resource("counter", ResourceType::host::<Counter>(), drop_handle)?;
    interface.func_wrap("[constructor]counter", |mut store: StoreContextMut<'_, State>, (name,): (WasmStr,)| {
        Ok((Resource::<Counter>::new_own(register(&mut store, &name, Kind::Counter, MetricUnit::Number)?),))
    })?;
    interface.func_wrap(
        "[method]counter.add",
        |store: StoreContextMut<'_, State>, (counter, value): (Resource<Counter>, f64)| {
            let origin = local(&store).user.origin();
            if !is_negative(&store, value) {
                record(&store, counter.rep(), value, |recorder, id| recorder.counter(origin, id, value));
            }
            Ok(())
        },
    )
}

fn link_gauge(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.resource("gauge", ResourceType::host::<Gauge>(), drop_handle)?;
    interface.func_wrap("[constructor]gauge", |mut store: StoreContextMut<'_, State>, (name,): (WasmStr,)| {
        Ok((Resource::<Gauge>::new_own(register(&mut store, &name, Kind::Gauge, MetricUnit::Number)?),))
    })?;
    interface.func_wrap(
        "[method]gauge.set",
        |store: StoreContextMut<'_, State>, (gauge, value): (Resource<Gauge>, f64)| {
            let (origin, now) = (local(&store).user.origin(), local(&store).worker.clock.now());
            record(&store, gauge.rep(), value, |recorder, id| {
                recorder.advance_to(now);
                recorder.gauge(origin, id, now, value);
            });
            Ok(())
        },
    )
}

fn link_rate(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.resource("rate", ResourceType::host::<Rate>(), drop_handle)?;
    interface.func_wrap("[constructor]rate", |mut store: StoreContextMut<'_, State>, (name,): (WasmStr,)| {
        Ok((Resource::<Rate>::new_own(register(&mut store, &name, Kind::Rate, MetricUnit::Number)?),))
    })?;
    interface.func_wrap(
        "[method]rate.add",
        |store: StoreContextMut<'_, State>, (rate, value): (Resource<Rate>, bool)| {
            let origin = local(&store).user.origin();
            record(&store, rate.rep(), 0.0, |recorder, id| recorder.rate(origin, id, value));
            Ok(())
        },
    )
}

fn link_trend(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.resource("trend", ResourceType::host::<Trend>(), drop_handle)?;
    interface.func_wrap(
        "[constructor]trend",
        |mut store: StoreContextMut<'_, State>, (name, unit): (WasmStr, Unit)| {
            Ok((Resource::<Trend>::new_own(register(&mut store, &name, Kind::Trend, unit.into())?),))
        },
    )?;
    interface.func_wrap(
        "[method]trend.add",
        |store: StoreContextMut<'_, State>, (trend, value): (Resource<Trend>, f64)| {
            let origin = local(&store).user.origin();
            record(&store, trend.rep(), value, |recorder, id| recorder.trend(origin, id, value));
            Ok(())
        },
    )
}

fn link_transaction(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.resource(
        "transaction",
        ResourceType::host::<Transaction>(),
        |mut store: StoreContextMut<'_, State>, handle| {
            let local = store.data_mut().local_mut();
            // One that was closed with a failed iteration no longer exists.
            if let Some(transaction) = local.transactions.remove(handle) {
                local.finish_transaction(&transaction);
            }
            Ok(())
        },
    )?;
    interface.func_wrap("[constructor]transaction", |mut store: StoreContextMut<'_, State>, (name,): (WasmStr,)| {
        let name = local(&store).worker.recorder.borrow_mut().name(&text(&store, &name)?);
        let started = local(&store).worker.clock.now();
        let transactions = &mut store.data_mut().local_mut().transactions;
        let handle = transactions.hold(Transaction { name, started, failed: false })?;
        Ok((Resource::<Transaction>::new_own(handle),))
    })?;
    interface.func_wrap(
        "[method]transaction.fail",
        |mut store: StoreContextMut<'_, State>, (transaction,): (Resource<Transaction>,)| {
            let transactions = &mut store.data_mut().local_mut().transactions;
            if let Some(transaction) = transactions.get_mut(transaction.rep()) {
                transaction.failed = true;
            }
            Ok(())
        },
    )
}

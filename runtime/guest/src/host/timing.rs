//! `squall:scenario/timing`: the run's clock, think time and pacing.

use std::future::Future;
use std::rc::Rc;

use send_wrapper::SendWrapper;
use squall_metrics::Nanos;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use crate::contract::TIMING;
use crate::state::{State, local};

type Waiting<'a> = Box<dyn Future<Output = wasmtime::Result<()>> + Send + 'a>;

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(TIMING)?;
    interface.func_wrap("now", |store: StoreContextMut<'_, State>, ()| Ok((local(&store).worker.clock.now().0,)))?;
    interface.func_wrap_async("sleep", |store: StoreContextMut<'_, State>, (ns,): (u64,)| {
        let now = local(&store).worker.clock.now();
        wait_until(store, now, now + Nanos(ns))
    })?;
    interface.func_wrap_async("pace", |store: StoreContextMut<'_, State>, (ns,): (u64,)| {
        let (now, began) = (local(&store).worker.clock.now(), local(&store).iteration_started);
        wait_until(store, now, began + Nanos(ns))
    })?;
    Ok(())
}

fn wait_until(store: StoreContextMut<'_, State>, now: Nanos, time: Nanos) -> Waiting<'_> {
    if time <= now {
        return Box::new(std::future::ready(Ok(())));
    }
    let (user, worker) = (Rc::clone(&local(&store).user), Rc::clone(&local(&store).worker));
    Box::new(SendWrapper::new(async move {
        worker.timer.sleep_until(time).await;
        user.was_away(worker.clock.now().since(now));
        Ok(())
    }))
}

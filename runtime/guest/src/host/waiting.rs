//! `squall:scenario/waiting`: whichever of several streams has something first.

use std::rc::Rc;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, WasmList};

use super::wait::wait;
use crate::contract::WAITING;
use crate::state::{State, local};

type Store<'a> = StoreContextMut<'a, State>;

/// Keys that are looked at. A virtual user has fewer streams of each kind.
const MOST_KEYS: usize = 1_000;

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(WAITING)?;
    interface.func_wrap_async("next", |store: Store<'_>, (ns,): (u64,)| {
        let readiness = Rc::clone(local(&store).user.client().readiness());
        let ready = wait(&store, ns, move |context| readiness.poll_next(context).map(Ok));
        Box::new(async move { Ok((ready.await.ok(),)) })
    })?;
    interface.func_wrap_async("next-of", |store: Store<'_>, (keys, ns): (WasmList<u32>, u64)| {
        let readiness = Rc::clone(local(&store).user.client().readiness());
        let keys: Vec<u32> = keys.as_le_slice(&store).iter().take(MOST_KEYS).map(|key| u32::from_le(*key)).collect();
        let ready = wait(&store, ns, move |context| readiness.poll_next_of(&keys, context).map(Ok));
        Box::new(async move { Ok((ready.await.ok(),)) })
    })
}

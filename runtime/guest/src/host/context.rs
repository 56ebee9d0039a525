//! `squall:scenario/context`: identity and position of the guest, and the user's options.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, WasmStr};

use super::text::text;
use crate::contract::CONTEXT;
use crate::log;
use crate::state::{State, local};

#[derive(Clone, Copy, ComponentType, Lift)]
#[allow(dead_code)] // Lifted, never made here.
#[component(enum)]
#[repr(u8)]
enum Level {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

impl From<Level> for log::Level {
    fn from(level: Level) -> log::Level {
        match level {
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        }
    }
}

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(CONTEXT)?;
    interface.func_wrap("vu", |store: StoreContextMut<'_, State>, ()| Ok((local(&store).user.number(),)))?;
    interface.func_wrap("iteration", |store: StoreContextMut<'_, State>, ()| Ok((local(&store).iteration,)))?;
    interface
        .func_wrap("target", |store: StoreContextMut<'_, State>, ()| Ok((local(&store).worker.run.target.clone(),)))?;
    interface.func_wrap("option", |store: StoreContextMut<'_, State>, (name,): (WasmStr,)| {
        let name = text(&store, &name)?;
        Ok((local(&store).worker.option(&name).map(str::to_owned),))
    })?;
    interface.func_wrap("random", |store: StoreContextMut<'_, State>, ()| Ok((local(&store).user.random(),)))?;
    interface.func_wrap("log", |store: StoreContextMut<'_, State>, (level, message): (Level, WasmStr)| {
        let (local, message) = (local(&store), text(&store, &message)?);
        local.say(level.into(), &message);
        if matches!(level, Level::Error) && local.flow().index().is_none() {
            // Where the contract has no error, SDKs log it and trap.
            local.user.remember_error(local.worker.log.presentable(&message));
        }
        Ok(())
    })?;
    interface.func_wrap("abort", |store: StoreContextMut<'_, State>, (reason,): (WasmStr,)| {
        let worker = &local(&store).worker;
        worker.run.abort.request(worker.log.presentable(&text(&store, &reason)?));
        Ok(())
    })?;
    Ok(())
}

//! `squall:scenario/progress`: how far the run has come, beyond this virtual user.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower};

use crate::contract::PROGRESS;
use crate::progress::Total;
use crate::state::{Local, State, local};

#[derive(ComponentType, Lower)]
#[component(record)]
struct ScenarioProgress {
    name: String,
    executor: String,
    began: u64,
    done: f64,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Counts {
    #[component(name = "vus-active")]
    vus_active: u64,
    #[component(name = "vus-initialized")]
    vus_initialized: u64,
    #[component(name = "iterations-completed")]
    iterations_completed: u64,
    #[component(name = "iterations-interrupted")]
    iterations_interrupted: u64,
}

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(PROGRESS)?;
    interface
        .func_wrap("iteration-in-scenario", |store: StoreContextMut<'_, State>, ()| Ok((local(&store).number,)))?;
    interface.func_wrap("scenario", |store: StoreContextMut<'_, State>, ()| Ok((scenario(local(&store)),)))?;
    interface.func_wrap("count", |store: StoreContextMut<'_, State>, ()| {
        Ok((Counts::from(local(&store).worker.run.progress.total()),))
    })
}

fn scenario(local: &Local) -> Option<ScenarioProgress> {
    let facts = local.worker.scenario.as_ref()?;
    let began = local.worker.run.progress.began(facts);
    let time = local.worker.clock.now().since(began);
    Some(ScenarioProgress {
        name: facts.name.clone(),
        executor: facts.executor.to_owned(),
        began: began.0,
        done: facts.goal.done(local.number, time),
    })
}

impl From<Total> for Counts {
    fn from(total: Total) -> Counts {
        Counts {
            vus_active: total.vus_active,
            vus_initialized: total.vus_initialized,
            iterations_completed: total.completed,
            iterations_interrupted: total.interrupted,
        }
    }
}

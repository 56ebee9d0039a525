//! Describes a trap's cause in words, with the host's knowledge about it.

use squall_plan::Limits;
use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};

use crate::state::State;

/// One line about a trap.
pub(crate) fn describe_trap(state: &State, error: &wasmtime::Error) -> String {
    let cause = state.memory.refusal().unwrap_or_else(|| cause(state, error));
    match place(error) {
        Some(place) => format!("{cause} (in {place})"),
        None => cause,
    }
}

fn cause(state: &State, error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        // Languages compile a panic or an abort to this. Its message went to standard error just before.
        Some(Trap::UnreachableCodeReached) => {
            let user = &state.local().user;
            // Where the contract has no error, SDKs log it and trap.
            let logged = user.take_last_error().map(String::from);
            let said = || user.take_last_words().map(|words| panic_message(&words));
            logged.or_else(said).unwrap_or_else(|| "panicked or aborted (unreachable instruction)".to_owned())
        }
        Some(Trap::StackOverflow) => "stack overflow: it recursed too deeply".to_owned(),
        Some(Trap::Interrupt) => "stopped: it kept the processor for too long".to_owned(),
        Some(trap) => trap.to_string(),
        None => match error.root_cause().downcast_ref() {
            Some(ResourceTableError::Full) => {
                format!("too many open handles: {} of WASI are open, and no more are allowed", Limits::WASI_HANDLES)
            }
            _ => error.root_cause().to_string(),
        },
    }
}

/// Rust's two lines ("thread 'x' panicked at src/lib.rs:1:2:" and the message) as one, without the notes that follow.
fn panic_message(words: &str) -> String {
    let words = words.split("note: run with").next().unwrap_or(words);
    let words = words.replace('\u{fffd}', " ");
    let words = words.trim();
    match words.split_once("panicked at ") {
        Some((_, place_and_message)) => format!("panicked at {place_and_message}"),
        None => words.to_owned(),
    }
}

/// The innermost function that has a name.
fn place(error: &wasmtime::Error) -> Option<String> {
    let backtrace = error.downcast_ref::<WasmBacktrace>()?;
    let named = backtrace.frames().iter().find_map(|frame| frame.func_name())?;
    Some(named.to_owned())
}

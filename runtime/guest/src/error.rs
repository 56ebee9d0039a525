//! Why a guest cannot be had. Each is one sentence for the user; the caller puts the file's name before it.

use std::io;
use std::time::Duration;

use squall_plan::{HumanDuration, MemorySize};
use thiserror::Error;

use crate::contract::Incompatible;

/// Why a guest cannot be loaded, prepared or started.
#[derive(Debug, Error)]
pub enum GuestError {
    /// The bytes are nothing that could become a component.
    #[error("not a WebAssembly component: {0}")]
    NotWasm(String),
    /// The bytes are machine code that some wasmtime made. They could do anything, so they are never run.
    #[error("this is precompiled code, which cannot be checked and is never run: give the .wasm file it was made from")]
    Precompiled,
    /// It is a core module without the metadata that would make a component of it.
    #[error(
        "this is a core WebAssembly module without component metadata: build it for wasm32-wasip2, or with a \
         squall SDK, so that it can be made a component"
    )]
    PlainModule,
    /// A core module could not be encoded.
    #[error("the module cannot be made a component: {0}")]
    Encode(String),
    /// It is a component, but it does not fit the contract.
    #[error("this component cannot run here: {0}")]
    Incompatible(#[from] Incompatible),
    /// The file is larger than allowed.
    #[error("it is larger than {}, the most that a component may have: raise it with --max-component-size", MemorySize(*.0))]
    TooLarge(u64),
    /// Compiling takes longer than allowed.
    #[error("the component was not compiled within {}: allow more with --compile-timeout", HumanDuration(*.0))]
    CompileTimeout(Duration),
    /// Compiling takes more memory than allowed, or fails badly.
    #[error(
        "the compiler ran out of {} of memory, or failed at this component: allow more with --compile-memory",
        MemorySize(*.0)
    )]
    CompileMemory(u64),
    /// It asks for more than the limits allow, before it has run.
    #[error("this component asks for too much: {0}")]
    Requirements(String),
    /// It does not compile.
    #[error("the component does not compile: {0}")]
    Compile(String),
    /// The engine could not be set up for this number of virtual users.
    #[error("no room for {vus} virtual users: {reason}")]
    Capacity {
        /// Requested number.
        vus: u64,
        /// The shortage, and the remedy.
        reason: String,
    },
    /// An instance could not be made.
    #[error("the component does not start: {0}")]
    Instantiate(String),
    /// `describe` did not answer in time.
    #[error("describe did not answer within {0:?}: it must not wait or loop")]
    DescribeTimeout(Duration),
    /// `describe` trapped, or its result is invalid.
    #[error("describe {0}")]
    Describe(String),
    /// The file cannot be read.
    #[error("{0}")]
    Read(#[from] io::Error),
}

//! The host's side of the contract: one file for each WIT interface, and the harmless part of WASI.
//!
//! Functions are linked by hand, not by `bindgen!`: so strings can be read where they lie in the guest's memory, and a
//! request that the guest makes costs no copy that is not needed.

pub(crate) mod context;
pub(crate) mod data;
pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod metrics;
pub(crate) mod progress;
pub(crate) mod sockets;
pub(crate) mod streaming;
mod text;
pub(crate) mod timing;
mod wait;
pub(crate) mod waiting;
pub(crate) mod wasi;
pub(crate) mod wasi_http;
pub(crate) mod websocket;

use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::state::State;

/// A linker with all that a scenario may import; with `wasi:http` only for those that do.
pub(crate) fn linker(engine: &Engine, with_wasi_http: bool) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    http::link(&mut linker)?;
    timing::link(&mut linker)?;
    metrics::link(&mut linker)?;
    data::link(&mut linker)?;
    context::link(&mut linker)?;
    progress::link(&mut linker)?;
    waiting::link(&mut linker)?;
    streaming::link(&mut linker)?;
    sockets::link(&mut linker)?;
    grpc::link(&mut linker)?;
    websocket::link(&mut linker)?;
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    if with_wasi_http {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    }
    Ok(linker)
}

//! The only access to the host. The rest of the crate calls these functions and does not know their implementation: the
//! imports of a component, or, natively, the host that a test has set up.
//!
//! Both have the same names. Times are in nanoseconds, as in the contract.

#[cfg(not(target_family = "wasm"))]
mod fake;
#[cfg(not(target_family = "wasm"))]
mod fake_data;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod fake_grpc;
#[cfg(not(target_family = "wasm"))]
mod fake_sockets;
#[cfg(not(target_family = "wasm"))]
mod fake_streaming;
#[cfg(not(target_family = "wasm"))]
mod fake_waiting;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod fake_websocket;
#[cfg(target_family = "wasm")]
mod wasm;
#[cfg(target_family = "wasm")]
mod wasm_data;
#[cfg(target_family = "wasm")]
pub(crate) mod wasm_grpc;
#[cfg(target_family = "wasm")]
mod wasm_sockets;
#[cfg(target_family = "wasm")]
mod wasm_streaming;
#[cfg(target_family = "wasm")]
mod wasm_waiting;
#[cfg(target_family = "wasm")]
pub(crate) mod wasm_websocket;

#[cfg(not(target_family = "wasm"))]
pub(crate) use fake::*;
#[cfg(not(target_family = "wasm"))]
pub(crate) use fake_data::*;
#[cfg(not(target_family = "wasm"))]
pub(crate) use fake_grpc as grpc;
#[cfg(not(target_family = "wasm"))]
pub(crate) use fake_sockets::*;
#[cfg(not(target_family = "wasm"))]
pub(crate) use fake_streaming::*;
#[cfg(not(target_family = "wasm"))]
pub(crate) use fake_waiting::*;
#[cfg(not(target_family = "wasm"))]
pub(crate) use fake_websocket as websocket;
#[cfg(target_family = "wasm")]
pub(crate) use wasm::*;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_data::*;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_grpc as grpc;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_sockets::*;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_streaming::*;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_waiting::*;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_websocket as websocket;

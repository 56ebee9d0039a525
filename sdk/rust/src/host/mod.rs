//! The only access to the host. The rest of the crate calls these functions and does not know their implementation: the
//! imports of a component, or, natively, the host that a test has set up.
//!
//! Both have the same names. Times are in nanoseconds, as in the contract.

#[cfg(not(target_family = "wasm"))]
mod fake;
#[cfg(not(target_family = "wasm"))]
mod fake_data;
#[cfg(not(target_family = "wasm"))]
mod fake_streaming;
#[cfg(target_family = "wasm")]
mod wasm;
#[cfg(target_family = "wasm")]
mod wasm_data;
#[cfg(target_family = "wasm")]
mod wasm_streaming;

#[cfg(not(target_family = "wasm"))]
pub(crate) use fake::*;
#[cfg(not(target_family = "wasm"))]
pub(crate) use fake_data::*;
#[cfg(not(target_family = "wasm"))]
pub(crate) use fake_streaming::*;
#[cfg(target_family = "wasm")]
pub(crate) use wasm::*;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_data::*;
#[cfg(target_family = "wasm")]
pub(crate) use wasm_streaming::*;

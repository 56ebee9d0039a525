//! Reads values of a guest, and books their memory.

use std::borrow::Cow;

use squall_http::Booked;
use wasmtime::StoreContextMut;
use wasmtime::component::WasmStr;

use crate::state::{State, local};

/// A string of the guest's, borrowed from its memory where its encoding allows.
pub(super) fn text<'a>(store: &'a StoreContextMut<'_, State>, string: &'a WasmStr) -> wasmtime::Result<Cow<'a, str>> {
    string.to_str(store)
}

/// Books the memory of a call.
pub(super) fn book(store: &StoreContextMut<'_, State>, bytes: usize) -> wasmtime::Result<Booked> {
    Ok(local(store).user.client().account().book(bytes)?)
}

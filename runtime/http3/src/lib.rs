//! HTTP/3 as bytes (RFC 9114): frames on the streams of a QUIC connection, and header compression (QPACK, RFC 9204) without a
//! dynamic table.
//!
//! A client that announces no dynamic table gets none, so that no stream waits for another one. This crate must not know
//! sockets, QUIC, clocks, or the measured client.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod control;
mod error;
mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod qpack;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod varint;

pub use control::{ControlEvent, PeerStream, opening};
pub use error::{ErrorCode, Fault};
pub use request::{write_data, write_head};
pub use response::{HeadKind, Receiver, ResponseError, ResponseReader};

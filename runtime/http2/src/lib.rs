//! HTTP/2 as bytes (RFC 9113): frames, header compression, and the state of a client's connection.
//!
//! Bytes that came are pushed in, bytes to send are taken out. This crate must not know sockets, clocks, or the
//! measured client: times are numbers that its user passes in and gets back.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod connection;
mod error;
mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod hpack;

pub use connection::{Closed, Connection, FieldWriter, Finished, HeadKind, Limits, Receiver, StreamId};
pub use error::{ConnectionError, ErrorCode, Refused};

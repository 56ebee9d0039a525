//! WebSocket as bytes (RFC 6455, and RFC 7692 for compression): the opening handshake, frames, messages, and the state
//! of a client's connection.
//!
//! Bytes that came are pushed in, bytes to send are taken out. This crate must not know sockets, clocks, HTTP, or the
//! measured client: times are numbers that its user passes in and gets back.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod close;
mod connection;
mod deflate;
mod error;
mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod handshake;
mod mask;
mod memory;
mod utf8;

pub use close::{CloseCode, CloseReason, InvalidClose, LONGEST_REASON};
pub use connection::{Connection, Event, Left, Limits, Message, NotOpen};
pub use deflate::{Codec, Deflate};
pub use error::Failure;
pub use handshake::{Agreed, Handshake, HandshakeError, InvalidSubprotocol, OWN_FIELDS};
pub use memory::{Memory, NoRoom};

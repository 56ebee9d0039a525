//! gRPC as bytes and text: messages in their frames, statuses, metadata, schemas, JSON to protobuf and back.
//!
//! The protocol is that of <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>. This crate must not know
//! sockets, clocks, HTTP/2 or guests: its users carry the bytes.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod details;
mod framing;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod metadata;
mod reflection;
mod schema;
mod source_depth;
mod status;
mod timeout;

pub use details::details_as_json;
pub use framing::{Encoding, FrameError, Framer, compress, frame};
pub use metadata::{BINARY_SUFFIX, MetadataError, binary_value, check_key, decode_binary};
pub use reflection::{Discovery, Reflection, ReflectionError};
pub use schema::{InvalidMessage, Method, Schema, SchemaError};
pub use status::{Code, decode_message};
pub use timeout::timeout_value;

//! Calls by gRPC over the measured client: connections, policy, phases and retries are those of requests over HTTP/2.
//!
//! What messages mean is not known here: they are bytes.

mod call;
mod channel;
mod outcome;
mod prepare;
mod unary;

pub use call::{Call, CallMessage};
pub use channel::{Channel, ChannelOptions};
pub use outcome::{Metadata, Reply};
pub use prepare::{CallOptions, PreparedCall};

/// The largest message that is received, if a channel does not say otherwise: that of all implementations.
pub const DEFAULT_RECEIVE_LIMIT: usize = 4 << 20;

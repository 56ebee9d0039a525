//! The transport through a NATS server.
//!
//! A run is one JetStream stream. Each sender of kept messages has one publication on its way at a time, published until
//! the server acknowledges it, so the stream has its messages in order; messages that wait meanwhile are packed into the
//! next one. Receivers read the stream by number, and begin again after the last one whenever the connection was lost.

mod agent;
mod coordinator;
mod files;
mod link;
mod passing;
mod publisher;
mod reader;
mod receiver;
mod settings;
mod stream;

pub use settings::{Login, NatsSettings};

//! A NATS server of our own.

mod configuration;
mod find;
mod process;

pub use configuration::{ConfiguredRuns, nats_configuration};
pub use process::{NatsServer, ServerSettings};

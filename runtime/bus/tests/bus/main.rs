//! The bus through real processes and a real NATS server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "these are tests")]

mod attach;
mod delivery;
mod files;
mod pipes;
mod server;
mod support;
mod trust;

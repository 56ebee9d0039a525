//! Reading and changing a run from outside while it goes on: an HTTP API on this machine (docs/control.md), its client,
//! and the dashboard, which is the report's page, live.
//!
//! Each server has a thread of its own and never reaches into the run: its knowledge comes from the run's events, and its
//! changes go to the run through `Steering`, so workers do not notice it. Must not know the command line, a terminal, or
//! how a run is made.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod api;
mod api_error;
mod background;
mod change;
mod client;
mod command;
mod dashboard;
mod dashboard_pages;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod guard;
mod pages;
mod run_state;
mod server;
mod status;
mod status_text;
mod token;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

pub use api_error::ApiError;
pub use background::{Background, End, runtime};
pub use client::RemoteRun;
pub use command::{Command, Controls, HELP};
pub use dashboard::{Dashboard, DashboardMount, DashboardPlace, OpenDashboard, ReservedDashboard};
pub use dashboard_pages::ShownRun;
pub use error::ControlError;
pub use pages::{PageRequest, PageResponse, ReservedPages, json, page, plain};
pub use run_state::RunState;
pub use server::ReservedApi;
pub use status::{Generator, RunStatus, State};
pub use status_text::describe;
pub use token::Token;

/// Refuses addresses that others than this machine can reach, or are on.
fn only_loopback(option: &str, address: SocketAddr) -> Result<SocketAddr, ControlError> {
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(ControlError::Setting(format!(
        "{option} {address}: a run is controlled from its own machine alone: give a loopback address, like \
         127.0.0.1:{port} (from elsewhere: ssh -L {port}:127.0.0.1:{port})",
        port = address.port()
    )))
}

/// Waits for `future`, but not longer than `limit`.
#[expect(clippy::disallowed_methods, reason = "the API paces and measures nothing")]
async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

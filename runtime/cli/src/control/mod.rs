//! `squall run --control`: a small HTTP API on this machine, through which a run can be read and changed while it goes
//! on; and `squall control`, its client. docs/control.md is its reference.
//!
//! The server has a thread of its own. It never reaches into the run: what it knows comes from the run's events
//! (`board`), and what it wants goes to the run as a wish (`Steering`), so that workers do not notice it.

mod api;
pub mod args;
mod board;
pub mod change;
pub mod client;
pub mod dashboard;
mod guard;
mod refusal;
mod report;
mod server;
mod status;
mod token;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use crate::error::CliError;

pub use board::Board;
pub use server::Reserved;

/// Refuses addresses that others than this machine can reach, or are on.
fn only_loopback(option: &str, address: SocketAddr) -> Result<SocketAddr, CliError> {
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(CliError::Options(vec![format!(
        "{option} {address}: a run is controlled from its own machine alone: give a loopback address, like \
         127.0.0.1:{port} (from elsewhere: ssh -L {port}:127.0.0.1:{port})",
        port = address.port()
    )]))
}

/// Waits for `future`, but not longer than `limit`.
#[expect(clippy::disallowed_methods, reason = "the API paces and measures nothing")]
async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

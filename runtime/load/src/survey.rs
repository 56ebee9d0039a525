//! Asking a component what it is, without a run around it.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use squall_guest::{Description, Guest, GuestError, RunContext};
use squall_http::{ClientConfig, EgressPolicy, EgressRules, MemoryLimits, Network, SharedTls, TlsConfig};
use squall_metrics::{Clock, Registry};
use squall_plan::{Limits, Pacing};

use crate::timer::WorkerTimer;
use crate::worker::{context, runtime};

/// The flows and the suggested plan of a component. It has no target and no options to see; what it logs is not shown.
///
/// # Errors
/// If it traps, takes too long, or describes nothing that could be run.
pub fn describe(guest: &Guest) -> Result<Description, GuestError> {
    let tls = SharedTls::build(&TlsConfig::default()).map_err(|error| GuestError::Describe(error.to_string()))?;
    runtime()?.block_on(async {
        let (log, _lines) = sync_channel(1);
        let registry = Arc::new(Registry::new(1));
        let run = Arc::new(RunContext::default());
        let clock = Clock::start();
        let timer = WorkerTimer::start(clock.clone(), Pacing::Timer)?;
        let network = |recorder| Network::new(nowhere(), tls, clock.clone(), recorder);
        let context = context(clock.clone(), registry, network, log, run, timer, Arc::default());
        guest.describe(&context).await
    })
}

/// Who only describes itself has nobody to talk to.
fn nowhere() -> ClientConfig {
    let memory = MemoryLimits { own: Limits::DESCRIBE_HOST_MEMORY, shared: None };
    ClientConfig { egress: EgressPolicy::Only(EgressRules::default()), memory, ..ClientConfig::default() }
}

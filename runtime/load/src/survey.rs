//! Asking a component what it is, without a run around it.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use squall_guest::{Description, Guest, GuestError, LogLine, RunContext};
use squall_http::{ClientConfig, EgressPolicy, EgressRules, Network, SharedTls, TlsConfig};
use squall_metrics::{Clock, Registry};
use squall_plan::Pacing;

use crate::timer::WorkerTimer;
use crate::worker::{context, runtime};

/// How many custom metrics a component may declare.
const MOST_METRICS: usize = 1_000;
/// How many lines a component may log while it describes itself.
const MOST_LINES: usize = 100;

/// The flows and the suggested plan of a component, and what it logs meanwhile. It has no target and no options to see.
///
/// # Errors
/// If it traps, takes too long, or describes nothing that could be run; what it logged is told with it.
pub fn describe(guest: &Guest) -> Result<Description, GuestError> {
    let tls = SharedTls::build(&TlsConfig::default()).map_err(|error| GuestError::Describe(error.to_string()))?;
    runtime()?.block_on(async {
        let (log, lines) = sync_channel(MOST_LINES);
        let registry = Arc::new(Registry::new(MOST_METRICS));
        let run = Arc::new(RunContext::default());
        let clock = Clock::start();
        let timer = WorkerTimer::start(clock.clone(), Pacing::Timer)?;
        let network = |recorder| Network::new(nowhere(), tls, clock.clone(), recorder);
        let context = context(clock.clone(), registry, network, log, run, timer, Arc::default());
        let described = guest.describe(&context).await;
        let log: Vec<LogLine> = lines.try_iter().collect();
        described
            .map(|description| Description { log: log.clone(), ..description })
            .map_err(|error| with_log(error, &log))
    })
}

/// What a component logs before it traps is often why.
fn with_log(error: GuestError, log: &[LogLine]) -> GuestError {
    match error {
        GuestError::Describe(text) if !log.is_empty() => {
            let lines: Vec<&str> = log.iter().map(|line| line.text.as_str()).collect();
            GuestError::Describe(format!("{text}\n  {}", lines.join("\n  ")))
        }
        other => other,
    }
}

/// Who only describes itself has nobody to talk to.
fn nowhere() -> ClientConfig {
    ClientConfig { egress: EgressPolicy::Only(EgressRules::default()), ..ClientConfig::default() }
}

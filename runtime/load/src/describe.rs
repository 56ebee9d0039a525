//! Asks a component what it is, without a run around it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use squall_guest::{Description, Guest, GuestError, LogLine, RunContext, Secrets};
use squall_http::{ClientConfig, EgressPolicy, EgressRules, MemoryLimits, Network, SharedTls, TlsConfig};
use squall_metrics::{Clock, Registry};
use squall_plan::{Limits, Pacing};

use crate::timer::WorkerTimer;
use crate::worker::{context, runtime};

/// What a component may know of the run before there is a plan: what the user passes to it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What it can ask for by name.
    pub env: BTreeMap<String, String>,
    /// The base URL of requests that name only a path.
    pub target: Option<String>,
    /// The secrets that it may read.
    pub secrets: Secrets,
}

/// How many custom metrics a component may declare.
const MOST_METRICS: usize = 1_000;
/// How many lines a component may log while it describes itself.
const MOST_LINES: usize = 100;

/// The flows and the suggested plan of a component, and what it logs meanwhile.
///
/// # Errors
/// If it traps, takes too long, describes nothing that could be run, or suggests a plan with a secret in it; what it logged
/// is told with it.
pub fn describe(guest: &Guest, known: &Known) -> Result<Description, GuestError> {
    let tls = SharedTls::build(&TlsConfig::default()).map_err(|error| GuestError::Describe(error.to_string()))?;
    let description = runtime()?.block_on(async {
        let (log, lines) = sync_channel(MOST_LINES);
        let registry = Arc::new(Registry::new(MOST_METRICS).hiding(known.secrets.redactor()));
        let (secrets, target) = (known.secrets.clone(), known.target.clone());
        let run = Arc::new(RunContext { secrets, target, ..RunContext::default() });
        let clock = Clock::start();
        let timer = WorkerTimer::start(clock.clone(), Pacing::Timer)?;
        let network = |recorder| Network::new(nowhere(), tls, clock.clone(), recorder);
        let options = Arc::new(known.env.clone());
        let context = context(registry, network, log, run, timer, options, 0);
        let described = guest.describe(&context).await;
        let again =
            |(line, count): (LogLine, u64)| LogLine { text: format!("{} (again, {count} x)", line.text), ..line };
        let repeated = context.log.take_untold().repeated.into_iter().map(again);
        let log: Vec<LogLine> = lines.try_iter().chain(repeated).collect();
        match described {
            Ok(description) => Ok(Description { log, ..description }),
            Err(error) => Err(with_log(error, &log)),
        }
    })?;
    // Plans are shown and kept.
    match known.secrets.named_in(&description.plan) {
        Some(name) => Err(GuestError::Describe(format!("suggested a plan with the secret {name} in it"))),
        None => Ok(description),
    }
}

/// What a component logs before it traps is often why. How its runtime then reports the panic says nothing new.
fn with_log(error: GuestError, log: &[LogLine]) -> GuestError {
    let GuestError::Describe(mut text) = error else { return error };
    let lines = log.iter().map(|line| line.text.as_str()).take_while(|line| !line.contains(" panicked at "));
    let news: Vec<&str> = lines.filter(|line| !text.contains(*line)).collect();
    for line in news {
        text = format!("{text}\n  {line}");
    }
    GuestError::Describe(text)
}

/// A component that only describes itself reaches nothing.
fn nowhere() -> ClientConfig {
    let memory = MemoryLimits { own: Limits::DESCRIBE_HOST_MEMORY, shared: None };
    ClientConfig { egress: EgressPolicy::Only(EgressRules::default()), memory, ..ClientConfig::default() }
}

#[cfg(test)]
mod tests {
    use squall_guest::Level;
    use squall_metrics::FlowId;

    use super::*;

    #[test]
    fn an_error_has_what_was_logged_but_not_twice() {
        let line = |text: &str| LogLine { level: Level::Warn, vu: 1, flow: FlowId::START, text: text.to_owned() };
        let log =
            ["reading the plan", "set HOST (k.js:2)", "thread '<unnamed>' panicked at x.rs:1:", "set HOST"].map(line);
        let error = with_log(GuestError::Describe("trapped: set HOST (k.js:2)".to_owned()), &log);
        assert_eq!(error.to_string(), "describe trapped: set HOST (k.js:2)\n  reading the plan");
    }
}

//! `squall agent`: carries a part of another process's run.

use std::net::IpAddr;

use std::time::Duration;

use squall_bus::{AgentEnd, AgentName, BusError, agent_on_stdio};
use squall_cluster::{AgentIdentity, AgentLog, serve_agent};
use squall_metrics::Clock;
use squall_session::processor_cores;

use crate::args::agents::AgentArgs;
use crate::commands::cluster::bus::{bus_error, nats_settings, new_id, run_id, runtime, token};
use crate::error::CliError;
use crate::stderr::print_status;
use crate::{exit, signals};

/// Variables in which platforms number the tasks of an array job.
const INDEX_VARIABLES: [&str; 3] = ["JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID", "AWS_BATCH_JOB_ARRAY_INDEX"];

/// How long an agent waits for NATS and for its coordinator.
const PATIENCE: Duration = Duration::from_secs(300);
const BETWEEN_TRIES: Duration = Duration::from_secs(2);

/// Takes part in a run, to its end.
pub fn agent(arguments: &AgentArgs) -> Result<u8, CliError> {
    let name = name(arguments)?;
    let end = if arguments.stdio {
        // The coordinator decides when it ends: a Ctrl-C at its terminal is its business.
        signals::ignore_interrupts();
        agent_on_stdio(&name).map_err(|error| CliError::Cluster(error.to_string()))?
    } else {
        join(arguments, &name)?
    };
    let identity =
        AgentIdentity { version: env!("CARGO_PKG_VERSION").to_owned(), host: host_name(), cores: processor_cores() };
    let log = Log { is_quiet: arguments.stdio };
    log.line(&format!("{}: waiting for the coordinator", name.as_str()));
    serve_agent(end, &identity, &log).map_err(|error| CliError::Cluster(error.to_string()))?;
    Ok(exit::PASSED)
}

fn join(arguments: &AgentArgs, name: &AgentName) -> Result<AgentEnd, CliError> {
    let (Some(url), Some(run)) = (arguments.bus.server(), &arguments.run) else {
        return Err(CliError::options(vec![
            "an agent needs to know where its coordinator is: --nats URL and --run NAME (or SQUALL_NATS and SQUALL_RUN), \
             as the coordinator prints them; or --stdio"
                .to_owned(),
        ]));
    };
    let (settings, run) = (nats_settings(&url, &arguments.bus)?, run_id(run)?);
    let key = token(&arguments.bus)?.ok_or_else(|| {
        CliError::options(vec!["the run's token is missing: set SQUALL_TOKEN, or give --token-file FILE".to_owned()])
    })?;
    let clock = Clock::of_system();
    let began = clock.now();
    let mut said = String::new();
    loop {
        // Agents may be started before their coordinator, and before NATS.
        let error = match runtime()?.block_on(AgentEnd::join(&settings, &run, &key, name)) {
            Ok(end) => return Ok(end),
            Err(error @ (BusError::Connect { .. } | BusError::NoRun { .. })) => error,
            Err(error) => return Err(bus_error(error)),
        };
        if clock.now().since(began) > PATIENCE.into() {
            return Err(bus_error(error));
        }
        let text = error.to_string();
        if text != said {
            print_status(&format!("waiting: {text}"));
            said = text;
        }
        pause(BETWEEN_TRIES);
    }
}

#[expect(clippy::disallowed_methods, reason = "no load is carried yet")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// What it is called: as asked for, after its place in an array job, or after its machine. A random end keeps one that was
/// started again from being taken for the one before.
fn name(arguments: &AgentArgs) -> Result<AgentName, CliError> {
    let named = |text: &str| AgentName::new(text).map_err(|error| CliError::options(vec![error.to_string()]));
    if let Some(name) = &arguments.name {
        return named(name);
    }
    let index = INDEX_VARIABLES.iter().find_map(|variable| std::env::var(variable).ok());
    let base = index.map_or_else(host_name, |index| format!("agent-{index}"));
    let fit = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let base: String = base.chars().map(fit).take(50).collect();
    named(&format!("{base}-{}", new_id()?))
}

/// The machine's name; its first part, where it is a domain.
pub fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let is_address = name.parse::<IpAddr>().is_ok();
    let short = if is_address { name.as_str() } else { name.split('.').next().unwrap_or_default() };
    if short.is_empty() { "host".to_owned() } else { short.to_owned() }
}

/// Prints what it does.
struct Log {
    is_quiet: bool,
}

impl AgentLog for Log {
    fn line(&self, text: &str) {
        if !self.is_quiet {
            print_status(text);
        }
    }
}

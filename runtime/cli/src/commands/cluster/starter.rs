//! From arguments to agents on their way: the bus they meet at, and what starts them.

mod check;
mod launching;
mod meeting;

use std::cell::RefCell;
use std::net::IpAddr;
use std::process::ExitStatus;
use std::rc::Rc;
use std::time::Duration;

use squall_bus::{CoordinatorEnd, NatsServer, RunId, RunKey};
use squall_cluster::ClusterSettings;
use squall_launchers::{
    CommandLauncher, LaunchError, LaunchOptions, LaunchTarget, Launched, Launcher, Local, SecretDisplay,
};
use squall_session::{ClusterTest, Error, StartAgents, processor_cores};

use super::bus::{new_id, run_id, token};
use super::tickets::Ticket;
use crate::args::agents::AgentsArgs;
use crate::error::CliError;
pub use check::preview;

/// How long agents are waited for, by default: those of this machine, and those of a platform that may queue them.
const SOON: Duration = Duration::from_secs(60);
const QUEUED: Duration = Duration::from_secs(600);
/// How long before it the beginning of the load is announced.
const LEAD_AT_PIPES: Duration = Duration::from_millis(500);
const LEAD: Duration = Duration::from_secs(3);
/// The most agents that a coordinator adds up.
const MOST_AGENTS: u32 = 1_000;

/// The agents that arguments ask for; none if they do not.
/// None of the agents' processes is given the environment variables of `secrets`.
pub fn cluster_test(
    arguments: &AgentsArgs,
    threads: Option<usize>,
    secrets: Vec<String>,
) -> Result<Option<ClusterTest>, CliError> {
    if let Some(flag) = arguments.in_vain() {
        return Err(CliError::options(vec![format!("{flag} goes with --agents N, or with squall cluster run")]));
    }
    if !arguments.are_wanted() {
        return Ok(None);
    }
    let target = target(arguments)?;
    let agents = match (&target, arguments.agents) {
        (_, Some(agents)) if !(1..=MOST_AGENTS).contains(&agents) => {
            return Err(CliError::options(vec![format!("--agents {agents}: ask for 1 to {MOST_AGENTS}")]));
        }
        (_, Some(agents)) => agents,
        (LaunchTarget::Ssh(hosts), None) => u32::try_from(hosts.len()).unwrap_or(u32::MAX),
        (_, None) => 1,
    };
    let is_queued = matches!(target, LaunchTarget::Kubernetes | LaunchTarget::Slurm | LaunchTarget::Print);
    let settings = ClusterSettings {
        agents,
        join_timeout: arguments.join_timeout.unwrap_or(if is_queued { QUEUED } else { SOON }),
        policy: arguments.on_lost_agent.into(),
        lead: if at_pipes(&target) { LEAD_AT_PIPES } else { LEAD },
        ends_are_heard: at_pipes(&target),
        // Agents of one machine share its cores.
        threads: threads
            .or_else(|| matches!(target, LaunchTarget::Local).then(|| (processor_cores() / agents as usize).max(1))),
    };
    let starter = Starter { secrets, ..Starter::new(arguments, target, agents)? };
    starter.check().map_err(wrong_setting)?;
    Ok(Some(ClusterTest { settings, starter: Rc::new(starter), keep_messages: arguments.keep_messages }))
}

fn target(arguments: &AgentsArgs) -> Result<LaunchTarget, CliError> {
    match (&arguments.launch, arguments.bus.server()) {
        (Some(named), _) => named.parse().map_err(launch_error),
        (None, Some(_)) => Ok(LaunchTarget::Print),
        (None, None) => Ok(LaunchTarget::Local),
    }
}

/// Whether the agents are this process's children, or ssh's: then nothing else is needed.
fn at_pipes(target: &LaunchTarget) -> bool {
    matches!(target, LaunchTarget::Local | LaunchTarget::Ssh(_))
}

fn launch_error(error: LaunchError) -> CliError {
    CliError::options(vec![error.to_string()])
}

/// A setting that is wrong before anything has begun.
fn wrong_setting(error: Error) -> CliError {
    match error {
        Error::Launch(text) => CliError::options(vec![text]),
        other => other.into(),
    }
}

fn cannot(error: &dyn std::fmt::Display) -> Error {
    Error::Launch(error.to_string())
}

/// Starts agents.
struct Starter {
    run: RunId,
    key: RunKey,
    target: LaunchTarget,
    agents: u32,
    url: Option<String>,
    /// Whether the token is new, so that only this process has it.
    token_is_new: bool,
    arguments: StarterArgs,
    /// Environment variables that agents do not need, and must not have.
    secrets: Vec<String>,
    started: RefCell<Started>,
}

/// What of the arguments is needed when agents are started.
struct StarterArgs {
    bus: crate::args::agents::BusArgs,
    launch_options: LaunchOptions,
    agent_url: Option<String>,
    listen: Option<IpAddr>,
    advertise: Option<String>,
    secrets: SecretDisplay,
}

/// What is to be cleaned up.
#[derive(Default)]
struct Started {
    /// Agents that were started as commands, without these, and what started them.
    commands: Option<(Box<dyn CommandLauncher>, Vec<squall_launchers::AgentCommand>)>,
    server: Option<NatsServer>,
    launched: Option<(Box<dyn Launcher>, Launched)>,
}

impl Starter {
    fn new(arguments: &AgentsArgs, target: LaunchTarget, agents: u32) -> Result<Starter, CliError> {
        let (key, token_is_new) = match token(&arguments.bus)? {
            Some(key) => (key, false),
            None => (RunKey::generate().map_err(super::bus::bus_error)?, true),
        };
        let run = match &arguments.run_id {
            Some(name) => run_id(name)?,
            None => run_id(&format!("run-{}", new_id()?))?,
        };
        // One that the environment names is for agents that need one.
        let url = if at_pipes(&target) { arguments.bus.nats.clone() } else { arguments.bus.server() };
        Ok(Starter {
            run,
            key,
            target,
            agents,
            url,
            token_is_new,
            arguments: StarterArgs {
                bus: arguments.bus.clone(),
                launch_options: LaunchOptions::parse(&arguments.launch_option).map_err(launch_error)?,
                agent_url: arguments.nats_for_agents.clone(),
                listen: arguments.nats_listen,
                advertise: arguments.advertise.clone(),
                secrets: if arguments.show_secrets { SecretDisplay::Shown } else { SecretDisplay::Files },
            },
            secrets: Vec::new(),
            started: RefCell::default(),
        })
    }
}

impl StartAgents for Starter {
    fn start(&self, show: &dyn Fn(&str)) -> Result<CoordinatorEnd, Error> {
        match &self.target {
            LaunchTarget::Local => self.start_commands(Box::new(Local::new().map_err(|error| cannot(&error))?)),
            LaunchTarget::Ssh(hosts) => self.start_commands(Box::new(self.ssh(hosts)?)),
            LaunchTarget::Print => self.print_command(show),
            LaunchTarget::Kubernetes => self.start_on_kubernetes(show),
            LaunchTarget::Slurm => self.start_on(self.slurm()?, show),
        }
    }

    fn explain_absence(&self) -> Option<String> {
        let started = self.started.borrow();
        let (launcher, launched) = started.launched.as_ref()?;
        let states = launcher.inspect(launched).ok()?;
        let problems: Vec<String> = states.problems.into_iter().map(|problem| problem.sentence).collect();
        (!problems.is_empty()).then(|| problems.join("\n  "))
    }

    fn explain_end(&self, agent: &str, status: ExitStatus, said: &str) -> Option<String> {
        let started = self.started.borrow();
        let (launcher, commands) = started.commands.as_ref()?;
        launcher.explain_exit(commands.iter().find(|command| command.name == agent)?, status, said)
    }

    fn clean_up(&self) {
        let mut started = self.started.borrow_mut();
        if let Some((launcher, launched)) = started.launched.take() {
            // What may be left expires with the platform's own limits.
            let _ = launcher.clean_up(&launched);
        }
        started.server = None;
        Ticket::remove(&self.run);
    }
}

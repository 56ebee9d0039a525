//! What is to be started, on whatever platform.

use std::time::Duration;

use crate::{LaunchError, NatsUrl, RunName, RunToken, Secret};

/// The variable with the address of NATS.
pub const NATS_VARIABLE: &str = "SQUALL_NATS";
/// The variable with the path of a NATS credentials file.
pub const NATS_CREDS_VARIABLE: &str = "SQUALL_NATS_CREDS";
/// The variable with the id of the run.
pub const RUN_VARIABLE: &str = "SQUALL_RUN";
/// The variable with the secret of the run.
pub const TOKEN_VARIABLE: &str = "SQUALL_TOKEN";
/// The variable with the agent's name. Agents of array jobs make one of their index.
pub const AGENT_NAME_VARIABLE: &str = "SQUALL_AGENT_NAME";

/// Agents of one run that reach their coordinator over NATS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentLaunch {
    /// The run.
    pub run: RunName,
    /// The number of agents.
    pub agents: u32,
    /// Where they find NATS.
    pub nats: NatsUrl,
    /// The contents of a NATS credentials file, if NATS wants one.
    pub nats_creds: Option<Secret>,
    /// The secret of the run.
    pub token: RunToken,
    /// What each agent may use.
    pub resources: AgentResources,
    /// The longest that an agent may live, from its start on: the platform ends it then. It includes the time that the
    /// other agents take to start.
    pub longest: Duration,
    /// Further arguments of `squall agent`. They can be read by others on the machine.
    pub arguments: Vec<String>,
}

/// What one agent may use. It is request and limit in one, so that agents are neither throttled nor evicted silently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentResources {
    /// Thousandths of a processor.
    pub millicpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
}

impl Default for AgentResources {
    fn default() -> AgentResources {
        AgentResources { millicpus: 2000, memory_mib: 2048 }
    }
}

/// The most agents of a launch: Slurm's array indices and the names of pods allow more, a coordinator does not.
const MOST_AGENTS: u32 = 1000;

impl AgentLaunch {
    /// Looks for values that no platform can carry out.
    ///
    /// # Errors
    /// If there is one.
    pub fn check(&self) -> Result<(), LaunchError> {
        if !(1..=MOST_AGENTS).contains(&self.agents) {
            return Err(LaunchError::setting(format!(
                "{} agents cannot be started: use 1 to {MOST_AGENTS}",
                self.agents
            )));
        }
        if self.resources.millicpus == 0 || self.resources.memory_mib == 0 {
            return Err(LaunchError::setting(
                "an agent without processor or memory cannot run: give it more than 0 of each",
            ));
        }
        if self.longest < Duration::from_secs(1) {
            return Err(LaunchError::setting(
                "agents cannot live for less than a second: give them the time of the longest run",
            ));
        }
        check_arguments(&self.arguments)
    }
}

/// Arguments with control characters cannot be quoted for every shell.
pub(crate) fn check_arguments(arguments: &[String]) -> Result<(), LaunchError> {
    match arguments.iter().find(|argument| argument.chars().any(char::is_control)) {
        Some(argument) => {
            Err(LaunchError::setting(format!("the argument {argument:?} has control characters: leave them out")))
        }
        None => Ok(()),
    }
}

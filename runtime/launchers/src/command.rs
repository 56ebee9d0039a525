//! Agents that the caller starts itself, as commands that speak on standard input and output.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use crate::text::plain_message;
use crate::{LaunchError, RunName};

/// The agents of one run that are started as commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLaunch {
    /// The run.
    pub run: RunName,
    /// The number of agents; `None` for as many as the launcher has places: one for each host.
    pub agents: Option<u32>,
    /// Further arguments of `squall agent`. They can be read by others on the machine.
    pub arguments: Vec<String>,
}

/// A way to start agents as child processes of the caller. They need neither NATS nor a token: standard input and
/// output are theirs alone.
pub trait CommandLauncher: Send + Sync {
    /// The place for sentences: `ssh (3 hosts)`.
    fn describe(&self) -> String;

    /// The commands, one for each agent. The caller attaches pipes, starts and ends them.
    ///
    /// # Errors
    /// If a setting is wrong.
    fn commands(&self, launch: &CommandLaunch) -> Result<Vec<AgentCommand>, LaunchError>;

    /// The problem and the remedy of an agent that has ended, from its status and its last words on standard error;
    /// `None` if it ended well.
    fn explain_exit(&self, agent: &AgentCommand, status: ExitStatus, errors: &str) -> Option<String>;
}

/// An agent as a command.
#[derive(Debug)]
pub struct AgentCommand {
    /// The agent's name.
    pub name: String,
    /// The machine for sentences: `user@host`, `this machine`.
    pub place: String,
    /// The command, without pipes.
    pub command: Command,
}

/// The sentence about an agent that has ended on its own account.
pub(crate) fn explain_agent_exit(name: &str, place: &str, status: ExitStatus, errors: &str) -> Option<String> {
    if status.success() {
        return None;
    }
    let cause = match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(9)) => "was killed, perhaps for want of memory".to_owned(),
        (None, signal) => format!("was ended by signal {}", signal.unwrap_or_default()),
    };
    let detail = if errors.trim().is_empty() { String::new() } else { format!(" ({})", plain_message(errors)) };
    Some(format!("agent {name} on {place} {cause}{detail}: run `squall agent --stdio` there to see why"))
}

//! Agents on machines that the user reaches with ssh.
//!
//! The agent speaks on standard input and output, so the machines need neither NATS nor an open port, and no secret is
//! on a command line. The login must work without questions (`BatchMode`): by a key in an agent or without a
//! passphrase.

mod exit;
mod host;

pub use host::SshHost;

use std::process::ExitStatus;

use crate::launch::check_arguments;
use crate::{
    AGENT_NAME_VARIABLE, AgentCommand, CommandLaunch, CommandLauncher, LaunchError, LaunchOptions, RUN_VARIABLE, Tools,
    shell,
};

/// What every connection has: no questions, and an end if the other side is gone. Twice 5 s without an answer are
/// enough, because a load must not go on without its coordinator.
const OPTIONS: [&str; 5] =
    ["BatchMode=yes", "ConnectTimeout=15", "ServerAliveInterval=5", "ServerAliveCountMax=2", "ClearAllForwardings=yes"];

/// Starts agents with ssh.
#[derive(Clone, Debug)]
pub struct Ssh {
    hosts: Vec<SshHost>,
    program: String,
    configuration: Option<String>,
    tools: Tools,
}

impl Ssh {
    /// Agents on these machines, started by the `squall` on the `PATH` there.
    ///
    /// # Errors
    /// If ssh is not installed, or there is no machine.
    pub fn new(hosts: Vec<SshHost>, tools: Tools) -> Result<Ssh, LaunchError> {
        if hosts.is_empty() {
            return Err(LaunchError::setting("no machine is named: write --launch ssh:HOST,HOST"));
        }
        if tools.find("ssh").is_none() {
            return Err(LaunchError::setting("ssh is not installed: install an OpenSSH client"));
        }
        Ok(Ssh { hosts, program: "squall".to_owned(), configuration: None, tools })
    }

    /// Takes the launch options `program=PATH` (of `squall` on the machines) and `config=FILE` (of ssh).
    ///
    /// # Errors
    /// If one is wrong or unknown.
    pub fn with_options(mut self, mut options: LaunchOptions) -> Result<Ssh, LaunchError> {
        if let Some(program) = options.take("program") {
            if program.is_empty() || program.starts_with('-') {
                return Err(LaunchError::setting(format!(
                    "{program:?} is not a program: give its path on the machines"
                )));
            }
            self.program = program;
        }
        self.configuration = options.take("config").or(self.configuration);
        options.finish("ssh", &["program", "config"])?;
        Ok(self)
    }

    fn command(&self, host: &SshHost, name: &str, launch: &CommandLaunch) -> Result<AgentCommand, LaunchError> {
        let Some(mut command) = self.tools.command("ssh") else {
            return Err(LaunchError::setting("ssh is gone: install it again"));
        };
        if let Some(configuration) = &self.configuration {
            command.arg("-F").arg(configuration);
        }
        for option in OPTIONS {
            command.args(["-o", option]);
        }
        if let Some(port) = host.port() {
            command.args(["-p", &port.to_string()]);
        }
        command.args(["-T", "--", host.destination(), &self.remote_command(name, launch)]);
        Ok(AgentCommand { name: name.to_owned(), place: host.to_string(), command })
    }

    /// The text that the shell over there reads.
    fn remote_command(&self, name: &str, launch: &CommandLaunch) -> String {
        let run = format!("{RUN_VARIABLE}={}", launch.run);
        let name = format!("{AGENT_NAME_VARIABLE}={name}");
        let words = ["env", &run, &name, &self.program, "agent", "--stdio"];
        let words = words.into_iter().chain(launch.arguments.iter().map(String::as_str));
        // "=" needs no quotes in any shell, but the words are short and quotes do not hurt.
        format!("exec {}", shell::join(words))
    }
}

impl CommandLauncher for Ssh {
    fn describe(&self) -> String {
        let hosts = self.hosts.len();
        format!("ssh ({hosts} {})", if hosts == 1 { "machine" } else { "machines" })
    }

    /// One agent for each machine, in turn.
    fn commands(&self, launch: &CommandLaunch) -> Result<Vec<AgentCommand>, LaunchError> {
        check_arguments(&launch.arguments)?;
        let agents = launch.agents.map_or(self.hosts.len(), |agents| agents as usize);
        let commands = self
            .hosts
            .iter()
            .cycle()
            .take(agents)
            .enumerate()
            .map(|(index, host)| self.command(host, &format!("{}-{index}", host.short_name()), launch));
        commands.collect()
    }

    fn explain_exit(&self, agent: &AgentCommand, status: ExitStatus, errors: &str) -> Option<String> {
        exit::explain(agent, status, errors, &self.program)
    }
}

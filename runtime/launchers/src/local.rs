//! Agents on this machine.

use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use crate::launch::check_arguments;
use crate::{AGENT_NAME_VARIABLE, AgentCommand, CommandLaunch, CommandLauncher, LaunchError, RUN_VARIABLE};

/// Starts agents as processes of this machine.
#[derive(Clone, Debug)]
pub struct Local {
    program: PathBuf,
}

impl Local {
    /// Agents of the running program.
    ///
    /// # Errors
    /// If the system does not know its path.
    pub fn new() -> Result<Local, LaunchError> {
        let program = std::env::current_exe().map_err(|error| {
            LaunchError::setting(format!("the path of the running program is unknown ({error}): name it with its path"))
        });
        Ok(Local { program: program? })
    }

    /// Agents of another program.
    pub fn of_program(program: impl Into<PathBuf>) -> Local {
        Local { program: program.into() }
    }
}

impl CommandLauncher for Local {
    fn describe(&self) -> String {
        "this machine".to_owned()
    }

    fn commands(&self, launch: &CommandLaunch) -> Result<Vec<AgentCommand>, LaunchError> {
        check_arguments(&launch.arguments)?;
        let agents = 0..launch.agents.unwrap_or(1);
        let commands = agents.map(|index| {
            let name = format!("local-{index}");
            let mut command = Command::new(&self.program);
            command.args(["agent", "--stdio"]).args(&launch.arguments);
            command.env(RUN_VARIABLE, launch.run.as_str()).env(AGENT_NAME_VARIABLE, &name);
            AgentCommand { name, place: self.describe(), command }
        });
        Ok(commands.collect())
    }

    fn explain_exit(&self, agent: &AgentCommand, status: ExitStatus, errors: &str) -> Option<String> {
        crate::command::explain_agent_exit(&agent.name, &agent.place, status, errors)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn each_agent_gets_its_name_and_the_run() {
        let launch = CommandLaunch { run: "r1".parse().unwrap(), agents: Some(2), arguments: vec!["--x".to_owned()] };
        let mut agents = Local::of_program("/bin/sh").commands(&launch).unwrap();
        assert_eq!(agents.len(), 2);
        let arguments: Vec<_> = agents[1].command.get_args().collect();
        assert_eq!(arguments, ["agent", "--stdio", "--x"]);
        let environment: Vec<_> = agents[1].command.get_envs().map(|(_, value)| value.unwrap()).collect();
        assert_eq!(environment, ["local-1", "r1"]);
        // `sh agent` is not a script.
        let output = agents[0].command.output().unwrap();
        let sentence = Local::of_program("/bin/sh").explain_exit(&agents[0], output.status, "no such file");
        let sentence = sentence.unwrap();
        assert!(sentence.starts_with("agent local-0 on this machine ended with exit code"), "{sentence}");
        let fine = Command::new("true").status().unwrap();
        assert_eq!(Local::of_program("/bin/sh").explain_exit(&agents[0], fine, ""), None);
    }
}

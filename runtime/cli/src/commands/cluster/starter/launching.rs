//! Starting agents: as commands with pipes, on a platform, or by what is printed for the user.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use squall_bus::{AgentName, CoordinatorEnd, Pipes, StandardError};
use squall_launchers::{
    AgentCommand, AgentLaunch, AgentResources, ClusterAccess, CommandLaunch, CommandLauncher, Kubernetes,
    KubernetesSettings, LaunchError, LaunchOptions, Launcher, PrintSettings, RunName, RunToken, Secret, Slurm,
    SlurmSettings, Ssh, SshHost, StartedNats, Tools, print_agent,
};
use squall_session::Error;

use super::meeting::forwarded;
use super::{Starter, cannot};
use crate::commands::cluster::bus::{block_on, nats_settings};
use crate::commands::cluster::tickets::Ticket;

/// Environment variables of the coordinator that are secret.
const OWN_SECRETS: [&str; 3] = ["SQUALL_TOKEN", "SQUALL_CONTROL_TOKEN", "SQUALL_NATS"];
/// How long a platform lets agents live at most.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

impl Starter {
    /// Agents at pipes: of this machine, or at the other end of ssh.
    pub(super) fn start_commands(&self, launcher: Box<dyn CommandLauncher>) -> Result<CoordinatorEnd, Error> {
        let launch = CommandLaunch { run: self.run_name()?, agents: Some(self.agents), arguments: Vec::new() };
        let commands = launcher.commands(&launch).map_err(|error| cannot(&error))?;
        let place = |agent: &AgentCommand| AgentCommand {
            name: agent.name.clone(),
            place: agent.place.clone(),
            command: Command::new(agent.command.get_program()),
        };
        self.started.borrow_mut().commands = Some((launcher, commands.iter().map(place).collect()));
        let commands = commands.into_iter().map(|agent| {
            let name = AgentName::new(&agent.name).map_err(|error| cannot(&error))?;
            let mut command = agent.command;
            // A Ctrl-C at the terminal is for the coordinator.
            command.process_group(0);
            let secrets = self.secrets.iter().map(String::as_str);
            for variable in secrets.chain(OWN_SECRETS) {
                command.env_remove(variable);
            }
            Ok(squall_bus::AgentCommand { name, command })
        });
        let commands = commands.collect::<Result<Vec<_>, Error>>()?;
        block_on(Pipes::start(commands, StandardError::Lines)).map_err(|error| cannot(&error))
    }

    pub(super) fn launch_of(&self, agent_url: &str) -> Result<AgentLaunch, Error> {
        let creds = self.arguments.bus.nats_creds.as_ref().map(|path| {
            std::fs::read_to_string(path).map(Secret::new).map_err(|source| Error::File {
                option: "--nats-creds",
                path: path.clone(),
                source,
            })
        });
        Ok(AgentLaunch {
            run: self.run_name()?,
            agents: self.agents,
            nats: agent_url.parse().map_err(|error: LaunchError| cannot(&error))?,
            nats_creds: creds.transpose()?,
            token: RunToken::new(&self.key.to_token()).map_err(|error| cannot(&error))?,
            resources: AgentResources::default(),
            longest: LONGEST,
            arguments: Vec::new(),
        })
    }

    /// Agents that a platform starts, and that come over NATS.
    pub(super) fn start_on(&self, launcher: Box<dyn Launcher>, show: &dyn Fn(&str)) -> Result<CoordinatorEnd, Error> {
        let (end, agent_url) = self.open_bus(show)?;
        let launched = launcher.launch(&self.launch_of(&agent_url)?).map_err(|error| cannot(&error))?;
        show(&format!("{} agents are on their way: {} ({})", self.agents, launched.id, launcher.describe()));
        self.started.borrow_mut().launched = Some((launcher, launched));
        Ok(end)
    }

    /// Agents and their NATS in the user's cluster, which this process reaches through a forwarded port.
    pub(super) fn start_with_nats(
        &self,
        launcher: Box<dyn Launcher>,
        nats: &StartedNats,
        show: &dyn Fn(&str),
    ) -> Result<CoordinatorEnd, Error> {
        let launch = AgentLaunch { nats: nats.url.clone(), ..self.launch_of(nats.url.expose())? };
        let launched = launcher.launch(&launch).map_err(|error| cannot(&error))?;
        show(&format!("{} agents and NATS are on their way: {} ({})", self.agents, launched.id, launcher.describe()));
        show(&format!("to let this coordinator reach NATS, run in another terminal: {}", nats.forward));
        self.started.borrow_mut().launched = Some((launcher, launched));
        let url = self.url.clone().unwrap_or_else(|| forwarded(nats.url.expose()));
        let settings = nats_settings(&url, &self.arguments.bus).map_err(|error| cannot(&error))?;
        Ticket::new(&url, &self.key).keep(&self.run);
        self.create_when_reachable(&settings)
    }

    pub(super) fn print_command(&self, show: &dyn Fn(&str)) -> Result<CoordinatorEnd, Error> {
        let (end, agent_url) = self.open_bus(show)?;
        let settings = PrintSettings::from_options(self.options()).map_err(|error| cannot(&error))?;
        let text = print_agent(&self.launch_of(&agent_url)?, &settings, self.arguments.secrets);
        show(text.map_err(|error| cannot(&error))?.trim_end());
        Ok(end)
    }

    pub(super) fn options(&self) -> LaunchOptions {
        self.arguments.launch_options.clone()
    }

    pub(super) fn start_on_kubernetes(&self, show: &dyn Fn(&str)) -> Result<CoordinatorEnd, Error> {
        let kubernetes = self.kubernetes()?;
        let token = RunToken::new(&self.key.to_token()).map_err(|error| cannot(&error))?;
        match kubernetes.nats_of(&self.run_name()?, &token) {
            Some(nats) => self.start_with_nats(Box::new(kubernetes), &nats, show),
            None => self.start_on(Box::new(kubernetes), show),
        }
    }

    pub(super) fn kubernetes(&self) -> Result<Kubernetes, Error> {
        let settings = KubernetesSettings::from_options(self.options()).map_err(|error| cannot(&error))?;
        let access = ClusterAccess::detect(Tools::from_environment()).map_err(|error| cannot(&error))?;
        Kubernetes::new(settings, access).map_err(|error| cannot(&error))
    }

    pub(super) fn slurm(&self) -> Result<Box<dyn Launcher>, Error> {
        let settings = SlurmSettings::from_options(self.options()).map_err(|error| cannot(&error))?;
        Ok(Box::new(Slurm::new(settings, Tools::from_environment()).map_err(|error| cannot(&error))?))
    }

    pub(super) fn ssh(&self, hosts: &[SshHost]) -> Result<Ssh, Error> {
        let ssh = Ssh::new(hosts.to_vec(), Tools::from_environment());
        ssh.and_then(|ssh| ssh.with_options(self.options())).map_err(|error| cannot(&error))
    }

    pub(super) fn run_name(&self) -> Result<RunName, Error> {
        self.run.as_str().parse().map_err(|error| cannot(&error))
    }
}

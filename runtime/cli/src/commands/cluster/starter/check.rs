//! Looking at settings before anything is started: what cannot be carried out, and what would be.

use squall_launchers::{
    AgentLaunch, KubernetesSettings, LaunchOptions, LaunchTarget, PrintSettings, SecretDisplay, SlurmSettings,
    print_agent,
};
use squall_session::Error;

use super::{Starter, cannot, target, wrong_setting};
use crate::args::agents::AgentsArgs;
use crate::commands::cluster::bus::nats_settings;
use crate::error::CliError;

impl Starter {
    /// Looks for settings that cannot be carried out, before anything is started.
    pub(super) fn check(&self) -> Result<(), Error> {
        match &self.target {
            LaunchTarget::Local | LaunchTarget::Ssh(_) if self.url.is_some() => {
                Err(cannot(&"agents of this machine, and those that ssh starts, need no NATS: leave out --nats"))
            }
            LaunchTarget::Local if self.arguments.launch_options != LaunchOptions::default() => {
                Err(cannot(&"agents of this machine have no launch options: leave out --launch-option"))
            }
            LaunchTarget::Local => Ok(()),
            LaunchTarget::Ssh(hosts) => self.ssh(hosts).map(drop),
            LaunchTarget::Kubernetes => {
                KubernetesSettings::from_options(self.options()).map(drop).map_err(|error| cannot(&error))
            }
            LaunchTarget::Slurm => {
                SlurmSettings::from_options(self.options()).map(drop).map_err(|error| cannot(&error))
            }
            LaunchTarget::Print if self.needs_to_show_secrets() => Err(cannot(
                &"the agents need the run's token, and this one is new: set SQUALL_TOKEN (and --nats), or let \
                  the secrets be printed with --show-secrets",
            )),
            LaunchTarget::Print => {
                PrintSettings::from_options(self.options()).map(drop).map_err(|error| cannot(&error))
            }
        }?;
        match &self.url {
            Some(url) => nats_settings(url, &self.arguments.bus).map(drop).map_err(|error| cannot(&error)),
            None => Ok(()),
        }
    }

    /// Whether agents could not be started from what is printed.
    pub(super) fn needs_to_show_secrets(&self) -> bool {
        (self.token_is_new || self.url.is_none()) && self.arguments.secrets == SecretDisplay::Files
    }

    /// What would be given to the launcher.
    pub(super) fn preview(&self) -> Result<String, Error> {
        let url = self.arguments.agent_url.clone().or_else(|| self.url.clone());
        let url = url.unwrap_or_else(|| "nats://HOST:4222".to_owned());
        let launch = self.launch_of(&url)?;
        match &self.target {
            LaunchTarget::Local | LaunchTarget::Ssh(_) => Err(cannot(
                &"agents of this machine, and those that ssh starts, have nothing to show: leave out --launch-dry-run",
            )),
            LaunchTarget::Print => {
                let settings = PrintSettings::from_options(self.options()).map_err(|error| cannot(&error))?;
                print_agent(&launch, &settings, self.arguments.secrets).map_err(|error| cannot(&error))
            }
            LaunchTarget::Kubernetes => {
                let settings = KubernetesSettings::from_options(self.options()).map_err(|error| cannot(&error))?;
                let nats = settings.nats_of(&launch.run, &launch.token, "default");
                let launch = AgentLaunch { nats: nats.map_or(launch.nats.clone(), |nats| nats.url), ..launch };
                settings.preview(&launch, "default").map_err(|error| cannot(&error))
            }
            LaunchTarget::Slurm => self.slurm()?.preview(&launch).map_err(|error| cannot(&error)),
        }
    }
}

/// What would be given to a launcher. Starts nothing.
pub fn preview(arguments: &AgentsArgs) -> Result<String, CliError> {
    let target = target(arguments)?;
    Starter::new(arguments, target, arguments.agents.unwrap_or(1))?.preview().map_err(wrong_setting)
}

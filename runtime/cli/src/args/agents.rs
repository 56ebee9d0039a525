//! Arguments about agents, which carry the load of a run in place of this process: how many, where they run, and how they
//! are reached.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use squall_cluster::LossPolicy;
use squall_plan::parse_typed_duration;

use crate::args::headings;

/// The agents of a run.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::AGENTS)]
pub struct AgentsArgs {
    /// Let N agents carry the load, processes of this machine unless --nats or --launch says otherwise. Results are those of
    /// one run.
    #[arg(long, value_name = "N")]
    pub agents: Option<u32>,
    /// What starts the agents: local, ssh:HOST,HOST, kubernetes, slurm; print shows the command for anything else. [default:
    /// local; with --nats, print]
    #[arg(long, value_name = "WHERE")]
    pub launch: Option<String>,
    /// An option of the launcher, for example image=IMAGE or partition=NAME.
    #[arg(long, value_name = "KEY=VALUE")]
    pub launch_option: Vec<String>,
    /// How agents and coordinator are connected.
    #[command(flatten)]
    pub bus: BusArgs,
    /// The URL by which agents reach NATS, where they have another login or another way there. [default: that of --nats]
    #[arg(long, value_name = "URL")]
    pub nats_for_agents: Option<String>,
    /// How long to wait for the agents. [default: 60s; with kubernetes, slurm or print 10m]
    #[arg(long, value_name = "TIME", value_parser = parse_typed_duration)]
    pub join_timeout: Option<Duration>,
    /// When an agent is lost: let the others take over its part, end the run, or go on without its part.
    #[arg(long, value_name = "POLICY", default_value = "rebalance")]
    pub on_lost_agent: LossArg,
    /// The name of the run on NATS, and its address for squall cluster attach. [default: a new one]
    #[arg(long, value_name = "NAME")]
    pub run_id: Option<String>,
    /// Start nothing: print what would be given to the launcher.
    #[arg(long)]
    pub launch_dry_run: bool,
    /// Leave the run's messages on NATS when it is over, until they expire after a week.
    #[arg(long)]
    pub keep_messages: bool,
    /// Where the nats-server listens that is started when there is no --nats: an address that agents can reach. [default:
    /// 127.0.0.1 for agents on this machine, else 0.0.0.0]
    #[arg(long, value_name = "ADDRESS")]
    pub nats_listen: Option<IpAddr>,
    /// How agents call this machine. [default: its host name]
    #[arg(long, value_name = "HOST")]
    pub advertise: Option<String>,
    /// Show secrets in what --launch print prints. Terminals and logs keep them.
    #[arg(long)]
    pub show_secrets: bool,
}

/// A NATS server.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = headings::AGENTS)]
pub struct BusArgs {
    /// The NATS server, with JetStream: nats://HOST:4222 or tls://HOST:4222, USER:PASSWORD@ before the host if it wants that. [default: SQUALL_NATS]
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// A NATS credentials file, as nsc writes it.
    #[arg(long, value_name = "FILE", env = "SQUALL_NATS_CREDS")]
    pub nats_creds: Option<PathBuf>,
    /// Certificates (PEM) that the NATS server may have besides those that the system trusts.
    #[arg(long, value_name = "FILE", env = "SQUALL_NATS_CA")]
    pub nats_ca: Option<PathBuf>,
    /// The file of the run's token, which coordinator and agents share. [default: SQUALL_TOKEN, or a new one]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// What becomes of the part of an agent that is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LossArg {
    /// The others take it over.
    #[default]
    Rebalance,
    /// The run ends.
    Fail,
    /// The load goes on without it.
    Degrade,
}

impl From<LossArg> for LossPolicy {
    fn from(loss: LossArg) -> LossPolicy {
        match loss {
            LossArg::Rebalance => LossPolicy::Rebalance,
            LossArg::Fail => LossPolicy::Fail,
            LossArg::Degrade => LossPolicy::Degrade,
        }
    }
}

impl BusArgs {
    /// The server that was named, here or in the environment.
    pub fn server(&self) -> Option<String> {
        self.nats.clone().or_else(|| std::env::var("SQUALL_NATS").ok()).filter(|url| !url.is_empty())
    }
}

impl AgentsArgs {
    /// Whether agents are to carry the load.
    pub fn are_wanted(&self) -> bool {
        self.agents.is_some() || self.launch.is_some()
    }

    /// What was typed about agents where none are wanted.
    pub fn in_vain(&self) -> Option<&'static str> {
        let typed = [
            ("--nats", self.bus.nats.is_some()),
            ("--launch-option", !self.launch_option.is_empty()),
            ("--join-timeout", self.join_timeout.is_some()),
            ("--run-id", self.run_id.is_some()),
            ("--launch-dry-run", self.launch_dry_run),
        ];
        typed.into_iter().find(|(_, is_typed)| *is_typed && !self.are_wanted()).map(|(flag, _)| flag)
    }
}

/// `squall agent`.
#[derive(Debug, Args)]
pub struct AgentArgs {
    /// The run to take part in.
    #[arg(long, value_name = "NAME", env = "SQUALL_RUN")]
    pub run: Option<String>,
    #[command(flatten)]
    pub bus: BusArgs,
    /// The agent's name in reports: a-z, 0-9 and -. [default: of the host, or the index of an array job]
    #[arg(long, value_name = "NAME", env = "SQUALL_AGENT_NAME")]
    pub name: Option<String>,
    /// Speak with the coordinator on standard input and output, as ssh and --agents let it.
    #[arg(long, conflicts_with_all = ["nats", "token_file"])]
    pub stdio: bool,
}

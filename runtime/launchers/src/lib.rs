//! Starts agents on what the user has: a Kubernetes cluster, a Slurm cluster, machines with ssh, or this machine.
//!
//! [`Launcher`] is a platform that runs agents by itself ([`Kubernetes`], [`Slurm`]); they reach their coordinator over
//! NATS. [`CommandLauncher`] makes commands for agents that speak on standard input and output ([`Ssh`], [`Local`]).
//! [`print_agent`] is for all other platforms. This crate must not know what agents do, nor how they are coordinated.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod command;
mod error;
mod kubernetes;
mod launch;
mod launcher;
mod local;
mod nats;
mod options;
mod print;
mod run_name;
mod secret;
mod shell;
mod slurm;
mod ssh;
mod target;
mod text;
mod tool;

pub use command::{AgentCommand, CommandLaunch, CommandLauncher};
pub use error::{LaunchError, LaunchErrorKind};
pub use kubernetes::{ClusterAccess, InCluster, Kubernetes, KubernetesSettings};
pub use launch::{
    AGENT_NAME_VARIABLE, AgentLaunch, AgentResources, NATS_CREDS_VARIABLE, NATS_VARIABLE, RUN_VARIABLE, TOKEN_VARIABLE,
};
pub use launcher::{AgentProblem, AgentStates, LaunchId, Launched, Launcher, StartedNats};
pub use local::Local;
pub use nats::NatsUrl;
pub use options::LaunchOptions;
pub use print::{PrintSettings, SecretDisplay, print_agent};
pub use run_name::RunName;
pub use secret::{RunToken, Secret};
pub use slurm::{Slurm, SlurmSettings};
pub use ssh::{Ssh, SshHost};
pub use target::LaunchTarget;
pub use tool::Tools;

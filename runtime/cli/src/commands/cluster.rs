//! `squall cluster`: a run on many machines. `squall run --agents` is the same for this one.

pub mod bus;
mod starter;
mod tickets;

use clap::{Args, Subcommand};
use squall_bus::{ConfiguredRuns, CoordinatorEnd, nats_configuration};
use squall_cluster::attach;
use squall_session::attached_run;

use crate::args::agents::{BusArgs, LossArg};
use crate::args::output::OutputArgs;
use crate::commands::run::{RunArgs, run};
use crate::console::TerminalConsole;
use crate::error::CliError;
use crate::stderr::print_error;
use crate::{exit, stdout};
use bus::{block_on, nats_settings, run_id, token};
pub use starter::{cluster_test, preview};
use tickets::Ticket;

/// `squall cluster`.
#[derive(Debug, Args)]
pub struct ClusterArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: ClusterAction,
}

/// What `squall cluster` does.
#[derive(Debug, Subcommand)]
pub enum ClusterAction {
    /// Run a load test whose load agents carry, on as many machines as you have.
    Run(Box<RunArgs>),
    /// Go on with a run whose coordinator is gone, from what NATS has of it.
    Attach(Box<AttachArgs>),
    /// Print the users that a NATS server needs for these runs, each with the least rights.
    NatsConfig(NatsConfigArgs),
}

/// `squall cluster attach`.
#[derive(Debug, Args)]
pub struct AttachArgs {
    /// The run, as its coordinator called it.
    #[arg(value_name = "RUN")]
    pub run: String,
    #[command(flatten)]
    pub bus: BusArgs,
    /// When an agent is lost: let the others take over its part, end the run, or go on without its part.
    #[arg(long, value_name = "POLICY", default_value = "rebalance")]
    pub on_lost_agent: LossArg,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `squall cluster nats-config`.
#[derive(Debug, Args)]
pub struct NatsConfigArgs {
    /// The runs: --run-id of their coordinators. [default: all]
    #[arg(value_name = "RUN")]
    pub runs: Vec<String>,
}

/// Does it.
pub fn cluster(arguments: ClusterArgs) -> Result<u8, CliError> {
    match arguments.action {
        ClusterAction::Run(mut arguments) => {
            arguments.agents.agents = arguments.agents.agents.or(Some(1));
            run(&arguments)
        }
        ClusterAction::Attach(arguments) => attach_to(&arguments),
        ClusterAction::NatsConfig(arguments) => print_configuration(&arguments),
    }
}

fn print_configuration(arguments: &NatsConfigArgs) -> Result<u8, CliError> {
    let runs = arguments.runs.iter().map(|run| run_id(run)).collect::<Result<Vec<_>, _>>()?;
    let runs = if runs.is_empty() { ConfiguredRuns::All } else { ConfiguredRuns::Only(&runs) };
    stdout::print(&nats_configuration(runs))?;
    Ok(exit::PASSED)
}

fn attach_to(arguments: &AttachArgs) -> Result<u8, CliError> {
    let run = run_id(&arguments.run)?;
    let ticket = Ticket::find(&run);
    let url = arguments.bus.server().or_else(|| ticket.as_ref().map(|ticket| ticket.nats.clone()));
    let key = match token(&arguments.bus)? {
        Some(key) => Some(key),
        None => ticket.as_ref().and_then(Ticket::key),
    };
    let (Some(url), Some(key)) = (url, key) else {
        return Err(CliError::options(vec![format!(
            "nothing is known of a run {} on this machine: give --nats URL and its token (SQUALL_TOKEN or --token-file)",
            run.as_str()
        )]));
    };
    let settings = nats_settings(&url, &arguments.bus)?;
    let end = block_on(CoordinatorEnd::attach(&settings, &run, &key))?;
    let cluster = |error: squall_cluster::ClusterError| CliError::Cluster(error.to_string());
    let mut stored = attach(end).map_err(cluster)?;
    let mut test = attached_run(&mut stored)?;
    test.output = arguments.output.settings();
    let console = TerminalConsole::of(&arguments.output, &test)?;
    let end = block_on(CoordinatorEnd::attach(&settings, &run, &key))?;
    let finished = test.attach(stored, end, arguments.on_lost_agent.into(), &console)?;
    finished.unwritten.iter().for_each(|error| print_error(&error.to_string()));
    Ticket::remove(&run);
    Ok(exit::code_of_result(finished.result))
}

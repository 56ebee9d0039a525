//! The commands of the program.

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::args::agents::AgentArgs;
use crate::args::control::ClientArgs;
use crate::args::history::{CompareArgs, FindingsArgs, MergeArgs, ReportArgs, RunsArgs, TrendArgs};
use crate::args::output::HttpDebug;
use crate::args::plan::PlanArgs;
use crate::args::tasks::TasksArgs;
use crate::commands::breakpoint::{BreakpointArgs, hide_refused};
use crate::commands::cache::CacheArgs;
use crate::commands::cluster::ClusterArgs;
use crate::commands::demo::DemoArgs;
use crate::commands::inspect::InspectArgs;
use crate::commands::project::{BuildArgs, NewArgs};
use crate::commands::registry::{PullArgs, PushArgs};
use crate::commands::run::RunArgs;
use crate::commands::selfcheck::SelfcheckArgs;
use crate::commands::shell::{CompletionsArgs, ManArgs};
use crate::commands::signature::SignArgs;
use crate::commands::ui::UiArgs;
use crate::help;

/// Load tests whose scripts are WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "squall", version, about, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a load test: a scenario, a plan, or one request over and over.
    Run(Box<RunArgs>),
    /// Search for the highest rate at which every threshold holds.
    Breakpoint(Box<BreakpointArgs>),
    /// Run the demo: a small shop, and a scenario that loads it. Needs nothing else.
    Demo(Box<DemoArgs>),
    /// Find out why responses are slow: a short low load, then the load, while the target is looked into.
    Diagnose(Box<RunArgs>),
    /// Serve a page on this machine that starts tests, and shows them and their reports.
    Ui(UiArgs),
    /// Run a load test on many machines, or go on with one whose coordinator is gone.
    Cluster(ClusterArgs),
    /// Carry a part of the load of another process's run, usually on another machine.
    Agent(AgentArgs),
    /// Read, change or stop a run that was started with --control.
    Control(ClientArgs),
    /// Show what a scenario is, what it asks for, and whether this Squall can run it.
    Inspect(InspectArgs),
    /// Put a scenario into an OCI registry.
    Push(PushArgs),
    /// Fetch a scenario from an OCI registry.
    Pull(PullArgs),
    /// Sign a scenario: a file, or what lies in a registry.
    Sign(SignArgs),
    /// Make a project for a scenario, in the language of your choice.
    New(NewArgs),
    /// Make a component of a scenario's source, with its language's own tools.
    Build(BuildArgs),
    /// Show or clear what is kept for the next time: built components, compiled code, SDKs, build tools.
    Cache(CacheArgs),
    /// List, show, export, tag or remove the runs that were kept.
    Runs(RunsArgs),
    /// Show the summary of a kept run, or write reports: of one run, or of several in one document.
    Report(ReportArgs),
    /// The causes of slow responses that a run with --look-inside found, with their evidence.
    Findings(FindingsArgs),
    /// Work items of a run: tasks for its findings, bugs for its missed objectives. Prints them, or brings them into a tracker.
    Tasks(Box<TasksArgs>),
    /// Add up several kept runs, exactly.
    Merge(MergeArgs),
    /// Say whether runs are slower than earlier ones, and how sure that is.
    Compare(CompareArgs),
    /// Say when, in the history of a load, its level changed.
    Trend(TrendArgs),
    /// Write, check and show plans, which `squall run` runs.
    Plan(PlanArgs),
    /// Let this machine prove itself, in about a minute: pacing, latency, a known stall, the highest rate.
    Selfcheck(SelfcheckArgs),
    /// Print a script that completes the command line in a shell.
    Completions(CompletionsArgs),
    /// Print the manual page of a command, or write all of them.
    Man(ManArgs),
}

/// The command line, with its help laid out.
pub fn command() -> clap::Command {
    let command = Cli::command().mut_subcommands(|command| match command.get_name() {
        "breakpoint" => hide_refused(command),
        _ => command,
    });
    help::lay_out(command)
}

impl Cli {
    /// Reads the command line of this process.
    pub fn read() -> Result<Cli, clap::Error> {
        let mut command = command();
        let matches = command.try_get_matches_from_mut(std::env::args_os())?;
        Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }
}

impl Command {
    /// How often `-v` was given.
    pub fn verbosity(&self) -> u8 {
        match self {
            Command::Run(arguments) => arguments.output.screen.verbose,
            Command::Diagnose(arguments) => arguments.output.screen.verbose,
            Command::Demo(arguments) => arguments.output.screen.verbose,
            _ => 0,
        }
    }
}

impl Command {
    /// What `--http-debug` asks for.
    pub fn http_debug(&self) -> Option<HttpDebug> {
        match self {
            Command::Run(arguments) => arguments.output.screen.http_debug,
            Command::Diagnose(arguments) => arguments.output.screen.http_debug,
            Command::Demo(arguments) => arguments.output.screen.http_debug,
            _ => None,
        }
    }
}

/// The names of the long options of `squall run`.
pub fn long_options() -> Vec<String> {
    let command = command();
    let run = command.find_subcommand("run").into_iter();
    run.flat_map(|run| run.get_arguments().filter_map(|argument| argument.get_long().map(str::to_owned))).collect()
}

#[cfg(test)]
mod tests {
    use squall_plan::{ArrivalProcess, Level, Pacing, Warmup};

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn rates_are_read_and_mistakes_told() {
        let load = |arguments: &[&str]| match Cli::try_parse_from(["squall", "run", "a.wasm"].iter().chain(arguments)) {
            Ok(Cli { command: Command::Run(run) }) => Ok(run.load.options.0),
            Ok(_) => Err("not a run".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let open = load(&["-R", "5000", "--arrival", "poisson", "--warmup", "auto", "--pacing", "spin"]).unwrap();
        assert_eq!((open.rate, open.arrival), (Some(Level::Bare(5_000)), Some(ArrivalProcess::Poisson)));
        assert_eq!((open.warmup, open.pacing), (Some(Warmup::Auto), Some(Pacing::Spin)));
        assert_eq!(load(&["-s", "1m:90/m"]).unwrap().stages.unwrap()[0].to_string(), "1m:90/m");
        let mistake = load(&["-R", "5000/"]).unwrap_err();
        assert!(mistake.contains("the unit of the rate \"5000/\" cannot be read"), "{mistake}");
        assert!(load(&["-R", "5", "-i", "9"]).unwrap_err().contains("cannot be used with"));
    }
}

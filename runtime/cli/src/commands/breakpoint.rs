//! `squall breakpoint`: the highest rate that holds.

use std::time::Duration;

use clap::Args;
use squall_plan::parse_typed_duration;
use squall_plan::{Level, SearchOptions};
use squall_session::one_request;
use squall_session::search::search;

use crate::commands::run::{RunArgs, prepare};
use crate::console::TerminalConsole;
use crate::error::CliError;
use crate::exit;
use crate::options::from_arguments;
use crate::values::parse_share;

/// `squall breakpoint`.
#[derive(Debug, Args)]
pub struct BreakpointArgs {
    /// The lowest rate that is tried, and the first: 10, 10/s, 90/m. The highest is --max-rate. [default: 10/s; 100000/s]
    #[arg(long, value_name = "RATE", help_heading = "Search")]
    pub min_rate: Option<Level>,
    /// How far apart the highest rate that holds and the lowest that does not may be in the end: 0.05, or 5%.
    /// [default: 2.5%]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = "Search")]
    pub precision: Option<f64>,
    /// How long the last trials are; the first take a sixth of it, and three times as much decides on a rate. The whole
    /// search takes --duration at most. [default: 60s; 45m]
    #[arg(long, value_name = "TIME", value_parser = parse_typed_duration, help_heading = "Search")]
    pub trial: Option<Duration>,
    /// How long each trial runs before what it measures counts. [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = parse_typed_duration, help_heading = "Search")]
    pub settle: Option<Duration>,
    #[command(flatten)]
    pub run: RunArgs,
}

impl BreakpointArgs {
    /// What is searched for, as far as it was typed.
    pub fn search(&self) -> SearchOptions {
        let (min_rate, precision, trial, settle) = (self.min_rate, self.precision, self.trial, self.settle);
        let max_rate = self.run.sandbox.max_rate.map(Level::Rate);
        SearchOptions { min_rate, max_rate, precision, trial, settle }
    }
}

/// Searches. The exit code says whether an answer was found.
pub fn breakpoint(arguments: &BreakpointArgs) -> Result<u8, CliError> {
    refuse_a_load_of_its_own(&arguments.run)?;
    let mut test = prepare(&arguments.run)?;
    if test.url.is_some() {
        let typed = from_arguments(&arguments.run.load, &arguments.run.http);
        test.typed = one_request::for_a_search(test.typed, &typed, &arguments.run.request.settings());
    }
    let console = TerminalConsole::of(&arguments.run.output);
    Ok(exit::code_of_result(search(test, arguments.search(), &console)?))
}

/// Loads of a run, which a search decides itself.
fn refuse_a_load_of_its_own(run: &RunArgs) -> Result<(), CliError> {
    let load = &run.load.options.0;
    let options = [
        ("--rate", load.rate.is_some(), "it is what is searched for: see --min-rate and --max-rate"),
        ("--iterations", load.iterations.is_some(), "see --trial"),
        ("--stage", load.stages.is_some(), "each trial has one rate"),
        ("--executor", load.executor.is_some(), "each trial is constant-arrival-rate"),
        ("--warmup", load.warmup.is_some(), "see --settle"),
        ("--watch", run.watch, "it goes with squall run"),
    ];
    let given = options.iter().filter(|(_, given, _)| *given);
    let texts: Vec<String> = given.map(|(flag, _, why)| format!("{flag} does not go with a search: {why}")).collect();
    if texts.is_empty() { Ok(()) } else { Err(CliError::options(texts)) }
}

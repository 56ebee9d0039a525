//! `squall breakpoint`: the highest rate that holds.

use std::time::Duration;

use clap::{Arg, Args, Command};
use squall_plan::parse_typed_duration;
use squall_plan::{Level, Options, SearchOptions};
use squall_session::one_request;
use squall_session::search::{ONLY_OF_A_RUN, search};

use crate::commands::run::{RunArgs, prepare};
use crate::console::TerminalConsole;
use crate::error::CliError;
use crate::exit;
use crate::options::from_arguments;
use crate::values::parse_share;

/// `squall breakpoint`.
#[derive(Debug, Args)]
pub struct BreakpointArgs {
    /// Lowest rate that is tried [default: 10/s]
    ///
    /// And the first: 10, 10/s, 90/m. The highest is --max-rate, 100000/s unless said otherwise.
    #[arg(long, value_name = "RATE", help_heading = "Search")]
    pub min_rate: Option<Level>,
    /// How far apart the highest rate that holds and the lowest that does not may be in the end: 0.05, or 5%.
    /// [default: 2.5%]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = "Search")]
    pub precision: Option<f64>,
    /// Length of the last trials [default: 60s]
    ///
    /// The first take a sixth of it, and three times as much decides on a rate. The whole search takes --duration at most,
    /// 45m unless said otherwise.
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
    let console = TerminalConsole::of(&arguments.run.output, &test)?;
    Ok(exit::code_of_result(search(test, arguments.search(), &console)?))
}

/// An option of a run that a search decides itself: its flag, whether it was given, and the remedy.
type DecidedOption = (&'static str, fn(&RunArgs) -> bool, &'static str);

const DECIDED: [DecidedOption; 9] = [
    ("--rate", |run| load(run).rate.is_some(), "it is what is searched for: see --min-rate and --max-rate"),
    ("--iterations", |run| load(run).iterations.is_some(), "see --trial"),
    ("--stage", |run| load(run).stages.is_some(), "each trial has one rate"),
    ("--executor", |run| load(run).executor.is_some(), "each trial is constant-arrival-rate"),
    ("--warmup", |run| load(run).warmup.is_some(), "see --settle"),
    ("--type", |run| run.as_type.kind.is_some(), "a search is a type of its own"),
    ("--watch", |run| run.watch, "it goes with squall run"),
    ("--agents", |run| run.agents.agents.is_some(), "it runs on one machine"),
    ("--launch", |run| run.agents.launch.is_some(), "it runs on one machine"),
];

fn load(run: &RunArgs) -> &Options {
    &run.load.options.0
}

/// Keeps the options that a search refuses out of its help.
pub fn hide_refused(command: Command) -> Command {
    let refused = || DECIDED.iter().map(|(flag, ..)| *flag).chain(ONLY_OF_A_RUN.iter().map(|(flag, ..)| *flag));
    let is_refused = |argument: &Arg| refused().any(|flag| flag.strip_prefix("--") == argument.get_long());
    command.mut_args(|argument| if is_refused(&argument) { argument.hide(true) } else { argument })
}

fn refuse_a_load_of_its_own(run: &RunArgs) -> Result<(), CliError> {
    let given = DECIDED.iter().filter(|(_, is_given, _)| is_given(run));
    let texts: Vec<String> =
        given.map(|(flag, _, remedy)| format!("{flag} does not go with a search: {remedy}")).collect();
    if texts.is_empty() { Ok(()) } else { Err(CliError::options(texts)) }
}

//! What can be typed for `squall breakpoint`.

use std::time::Duration;

use clap::Args;
use squall_insight::search::Goal;
use squall_plan::{Level, parse_duration};

use crate::args::{RunArgs, parse_share};

/// `squall breakpoint`.
#[derive(Debug, Args)]
pub struct BreakpointArgs {
    /// The lowest rate that is tried, and the first: 10, 10/s, 90/m.
    #[arg(long, value_name = "RATE", help_heading = "Search", default_value = "10/s")]
    pub min_rate: Level,
    /// The highest rate that is tried.
    #[arg(long, value_name = "RATE", help_heading = "Search", default_value = "100000/s")]
    pub max_rate: Level,
    /// How far apart the highest rate that holds and the lowest that does not may be in the end: 0.05, or 5%.
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = "Search", default_value = "2.5%")]
    pub precision: f64,
    /// How long the last trials are; the first take a sixth of it, and three times as much decides on a rate.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Search", default_value = "60s")]
    pub trial: Duration,
    /// How long each trial runs before what it measures counts.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Search", default_value = "5s")]
    pub settle: Duration,
    /// After this much trial time the search ends with what it knows.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Search", default_value = "45m")]
    pub time_limit: Duration,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub run: RunArgs,
}

impl BreakpointArgs {
    /// What is searched for.
    pub fn goal(&self) -> Goal {
        Goal {
            precision: self.precision,
            time_limit: self.time_limit,
            lowest: per_second(self.min_rate),
            highest: per_second(self.max_rate),
            ..Goal::of_trials(self.trial)
        }
    }

    /// Options of a run that a search decides itself, or does not have.
    pub fn misplaced(&self) -> Vec<String> {
        let (load, output) = (&self.run.load, &self.run.output);
        let own = [
            ("--rate", load.rate.is_some(), "it is what is searched for: see --min-rate and --max-rate"),
            ("--duration", load.duration.is_some(), "see --trial and --time-limit"),
            ("--iterations", load.iterations.is_some(), "see --trial"),
            ("--stage", !load.stages.is_empty(), "each trial has one rate"),
            ("--executor", load.executor.is_some(), "each trial is constant-arrival-rate"),
            ("--warmup", load.warmup.is_some(), "see --settle"),
            ("--watch", self.run.watch, "it goes with squall run"),
            ("--summary-export", output.summary_export.is_some(), "there are many runs"),
            ("--histogram-log", output.histogram_log.is_some(), "there are many runs"),
        ];
        let given = own.iter().filter(|(_, given, _)| *given);
        given.map(|(flag, _, hint)| format!("{flag} does not go with a search: {hint}")).collect()
    }
}

fn per_second(level: Level) -> f64 {
    match level {
        Level::Bare(count) => count as f64,
        Level::Rate(rate) => rate.per_second(),
    }
}

//! What can be typed for `squall breakpoint`.

use std::time::Duration;

use clap::Args;
use squall_plan::{Level, SearchOptions};

use crate::args::RunArgs;
use crate::values::{parse_share, parse_time};

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
    #[arg(long, value_name = "TIME", value_parser = parse_time, help_heading = "Search")]
    pub trial: Option<Duration>,
    /// How long each trial runs before what it measures counts. [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = parse_time, help_heading = "Search")]
    pub settle: Option<Duration>,
    #[command(flatten)]
    #[allow(missing_docs)]
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

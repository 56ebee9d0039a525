//! The load: the flags of the table, and those that are not options of a plan.

use std::time::Duration;

use clap::Args;
use squall_plan::parse_typed_duration;

use crate::args::headings;
use crate::args::options::LoadOptions;
use crate::values::parse_memory;

/// Who does what, how long.
#[derive(Debug, Default, Args)]
pub struct LoadArgs {
    #[command(flatten)]
    pub options: LoadOptions,
    /// Stop as soon as one is not met
    ///
    /// One of the --threshold options; those of plans and scripts say it themselves.
    #[arg(long, requires = "thresholds", help_heading = headings::THRESHOLDS)]
    pub abort_on_fail: bool,
    /// With --abort-on-fail: how long to wait before a failure counts. [default: 0s]
    #[arg(long, value_name = "TIME", value_parser = parse_typed_duration, requires = "abort_on_fail",
          help_heading = headings::THRESHOLDS)]
    pub delay_abort_eval: Option<Duration>,
    /// The most memory that one virtual user may have. [default: 64MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory, help_heading = headings::SANDBOX)]
    pub memory: Option<u64>,
}

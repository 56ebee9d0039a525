//! What can be typed behind `squall plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::{HttpArgs, LoadArgs};

/// `squall plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: PlanCommand,
}

/// What to do with a plan.
#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// Write a plan to start from.
    Init {
        /// The file to write; it must not be there yet.
        #[arg(value_name = "FILE", default_value = "plan.yaml")]
        file: PathBuf,
    },
    /// Find every mistake in a plan, with its line and column.
    Check {
        /// The plan.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Show what would be run, and where each value comes from.
    Show(Box<ShowArgs>),
    /// Print the JSON Schema of plans, from which editors complete them.
    Schema,
}

/// `squall plan show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The plan.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The base URL, as with `squall run`.
    #[arg(long, value_name = "URL", env = "SQUALL_TARGET", help_heading = "Target")]
    pub target: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub load: LoadArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub http: HttpArgs,
}

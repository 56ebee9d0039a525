//! What can be typed behind `squall plan`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use squall_plan::{TestType, parse_typed_duration};

use crate::args::headings;
use crate::args::load::LoadArgs;
use crate::args::options::RequestOptions;
use crate::args::registry::RegistryArgs;
use crate::args::sandbox::SandboxArgs;
use crate::args::script::ScriptArgs;
use crate::values::parse_size;

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
    #[command(visible_alias = "new")]
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
        #[command(flatten)]
        registry: RegistryArgs,
    },
    /// Show what would be run, and where each value comes from.
    Show(Box<ShowArgs>),
    /// Play the whole plan in virtual time, against a target that is not there.
    Rehearse(Box<RehearseArgs>),
    /// Print the JSON Schema of plans, from which editors complete them.
    Schema,
    /// Print every option of a run: where it can be written, and its default.
    Options,
}

/// As what a plan is run.
#[derive(Debug, Default, Args)]
pub struct TypeArgs {
    /// Run the plan as this type of test: load, stress, soak, spike, breakpoint or smoke. The plan's users or rate hold for
    /// it; its times are that type's own.
    #[arg(long = "type", value_name = "TYPE", help_heading = headings::LOAD)]
    pub kind: Option<TestType>,
}

/// `squall plan show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The plan.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub as_type: TypeArgs,
    #[command(flatten)]
    pub load: LoadArgs,
    #[command(flatten)]
    pub http: RequestOptions,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// `squall plan rehearse`.
#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// The plan.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub as_type: TypeArgs,
    #[command(flatten)]
    pub answer: AnswerArgs,
    #[command(flatten)]
    pub load: LoadArgs,
    #[command(flatten)]
    pub http: RequestOptions,
    #[command(flatten)]
    pub sandbox: SandboxArgs,
    #[command(flatten)]
    pub script: ScriptArgs,
    #[command(flatten)]
    pub registry: RegistryArgs,
}

/// What the target that is not there answers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Answers")]
pub struct AnswerArgs {
    /// How long each response takes.
    #[arg(long, value_name = "TIME", value_parser = parse_typed_duration, default_value = "50ms")]
    pub latency: Duration,
    /// The status code of each response.
    #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(u16).range(200..=599), default_value = "200")]
    pub status: u16,
    /// How large each body is: 2kB.
    #[arg(long, value_name = "SIZE", value_parser = parse_body_size, default_value = "0", conflicts_with = "body")]
    pub size: u64,
    /// What each body is: text, or @FILE. Scenarios that read what they get need something to read.
    #[arg(long, value_name = "TEXT|@FILE")]
    pub body: Option<String>,
}

/// The largest body that makes sense.
const LARGEST_BODY: u64 = 256 << 20;

/// How large a body is: `512`, `2kB`, `1MiB`.
fn parse_body_size(text: &str) -> Result<u64, String> {
    let plain = text.strip_suffix('B').unwrap_or(text).parse().ok();
    let bytes = plain.map_or_else(|| parse_size(text), Ok);
    let bytes = bytes.map_err(|_| "write a whole number of bytes, or one with a unit: 2kB")?;
    if bytes <= LARGEST_BODY { Ok(bytes) } else { Err("at most 256MiB".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_bodies() {
        assert_eq!(parse_body_size("512"), Ok(512));
        assert_eq!(parse_body_size("2kB"), Ok(2_000));
        assert_eq!(parse_body_size("1 MiB"), Ok(1 << 20));
        assert_eq!(parse_body_size("0B"), Ok(0));
        assert!(parse_body_size("2 elephants").is_err() && parse_body_size("1000MB").is_err());
    }
}

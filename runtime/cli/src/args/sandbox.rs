//! What can be typed about what a scenario may do.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use squall_http::HostRule;
use squall_plan::Rate;
use squall_plan::parse_typed_duration;
use squall_session::{SandboxSettings, SecretArgument};

use crate::args::headings;
use crate::args::limits::LimitArgs;

/// What a scenario may do.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::SANDBOX)]
pub struct SandboxArgs {
    /// A host that the scenario may reach besides the target: a name, *.NAME, an address or a range (10.1.0.0/16), each
    /// perhaps with :PORT; give several.
    #[arg(long, value_name = "HOST[:PORT]", env = "SQUALL_ALLOW", value_delimiter = ',', value_parser = parse_host)]
    pub allow: Vec<HostRule>,
    /// A host on the public Internet that you may load, because it is yours or its owner agrees; in the forms of --allow.
    #[arg(long, value_name = "HOST", env = "SQUALL_I_MAY_LOAD", value_delimiter = ',', value_parser = parse_host)]
    pub i_may_load: Vec<HostRule>,
    /// A file of such hosts, one a line.
    #[arg(long, value_name = "FILE", env = "SQUALL_MAY_LOAD_FILE")]
    pub may_load_file: Option<PathBuf>,
    /// Refuse a load that starts more iterations than this a second, or that has no rate.
    #[arg(long, value_name = "RATE", env = "SQUALL_MAX_RATE", value_parser = parse_rate)]
    pub max_rate: Option<Rate>,
    /// Refuse a load that may last longer than this.
    #[arg(long, value_name = "TIME", env = "SQUALL_MAX_DURATION", value_parser = parse_typed_duration)]
    pub max_duration: Option<Duration>,
    /// A secret that the scenario can read like an option, and that is in nothing that is shown or kept: from a file, or
    /// from the environment; give several.
    #[arg(long = "secret", value_name = "NAME=@FILE|NAME=env[:VARIABLE]")]
    pub secrets: Vec<SecretArgument>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

impl SandboxArgs {
    /// The same for the session.
    pub fn settings(&self) -> SandboxSettings {
        SandboxSettings {
            allow: self.allow.clone(),
            may_load: self.i_may_load.clone(),
            may_load_file: self.may_load_file.clone(),
            max_rate: self.max_rate,
            max_duration: self.max_duration,
            secrets: self.secrets.clone(),
        }
    }
}

fn parse_host(text: &str) -> Result<HostRule, String> {
    text.parse().map_err(|error: squall_http::HostRuleError| error.to_string())
}

/// A number without a unit is a number a second, as with --rate.
fn parse_rate(text: &str) -> Result<Rate, String> {
    let text = if text.contains('/') { text.to_owned() } else { format!("{text}/s") };
    text.parse().map_err(|error: squall_plan::RateError| error.to_string())
}

//! `squall selfcheck`: this machine and this program prove themselves.

use clap::Args;
use squall_plan::Pacing;
use squall_selfcheck::Selfcheck;

use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;

/// `squall selfcheck`.
#[derive(Debug, Args)]
pub struct SelfcheckArgs {
    /// How worker threads wait for the next start, as with `squall run`. [default: timer]
    #[arg(long, value_name = "HOW")]
    pub pacing: Option<Pacing>,
    /// As JSON, for machines.
    #[arg(long)]
    pub json: bool,
}

/// Runs all trials. The exit code says whether everything came out as it should.
pub fn selfcheck(arguments: &SelfcheckArgs) -> Result<u8, CliError> {
    let checked = Selfcheck::run(arguments.pacing.unwrap_or(Pacing::Timer), &print_status)?;
    print(&if arguments.json { checked.to_json() } else { checked.to_text() })?;
    Ok(if checked.passed() { exit::PASSED } else { exit::MEASUREMENT_INVALID })
}

//! `squall selfcheck`: this machine and this program prove themselves, against a server in the same process whose true
//! latency is known. What is measured goes the same way as in any run: guest, client, timer, histograms.

mod lab;
mod line;
mod server;
mod trials;

use squall_plan::Pacing;

use crate::args::SelfcheckArgs;
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;
use lab::Lab;
use line::{Line, Verdict, json_form, text_form};

/// One trial: what it is about, and how it goes.
type Trial = (&'static str, fn(&Lab) -> Result<Vec<Line>, CliError>);

const TRIALS: [Trial; 5] = [
    ("pacing", trials::pacing),
    ("the least latency", trials::latency_floor),
    ("a server that takes 20 ms", trials::programmed_latency),
    ("a server that stalls", trials::stall),
    ("the highest rate", trials::highest_rate),
];

/// Runs all trials, one after the other. The exit code says whether all that was known came out.
pub fn selfcheck(arguments: &SelfcheckArgs) -> Result<u8, CliError> {
    let lab = Lab::new(arguments.pacing.unwrap_or(Pacing::Timer))?;
    let mut lines = Vec::new();
    for (number, (about, trial)) in TRIALS.iter().enumerate() {
        print_status(&format!("{} of {}: {about}", number + 1, TRIALS.len()));
        lines.extend(trial(&lab)?);
    }
    print(&if arguments.json { json_form(&lab, &lines) } else { text_form(&lab, &lines) })?;
    let proven = lines.iter().all(|line| line.verdict != Verdict::Fails);
    Ok(if proven { exit::PASSED } else { exit::MEASUREMENT_INVALID })
}

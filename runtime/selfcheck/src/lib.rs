//! `squall selfcheck`: checks this machine and this program against a server in the same process whose true latency is
//! known. The measurement takes the path of any run: guest, client, timer, histograms. The server shares no code with
//! the client. Must not know the command line or a terminal.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod check;
mod environment;
mod error;
mod known_server;
mod trials;

use squall_plan::Pacing;

use check::{Check, Verdict};
use environment::Environment;

pub use error::Error;

/// One trial: its title, and its function.
type Trial = (&'static str, fn(&Environment) -> Result<Vec<Check>, Error>);

const TRIALS: [Trial; 5] = [
    ("pacing", trials::pacing),
    ("the least latency", trials::latency_floor),
    ("a server that takes 20 ms", trials::programmed_latency),
    ("a server that stalls", trials::stall),
    ("the highest rate", trials::highest_rate),
];

/// The checks of all trials.
pub struct Selfcheck {
    environment: Environment,
    checks: Vec<Check>,
}

impl Selfcheck {
    /// Runs all trials, one after the other; `notify` hears of each before it begins.
    ///
    /// # Errors
    /// If a trial cannot be made.
    pub fn run(pacing: Pacing, notify: &dyn Fn(&str)) -> Result<Selfcheck, Error> {
        let environment = Environment::new(pacing)?;
        let mut checks = Vec::new();
        for (number, (about, trial)) in TRIALS.iter().enumerate() {
            notify(&format!("{} of {}: {about}", number + 1, TRIALS.len()));
            checks.extend(trial(&environment)?);
        }
        Ok(Selfcheck { environment, checks })
    }

    /// Whether everything came out as it should.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Fails)
    }

    /// For people.
    pub fn to_text(&self) -> String {
        check::text_form(&self.environment, &self.checks)
    }

    /// For machines.
    pub fn to_json(&self) -> String {
        check::json_form(&self.environment, &self.checks)
    }
}

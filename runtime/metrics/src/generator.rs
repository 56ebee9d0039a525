//! Was it the generator? Judges, second by second, whether this machine kept to the plan well enough for its numbers to be
//! believed. Pure: it is told what was observed, and knows neither threads nor `/proc`.
//!
//! The limits are those of `docs/measurement.md`. A second in which a limit is passed proves little on a shared machine;
//! a run is judged by how many there were.

mod signal;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::pacing::Pacing;
pub use signal::Finding;
use signal::Signal;

/// Whether the generator can be believed. Ordered: the worse is the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It kept to its plan.
    #[default]
    Ok,
    /// Now and then it did not, or it was at its limit: read the numbers with care.
    Suspect,
    /// It measured itself: the numbers say nothing about the target.
    Bottleneck,
}

impl Health {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Suspect => "suspect",
            Health::Bottleneck => "bottleneck",
        }
    }
}

/// Who decides when an iteration begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadModel {
    /// Each virtual user begins when it has ended the one before: the load goes as fast as target and generator let it,
    /// so a generator that is busy all the time is no fault; latencies then hold some of its own queueing.
    Closed,
    /// The plan decides.
    Open,
}

/// What was observed in about a second, over all worker threads.
#[derive(Clone, Debug, Default)]
pub struct GeneratorSecond {
    /// How long it really was.
    pub length: Nanos,
    /// What the workers noticed about themselves.
    pub pacing: Pacing,
    /// The median response time: what a delay is to be compared with.
    pub typical_response: Nanos,
    /// Processor time that the process had, as a share of what its control group allows; zero where that is all there is.
    pub processor_share: f64,
    /// How long the busiest worker thread was at work, as a share of the time.
    pub busiest_worker: f64,
    /// The share of the workers' work that the guests were.
    pub guest_share: f64,
    /// The largest share of the time for which a worker was ready and the system ran something else.
    pub run_delay: f64,
    /// How often the control group's quota stopped the process.
    pub throttled: u64,
    /// Iterations given up because no virtual user was free in time.
    pub dropped: u64,
    /// Arrivals that wait for a virtual user, at the end.
    pub backlog: u64,
    /// Whether all the virtual users that the plan allows are there and busy.
    pub all_users_busy: bool,
    /// Open files as a share of what is allowed.
    pub open_files: f64,
    /// Memory as a share of what is allowed.
    pub memory: f64,
    /// Local ports as a share of those there are.
    pub ports: f64,
}

/// Whether the machine that made the load is to be believed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GeneratorVerdict {
    /// The verdict.
    pub health: Health,
    /// Why, where it is not ok: the likeliest cause first.
    pub findings: Vec<Finding>,
}

impl GeneratorVerdict {
    /// Why the measurement is invalid, where the generator was the bottleneck.
    pub fn invalidity(&self) -> &'static str {
        if self.lacked_users() {
            "the measurement is invalid: the rate was not kept, because all the virtual users that were allowed were busy; \
             allow more (--max-vus, or --connections with a URL), or ask for a lower rate"
        } else {
            "the measurement is invalid: the generator was the bottleneck, not the target"
        }
    }

    /// Whether nothing is wrong but that all virtual users were busy.
    pub fn lacked_users(&self) -> bool {
        // Findings are sorted, the severest first, and among equals this signal after all others: then it is the only one.
        self.findings.first().is_some_and(Finding::too_few_users)
    }
}

/// Collects seconds and comes to a verdict. Takes the same memory however long the run is.
#[derive(Debug)]
pub struct Judge {
    model: LoadModel,
    seconds: u64,
    tallies: BTreeMap<Signal, Tally>,
}

/// How often a signal was bad, and the worst of it.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    suspect: u64,
    bottleneck: u64,
    worst: f64,
}

/// The share of a run's seconds, and the least number of them, that make a verdict: one second proves nothing.
const ENOUGH_SHARE: f64 = 0.05;
const ENOUGH_SECONDS: u64 = 2;

impl Judge {
    /// Nothing seen yet.
    pub fn new(model: LoadModel) -> Judge {
        Judge { model, seconds: 0, tallies: BTreeMap::new() }
    }

    /// Takes one second into account.
    pub fn see(&mut self, second: &GeneratorSecond) {
        self.seconds += 1;
        for signal in Signal::ALL {
            let value = signal.value(second);
            let health = signal.judge(value, second, self.model);
            if health == Health::Ok {
                continue;
            }
            let tally = self.tallies.entry(signal).or_default();
            tally.worst = tally.worst.max(value);
            match health {
                Health::Bottleneck => tally.bottleneck += 1,
                _ => tally.suspect += 1,
            }
        }
    }

    /// The verdict on what was seen up to now.
    pub fn verdict(&self) -> GeneratorVerdict {
        let share = (self.seconds as f64 * ENOUGH_SHARE).ceil() as u64;
        let enough = share.max(ENOUGH_SECONDS).min(self.seconds.max(1));
        let mut findings: Vec<Finding> = self
            .tallies
            .iter()
            .filter_map(|(signal, tally)| {
                let bad = tally.suspect + tally.bottleneck;
                let health = match () {
                    () if tally.bottleneck >= enough => Health::Bottleneck,
                    // What was given up is missing, however seldom that was.
                    () if bad >= enough || *signal == Signal::TooFewUsers => Health::Suspect,
                    () => return None,
                };
                Some(signal.finding(health, tally.worst, bad, self.seconds))
            })
            .collect();
        // Stable: among equals the order of the signals, causes before effects, stays.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.health));
        let health = findings.first().map_or(Health::Ok, |finding| finding.health);
        GeneratorVerdict { health, findings }
    }
}

/// Little's law, as a check on ourselves: iterations under way on average must be those that ended, times how long they
/// took, over the time. `None` where there is too little to compare (or the load was changing); otherwise by how much the
/// two differ, as a share. More than 0.05 means lost samples or a wrong clock: a bug of ours, not a finding on the target.
pub fn littles_law(pacing: &Pacing, time_in_iterations: Duration, elapsed: Duration) -> Option<f64> {
    let seen = pacing.mean_under_way()?;
    let expected = time_in_iterations.as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
    let looks_that_count = pacing.looks as f64 * seen.min(1.0);
    // Looks are samples: below this, chance alone makes 5 %.
    (looks_that_count >= 2_000.0 && expected >= 1.0).then(|| (seen - expected).abs() / expected)
}

#[cfg(test)]
mod tests;

//! Judges second by second whether this machine kept to the plan well enough for its numbers to be believed. Pure: the
//! observations are arguments, and it knows neither threads nor `/proc`.
//!
//! The limits are those of `docs/measurement.md`. One second past a limit proves little on a shared machine, so a run
//! is judged by the number of such seconds.

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
    /// At times it did not, or it was at its limit: read the numbers with care.
    Suspect,
    /// It measured itself: the numbers do not describe the target.
    Bottleneck,
}

impl Health {
    /// The verdict's word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Suspect => "suspect",
            Health::Bottleneck => "bottleneck",
        }
    }
}

/// What decides when an iteration begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadModel {
    /// Each virtual user begins an iteration after the one before: the load goes as fast as target and generator allow,
    /// so a generator that is always busy is not a fault; latencies then contain some queueing in the generator.
    Closed,
    /// The plan decides.
    Open,
}

/// The observations of about one second, over all worker threads.
#[derive(Clone, Debug, Default)]
pub struct GeneratorSecond {
    /// The second's real length.
    pub length: Nanos,
    /// The workers' measurements of themselves.
    pub pacing: Pacing,
    /// The median response time, with which delays are compared.
    pub typical_response: Nanos,
    /// Processor time of the process, as a share of its control group's quota; zero without a quota.
    pub processor_share: f64,
    /// Busy time of the busiest worker thread, as a share of the time.
    pub busiest_worker: f64,
    /// The guests' share of the workers' work.
    pub guest_share: f64,
    /// The largest share of the time for which a worker was ready while the system ran something else.
    pub run_delay: f64,
    /// Number of times that the control group's quota stopped the process.
    pub throttled: u64,
    /// Iterations dropped because no virtual user was free in time.
    pub dropped: u64,
    /// Arrivals waiting for a virtual user at the end.
    pub backlog: u64,
    /// Whether all virtual users that the plan allows exist and are busy.
    pub all_users_busy: bool,
    /// Open files as a share of the limit.
    pub open_files: f64,
    /// Memory as a share of the limit.
    pub memory: f64,
    /// Local ports in use as a share of the port range.
    pub ports: f64,
    /// Number of requests for which no connection could be opened.
    pub failed_connects: u64,
}

/// Whether the load generator's machine can be believed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GeneratorVerdict {
    /// The verdict.
    pub health: Health,
    /// The reasons, if the verdict is not "ok": the likeliest cause first.
    pub findings: Vec<Finding>,
    /// Whether the user wants the run judged although the generator was its bottleneck.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
}

impl GeneratorVerdict {
    /// The same, of a run whose user accepts a generator that is the bottleneck.
    #[must_use]
    pub fn accepting(self, bottleneck: bool) -> GeneratorVerdict {
        GeneratorVerdict { accepted: bottleneck && self.health == Health::Bottleneck, ..self }
    }

    /// Whether the measurement says nothing about the target.
    pub fn is_invalid(&self) -> bool {
        self.health == Health::Bottleneck && !self.accepted
    }

    /// How bad it is for the run.
    pub fn weight(&self) -> Health {
        if self.accepted { Health::Suspect } else { self.health }
    }

    /// The verdict in a word, and whether it was accepted.
    pub fn name(&self) -> &'static str {
        if self.accepted { "bottleneck (accepted)" } else { self.health.name() }
    }

    /// The reason for an invalid measurement, if the generator was the bottleneck.
    pub fn invalidity(&self) -> &'static str {
        if self.lacked_users() {
            "the measurement is invalid: the rate was not kept, because all the virtual users that were allowed were busy; \
             allow more (--max-vus, or --connections with a URL), or ask for a lower rate"
        } else {
            "the measurement is invalid: the generator was the bottleneck, not the target"
        }
    }

    /// Whether the only finding is that all virtual users were busy.
    pub fn lacked_users(&self) -> bool {
        // Findings are sorted by severity, and this signal is the last among equals. So as the first one, it is the
        // only one.
        self.findings.first().is_some_and(Finding::too_few_users)
    }
}

/// Collects seconds and judges them. Takes constant memory in a run of any length.
#[derive(Debug)]
pub struct Judge {
    model: LoadModel,
    seconds: u64,
    tallies: BTreeMap<Signal, Tally>,
}

/// Number of bad seconds of one signal, and its worst value.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    suspect: u64,
    bottleneck: u64,
    worst: f64,
}

/// The share of a run's seconds, and their least number, for a verdict: one second proves nothing.
const ENOUGH_SHARE: f64 = 0.05;
const ENOUGH_SECONDS: u64 = 2;

impl Judge {
    /// A judge without observations.
    pub fn new(model: LoadModel) -> Judge {
        Judge { model, seconds: 0, tallies: BTreeMap::new() }
    }

    /// Adds the observations of one second.
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

    /// The verdict on the observations so far.
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
                    // Dropped iterations are missing from the results, however few they are.
                    () if bad >= enough || *signal == Signal::TooFewUsers => Health::Suspect,
                    () => return None,
                };
                Some(signal.finding(health, tally.worst, bad, self.seconds))
            })
            .collect();
        // A stable sort: equal findings keep the order of the signals, causes before effects.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.health));
        let health = findings.first().map_or(Health::Ok, |finding| finding.health);
        GeneratorVerdict { health, findings, accepted: false }
    }
}

/// Little's law, as a check on ourselves: the average number of concurrent iterations must be the number of ended
/// iterations, times their duration, divided by the time. Returns the relative difference, or `None` where there is too
/// little to compare (or the load was changing). More than 0.05 means lost samples or a wrong clock: a bug in Squall,
/// not a finding about the target.
///
/// `pacing` is that of all `threads` together: each looks at its own iterations, so the concurrency is the sum of the
/// threads' means.
pub fn littles_law(pacing: &Pacing, threads: usize, time_in_iterations: Duration, elapsed: Duration) -> Option<f64> {
    let seen = pacing.mean_under_way()? * threads as f64;
    let expected = time_in_iterations.as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
    let looks_that_count = pacing.looks as f64 * seen.min(1.0);
    // The looks are samples: below this number, chance alone makes a difference of 5 %.
    (looks_that_count >= 2_000.0 && expected >= 1.0).then(|| (seen - expected).abs() / expected)
}

#[cfg(test)]
mod tests;

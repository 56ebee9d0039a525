//! `GET /v1/status`: how a run goes, as JSON. The server writes it and the client reads it.

use serde::{Deserialize, Serialize};
use squall_load::Progress;
use squall_metrics::Health;
use squall_plan::{Executor, LoadLevel};

use crate::command::Controls;
use crate::run_state::{Phase, Seen};

/// The status of a run. Counts are as of the last second, targets as of now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStatus {
    /// The run's state.
    pub status: State,
    /// Whether it is to pause.
    pub paused: bool,
    /// The kind of the load's executor.
    pub executor: String,
    /// Seconds since the load began.
    pub elapsed_seconds: f64,
    /// Seconds for which it will go on, if the plan limits it.
    pub remaining_seconds: Option<f64>,
    /// Virtual users running iterations.
    pub vus: u64,
    /// Virtual users that are asked for, where others can ask for them.
    pub vus_target: Option<u64>,
    /// Virtual users at most.
    pub vus_max: u64,
    /// Iterations that are to begin a second, in an open load.
    pub rate_target: Option<f64>,
    /// Iterations that ended a second, in the last second.
    pub iteration_rate: f64,
    /// Requests a second, in the last second.
    pub request_rate: f64,
    /// Iterations that have ended.
    pub iterations: u64,
    /// Iterations that failed or trapped.
    pub failed_iterations: u64,
    /// Iterations that were dropped, because no virtual user was free to start them.
    pub dropped_iterations: u64,
    /// Requests that have ended.
    pub requests: u64,
    /// Requests that failed.
    pub failed_requests: u64,
    /// The 95th percentile of the response time in the last second, in milliseconds, if there was a response.
    pub response_time_p95_ms: Option<f64>,
    /// Whether the generator is to be believed.
    pub generator: Generator,
}

/// The state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Before the load: `setup`, and preparing virtual users.
    Starting,
    /// The load goes on.
    Running,
    /// No iterations begin until it is resumed.
    Paused,
    /// No iterations begin any more; those under way may end.
    Stopping,
    /// The load is over; `teardown` and the summary follow.
    Ended,
}

impl State {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            State::Starting => "starting",
            State::Running => "running",
            State::Paused => "paused",
            State::Stopping => "stopping",
            State::Ended => "ended",
        }
    }
}

/// Whether the generator is to be believed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// Its health.
    pub health: Health,
    /// Why, where it is not ok, and what to do.
    pub findings: Vec<String>,
}

impl RunStatus {
    /// Combines the observed state with the requested settings.
    pub fn of(seen: &Seen, controls: &Controls) -> RunStatus {
        let steering = controls.steering();
        let progress = &seen.progress;
        let health = &progress.generator;
        RunStatus {
            status: match seen.phase {
                Phase::Ended => State::Ended,
                _ if steering.is_stopping() => State::Stopping,
                Phase::Starting => State::Starting,
                Phase::Load if steering.is_paused() => State::Paused,
                Phase::Load => State::Running,
            },
            paused: steering.is_paused(),
            executor: controls.kind(),
            elapsed_seconds: rounded(progress.elapsed.as_secs_f64()),
            remaining_seconds: progress.left.map(|left| rounded(left.as_secs_f64())),
            vus: progress.vus,
            vus_target: vus_target(controls),
            vus_max: controls.plan().max_vus(),
            rate_target: rate_target(controls, progress),
            iteration_rate: rounded(progress.iteration_rate),
            request_rate: rounded(progress.request_rate),
            iterations: progress.iterations,
            failed_iterations: progress.failed_iterations,
            dropped_iterations: progress.dropped_iterations,
            requests: progress.requests,
            failed_requests: progress.failed_requests,
            response_time_p95_ms: progress.p95.map(|p95| rounded(p95.as_millis_f64())),
            generator: Generator {
                health: health.health,
                findings: health.findings.iter().map(|found| format!("{}: {}", found.reason, found.remedy)).collect(),
            },
        }
    }
}

fn vus_target(controls: &Controls) -> Option<u64> {
    match controls.controlled() {
        Some(Executor::ExternallyControlled { vus, rate: None, .. }) => Some(controls.steering().vus().unwrap_or(*vus)),
        _ => None,
    }
}

fn rate_target(controls: &Controls, progress: &Progress) -> Option<f64> {
    let first_level = controls.plan().scenarios.iter().find_map(|scenario| scenario.executor.first_level());
    if let Some(LoadLevel::Rate(first)) = first_level {
        return Some(rounded(controls.steering().rate().unwrap_or(first).per_second()));
    }
    Some(rounded(controls.plan().offered_rate()?.at(progress.elapsed.into())))
}

/// To thousandths: more digits would only be noise.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

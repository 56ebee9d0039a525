//! The agents of a run that several machines carried, and what was lost with some of them: for reports and kept runs.

use serde::{Deserialize, Serialize};

use crate::generator::Health;

/// The agents of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentsReport {
    /// The agents, in the order in which they came.
    pub agents: Vec<AgentLine>,
    /// At most how far two of them were apart when the load began, in milliseconds.
    pub start_error_ms: f64,
    /// What was lost, agent by agent.
    pub lost: Vec<LostLoad>,
    /// Messages that were refused, as sentences: the first few.
    pub dropped: Vec<String>,
}

/// One agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentLine {
    /// Its name.
    pub name: String,
    /// Its machine's name.
    pub host: String,
    /// Its worker threads.
    pub threads: usize,
    /// Requests that it made.
    pub requests: u64,
    /// Its share of all requests, from 0 to 1.
    pub share: f64,
    /// The generator's health there.
    pub health: Health,
    /// At most how far its clock was taken wrongly, in milliseconds.
    pub clock_error_ms: f64,
    /// When it came, in milliseconds of a load that had begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_ms: Option<f64>,
    /// When it was lost, in milliseconds of the load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_ms: Option<f64>,
}

/// What was lost with an agent. Times are milliseconds from the beginning of the load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LostLoad {
    /// The agent.
    pub agent: String,
    /// When it was taken for lost.
    pub at_ms: f64,
    /// Why.
    pub reason: String,
    /// Planned arrivals that were never begun; unknown where the rate was decided while the load ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<u64>,
    /// Arrivals that it began although others had taken them over: it was taken for lost, and was not.
    #[serde(skip_serializing_if = "is_zero")]
    pub repeated: u64,
    /// Iterations under way whose end is not known.
    pub iterations: u64,
    /// From when on its part of the load is missing from the results.
    pub missing_from_ms: f64,
    /// Until when.
    pub missing_until_ms: f64,
    /// Whether others took its part over.
    pub taken_over: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

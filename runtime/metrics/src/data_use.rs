//! How much of a scenario's data a run used.

use serde::{Deserialize, Serialize};

/// How much of one feed a run used by one policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataUse {
    /// The scenario's name for it.
    pub name: String,
    /// Its number of rows.
    pub rows: u64,
    /// The policy by which rows are given out.
    pub policy: String,
    /// How many rows were taken, those that came again included.
    pub taken: u64,
    /// Whether no row was left, and the run ended for it.
    pub ended_the_run: bool,
}

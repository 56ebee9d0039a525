//! A run's use of the scenarios' data.

use serde::{Deserialize, Serialize};

/// A run's use of one feed by one policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataUse {
    /// The scenario's name for it.
    pub name: String,
    /// The feed's number of rows.
    pub rows: u64,
    /// The policy for taking rows.
    pub policy: String,
    /// Number of rows taken, with repetitions.
    pub taken: u64,
    /// Whether the run ended because no row was left.
    pub ended_the_run: bool,
}

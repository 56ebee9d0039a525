//! How high a load is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rate::Rate;
use crate::stage::{RateStage, Stage};

/// How high a load is: by its VUs, or by the rate at which iterations start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadLevel {
    /// A number of VUs.
    Vus(u64),
    /// Iterations started in a time.
    Rate(Rate),
}

impl fmt::Display for LoadLevel {
    /// In a planner's words: `12 users`, `100/s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadLevel::Vus(1) => f.write_str("1 user"),
            LoadLevel::Vus(vus) => write!(f, "{vus} users"),
            LoadLevel::Rate(rate) => rate.fmt(f),
        }
    }
}

impl Stage<LoadLevel> {
    pub(super) fn of_vus(stage: &Stage) -> Self {
        Stage { duration: stage.duration, target: LoadLevel::Vus(stage.target) }
    }

    pub(super) fn of_rate(stage: &RateStage) -> Self {
        Stage { duration: stage.duration, target: LoadLevel::Rate(stage.target) }
    }
}

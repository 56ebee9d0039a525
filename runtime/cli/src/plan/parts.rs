//! The parts of a load that changes: how high, from when to when.

use std::fmt;
use std::time::Duration;

use squall_insight::LoadLevel;
use squall_plan::{Executor, Rate};

/// How high a load is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Height {
    /// Virtual users.
    Users(u64),
    /// Iterations started.
    Rate(Rate),
}

impl fmt::Display for Height {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Height::Users(1) => formatter.write_str("1 user"),
            Height::Users(users) => write!(formatter, "{users} users"),
            Height::Rate(rate) => rate.fmt(formatter),
        }
    }
}

/// A part of a load, between two changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// From when to when.
    pub level: LoadLevel,
    /// How high it is at its end.
    pub height: Height,
}

impl Part {
    /// How long it lasts.
    pub fn lasts(&self) -> Duration {
        self.level.to.saturating_sub(self.level.from)
    }
}

/// The parts of a ramp that last; none of any other load.
pub fn parts(executor: &Executor) -> Vec<Part> {
    let stages: Vec<(Duration, Height)> = match executor {
        Executor::RampingVus { stages, .. } => {
            stages.iter().map(|stage| (stage.duration, Height::Users(stage.target))).collect()
        }
        Executor::RampingArrivalRate { stages, .. } => {
            stages.iter().map(|stage| (stage.duration, Height::Rate(stage.target))).collect()
        }
        _ => Vec::new(),
    };
    let mut from = Duration::ZERO;
    let part = |(time, height): (Duration, Height)| {
        let level = LoadLevel { from, to: from + time };
        from = level.to;
        Part { level, height }
    };
    stages.into_iter().filter(|(time, _)| !time.is_zero()).map(part).collect()
}

//! The levels of a load that changes: how high, from when to when.

use std::fmt;
use std::time::Duration;

use squall_insight::LoadLevel;
use squall_plan::{Executor, Rate};

/// How high a load is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// Virtual users.
    Users(u64),
    /// Iterations started.
    Rate(Rate),
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Level::Users(1) => formatter.write_str("1 user"),
            Level::Users(users) => write!(formatter, "{users} users"),
            Level::Rate(rate) => rate.fmt(formatter),
        }
    }
}

/// A part of a load, between two changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadPart {
    /// From when to when.
    pub span: LoadLevel,
    /// How high it is at its end.
    pub level: Level,
}

impl LoadPart {
    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        self.span.to.saturating_sub(self.span.from)
    }
}

/// The parts of a ramp that last; none of any other load.
pub fn load_parts(executor: &Executor) -> Vec<LoadPart> {
    let stages: Vec<(Duration, Level)> = match executor {
        Executor::RampingVus { stages, .. } => {
            stages.iter().map(|stage| (stage.duration, Level::Users(stage.target))).collect()
        }
        Executor::RampingArrivalRate { stages, .. } => {
            stages.iter().map(|stage| (stage.duration, Level::Rate(stage.target))).collect()
        }
        _ => Vec::new(),
    };
    let mut from = Duration::ZERO;
    let part = |(time, level): (Duration, Level)| {
        let span = LoadLevel { from, to: from + time };
        from = span.to;
        LoadPart { span, level }
    };
    stages.into_iter().filter(|(time, _)| !time.is_zero()).map(part).collect()
}

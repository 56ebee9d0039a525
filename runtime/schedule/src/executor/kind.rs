//! The names of executors. Must not know what an executor needs.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::did_you_mean::nearest;

/// The name of an executor, as k6 has it where k6 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExecutorKind {
    /// `constant-vus`: a fixed number of VUs, each iterating for a time.
    ConstantVus,
    /// `ramping-vus`: a number of VUs that follows stages.
    RampingVus,
    /// `per-vu-iterations`: each VU runs the same number of iterations.
    PerVuIterations,
    /// `shared-iterations`: the VUs share a number of iterations.
    SharedIterations,
    /// `constant-arrival-rate`: iterations start at a fixed rate, however long they take.
    ConstantArrivalRate,
    /// `ramping-arrival-rate`: iterations start at a rate that follows stages.
    RampingArrivalRate,
    /// `stepped-vus`: a number of VUs that goes up in steps until the target gives way.
    SteppedVus,
    /// `stepped-arrival-rate`: a rate that goes up in steps until the target gives way.
    SteppedArrivalRate,
    /// `externally-controlled`: the number of VUs, or the rate, can be changed while it runs.
    ExternallyControlled,
}

impl ExecutorKind {
    /// Every executor there is.
    pub const ALL: [ExecutorKind; 9] = [
        ExecutorKind::ConstantVus,
        ExecutorKind::RampingVus,
        ExecutorKind::PerVuIterations,
        ExecutorKind::SharedIterations,
        ExecutorKind::ConstantArrivalRate,
        ExecutorKind::RampingArrivalRate,
        ExecutorKind::SteppedVus,
        ExecutorKind::SteppedArrivalRate,
        ExecutorKind::ExternallyControlled,
    ];

    /// The name users write: `constant-vus`.
    pub fn name(self) -> &'static str {
        match self {
            ExecutorKind::ConstantVus => "constant-vus",
            ExecutorKind::RampingVus => "ramping-vus",
            ExecutorKind::PerVuIterations => "per-vu-iterations",
            ExecutorKind::SharedIterations => "shared-iterations",
            ExecutorKind::ConstantArrivalRate => "constant-arrival-rate",
            ExecutorKind::RampingArrivalRate => "ramping-arrival-rate",
            ExecutorKind::SteppedVus => "stepped-vus",
            ExecutorKind::SteppedArrivalRate => "stepped-arrival-rate",
            ExecutorKind::ExternallyControlled => "externally-controlled",
        }
    }
}

impl fmt::Display for ExecutorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no executor of that name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "unknown executor {name:?}: {}",
    nearest(name, ExecutorKind::ALL.map(ExecutorKind::name)).map_or_else(
        || format!("use one of {}", ExecutorKind::ALL.map(ExecutorKind::name).join(", ")),
        |known| format!("did you mean {known:?}?"),
    )
)]
pub struct UnknownExecutor {
    name: String,
}

impl FromStr for ExecutorKind {
    type Err = UnknownExecutor;

    fn from_str(text: &str) -> Result<ExecutorKind, UnknownExecutor> {
        ExecutorKind::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownExecutor { name: text.to_owned() })
    }
}

impl Serialize for ExecutorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ExecutorKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ExecutorKind, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_mistyped_ones_are_helped() {
        for kind in ExecutorKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        let error = |name: &str| name.parse::<ExecutorKind>().unwrap_err().to_string();
        assert_eq!(error("constant_vus"), "unknown executor \"constant_vus\": did you mean \"constant-vus\"?");
        assert_eq!(
            error("banana"),
            "unknown executor \"banana\": \
             use one of constant-vus, ramping-vus, per-vu-iterations, shared-iterations, \
             constant-arrival-rate, ramping-arrival-rate, stepped-vus, stepped-arrival-rate, externally-controlled"
        );
    }
}

//! Executors: the rules by which VUs start iterations. Says what they are and how large; must not know how they are run,
//! nor from which options they came (`load_shape.rs` does).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::duration::{HumanDuration, from_nanos};
use crate::stage::Stage;
use crate::suggest::nearest;

/// The name of an executor, as k6 has it.
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
}

impl ExecutorKind {
    /// Every executor there is.
    pub const ALL: [ExecutorKind; 4] = [
        ExecutorKind::ConstantVus,
        ExecutorKind::RampingVus,
        ExecutorKind::PerVuIterations,
        ExecutorKind::SharedIterations,
    ];

    /// The name users write: `constant-vus`.
    pub fn name(self) -> &'static str {
        match self {
            ExecutorKind::ConstantVus => "constant-vus",
            ExecutorKind::RampingVus => "ramping-vus",
            ExecutorKind::PerVuIterations => "per-vu-iterations",
            ExecutorKind::SharedIterations => "shared-iterations",
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

/// An executor with everything it needs, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executor {
    /// A fixed number of VUs, each iterating for a time.
    ConstantVus {
        /// How many VUs.
        vus: u64,
        /// For how long.
        duration: Duration,
    },
    /// A number of VUs that follows stages; see [`Ramp`](crate::Ramp).
    RampingVus {
        /// How many VUs at the start of the first stage.
        start_vus: u64,
        /// The stages, at least one.
        stages: Vec<Stage>,
        /// How long a VU that the ramp no longer wants may go on with its iteration.
        graceful_ramp_down: Duration,
    },
    /// Each VU runs the same number of iterations.
    PerVuIterations {
        /// How many VUs.
        vus: u64,
        /// How many iterations each of them runs.
        iterations: u64,
        /// After this time no further iteration is started.
        max_duration: Duration,
    },
    /// The VUs share a number of iterations: who is free takes the next.
    SharedIterations {
        /// How many VUs, at most as many as iterations.
        vus: u64,
        /// How many iterations in all.
        iterations: u64,
        /// After this time no further iteration is started.
        max_duration: Duration,
    },
}

impl Executor {
    /// Which executor it is.
    pub fn kind(&self) -> ExecutorKind {
        match self {
            Executor::ConstantVus { .. } => ExecutorKind::ConstantVus,
            Executor::RampingVus { .. } => ExecutorKind::RampingVus,
            Executor::PerVuIterations { .. } => ExecutorKind::PerVuIterations,
            Executor::SharedIterations { .. } => ExecutorKind::SharedIterations,
        }
    }

    /// The most VUs that can be wanted at once: as many are worth preparing.
    pub fn max_vus(&self) -> u64 {
        match self {
            Executor::ConstantVus { vus, .. }
            | Executor::PerVuIterations { vus, .. }
            | Executor::SharedIterations { vus, .. } => *vus,
            Executor::RampingVus { start_vus, stages, .. } => peak(*start_vus, stages),
        }
    }

    /// How long the load lasts, without the graceful stop. `None` when it ends with its iterations, whenever that is;
    /// [`Executor::time_limit`] then says how long they may take.
    pub fn planned_duration(&self) -> Option<Duration> {
        match self {
            Executor::ConstantVus { duration, .. } => Some(*duration),
            Executor::RampingVus { stages, .. } => Some(total_duration(stages)),
            Executor::PerVuIterations { .. } | Executor::SharedIterations { .. } => None,
        }
    }

    /// The time after which no iteration is started any more, whatever the executor.
    pub fn time_limit(&self) -> Duration {
        match self {
            Executor::ConstantVus { duration, .. } => *duration,
            Executor::RampingVus { stages, .. } => total_duration(stages),
            Executor::PerVuIterations { max_duration, .. } | Executor::SharedIterations { max_duration, .. } => {
                *max_duration
            }
        }
    }

    /// The number of iterations that will be run, for those executors that know it beforehand.
    pub fn planned_iterations(&self) -> Option<u64> {
        match self {
            Executor::ConstantVus { .. } | Executor::RampingVus { .. } => None,
            Executor::PerVuIterations { vus, iterations, .. } => Some(vus.saturating_mul(*iterations)),
            Executor::SharedIterations { iterations, .. } => Some(*iterations),
        }
    }
}

impl fmt::Display for Executor {
    /// One line for people: `50 VUs for 30s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Executor::ConstantVus { vus, duration } => {
                write!(f, "{} for {}", Vus(*vus), HumanDuration(*duration))
            }
            Executor::RampingVus { stages, .. } => {
                let (vus, time) = (Vus(self.max_vus()), HumanDuration(total_duration(stages)));
                let count = stages.len();
                let stages = if count == 1 { "stage" } else { "stages" };
                write!(f, "up to {vus} for {time} over {count} {stages}")
            }
            Executor::PerVuIterations { vus, iterations, max_duration } => {
                let limit = HumanDuration(*max_duration);
                let each = if *vus == 1 { "" } else { " each" };
                let iterations = Iterations(*iterations);
                write!(f, "{}, {iterations}{each}, at most {limit}", Vus(*vus))
            }
            Executor::SharedIterations { vus, iterations, max_duration } => {
                let limit = HumanDuration(*max_duration);
                let share = if *vus == 1 { "by" } else { "shared by" };
                let iterations = Iterations(*iterations);
                write!(f, "{iterations} {share} {}, at most {limit}", Vus(*vus))
            }
        }
    }
}

/// `1 VU`, `2 VUs`.
struct Vus(u64);

impl fmt::Display for Vus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} VU{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

/// `1 iteration`, `2 iterations`.
struct Iterations(u64);

impl fmt::Display for Iterations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} iteration{ending}", self.0)
    }
}

/// The greatest number of VUs that a ramp names.
pub(crate) fn peak(start: u64, stages: &[Stage]) -> u64 {
    stages.iter().fold(start, |peak, stage| peak.max(stage.target))
}

/// How long all stages take together.
pub(crate) fn total_duration(stages: &[Stage]) -> Duration {
    // Saturating, in nanoseconds: no list of stages, however absurd, may panic here.
    from_nanos(stages.iter().fold(0_u128, |total, stage| total.saturating_add(stage.duration.as_nanos())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn ramp() -> Executor {
        Executor::RampingVus {
            start_vus: 3,
            stages: vec!["30s:10".parse().unwrap(), "1m:0".parse().unwrap()],
            graceful_ramp_down: Duration::ZERO,
        }
    }

    #[test]
    fn names_are_k6s_and_mistyped_ones_are_helped() {
        for kind in ExecutorKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        let error = |name: &str| name.parse::<ExecutorKind>().unwrap_err().to_string();
        assert_eq!(error("constant_vus"), "unknown executor \"constant_vus\": did you mean \"constant-vus\"?");
        assert_eq!(
            error("banana"),
            "unknown executor \"banana\": \
             use one of constant-vus, ramping-vus, per-vu-iterations, shared-iterations"
        );
    }

    #[test]
    fn sizes_and_lengths() {
        assert_eq!(ramp().max_vus(), 10);
        assert_eq!(ramp().planned_duration(), Some(Duration::from_secs(90)));
        let shared = Executor::SharedIterations { vus: 2, iterations: 10, max_duration: MINUTE };
        assert_eq!(shared.planned_duration(), None);
        assert_eq!(shared.time_limit(), MINUTE);
        assert_eq!(shared.planned_iterations(), Some(10));
    }

    #[test]
    fn reads_as_a_line() {
        let lines = [
            Executor::ConstantVus { vus: 50, duration: MINUTE },
            ramp(),
            Executor::PerVuIterations { vus: 1, iterations: 1, max_duration: MINUTE },
            Executor::SharedIterations { vus: 5, iterations: 100, max_duration: MINUTE },
        ]
        .map(|executor| executor.to_string());
        assert_eq!(
            lines,
            [
                "50 VUs for 1m",
                "up to 10 VUs for 1m30s over 2 stages",
                "1 VU, 1 iteration, at most 1m",
                "100 iterations shared by 5 VUs, at most 1m",
            ]
        );
    }
}

//! Executors: the rules by which VUs start iterations. Says what they are and how large; must not know how they are run,
//! nor from which options they came (`load_shape.rs` does).

mod display;
mod kind;
mod level;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::arrivals::{ArrivalProcess, Arrivals};
use crate::duration::from_nanos;
use crate::limits::MAX_DURATION;
use crate::rate::Rate;
use crate::stage::{RateStage, Stage};

pub use kind::{ExecutorKind, UnknownExecutor};
pub use level::LoadLevel;

/// An executor with everything it needs, validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Iterations start at a fixed rate, however long they take; see [`Arrivals`](crate::Arrivals).
    ConstantArrivalRate {
        /// How many iterations start in a time.
        rate: Rate,
        /// For how long.
        duration: Duration,
        /// How many VUs are made before the load begins.
        pre_allocated_vus: u64,
        /// How many VUs there may be at most; at least as many as `pre_allocated_vus`.
        max_vus: u64,
    },
    /// Iterations start at a rate that follows stages; see [`Arrivals`](crate::Arrivals).
    RampingArrivalRate {
        /// The rate at the start of the first stage.
        start_rate: Rate,
        /// The stages, at least one.
        stages: Vec<RateStage>,
        /// How many VUs are made before the load begins.
        pre_allocated_vus: u64,
        /// How many VUs there may be at most; at least as many as `pre_allocated_vus`.
        max_vus: u64,
    },
    /// A number of VUs that goes up in steps until the target gives way, or until the last step is over, and then back.
    SteppedVus {
        /// The steps up, at least one; each holds its target for its duration.
        steps: Vec<Stage>,
        /// What comes after the last step that is taken.
        step_back: Stage,
        /// How long a VU that the step back no longer wants may go on with its iteration.
        graceful_ramp_down: Duration,
    },
    /// The same with the rate at which iterations start.
    SteppedArrivalRate {
        /// The steps up, at least one; each holds its target for its duration.
        steps: Vec<RateStage>,
        /// What comes after the last step that is taken.
        step_back: RateStage,
        /// How many VUs are made before the load begins.
        pre_allocated_vus: u64,
        /// How many VUs there may be at most; at least as many as `pre_allocated_vus`.
        max_vus: u64,
    },
    /// A number of VUs that can be changed while they run; or, with a rate, a rate that can be changed.
    ExternallyControlled {
        /// How many VUs to begin with; with a rate, how many are made before the load begins.
        vus: u64,
        /// How many VUs there may be at most; at least as many as `vus`.
        max_vus: u64,
        /// The rate to begin with. Without one, each VU starts its next iteration when it has ended one.
        rate: Option<Rate>,
        /// For how long; without one, until it is stopped.
        duration: Option<Duration>,
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
            Executor::ConstantArrivalRate { .. } => ExecutorKind::ConstantArrivalRate,
            Executor::RampingArrivalRate { .. } => ExecutorKind::RampingArrivalRate,
            Executor::SteppedVus { .. } => ExecutorKind::SteppedVus,
            Executor::SteppedArrivalRate { .. } => ExecutorKind::SteppedArrivalRate,
            Executor::ExternallyControlled { .. } => ExecutorKind::ExternallyControlled,
        }
    }

    /// Whether the plan decides when iterations begin, and not the end of the iteration before.
    pub fn is_open(&self) -> bool {
        matches!(
            self,
            Executor::ConstantArrivalRate { .. }
                | Executor::RampingArrivalRate { .. }
                | Executor::SteppedArrivalRate { .. }
                | Executor::ExternallyControlled { rate: Some(_), .. }
        )
    }

    /// The level at which a load begins whose further levels are decided while it runs; `None` where the plan alone
    /// decides them.
    pub fn first_level(&self) -> Option<LoadLevel> {
        match self {
            Executor::SteppedVus { steps, .. } => steps.first().map(|step| LoadLevel::Vus(step.target)),
            Executor::SteppedArrivalRate { steps, .. } => steps.first().map(|step| LoadLevel::Rate(step.target)),
            Executor::ExternallyControlled { rate: Some(rate), .. } => Some(LoadLevel::Rate(*rate)),
            Executor::ExternallyControlled { vus, rate: None, .. } => Some(LoadLevel::Vus(*vus)),
            _ => None,
        }
    }

    /// Whether it goes up in steps until the target gives way.
    pub fn is_stepped(&self) -> bool {
        matches!(self, Executor::SteppedVus { .. } | Executor::SteppedArrivalRate { .. })
    }

    /// The stages of a ramp, or the steps of a stepped load with the step back as the last; none of any other load.
    pub fn stages(&self) -> Vec<Stage<LoadLevel>> {
        match self {
            Executor::RampingVus { stages, .. } => stages.iter().map(Stage::of_vus).collect(),
            Executor::RampingArrivalRate { stages, .. } => stages.iter().map(Stage::of_rate).collect(),
            Executor::SteppedVus { steps, step_back, .. } => {
                steps.iter().chain([step_back]).map(Stage::of_vus).collect()
            }
            Executor::SteppedArrivalRate { steps, step_back, .. } => {
                steps.iter().chain([step_back]).map(Stage::of_rate).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The most VUs that can be wanted at once: as many are worth preparing.
    pub fn max_vus(&self) -> u64 {
        match self {
            Executor::ConstantVus { vus, .. }
            | Executor::PerVuIterations { vus, .. }
            | Executor::SharedIterations { vus, .. } => *vus,
            Executor::RampingVus { start_vus, stages, .. } => peak(*start_vus, stages),
            Executor::SteppedVus { steps, step_back, .. } => peak(step_back.target, steps),
            Executor::ConstantArrivalRate { max_vus, .. }
            | Executor::RampingArrivalRate { max_vus, .. }
            | Executor::SteppedArrivalRate { max_vus, .. }
            | Executor::ExternallyControlled { max_vus, .. } => *max_vus,
        }
    }

    /// How many VUs are made before the load begins: of an open load, those that the plan names; otherwise all.
    pub fn pre_allocated_vus(&self) -> u64 {
        match self {
            Executor::ConstantArrivalRate { pre_allocated_vus, .. }
            | Executor::RampingArrivalRate { pre_allocated_vus, .. }
            | Executor::SteppedArrivalRate { pre_allocated_vus, .. } => *pre_allocated_vus,
            Executor::ExternallyControlled { vus, .. } => *vus,
            closed => closed.max_vus(),
        }
    }

    /// The highest rate at which iterations are to start, if the plan decides that.
    pub fn peak_rate(&self) -> Option<Rate> {
        match self {
            Executor::ConstantArrivalRate { rate, .. } => Some(*rate),
            Executor::ExternallyControlled { rate, .. } => *rate,
            Executor::RampingArrivalRate { start_rate, stages, .. } => Some(peak_rate(*start_rate, stages)),
            Executor::SteppedArrivalRate { steps, step_back, .. } => Some(peak_rate(step_back.target, steps)),
            _ => None,
        }
    }

    /// Whether the load is the same from its beginning to its end.
    pub fn is_level(&self) -> bool {
        matches!(self, Executor::ConstantVus { .. } | Executor::ConstantArrivalRate { .. })
    }

    /// How long the load lasts, without the graceful stop; a stepped one at most. `None` when it ends with its iterations, whenever that is
    /// ([`Executor::time_limit`] then says how long they may take), or only when it is stopped.
    pub fn planned_duration(&self) -> Option<Duration> {
        match self {
            Executor::ConstantVus { duration, .. } | Executor::ConstantArrivalRate { duration, .. } => Some(*duration),
            Executor::RampingVus { .. }
            | Executor::RampingArrivalRate { .. }
            | Executor::SteppedVus { .. }
            | Executor::SteppedArrivalRate { .. } => Some(total_duration(&self.stages())),
            Executor::ExternallyControlled { duration, .. } => *duration,
            Executor::PerVuIterations { .. } | Executor::SharedIterations { .. } => None,
        }
    }

    /// The time after which no iteration is started any more, whatever the executor; [`MAX_DURATION`] where it runs
    /// until it is stopped.
    pub fn time_limit(&self) -> Duration {
        match self {
            Executor::PerVuIterations { max_duration, .. } | Executor::SharedIterations { max_duration, .. } => {
                *max_duration
            }
            others => others.planned_duration().unwrap_or(MAX_DURATION),
        }
    }

    /// The number of iterations that will be started, for those executors that know it beforehand. With a Poisson
    /// process it is the mean; [`Arrivals::planned`] knows the number itself.
    pub fn planned_iterations(&self) -> Option<u64> {
        match self {
            Executor::ConstantVus { .. }
            | Executor::RampingVus { .. }
            | Executor::SteppedVus { .. }
            | Executor::SteppedArrivalRate { .. }
            | Executor::ExternallyControlled { .. } => None,
            Executor::PerVuIterations { vus, iterations, .. } => Some(vus.saturating_mul(*iterations)),
            Executor::SharedIterations { iterations, .. } => Some(*iterations),
            Executor::ConstantArrivalRate { .. } | Executor::RampingArrivalRate { .. } => {
                Arrivals::of(self, ArrivalProcess::Constant, 0).and_then(|arrivals| arrivals.planned())
            }
        }
    }
}

/// The greatest number of VUs that a ramp names.
pub fn peak(start: u64, stages: &[Stage]) -> u64 {
    stages.iter().fold(start, |peak, stage| peak.max(stage.target))
}

/// The highest rate that a ramp names.
pub fn peak_rate(start: Rate, stages: &[RateStage]) -> Rate {
    stages.iter().fold(start, |peak, stage| peak.max(stage.target))
}

/// How long all stages take together.
pub fn total_duration<T>(stages: &[Stage<T>]) -> Duration {
    // Saturating, in nanoseconds: no list of stages, however absurd, may panic here.
    from_nanos(stages.iter().fold(0_u128, |total, stage| total.saturating_add(stage.duration.as_nanos())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn stage<T>(duration: Duration, target: T) -> Stage<T> {
        Stage { duration, target }
    }

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn ramp() -> Executor {
        Executor::RampingVus {
            start_vus: 3,
            stages: vec![stage(Duration::from_secs(30), 10), stage(MINUTE, 0)],
            graceful_ramp_down: Duration::ZERO,
        }
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
    fn open_loads_know_their_arrivals() {
        let constant =
            Executor::ConstantArrivalRate { rate: rate("90/m"), duration: MINUTE, pre_allocated_vus: 1, max_vus: 7 };
        assert_eq!((constant.max_vus(), constant.planned_duration()), (7, Some(MINUTE)));
        assert_eq!((constant.pre_allocated_vus(), ramp().pre_allocated_vus()), (1, 10));
        assert_eq!(constant.planned_iterations(), Some(90));
        assert_eq!((constant.peak_rate(), constant.is_level()), (Some(rate("90/m")), true));
        let ramp = Executor::RampingArrivalRate {
            start_rate: rate("0/s"),
            stages: vec![stage(MINUTE, rate("10/s")), stage(MINUTE, rate("10/s"))],
            pre_allocated_vus: 1,
            max_vus: 2,
        };
        assert_eq!((ramp.planned_duration(), ramp.planned_iterations()), (Some(MINUTE * 2), Some(900)));
        assert_eq!((ramp.peak_rate(), ramp.is_level()), (Some(rate("10/s")), false));
        let endless = Executor::ExternallyControlled { vus: 1, max_vus: 3, rate: None, duration: None };
        assert_eq!((endless.max_vus(), endless.planned_duration()), (3, None));
        assert_eq!((endless.time_limit(), endless.planned_iterations()), (MAX_DURATION, None));
    }

    #[test]
    fn a_stepped_load_begins_at_its_first_step_and_lasts_at_most_for_all_of_them() {
        let vus = Executor::SteppedVus {
            steps: vec![stage(MINUTE, 5), stage(MINUTE, 10)],
            step_back: stage(MINUTE * 3, 4),
            graceful_ramp_down: Duration::ZERO,
        };
        assert_eq!((vus.max_vus(), vus.pre_allocated_vus(), vus.is_open()), (10, 10, false));
        assert_eq!((vus.planned_duration(), vus.planned_iterations()), (Some(MINUTE * 5), None));
        assert_eq!((vus.first_level(), vus.stages().len()), (Some(LoadLevel::Vus(5)), 3));
        let rates = Executor::SteppedArrivalRate {
            steps: vec![stage(MINUTE, rate("5/s")), stage(MINUTE, rate("10/s"))],
            step_back: stage(MINUTE, rate("5/s")),
            pre_allocated_vus: 2,
            max_vus: 9,
        };
        assert_eq!((rates.max_vus(), rates.pre_allocated_vus(), rates.is_open()), (9, 2, true));
        assert_eq!((rates.peak_rate(), rates.first_level()), (Some(rate("10/s")), Some(LoadLevel::Rate(rate("5/s")))));
        assert!(rates.is_stepped() && !ramp().is_stepped() && ramp().first_level().is_none());
    }
}

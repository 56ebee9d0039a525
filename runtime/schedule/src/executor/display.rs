//! An executor as one line for people.

use std::fmt;

use super::{Executor, peak_rate, total_duration};
use crate::duration::HumanDuration;

impl fmt::Display for Executor {
    /// One line for people: `50 VUs for 30s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Executor::ConstantVus { vus, duration } => {
                write!(f, "{} for {}", Vus(*vus), HumanDuration(*duration))
            }
            Executor::RampingVus { stages, .. } => {
                let (vus, time) = (Vus(self.max_vus()), HumanDuration(total_duration(stages)));
                write!(f, "up to {vus} for {time} over {}", Stages(stages.len()))
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
            Executor::ConstantArrivalRate { rate, duration, max_vus, .. } => {
                write!(f, "{rate} for {}, up to {}", HumanDuration(*duration), Vus(*max_vus))
            }
            Executor::RampingArrivalRate { start_rate, stages, max_vus, .. } => {
                let peak = peak_rate(*start_rate, stages);
                let time = HumanDuration(self.time_limit());
                write!(f, "up to {peak} for {time} over {}, up to {}", Stages(stages.len()), Vus(*max_vus))
            }
            Executor::SteppedVus { steps, step_back, .. } => {
                let (vus, time) = (Vus(self.max_vus()), HumanDuration(self.time_limit()));
                write!(f, "up to {vus} for {time} over {}, then {}", Steps(steps.len()), Vus(step_back.target))
            }
            Executor::SteppedArrivalRate { steps, step_back, max_vus, .. } => {
                let (peak, time) = (peak_rate(step_back.target, steps), HumanDuration(self.time_limit()));
                let (steps, back) = (Steps(steps.len()), step_back.target);
                write!(f, "up to {peak} for {time} over {steps}, then {back}, up to {}", Vus(*max_vus))
            }
            Executor::ExternallyControlled { vus, max_vus, rate, duration } => {
                match rate {
                    Some(rate) => write!(f, "{rate} to begin with")?,
                    None => write!(f, "{} to begin with", Vus(*vus))?,
                }
                match duration {
                    Some(duration) => write!(f, ", for {}", HumanDuration(*duration))?,
                    None => f.write_str(", until stopped")?,
                }
                write!(f, ", up to {}", Vus(*max_vus))
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

/// `1 stage`, `2 stages`.
struct Stages(usize);

impl fmt::Display for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} stage{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

/// `1 step`, `2 steps`.
struct Steps(usize);

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} step{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::rate::Rate;
    use crate::stage::{RateStage, Stage};

    const MINUTE: Duration = Duration::from_secs(60);

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn stage(seconds: u64, target: u64) -> Stage {
        Stage { duration: Duration::from_secs(seconds), target }
    }

    #[test]
    fn reads_as_a_line() {
        let lines = [
            Executor::ConstantVus { vus: 50, duration: MINUTE },
            Executor::RampingVus {
                start_vus: 3,
                stages: vec![stage(30, 10), stage(60, 0)],
                graceful_ramp_down: Duration::ZERO,
            },
            Executor::PerVuIterations { vus: 1, iterations: 1, max_duration: MINUTE },
            Executor::SharedIterations { vus: 5, iterations: 100, max_duration: MINUTE },
            Executor::ConstantArrivalRate {
                rate: rate("5000/s"),
                duration: MINUTE,
                pre_allocated_vus: 9,
                max_vus: 200,
            },
            Executor::RampingArrivalRate {
                start_rate: rate("0/s"),
                stages: vec![RateStage { duration: MINUTE, target: rate("90/m") }],
                pre_allocated_vus: 1,
                max_vus: 1,
            },
            Executor::ExternallyControlled { vus: 5, max_vus: 9, rate: None, duration: None },
            Executor::ExternallyControlled { vus: 5, max_vus: 9, rate: Some(rate("5/s")), duration: Some(MINUTE) },
        ]
        .map(|executor| executor.to_string());
        assert_eq!(
            lines,
            [
                "50 VUs for 1m",
                "up to 10 VUs for 1m30s over 2 stages",
                "1 VU, 1 iteration, at most 1m",
                "100 iterations shared by 5 VUs, at most 1m",
                "5000/s for 1m, up to 200 VUs",
                "up to 90/m for 1m over 1 stage, up to 1 VU",
                "5 VUs to begin with, until stopped, up to 9 VUs",
                "5/s to begin with, for 1m, up to 9 VUs",
            ]
        );
    }
}

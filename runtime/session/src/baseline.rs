//! A stretch of low load before a load: what a target takes when nothing waits, to hold the load against. Arithmetic on
//! executors alone.

use std::time::Duration;

use squall_plan::{Executor, Plan, Rate, Stage};

use crate::error::Error;

/// The length of the stretch.
pub(crate) const BASELINE: Duration = Duration::from_secs(15);
/// The load is this many times the baseline at least, and the baseline one virtual user or one iteration a second.
const DIVISOR: u64 = 20;

/// Puts the stretch before the load of every scenario.
///
/// # Errors
/// If a scenario's load is no course in time: iterations that are counted, steps, or a load that others control.
pub(crate) fn put_baseline_before(plan: &mut Plan) -> Result<(), Error> {
    for scenario in &mut plan.scenarios {
        scenario.executor = with_baseline(&scenario.executor).ok_or_else(|| {
            Error::option(format!(
                "scenario {:?}: there can be no stretch of low load before {}: diagnose a constant or a ramping load",
                scenario.name,
                scenario.executor.kind()
            ))
        })?;
    }
    Ok(())
}

fn with_baseline(executor: &Executor) -> Option<Executor> {
    Some(match executor.clone() {
        Executor::ConstantVus { vus, duration } => Executor::RampingVus {
            start_vus: low(vus),
            stages: vec![held(low(vus)), jump(vus), Stage { duration, target: vus }],
            graceful_ramp_down: Duration::from_secs(30),
        },
        Executor::RampingVus { start_vus, stages, graceful_ramp_down } => {
            let low = low(stages.iter().map(|stage| stage.target).max()?);
            Executor::RampingVus {
                start_vus: low,
                stages: [held(low), jump(start_vus)].into_iter().chain(stages).collect(),
                graceful_ramp_down,
            }
        }
        Executor::ConstantArrivalRate { rate, duration, pre_allocated_vus, max_vus } => Executor::RampingArrivalRate {
            start_rate: low_rate(rate),
            stages: vec![held(low_rate(rate)), jump(rate), Stage { duration, target: rate }],
            pre_allocated_vus,
            max_vus,
        },
        Executor::RampingArrivalRate { start_rate, stages, pre_allocated_vus, max_vus } => {
            let low = low_rate(
                stages
                    .iter()
                    .map(|stage| stage.target)
                    .max_by(|one, other| one.per_second().total_cmp(&other.per_second()))?,
            );
            Executor::RampingArrivalRate {
                start_rate: low,
                stages: [held(low), jump(start_rate)].into_iter().chain(stages).collect(),
                pre_allocated_vus,
                max_vus,
            }
        }
        _ => return None,
    })
}

fn low(vus: u64) -> u64 {
    (vus / DIVISOR).max(1)
}

fn low_rate(rate: Rate) -> Rate {
    Rate::new((rate.count() / DIVISOR).max(1), rate.per()).unwrap_or(rate)
}

fn held<Target>(target: Target) -> Stage<Target> {
    Stage { duration: BASELINE, target }
}

fn jump<Target>(target: Target) -> Stage<Target> {
    Stage { duration: Duration::ZERO, target }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twentieth_of_the_users_comes_first() {
        let constant = Executor::ConstantVus { vus: 60, duration: Duration::from_secs(45) };
        let Some(Executor::RampingVus { start_vus, stages, .. }) = with_baseline(&constant) else { panic!() };
        let stages: Vec<_> = stages.iter().map(|stage| (stage.duration.as_secs(), stage.target)).collect();
        assert_eq!((start_vus, stages), (3, vec![(15, 3), (0, 60), (45, 60)]));
        assert_eq!(low(7), 1);
    }

    #[test]
    fn counted_iterations_have_no_baseline() {
        let counted = Executor::PerVuIterations { vus: 1, iterations: 3, max_duration: Duration::from_secs(1) };
        assert_eq!(with_baseline(&counted), None);
    }
}

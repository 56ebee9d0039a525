//! Stepped loads: all stages but the last are the steps up, the last is the step back. Must not know when a target gives
//! way.

use squall_schedule::limits::{self, LimitError, MAX_STAGES, MAX_VUS};
use squall_schedule::{Executor, ExecutorKind, Rate, RateStage, Stage, peak_rate, total_duration};

use super::open::{Vus, contradictions};
use super::{DEFAULT_GRACEFUL_RAMP_DOWN, LoadShapeError, check_count, check_may_be_zero, check_time, missing, vus_of};
use crate::options::Options;

/// The key of a mistake in one step.
const TARGET: &str = "the target of a step";

/// Makes the stepped executor that the options mean.
pub(super) fn resolve(options: &Options, kind: ExecutorKind) -> Result<Executor, Vec<LoadShapeError>> {
    if kind == ExecutorKind::SteppedVus { stepped_vus(options) } else { stepped_rate(options) }
}

fn stepped_vus(options: &Options) -> Result<Executor, Vec<LoadShapeError>> {
    let kind = ExecutorKind::SteppedVus;
    let graceful_ramp_down = options.graceful_ramp_down.unwrap_or(DEFAULT_GRACEFUL_RAMP_DOWN);
    let may_be_zero = check_may_be_zero("graceful_ramp_down", graceful_ramp_down);
    let stages = vus_of(options.stages.as_deref().unwrap_or_default(), kind);
    let steps = stages.and_then(|stages| {
        stages.iter().try_for_each(|stage| check_count(TARGET, stage.target, MAX_VUS))?;
        split(kind, stages)
    });
    match (steps, may_be_zero) {
        (Ok((steps, step_back)), Ok(())) => Ok(Executor::SteppedVus { steps, step_back, graceful_ramp_down }),
        (steps, may_be_zero) => Err(steps.err().into_iter().chain(may_be_zero.err()).collect()),
    }
}

fn stepped_rate(options: &Options) -> Result<Executor, Vec<LoadShapeError>> {
    let written = options.stages.as_deref().unwrap_or_default();
    let mut mistakes = contradictions(options, written.iter().map(|stage| &stage.target));
    let stages: Vec<RateStage> = written
        .iter()
        .map(|stage| RateStage { duration: stage.duration, target: stage.target.as_rate(options.time_unit) })
        .collect();
    mistakes.extend(stages.iter().find_map(|stage| check_rate(stage).err()));
    let vus = Vus::of(options, peak_rate(Rate::ZERO, &stages));
    mistakes.extend(vus.check().err());
    match split(ExecutorKind::SteppedArrivalRate, stages) {
        Ok((steps, step_back)) if mistakes.is_empty() => {
            Ok(Executor::SteppedArrivalRate { steps, step_back, pre_allocated_vus: vus.beforehand, max_vus: vus.most })
        }
        split => {
            mistakes.extend(split.err());
            Err(mistakes)
        }
    }
}

fn check_rate(stage: &RateStage) -> Result<(), LoadShapeError> {
    if stage.target.is_zero() {
        return Err(LimitError::NoRate { key: TARGET }.into());
    }
    Ok(limits::rate(TARGET, stage.target).map(drop)?)
}

/// The steps up, and the step back.
fn split<Target: Copy>(
    kind: ExecutorKind,
    mut stages: Vec<Stage<Target>>,
) -> Result<(Vec<Stage<Target>>, Stage<Target>), LoadShapeError> {
    check_count("the number of stages", stages.len().max(1) as u64, MAX_STAGES as u64)?;
    let Some(step_back) = stages.pop() else { return Err(missing(kind, "stages", "1m:10, 1m:20 and 2m:10")) };
    if stages.is_empty() {
        return Err(LoadShapeError::NoStepBack);
    }
    for stage in stages.iter().chain([&step_back]) {
        check_time("the duration of a step", stage.duration)?;
    }
    let back = step_back.duration;
    check_time("the duration of all stages", total_duration(&stages).saturating_add(back))?;
    Ok((stages, step_back))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn executor(json: &str) -> Result<String, String> {
        let executor = super::super::resolve(&Options::from_json(json).unwrap());
        executor.map(|executor| executor.to_string()).map_err(|wrong| wrong[0].to_string())
    }

    #[test]
    fn the_last_stage_is_the_step_back() {
        let vus = executor(r#"{"executor": "stepped-vus", "stages": ["1m:5", "1m:10", "3m:4"]}"#);
        assert_eq!(vus.unwrap(), "up to 10 VUs for 5m over 2 steps, then 4 VUs");
        let rates =
            executor(r#"{"executor": "stepped-arrival-rate", "stages": ["1m:5", "1m:10/s", "1m:5/s"], "max_vus": 20}"#);
        assert_eq!(rates.unwrap(), "up to 10/s for 3m over 2 steps, then 5/s, up to 20 VUs");
    }

    #[test]
    fn what_makes_no_steps_is_refused() {
        for (json, told) in [
            (r#"{"executor": "stepped-vus"}"#, "stepped-vus needs stages; give it, like 1m:10, 1m:20 and 2m:10"),
            (
                r#"{"executor": "stepped-vus", "stages": ["1m:5"]}"#,
                "a stepped load needs at least two stages; give the steps, and the step back as the last stage",
            ),
            (
                r#"{"executor": "stepped-vus", "stages": ["1m:5/s", "1m:2"]}"#,
                "the stage 1m:5/s is a rate, which stepped-vus has no use for; leave out its unit, or use \
                 stepped-arrival-rate",
            ),
            (
                r#"{"executor": "stepped-vus", "stages": ["1m:5", "1m:2"], "duration": "1m"}"#,
                "stepped-vus has no use for duration; leave it out, or use another executor",
            ),
        ] {
            assert_eq!(executor(json), Err(told.to_owned()), "{json}");
        }
        for json in [
            r#"{"executor": "stepped-vus", "stages": ["1m:0", "1m:2"]}"#,
            r#"{"executor": "stepped-arrival-rate", "stages": ["1m:5", "1m:0"]}"#,
        ] {
            assert!(executor(json).unwrap_err().contains("the target of a step"), "{json}");
        }
        let no_time = executor(r#"{"executor": "stepped-vus", "stages": ["0s:1", "1m:2"]}"#).unwrap_err();
        assert!(no_time.contains("the duration of a step"), "{no_time}");
    }
}

//! From options to an executor, by k6's rules: what each combination of `vus`, `duration`, `iterations`, `stages`,
//! `rate` and `executor` means, and which contradict each other. Must not know how executors run.

mod error;
mod layers;
mod open;
mod stepped;

use std::time::Duration;

use squall_schedule::limits::{self, MAX_STAGES, MAX_VUS};
use squall_schedule::{Executor, ExecutorKind, Level, Stage, StageSpec, peak, total_duration};

use crate::options::Options;

pub use error::LoadShapeError;
pub(crate) use layers::drop_overridden;
pub(crate) use open::is_open;

/// How long a number of iterations may take unless said otherwise, as in k6.
const DEFAULT_MAX_DURATION: Duration = Duration::from_secs(10 * 60);

/// How long a VU that the ramp no longer wants may go on unless said otherwise, as in k6.
pub(crate) const DEFAULT_GRACEFUL_RAMP_DOWN: Duration = Duration::from_secs(30);

/// Makes the executor that the options mean; all that is wrong at once.
pub(crate) fn resolve(options: &Options) -> Result<Executor, Vec<LoadShapeError>> {
    let kind = kind(options)?;
    let mut mistakes = useless(options, kind);
    // A value that is wrong is noted and stands in for itself until all have been looked at.
    let mut note = |checked: Result<(), LoadShapeError>| mistakes.extend(checked.err());
    let vus = options.vus.unwrap_or(1);
    let executor = match kind {
        ExecutorKind::ConstantVus => {
            note(check_vus(vus));
            let duration = options.duration.unwrap_or_default();
            note(match options.duration {
                Some(duration) => check_time("duration", duration),
                None => Err(missing(kind, "duration", "30s")),
            });
            Executor::ConstantVus { vus, duration }
        }
        ExecutorKind::RampingVus => {
            let start_vus = options.start_vus.unwrap_or(vus);
            let graceful_ramp_down = options.graceful_ramp_down.unwrap_or(DEFAULT_GRACEFUL_RAMP_DOWN);
            let stages = vus_of(options.stages.as_deref().unwrap_or_default(), kind);
            note(stages.as_ref().map_err(LoadShapeError::clone).and_then(|stages| check_ramp(start_vus, stages)));
            note(check_may_be_zero("graceful_ramp_down", graceful_ramp_down));
            Executor::RampingVus { start_vus, stages: stages.unwrap_or_default(), graceful_ramp_down }
        }
        ExecutorKind::PerVuIterations | ExecutorKind::SharedIterations => {
            let iterations = options.iterations.unwrap_or(1);
            let (key, max_duration) = match (options.max_duration, options.duration) {
                (Some(limit), _) => ("max_duration", limit),
                (None, Some(limit)) => ("duration", limit),
                (None, None) => ("max_duration", DEFAULT_MAX_DURATION),
            };
            if options.max_duration.is_some() && options.duration.is_some() {
                note(Err(LoadShapeError::Contradiction("duration", "max_duration")));
            }
            note(check_vus(vus));
            note(check_count("iterations", iterations, u64::MAX));
            note(check_time(key, max_duration));
            if kind == ExecutorKind::PerVuIterations {
                Executor::PerVuIterations { vus, iterations, max_duration }
            } else {
                if vus > iterations && iterations > 0 {
                    note(Err(LoadShapeError::FewerIterationsThanVus { iterations, vus }));
                }
                Executor::SharedIterations { vus, iterations, max_duration }
            }
        }
        ExecutorKind::SteppedVus | ExecutorKind::SteppedArrivalRate => {
            return unless_mistaken(stepped::resolve(options, kind), mistakes);
        }
        ExecutorKind::ConstantArrivalRate | ExecutorKind::RampingArrivalRate | ExecutorKind::ExternallyControlled => {
            return unless_mistaken(open::resolve(options, kind), mistakes);
        }
    };
    if mistakes.is_empty() { Ok(executor) } else { Err(mistakes) }
}

/// The executor, unless there were mistakes before or are further ones.
fn unless_mistaken(
    resolved: Result<Executor, Vec<LoadShapeError>>,
    mut mistakes: Vec<LoadShapeError>,
) -> Result<Executor, Vec<LoadShapeError>> {
    match resolved {
        Ok(executor) if mistakes.is_empty() => Ok(executor),
        resolved => {
            mistakes.extend(resolved.err().into_iter().flatten());
            Err(mistakes)
        }
    }
}

/// The executor asked for, or the one that the other options imply.
fn kind(options: &Options) -> Result<ExecutorKind, Vec<LoadShapeError>> {
    if let Some(kind) = options.executor {
        return Ok(kind);
    }
    let (iterations, stages) = (options.iterations.is_some(), options.stages.is_some());
    let (rate, duration) = (options.rate.is_some(), options.duration.is_some());
    let mistakes: Vec<LoadShapeError> = [
        (stages && iterations, "stages", "iterations"),
        (stages && duration, "stages", "duration"),
        (rate && iterations, "rate", "iterations"),
        (rate && stages, "rate", "stages"),
    ]
    .into_iter()
    .filter(|(both, ..)| *both)
    .map(|(_, one, other)| LoadShapeError::Contradiction(one, other))
    .collect();
    match (iterations, stages, rate, duration) {
        _ if !mistakes.is_empty() => Err(mistakes),
        (true, ..) => Ok(ExecutorKind::SharedIterations),
        (_, true, ..) if open::follows_rates(options) => Ok(ExecutorKind::RampingArrivalRate),
        (_, true, ..) => Ok(ExecutorKind::RampingVus),
        (_, _, true, _) => Ok(ExecutorKind::ConstantArrivalRate),
        (_, _, _, true) => Ok(ExecutorKind::ConstantVus),
        // Nothing but perhaps a number of VUs: each of them once.
        (false, false, false, false) => Ok(ExecutorKind::PerVuIterations),
    }
}

/// The options that the executor has no use for. `vus` is of use to all, and `graceful_ramp_down` may wait for a ramp.
fn useless(options: &Options, kind: ExecutorKind) -> Vec<LoadShapeError> {
    use ExecutorKind::{
        ConstantArrivalRate, ExternallyControlled, PerVuIterations, RampingArrivalRate, RampingVus, SharedIterations,
        SteppedArrivalRate, SteppedVus,
    };
    let iterates = [PerVuIterations, SharedIterations].contains(&kind);
    let has_stages = [RampingVus, RampingArrivalRate, SteppedVus, SteppedArrivalRate].contains(&kind);
    let with_rate = kind == ExternallyControlled && options.rate.is_some();
    let open = [ConstantArrivalRate, RampingArrivalRate, SteppedArrivalRate].contains(&kind) || with_rate;
    [
        ("duration", options.duration.is_some(), !has_stages),
        ("iterations", options.iterations.is_some(), iterates),
        ("max_duration", options.max_duration.is_some(), iterates),
        ("stages", options.stages.is_some(), has_stages),
        ("start_vus", options.start_vus.is_some(), kind == RampingVus),
        ("rate", options.rate.is_some(), open::has_a_rate(kind)),
        ("time_unit", options.time_unit.is_some(), open),
        ("start_rate", options.start_rate.is_some(), kind == RampingArrivalRate),
        ("pre_allocated_vus", options.pre_allocated_vus.is_some(), open),
        ("max_vus", options.max_vus.is_some(), open || kind == ExternallyControlled),
    ]
    .into_iter()
    .filter(|(_, given, of_use)| *given && !of_use)
    .map(|(key, ..)| LoadShapeError::Useless { key, executor: kind })
    .collect()
}

/// The keys of the load that the options give, as far as they give one.
pub(crate) fn keys_of_load(options: &Options) -> impl Iterator<Item = &'static str> + use<> {
    [
        ("vus", options.vus.is_some()),
        ("duration", options.duration.is_some()),
        ("iterations", options.iterations.is_some()),
        ("stages", options.stages.is_some()),
        ("executor", options.executor.is_some()),
        ("max_duration", options.max_duration.is_some()),
        ("start_vus", options.start_vus.is_some()),
        ("rate", options.rate.is_some()),
        ("time_unit", options.time_unit.is_some()),
        ("start_rate", options.start_rate.is_some()),
        ("pre_allocated_vus", options.pre_allocated_vus.is_some()),
        ("max_vus", options.max_vus.is_some()),
    ]
    .into_iter()
    .filter(|(_, given)| *given)
    .map(|(key, _)| key)
}

/// The stages as numbers of VUs.
fn vus_of(stages: &[StageSpec], executor: ExecutorKind) -> Result<Vec<Stage>, LoadShapeError> {
    let stages = stages.iter().map(|stage| match stage.target {
        Level::Bare(target) => Ok(Stage { duration: stage.duration, target }),
        Level::Rate(_) => Err(LoadShapeError::NotVus { stage: *stage, executor }),
    });
    stages.collect()
}

fn missing(executor: ExecutorKind, key: &'static str, example: &'static str) -> LoadShapeError {
    LoadShapeError::Missing { key, executor, example }
}

fn check_ramp(start_vus: u64, stages: &[Stage]) -> Result<(), LoadShapeError> {
    if stages.is_empty() {
        return Err(missing(ExecutorKind::RampingVus, "stages", "30s:100"));
    }
    check_count("the number of stages", stages.len() as u64, MAX_STAGES as u64)?;
    match peak(start_vus, stages) {
        0 => return Err(LoadShapeError::NoVus),
        peak => check_count("the greatest target of a stage", peak, MAX_VUS)?,
    }
    check_time("the duration of all stages", total_duration(stages))
}

fn check_vus(vus: u64) -> Result<(), LoadShapeError> {
    check_count("vus", vus, MAX_VUS)
}

fn check_count(key: &'static str, value: u64, limit: u64) -> Result<(), LoadShapeError> {
    Ok(limits::count(key, value, limit).map(drop)?)
}

fn check_time(key: &'static str, value: Duration) -> Result<(), LoadShapeError> {
    Ok(limits::some_time(key, value).map(drop)?)
}

fn check_may_be_zero(key: &'static str, value: Duration) -> Result<(), LoadShapeError> {
    Ok(limits::duration(key, value).map(drop)?)
}

#[cfg(test)]
mod tests;

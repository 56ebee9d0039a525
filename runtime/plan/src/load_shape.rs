//! From options to an executor, by k6's rules: what each combination of `vus`, `duration`, `iterations`, `stages` and
//! `executor` means, which contradict each other, and what a lower layer still has to say. Must not know how executors run.

use std::time::Duration;

use thiserror::Error;

use crate::executor::{Executor, ExecutorKind, peak, total_duration};
use crate::limits::{self, LimitError, MAX_STAGES, MAX_VUS};
use crate::options::Options;
use crate::stage::Stage;

/// How long a number of iterations may take unless said otherwise, as in k6.
const DEFAULT_MAX_DURATION: Duration = Duration::from_secs(10 * 60);

/// How long a VU that the ramp no longer wants may go on unless said otherwise, as in k6.
const DEFAULT_GRACEFUL_RAMP_DOWN: Duration = Duration::from_secs(30);

/// Why options make no executor.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoadShapeError {
    /// Two options that each say what the load is.
    #[error("{0} and {1} contradict each other; give only one of them")]
    Contradiction(&'static str, &'static str),
    /// An option that the executor has no use for.
    #[error("{executor} has no use for {key}; leave it out, or use another executor")]
    Useless {
        /// The option.
        key: &'static str,
        /// The executor, as asked for or as the other options imply.
        executor: ExecutorKind,
    },
    /// An option that the executor needs.
    #[error("{executor} needs {key}; give it, like {example}")]
    Missing {
        /// The option.
        key: &'static str,
        /// The executor, as asked for.
        executor: ExecutorKind,
        /// How it is written.
        example: &'static str,
    },
    /// Shared iterations are fewer than the VUs that share them.
    #[error(
        "the number of iterations ({iterations}) should be more than the number of VUs ({vus}); \
         ask for fewer VUs or more iterations"
    )]
    FewerIterationsThanVus {
        /// How many iterations.
        iterations: u64,
        /// How many VUs.
        vus: u64,
    },
    /// A ramp from nothing to nothing.
    #[error("neither start_vus nor the target of any stage is more than 0; give one of them VUs")]
    NoVus,
    /// A number or duration beyond its limit.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// Drops what a lower layer says about the load where the upper layer says something else in its place.
///
/// As in k6, `duration`, `iterations` and `stages` each begin a shape of their own, while `vus` is a number beside them
/// that stays. Where keeping it would make a contradiction that nobody wrote (fewer iterations than VUs), it gives way.
pub(crate) fn give_way(lower: &mut Options, upper: &Options) {
    if upper.duration.is_some() || upper.iterations.is_some() || upper.stages.is_some() {
        drop_shape(lower);
        if upper.stages.is_some() {
            lower.vus = None;
        }
        let each_vu_has_its_own = upper.executor == Some(ExecutorKind::PerVuIterations);
        if let (Some(iterations), false) = (upper.iterations, each_vu_has_its_own) {
            lower.vus = lower.vus.map(|vus| vus.min(iterations.max(1)));
        }
    } else if upper.vus.is_some() && lower.stages.is_some() {
        // So many VUs, not so many to begin with.
        drop_shape(lower);
    }
}

fn drop_shape(options: &mut Options) {
    options.duration = None;
    options.iterations = None;
    options.stages = None;
    options.executor = None;
    options.start_vus = None;
    options.max_duration = None;
}

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
            let stages = options.stages.clone().unwrap_or_default();
            let graceful_ramp_down = options.graceful_ramp_down.unwrap_or(DEFAULT_GRACEFUL_RAMP_DOWN);
            note(check_ramp(start_vus, &stages));
            note(check_may_be_zero("graceful_ramp_down", graceful_ramp_down));
            Executor::RampingVus { start_vus, stages, graceful_ramp_down }
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
    };
    if mistakes.is_empty() { Ok(executor) } else { Err(mistakes) }
}

/// The executor asked for, or the one that the other options imply.
fn kind(options: &Options) -> Result<ExecutorKind, Vec<LoadShapeError>> {
    if let Some(kind) = options.executor {
        return Ok(kind);
    }
    let iterations = options.iterations.is_some();
    let stages = options.stages.is_some();
    let duration = options.duration.is_some();
    let mut mistakes = Vec::new();
    if stages && iterations {
        mistakes.push(LoadShapeError::Contradiction("stages", "iterations"));
    }
    if stages && duration {
        mistakes.push(LoadShapeError::Contradiction("stages", "duration"));
    }
    match (iterations, stages, duration) {
        _ if !mistakes.is_empty() => Err(mistakes),
        (true, _, _) => Ok(ExecutorKind::SharedIterations),
        (_, true, _) => Ok(ExecutorKind::RampingVus),
        (_, _, true) => Ok(ExecutorKind::ConstantVus),
        // Nothing but perhaps a number of VUs: each of them once.
        (false, false, false) => Ok(ExecutorKind::PerVuIterations),
    }
}

/// The options that the executor has no use for. `vus` is of use to all, and `graceful_ramp_down` may wait for a ramp.
fn useless(options: &Options, kind: ExecutorKind) -> Vec<LoadShapeError> {
    use ExecutorKind::{PerVuIterations, RampingVus, SharedIterations};
    let iterating = [PerVuIterations, SharedIterations];
    [
        ("duration", options.duration.is_some(), kind != RampingVus),
        ("iterations", options.iterations.is_some(), iterating.contains(&kind)),
        ("max_duration", options.max_duration.is_some(), iterating.contains(&kind)),
        ("stages", options.stages.is_some(), kind == RampingVus),
        ("start_vus", options.start_vus.is_some(), kind == RampingVus),
    ]
    .into_iter()
    .filter(|(_, given, of_use)| *given && !of_use)
    .map(|(key, ..)| LoadShapeError::Useless { key, executor: kind })
    .collect()
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

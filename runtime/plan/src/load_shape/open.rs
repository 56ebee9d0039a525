//! Open loads: iterations start at a rate, however long they take. How their rates are read, and how many VUs they get
//! where they are not given. Must not know when each iteration starts (`arrivals.rs` does).

use std::time::Duration;

use squall_schedule::limits::{self, MAX_STAGES, MAX_VUS};
use squall_schedule::{Executor, ExecutorKind, Level, Rate, RateStage, StageSpec, peak_rate, total_duration};

use super::{LoadShapeError, check_count, check_time, missing};
use crate::options::Options;

/// So many VUs are made beforehand unless said otherwise: enough for iterations of a tenth of a second (Little's law: as
/// many are under way as start while one takes), and a few at least. Many more would take their time to make.
const USUAL_ITERATION: Duration = Duration::from_millis(100);
const USUAL_VUS: (u64, u64) = (10, 1_000);

/// So many there may be at most unless said otherwise: enough for iterations of ten seconds, as with think time, or when
/// the target has become slow, which an open load is to show and not to hide. More than this should be asked for.
const SLOW_ITERATION: Duration = Duration::from_secs(10);
const MOST_VUS: u64 = 10_000;

/// Whether an executor knows the option `rate`.
pub(super) fn has_a_rate(executor: ExecutorKind) -> bool {
    matches!(executor, ExecutorKind::ConstantArrivalRate | ExecutorKind::ExternallyControlled)
}

/// Whether the stages are to be of rates, not of VUs.
pub(super) fn follows_rates(options: &Options) -> bool {
    match options.executor {
        Some(executor) => matches!(executor, ExecutorKind::RampingArrivalRate | ExecutorKind::SteppedArrivalRate),
        None => options.start_rate.is_some() || stages(options).iter().any(|stage| is_rate(&stage.target)),
    }
}

/// Whether iterations are to start at a rate.
pub(crate) fn is_open(options: &Options) -> bool {
    options.rate.is_some() || options.executor == Some(ExecutorKind::ConstantArrivalRate) || follows_rates(options)
}

/// Makes the open executor that the options mean.
pub(super) fn resolve(options: &Options, kind: ExecutorKind) -> Result<Executor, Vec<LoadShapeError>> {
    match kind {
        ExecutorKind::ConstantArrivalRate => constant_rate(options),
        ExecutorKind::RampingArrivalRate => ramping_rate(options),
        _ => externally_controlled(options),
    }
}

fn constant_rate(options: &Options) -> Result<Executor, Vec<LoadShapeError>> {
    let kind = ExecutorKind::ConstantArrivalRate;
    let mut mistakes = contradictions(options, options.rate.iter());
    let mut note = |checked: Result<(), LoadShapeError>| mistakes.extend(checked.err());
    let rate = match options.rate {
        Some(rate) => rate.as_rate(options.time_unit),
        None => {
            note(Err(missing(kind, "rate", "100/s")));
            Rate::ZERO
        }
    };
    if options.rate.is_some() {
        note(check_rate(rate));
    }
    let duration = options.duration.unwrap_or_default();
    note(match options.duration {
        Some(duration) => check_time("duration", duration),
        None => Err(missing(kind, "duration", "30s")),
    });
    let vus = Vus::of(options, rate);
    note(vus.check());
    let (pre_allocated_vus, max_vus) = (vus.beforehand, vus.most);
    if mistakes.is_empty() {
        Ok(Executor::ConstantArrivalRate { rate, duration, pre_allocated_vus, max_vus })
    } else {
        Err(mistakes)
    }
}

fn ramping_rate(options: &Options) -> Result<Executor, Vec<LoadShapeError>> {
    let written = stages(options);
    let levels = written.iter().map(|stage| &stage.target).chain(&options.start_rate);
    let mut mistakes = contradictions(options, levels);
    let mut note = |checked: Result<(), LoadShapeError>| mistakes.extend(checked.err());
    // Where nothing but their units tells that these are rates, one without a unit (save nothing at all, which is the
    // same in all of them) may well be a number of VUs.
    if options.executor.is_none() && options.start_rate.is_none() {
        note(check_all_rates(written));
    }
    let stages: Vec<RateStage> = written
        .iter()
        .map(|stage| RateStage { duration: stage.duration, target: stage.target.as_rate(options.time_unit) })
        .collect();
    let start_rate = options.start_rate.map_or(Rate::ZERO, |rate| rate.as_rate(options.time_unit));
    let peak = peak_rate(start_rate, &stages);
    note(check_ramp(&stages, peak));
    let vus = Vus::of(options, peak);
    note(vus.check());
    let (pre_allocated_vus, max_vus) = (vus.beforehand, vus.most);
    if mistakes.is_empty() {
        Ok(Executor::RampingArrivalRate { start_rate, stages, pre_allocated_vus, max_vus })
    } else {
        Err(mistakes)
    }
}

fn externally_controlled(options: &Options) -> Result<Executor, Vec<LoadShapeError>> {
    let mut mistakes = contradictions(options, options.rate.iter());
    let mut note = |checked: Result<(), LoadShapeError>| mistakes.extend(checked.err());
    let rate = options.rate.map(|rate| rate.as_rate(options.time_unit));
    if let Some(rate) = rate {
        note(check_rate(rate));
    }
    if let Some(duration) = options.duration {
        note(check_time("duration", duration));
    }
    let vus = match rate {
        Some(rate) => Vus::of(options, rate),
        None => {
            let vus = options.vus.unwrap_or(1);
            Vus { key: "vus", beforehand: vus, most: options.max_vus.unwrap_or(vus) }
        }
    };
    note(vus.check());
    if mistakes.is_empty() {
        Ok(Executor::ExternallyControlled { vus: vus.beforehand, max_vus: vus.most, rate, duration: options.duration })
    } else {
        Err(mistakes)
    }
}

/// How many VUs an open load has.
pub(super) struct Vus {
    /// The option that says how many beforehand.
    key: &'static str,
    pub(super) beforehand: u64,
    pub(super) most: u64,
}

impl Vus {
    /// What the options say, and where they do not, what `rate` may need.
    pub(super) fn of(options: &Options, rate: Rate) -> Vus {
        let said = options.pre_allocated_vus.or(options.vus);
        let key = if options.pre_allocated_vus.is_none() && said.is_some() { "vus" } else { "pre_allocated_vus" };
        let (least, many) = USUAL_VUS;
        let usual = under_way(rate, USUAL_ITERATION).clamp(least, many);
        let beforehand = said.unwrap_or(usual.min(options.max_vus.unwrap_or(u64::MAX)));
        let slow = under_way(rate, SLOW_ITERATION).min(MOST_VUS).max(beforehand);
        Vus { key, beforehand, most: options.max_vus.unwrap_or(slow) }
    }

    pub(super) fn check(&self) -> Result<(), LoadShapeError> {
        check_count("max_vus", self.most, MAX_VUS)?;
        check_count(self.key, self.beforehand, MAX_VUS)?;
        if self.most < self.beforehand {
            let (max_vus, vus) = (self.most, self.beforehand);
            return Err(LoadShapeError::FewerVusAtMost { max_vus, key: self.key, vus });
        }
        Ok(())
    }
}

/// How many iterations are under way at a rate, if each takes so long.
fn under_way(rate: Rate, iteration: Duration) -> u64 {
    let started = u128::from(rate.count()).saturating_mul(iteration.as_nanos());
    u64::try_from(started.div_ceil(rate.per().as_nanos().max(1))).unwrap_or(u64::MAX)
}

/// What is said twice.
pub(super) fn contradictions<'a>(
    options: &Options,
    mut levels: impl Iterator<Item = &'a Level>,
) -> Vec<LoadShapeError> {
    let all_have_units = levels.all(is_rate);
    [
        (options.vus.is_some() && options.pre_allocated_vus.is_some(), "vus", "pre_allocated_vus"),
        (options.time_unit.is_some() && all_have_units, "time_unit", "the unit that the rate has"),
    ]
    .into_iter()
    .filter(|(both, ..)| *both)
    .map(|(_, one, other)| LoadShapeError::Contradiction(one, other))
    .chain(options.time_unit.and_then(|unit| check_time("time_unit", unit).err()))
    .collect()
}

fn check_rate(rate: Rate) -> Result<(), LoadShapeError> {
    if rate.is_zero() {
        return Err(limits::LimitError::NoRate { key: "rate" }.into());
    }
    Ok(limits::rate("rate", rate).map(drop)?)
}

fn check_all_rates(stages: &[StageSpec]) -> Result<(), LoadShapeError> {
    let vus = stages.iter().find(|stage| matches!(stage.target, Level::Bare(1..)));
    let rate = stages.iter().find(|stage| is_rate(&stage.target));
    match (vus, rate) {
        (Some(vus), Some(rate)) => Err(LoadShapeError::MixedStages { vus: *vus, rate: *rate }),
        _ => Ok(()),
    }
}

fn check_ramp(stages: &[RateStage], peak: Rate) -> Result<(), LoadShapeError> {
    if stages.is_empty() {
        return Err(missing(ExecutorKind::RampingArrivalRate, "stages", "30s:100/s"));
    }
    check_count("the number of stages", stages.len() as u64, MAX_STAGES as u64)?;
    if peak.is_zero() {
        return Err(LoadShapeError::NoArrivals);
    }
    limits::rate("the highest rate of a stage", peak)?;
    check_time("the duration of all stages", total_duration(stages))
}

fn stages(options: &Options) -> &[StageSpec] {
    options.stages.as_deref().unwrap_or_default()
}

fn is_rate(level: &Level) -> bool {
    matches!(level, Level::Rate(_))
}

#[cfg(test)]
mod tests;

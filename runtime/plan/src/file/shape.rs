//! The load in a planner's words: `type`, `users` or `rate`, `duration`, `ramp_up`, `ramp_down`, `spike_factor`. Becomes the
//! options of an executor, by arithmetic alone.

use std::time::Duration;

use serde::Deserialize;
use squall_schedule::{ExecutorKind, Level, Rate, StageSpec};

use super::mistake::Trouble;
use super::node::Node;
use super::search::{self, SearchOptions};
use super::test_type::TestType;
use crate::options::{Options, read_duration, read_level, read_whole};

/// How many steps a stress test has.
const STRESS_STEPS: u32 = 10;
/// How many parts of a stress test's time a step takes, and how many the recovery behind the steps, of 100.
const STRESS_STEP_PERCENT: u32 = 8;
const STRESS_RECOVERY_PERCENT: u32 = 100 - STRESS_STEPS * STRESS_STEP_PERCENT;
/// How many times the expected load a stress test goes up to, where a plan of another type is run as one. Its step back, half
/// of that, is the expected load.
const STRESS_FACTOR: u64 = 2;
/// How many times the normal load a spike is, unless said otherwise.
const SPIKE_FACTOR: u64 = 5;
/// How long a spike takes to rise and to fall, unless said otherwise.
const SPIKE_RISE: Duration = Duration::from_secs(5);
/// How many iterations a smoke test has.
const SMOKE_ITERATIONS: u64 = 3;

/// The load, as a plan says it; everything optional.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// The type of test.
    pub kind: Option<TestType>,
    /// How many users there are where the load is highest (with a spike: where it is normal).
    pub users: Option<u64>,
    /// In place of users: how many iterations start in a second.
    pub rate: Option<Level>,
    /// How long it takes in all.
    pub duration: Option<Duration>,
    /// How much of that the way up takes.
    pub ramp_up: Option<Duration>,
    /// How much of that the way down takes.
    pub ramp_down: Option<Duration>,
    /// How many times the normal load a spike is.
    pub spike_factor: Option<u64>,
    /// What a breakpoint test searches for.
    pub search: SearchOptions,
}

pub(super) fn read(shape: &mut Shape, key: &str, value: &Node) -> Result<(), Trouble> {
    match key {
        "type" => {
            let word: Option<String> = Option::deserialize(value)?;
            shape.kind =
                word.map(|word| word.parse()).transpose().map_err(|text: String| Trouble::at(value.place, text))?;
        }
        "users" => shape.users = read_whole(value)?,
        "rate" => shape.rate = read_level(value)?,
        "duration" => shape.duration = read_duration(value)?,
        "ramp_up" => shape.ramp_up = read_duration(value)?,
        "ramp_down" => shape.ramp_down = read_duration(value)?,
        "spike_factor" => shape.spike_factor = read_whole(value)?,
        _ => search::read(&mut shape.search, key, value)?,
    }
    Ok(())
}

/// A load that cannot be: the key to change, and a sentence.
pub(super) type Impossible = (&'static str, String);

impl Shape {
    /// The type of test that it is; without any ramp and type, what is given stands for itself.
    pub(super) fn kind(&self) -> Option<TestType> {
        let ramps = self.ramp_up.is_some() || self.ramp_down.is_some();
        self.kind.or(ramps.then_some(TestType::Load))
    }

    /// Whether an upper layer brings a whole load of its own.
    pub(super) fn gives_way_to(&self, upper: &Options) -> bool {
        // A search has neither users nor a rate.
        let of_a_run = self.kind == Some(TestType::Breakpoint) && (upper.vus.is_some() || upper.rate.is_some());
        upper.stages.is_some() || upper.iterations.is_some() || upper.executor.is_some() || of_a_run
    }

    /// The type of test that it is with this upper layer, if that does not bring a whole load of its own.
    pub fn kind_under(&self, upper: &Options) -> Option<TestType> {
        self.kind.filter(|_| !self.gives_way_to(upper))
    }

    /// This shape with the users, the rate and the duration of an upper layer, which are taken out of it.
    pub(super) fn taking_from(&self, upper: &mut Options) -> Shape {
        let mut shape = self.clone();
        if self.kind().is_none() {
            return shape;
        }
        if let Some(users) = upper.vus.take() {
            (shape.users, shape.rate) = (Some(users), None);
        }
        if let Some(rate) = upper.rate.take() {
            (shape.users, shape.rate) = (None, Some(rate));
        }
        if let Some(duration) = upper.duration.take() {
            // The ramps keep their part of the whole.
            let stretch = |ramp: Option<Duration>| {
                let whole = self.duration.or(self.kind().map(TestType::default_duration))?;
                Some(ramp?.mul_f64((duration.as_secs_f64() / whole.as_secs_f64()).min(1e9)))
            };
            (shape.ramp_up, shape.ramp_down) = (stretch(self.ramp_up), stretch(self.ramp_down));
            shape.duration = Some(duration);
        }
        shape
    }

    /// The layer of options that it means.
    pub(super) fn options(&self) -> Result<Options, Impossible> {
        if self.users.is_some() && self.rate.is_some() {
            return Err(("rate", "users and rate contradict each other; give only one of them".to_owned()));
        }
        let Some(kind) = self.kind() else {
            let (vus, rate, duration) = (self.users, self.rate, self.duration);
            return Ok(Options { vus, rate, duration, ..Options::default() });
        };
        if let Some(key) = self.search.first_given().filter(|_| kind != TestType::Breakpoint) {
            return Err((key, format!("a {kind} test searches for nothing; leave {key} out, or use type: breakpoint")));
        }
        match kind {
            TestType::Smoke => return Ok(self.smoke()),
            TestType::Breakpoint => return self.heaviest_trial(),
            _ => {}
        }
        if self.spike_factor.is_some() && kind != TestType::Spike {
            return Err((
                "spike_factor",
                format!("a {kind} test has no spike; leave spike_factor out, or use type: spike"),
            ));
        }
        let stages = self.stages(kind, self.level(kind)?)?;
        let is_rate = matches!(stages.first(), Some(StageSpec { target: Level::Rate(_), .. }));
        let executor = match (kind, is_rate) {
            (TestType::Stress, true) => ExecutorKind::SteppedArrivalRate,
            (TestType::Stress, false) => ExecutorKind::SteppedVus,
            (_, true) => ExecutorKind::RampingArrivalRate,
            (_, false) => ExecutorKind::RampingVus,
        };
        Ok(Options {
            executor: Some(executor),
            start_vus: (executor == ExecutorKind::RampingVus).then_some(0),
            stages: Some(stages),
            ..Options::default()
        })
    }

    fn smoke(&self) -> Options {
        Options {
            executor: Some(ExecutorKind::PerVuIterations),
            vus: Some(self.users.unwrap_or(1)),
            iterations: Some(SMOKE_ITERATIONS),
            max_duration: Some(self.duration.unwrap_or(TestType::Smoke.default_duration())),
            ..Options::default()
        }
    }

    /// The most that a search may come to.
    fn heaviest_trial(&self) -> Result<Options, Impossible> {
        let has_no = [
            ("users", self.users.is_some()),
            ("rate", self.rate.is_some()),
            ("ramp_up", self.ramp_up.is_some()),
            ("ramp_down", self.ramp_down.is_some()),
            ("spike_factor", self.spike_factor.is_some()),
        ];
        if let Some((key, _)) = has_no.iter().find(|(_, given)| *given) {
            return Err((
                key,
                "a breakpoint test searches for a rate: give min_rate and max_rate in its place".to_owned(),
            ));
        }
        self.search.check()?;
        Ok(Options {
            executor: Some(ExecutorKind::ConstantArrivalRate),
            rate: Some(self.search.highest().into()),
            duration: Some(self.search.trial()),
            ..Options::default()
        })
    }

    fn level(&self, kind: TestType) -> Result<Level, Impossible> {
        match (self.users, self.rate) {
            (_, Some(rate)) => Ok(every_second(rate)),
            (Some(users), None) => Ok(Level::Bare(users)),
            (None, None) => {
                Err(("type", format!("a {kind} test needs users or a rate; give one, like users: 50 or rate: 100/s")))
            }
        }
    }

    /// Users and rate of one type of test for another: those of a stress test are more than is expected.
    pub(super) fn scaled(&self, own: TestType, kind: TestType) -> (Option<u64>, Option<Level>) {
        let (factor, divisor) = match (own, kind) {
            (own, kind) if own == kind => (1, 1),
            (_, TestType::Stress) => (STRESS_FACTOR, 1),
            (TestType::Stress, _) => (1, STRESS_FACTOR),
            _ => (1, 1),
        };
        let users = self.users.map(|users| users.saturating_mul(factor).div_ceil(divisor));
        let rate = self.rate.map(|rate| times(every_second(rate), factor, divisor));
        (users, rate)
    }

    fn stages(&self, kind: TestType, level: Level) -> Result<Vec<StageSpec>, Impossible> {
        let duration = self.duration.unwrap_or(kind.default_duration());
        let (default_up, default_down) = match kind {
            TestType::Load => (duration / 10, duration / 20),
            TestType::Soak => (Duration::from_secs(300).min(duration / 10), Duration::ZERO),
            TestType::Spike => (SPIKE_RISE.min(duration / 10), SPIKE_RISE.min(duration / 10)),
            TestType::Stress | TestType::Breakpoint | TestType::Smoke => (Duration::ZERO, Duration::ZERO),
        };
        let (up, down) = (self.ramp_up.unwrap_or(default_up), self.ramp_down.unwrap_or(default_down));
        let hold = up.checked_add(down).and_then(|ramps| duration.checked_sub(ramps)).ok_or_else(|| {
            let key = if self.ramp_up.is_some() { "ramp_up" } else { "ramp_down" };
            (key, "the ramps take longer than the test; make them shorter, or duration longer".to_owned())
        })?;
        let stage = |duration, target| StageSpec { duration, target };
        let stages = match kind {
            TestType::Spike => {
                let high = times(level, self.spike_factor.unwrap_or(SPIKE_FACTOR), 1);
                vec![
                    stage(Duration::ZERO, level),
                    stage(hold / 3, level),
                    stage(up, high),
                    stage(hold / 6, high),
                    stage(down, level),
                    stage(hold - hold / 3 - hold / 6, level),
                ]
            }
            TestType::Stress => {
                let part = |percent: u32| duration * percent / 100;
                let step =
                    |number| stage(part(STRESS_STEP_PERCENT), times(level, u64::from(number), u64::from(STRESS_STEPS)));
                let step_back = stage(part(STRESS_RECOVERY_PERCENT), times(level, 1, 2));
                (1..=STRESS_STEPS).map(step).chain([step_back]).collect()
            }
            TestType::Load | TestType::Soak | TestType::Breakpoint | TestType::Smoke => {
                vec![stage(up, level), stage(hold, level), stage(down, zero(level))]
            }
        };
        Ok(stages)
    }
}

/// A rate that is written without a unit is of a second.
fn every_second(rate: Level) -> Level {
    match rate {
        Level::Bare(count) => Level::Rate(Rate::every_second(count)),
        Level::Rate(_) => rate,
    }
}

/// A part of a level, or several of it: users rounded up, so that a part of some is not none; rates exactly.
fn times(level: Level, factor: u64, divisor: u64) -> Level {
    match level {
        Level::Bare(users) => Level::Bare(users.saturating_mul(factor).div_ceil(divisor)),
        Level::Rate(rate) => {
            let per = rate.per().checked_mul(u32::try_from(divisor).unwrap_or(u32::MAX));
            let scaled = per.and_then(|per| Rate::new(rate.count().saturating_mul(factor), per));
            Level::Rate(scaled.unwrap_or(rate))
        }
    }
}

fn zero(level: Level) -> Level {
    match level {
        Level::Bare(_) => Level::Bare(0),
        Level::Rate(_) => Level::Rate(Rate::every_second(0)),
    }
}

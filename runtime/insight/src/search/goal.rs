//! A search's goal, and the targets that lead there: each twice as exact and more certain than the one before.

use std::time::Duration;

use thiserror::Error;

/// The goal of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// The lowest load, in iterations per second; the first trial has it.
    pub lowest: f64,
    /// The highest load.
    pub highest: f64,
    /// The width of the final interval, as a share of its upper end.
    pub precision: f64,
    /// The share of trial time at a load that may be bad while it still holds.
    pub exceed_ratio: f64,
    /// The length of the first trials.
    pub first_trial: Duration,
    /// The length of the last trials.
    pub last_trial: Duration,
    /// The trial time that decides on a load.
    pub duration_sum: Duration,
    /// Time in each trial before it counts; it uses up the time limit, too.
    pub settle: Duration,
    /// After this much time in trials, the search ends with its results so far.
    pub time_limit: Duration,
}

/// Less exact targets before the final one.
const PRECEDING: i32 = 2;

/// The reasons to refuse a goal.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum GoalError {
    /// Loads out of order.
    #[error("the lowest rate ({lowest}/s) must be above 0 and below the highest ({highest}/s)")]
    Loads {
        /// The lowest.
        lowest: f64,
        /// The highest.
        highest: f64,
    },
    /// Precision out of range.
    #[error("a precision of {0} cannot be reached: write a share from 0.002 to 0.5, or 0.2% to 50%")]
    Precision(f64),
    /// Exceed ratio out of range.
    #[error("the share of trial time that may be bad must be from 0 to below 1, not {0}")]
    ExceedRatio(f64),
    /// Durations out of order.
    #[error(
        "trials must be longer than 0, the first at most as long as the last ({0:?}), and those at most as long as all at one load"
    )]
    Durations(Duration),
}

impl Goal {
    /// The defaults for HTTP: trials of 10 to 60 s, of which 180 s decide (RFC 9971, adapted to percentiles).
    pub fn between(lowest: f64, highest: f64) -> Goal {
        Goal { lowest: round(lowest), highest: round(highest), ..Goal::of_trials(Duration::from_secs(60)) }
    }

    /// Trials of this length at the end; the other lengths are in proportion.
    pub fn of_trials(last_trial: Duration) -> Goal {
        Goal {
            lowest: 1.0,
            highest: 1e6,
            precision: 0.025,
            exceed_ratio: 0.5,
            first_trial: last_trial / 6,
            last_trial,
            duration_sum: last_trial * 3,
            settle: Duration::from_secs(5),
            time_limit: Duration::from_secs(45 * 60),
        }
    }

    pub(super) fn check(&self) -> Result<(), GoalError> {
        let positive = self.lowest > 0.0 && self.lowest < self.highest && self.highest.is_finite();
        if !positive {
            return Err(GoalError::Loads { lowest: self.lowest, highest: self.highest });
        }
        if !(0.002..=0.5).contains(&self.precision) {
            return Err(GoalError::Precision(self.precision));
        }
        if !(0.0..1.0).contains(&self.exceed_ratio) {
            return Err(GoalError::ExceedRatio(self.exceed_ratio));
        }
        let ordered = self.first_trial <= self.last_trial && self.last_trial <= self.duration_sum;
        if self.first_trial.is_zero() || !ordered {
            return Err(GoalError::Durations(self.last_trial));
        }
        Ok(())
    }

    /// From the least exact to the final one.
    pub(super) fn targets(&self) -> Vec<Target> {
        let sum = self.duration_sum.as_secs_f64();
        let shrink = (self.first_trial.as_secs_f64() / sum).powf(1.0 / f64::from(PRECEDING));
        let target = |before: i32| {
            let sum =
                if before == PRECEDING { self.first_trial } else { self.duration_sum.mul_f64(shrink.powi(before)) };
            Target {
                width: (self.precision * f64::from(1 << before)).min(0.9),
                trial: self.last_trial.min(sum),
                sum: sum.as_secs_f64(),
                exceed_ratio: self.exceed_ratio,
            }
        };
        (0..=PRECEDING).rev().map(target).collect()
    }

    pub(super) fn first(&self) -> f64 {
        round(self.lowest)
    }

    /// A higher load; `None` if this is the highest.
    pub(super) fn above(&self, load: f64, factor: f64) -> Option<f64> {
        (load < self.highest).then(|| round(load * factor).min(self.highest))
    }

    /// A lower load; `None` if this is the lowest.
    pub(super) fn below(&self, load: f64, factor: f64) -> Option<f64> {
        (load > self.lowest).then(|| round(load / factor).max(self.lowest))
    }
}

/// The exactness and certainty of one target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// The width of the interval, as a share of its upper end.
    pub(super) width: f64,
    /// The length of a trial; shorter ones count for less.
    pub(super) trial: Duration,
    /// The trial time that decides, in seconds.
    pub(super) sum: f64,
    pub(super) exceed_ratio: f64,
}

impl Target {
    /// A load between two bounds, in whole widths from the lower; `None` if they are close enough.
    pub(super) fn middle(&self, lower: f64, upper: f64) -> Option<f64> {
        if (upper - lower) / upper <= self.width {
            return None;
        }
        let all = (upper / lower).ln();
        let widths = (all / -(1.0 - self.width).ln()).ceil().max(2.0);
        let middle = round(lower * (all * (widths / 2.0).floor() / widths).exp());
        (lower < middle && middle < upper).then_some(middle)
    }
}

/// Rounds to four digits: readable, and far finer than any precision.
fn round(load: f64) -> f64 {
    if load <= 0.0 || !load.is_finite() {
        return load;
    }
    let scale = 10f64.powi(3 - load.log10().floor() as i32);
    (load * scale).round() / scale
}

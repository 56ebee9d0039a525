//! What a breakpoint test searches for: `min_rate`, `max_rate`, `precision`, `trial`, `settle`. Must not know how.

use std::time::Duration;

use squall_schedule::{Level, Rate};

use super::mistake::Trouble;
use super::node::{Node, Value};
use super::shape::Impossible;
use crate::options::{read_duration, read_level};

/// The rates between which it searches, unless said otherwise, in iterations a second.
const RATES: (u64, u64) = (10, 100_000);
/// How exact the answer is, as a share of the rate.
const PRECISION: f64 = 0.025;
/// How long the last trials are.
const TRIAL: Duration = Duration::from_secs(60);
/// How long a trial runs before it counts.
const SETTLE: Duration = Duration::from_secs(5);

/// What is searched for; everything optional.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SearchOptions {
    /// The lowest rate that is tried, and the first.
    pub min_rate: Option<Level>,
    /// The highest rate that is tried.
    pub max_rate: Option<Level>,
    /// The width of the answer, as a share of its upper end.
    pub precision: Option<f64>,
    /// How long the last trials are; the first take a sixth of it, and three times as much decides on a rate.
    pub trial: Option<Duration>,
    /// How long each trial runs before what it measures counts.
    pub settle: Option<Duration>,
}

impl SearchOptions {
    /// This layer laid over a lower one.
    pub fn over(self, lower: SearchOptions) -> SearchOptions {
        SearchOptions {
            min_rate: self.min_rate.or(lower.min_rate),
            max_rate: self.max_rate.or(lower.max_rate),
            precision: self.precision.or(lower.precision),
            trial: self.trial.or(lower.trial),
            settle: self.settle.or(lower.settle),
        }
    }

    /// The lowest rate.
    pub fn lowest(&self) -> Rate {
        self.min_rate.map_or(Rate::every_second(RATES.0), |level| level.as_rate(None))
    }

    /// The highest rate.
    pub fn highest(&self) -> Rate {
        self.max_rate.map_or(Rate::every_second(RATES.1), |level| level.as_rate(None))
    }

    /// The width of the answer, as a share of its upper end.
    pub fn precision(&self) -> f64 {
        self.precision.unwrap_or(PRECISION)
    }

    /// How long the last trials are.
    pub fn trial(&self) -> Duration {
        self.trial.unwrap_or(TRIAL)
    }

    /// How long each trial runs before it counts: not longer than a trial, unless that is asked for.
    pub fn settle(&self) -> Duration {
        self.settle.unwrap_or(SETTLE.min(self.trial()))
    }

    pub(super) fn first_given(&self) -> Option<&'static str> {
        let keys = [
            ("min_rate", self.min_rate.is_some()),
            ("max_rate", self.max_rate.is_some()),
            ("precision", self.precision.is_some()),
            ("trial", self.trial.is_some()),
            ("settle", self.settle.is_some()),
        ];
        keys.iter().find(|(_, given)| *given).map(|(key, _)| *key)
    }

    pub(super) fn check(&self) -> Result<(), Impossible> {
        let (lowest, highest) = (self.lowest(), self.highest());
        if lowest >= highest {
            let key = if self.max_rate.is_some() { "max_rate" } else { "min_rate" };
            return Err((key, format!("the lowest rate, {lowest}, must be below the highest, {highest}")));
        }
        if self.trial().is_zero() {
            return Err(("trial", "a trial must be longer than nothing; write 60s".to_owned()));
        }
        Ok(())
    }
}

pub(super) fn read(search: &mut SearchOptions, key: &str, value: &Node) -> Result<(), Trouble> {
    match key {
        "min_rate" => search.min_rate = read_level(value)?,
        "max_rate" => search.max_rate = read_level(value)?,
        "trial" => search.trial = read_duration(value)?,
        "settle" => search.settle = read_duration(value)?,
        _ => search.precision = read_share(value)?,
    }
    Ok(())
}

fn read_share(value: &Node) -> Result<Option<f64>, Trouble> {
    if value.is_null() {
        return Ok(None);
    }
    let wrong = || Trouble::at(value.place, "write a share, like 2.5% or 0.025".to_owned());
    let Value::Scalar { text, .. } = &value.value else { return Err(wrong()) };
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number, 0.01),
        None => (text.as_str(), 1.0),
    };
    let share = number.trim().parse::<f64>().map(|number| number * scale);
    share.ok().filter(|share| (0.0..=1.0).contains(share)).map(Some).ok_or_else(wrong)
}

//! Whether a resource leaks: memory, descriptors, connections over hours of steady load.
//!
//! Mann-Kendall test with the correction of Hamed and Rao and Theil-Sen slope (`squall_metrics::statistics`), on means
//! of 5 minutes, and on the lowest value of each 15 minutes, since the troughs show the memory that a garbage collector
//! cannot free. Neighbouring minutes resemble each other; a test on single minutes alarms in every fifth healthy run.
//! Time to exhaustion from the interval of the slope: P. K. Sen, *JASA* 63 (1968), section 5.

use std::time::Duration;

use squall_metrics::statistics::{mann_kendall, theil_sen};

/// A window of means, and of minima.
const MEANS: Duration = Duration::from_secs(300);
const MINIMA: Duration = Duration::from_secs(900);
/// Two hours of means.
const FEWEST: usize = 24;
/// Fewer minima are too few for the test's normal approximation.
const FEWEST_MINIMA: usize = 10;
/// Relevant growth, as a share of the value at the start, ...
const MATTERS: f64 = 0.05;
/// ... if its probability by chance is below this.
const SIGNIFICANT: f64 = 0.01;
/// Of the normal distribution, for an interval that holds 95 %.
const Z_95: f64 = 1.959_963_984_540_054;

/// Whether it leaks.
#[derive(Clone, Debug, PartialEq)]
pub enum LeakVerdict {
    /// No relevant growth that could be distinguished from chance.
    Level,
    /// It grows.
    Leak(Leak),
    /// Too short to decide.
    TooShort {
        /// The least length of the steady load.
        needed: Duration,
    },
}

/// The growth of a leak.
#[derive(Clone, Debug, PartialEq)]
pub struct Leak {
    /// As a share of the value at the start, over the whole series.
    pub growth: f64,
    /// Per hour, in the unit of the samples.
    pub per_hour: SlopeInterval,
    /// The time until the limit is reached, counted from the last sample, if there is a limit.
    pub exhaustion: Option<Exhaustion>,
}

/// A slope, and the interval of the true one (95 %).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlopeInterval {
    /// The median of all slopes between two numbers.
    pub slope: f64,
    /// The interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The time until a limit is reached at this growth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exhaustion {
    /// By the slope.
    pub after: Duration,
    /// By the upper end of its interval.
    pub earliest: Duration,
    /// By the lower end; `None` if that might never reach it.
    pub latest: Option<Duration>,
}

/// Judges samples (time since the steady load began, value), in order of time, without the warm-up. `limit` is the size
/// of the resource, in the unit of the samples.
pub fn leak_verdict(samples: &[(Duration, f64)], limit: Option<f64>) -> LeakVerdict {
    let means = windows(samples, MEANS, |values| values.iter().sum::<f64>() / values.len() as f64);
    if means.len() < FEWEST {
        return LeakVerdict::TooShort { needed: MEANS * FEWEST as u32 };
    }
    let minima = windows(samples, MINIMA, |values| values.iter().copied().fold(f64::INFINITY, f64::min));
    let by_minima = || (minima.len() >= FEWEST_MINIMA).then(|| growing(&minima, MINIMA)).flatten();
    match growing(&means, MEANS).or_else(by_minima) {
        None => LeakVerdict::Level,
        Some((growth, per_hour)) => {
            let now = samples.last().map_or(0.0, |(_, value)| *value);
            let exhaustion = limit.and_then(|limit| exhaustion(limit - now, per_hour));
            LeakVerdict::Leak(Leak { growth, per_hour, exhaustion })
        }
    }
}

/// The Theil-Sen slope per step with Sen's interval of 95 %; `variance` is that of Kendall's S, corrected or not.
/// `None` for fewer than three numbers.
pub fn slope_interval(series: &[f64], variance: f64) -> Option<SlopeInterval> {
    if series.len() < 3 {
        return None;
    }
    let mut slopes = Vec::with_capacity(series.len() * (series.len() - 1) / 2);
    for (start, earlier) in series.iter().enumerate() {
        let later = series[start..].iter().enumerate().skip(1);
        slopes.extend(later.map(|(distance, later)| (later - earlier) / distance as f64));
    }
    slopes.sort_unstable_by(f64::total_cmp);
    let (count, reach) = (slopes.len() as f64, Z_95 * variance.max(0.0).sqrt());
    let last = slopes.len() - 1;
    // Sen's ranks, counted from 0.
    let low = ((count - reach) / 2.0).round_ties_even().max(1.0) as usize - 1;
    let high = ((count + reach) / 2.0).round_ties_even().max(0.0) as usize;
    Some(SlopeInterval { slope: theil_sen(series), low: slopes[low.min(last)], high: slopes[high.min(last)] })
}

/// The growth as a share of the start, and the slope per hour, of a series with relevant growth.
fn growing(series: &[f64], step: Duration) -> Option<(f64, SlopeInterval)> {
    let test = mann_kendall(series);
    let slope = slope_interval(series, test.variance)?;
    let steps = (series.len() - 1) as f64;
    let rise = slope.slope * steps;
    let start = median(series) - rise / 2.0;
    let growth = if start > 0.0 { rise / start } else { f64::INFINITY };
    let grows = test.s > 0 && test.p < SIGNIFICANT && rise > 0.0 && growth > MATTERS;
    let per_hour = 3_600.0 / step.as_secs_f64();
    let scaled =
        SlopeInterval { slope: slope.slope * per_hour, low: slope.low * per_hour, high: slope.high * per_hour };
    grows.then_some((growth, scaled))
}

fn exhaustion(left: f64, per_hour: SlopeInterval) -> Option<Exhaustion> {
    let after = |slope: f64| {
        let seconds = (left.max(0.0) / slope) * 3_600.0;
        (slope > 0.0).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
    };
    Some(Exhaustion { after: after(per_hour.slope)?, earliest: after(per_hour.high)?, latest: after(per_hour.low) })
}

/// One number for the samples of each whole window; windows without samples are left out.
fn windows(samples: &[(Duration, f64)], length: Duration, make: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let number = |at: &Duration| at.as_nanos() / length.as_nanos();
    let mut made: Vec<f64> = Vec::new();
    for window in samples.chunk_by(|(one, _), (other, _)| number(one) == number(other)) {
        let values: Vec<f64> = window.iter().map(|(_, value)| *value).filter(|value| value.is_finite()).collect();
        if !values.is_empty() {
            made.push(make(&values));
        }
    }
    made
}

fn median(series: &[f64]) -> f64 {
    let mut sorted = series.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        even if even.is_multiple_of(2) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

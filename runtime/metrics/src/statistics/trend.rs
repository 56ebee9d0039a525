//! Whether a series that should be level drifts.
//!
//! Slope: P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", *JASA* 63 (1968); also Theil
//! (1950). Test: H. B. Mann (1945) and M. G. Kendall (1975), with the variance corrected for autocorrelation after
//! K. H. Hamed and A. R. Rao, "A modified Mann-Kendall trend test for autocorrelated data", *Journal of Hydrology* 204
//! (1998). Seconds of a run resemble their neighbours; a test that takes them to be independent finds drift everywhere.

use std::cmp::Ordering;

use super::normal::two_sided;

/// A relevant change of the typical value, as a share of it, ...
const MATTERS: f64 = 0.10;
/// ... if its probability by chance is below this.
const SIGNIFICANT: f64 = 0.01;
/// Autocorrelations count if they lie outside of 95 % of those by chance: this many standard deviations.
const NOTABLE: f64 = 1.959_963_984_540_054;
/// The test's normal approximation holds from here on (Kendall).
const FEWEST: usize = 10;
/// Longer series are averaged in pairs first: slopes are taken between all pairs of numbers.
const MOST: usize = 1_000;

/// Whether a series is level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steadiness {
    /// No relevant change that could be distinguished from chance.
    Steady,
    /// It changed, from its beginning to its end.
    Drifting {
        /// By this share of its median: 0.25 is a quarter more, -0.25 a quarter less.
        change: f64,
    },
    /// Fewer than ten numbers, too few to decide.
    TooShort,
}

/// Whether a series is level: one number for each 30 s after the warm-up, such as their p95. It drifts if its Theil-Sen
/// slope makes for a change of more than 10 % of the median over the whole series, and the Mann-Kendall test with the
/// correction of Hamed and Rao gives p < 0.01.
pub fn steady_state(series: &[f64]) -> Steadiness {
    if series.len() < FEWEST {
        return Steadiness::TooShort;
    }
    let series = at_most(MOST, series);
    let median = median(series.clone());
    let change = theil_sen(&series) * (series.len() - 1) as f64 / median;
    if change.is_finite() && change.abs() > MATTERS && mann_kendall(&series).p < SIGNIFICANT {
        Steadiness::Drifting { change }
    } else {
        Steadiness::Steady
    }
}

/// The median of the slopes between all pairs of numbers, per step of the series. Zero for fewer than two.
pub fn theil_sen(series: &[f64]) -> f64 {
    let slopes = pairs(series).map(|(distance, earlier, later)| (later - earlier) / distance as f64);
    median(slopes.collect())
}

/// The result of the Mann-Kendall test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannKendall {
    /// Pairs that rise less pairs that fall.
    pub s: i64,
    /// The variance of `s`, corrected for ties and for autocorrelation.
    pub variance: f64,
    /// `s` in standard deviations.
    pub z: f64,
    /// The probability of an `s` that is this far from 0, on either side, by chance alone.
    pub p: f64,
}

/// The Mann-Kendall test for a trend, corrected for autocorrelation after Hamed and Rao (1998): at all lags whose
/// autocorrelation of ranks, without the trend, is significant at 5 %. Where the correction would leave no variance, as
/// it can for few numbers that alternate, there is none.
pub fn mann_kendall(series: &[f64]) -> MannKendall {
    let s: i64 = pairs(series).map(|(_, earlier, later)| sign(later.total_cmp(&earlier))).sum();
    let correction = hamed_rao(series);
    let correction = if correction > 0.0 { correction } else { 1.0 };
    let variance = variance_of_s(series) * correction;
    // One less than `s`, towards 0, since `s` moves in steps of two.
    let z = if s == 0 || variance <= 0.0 { 0.0 } else { (s - s.signum()) as f64 / variance.sqrt() };
    MannKendall { s, variance, z, p: two_sided(z) }
}

/// The correlation of neighbours in a series, from -1 to 1; `None` for a constant series. Above about 0.9, intervals of
/// a bootstrap in blocks of 30 s begin to be too narrow.
pub fn lag_one_autocorrelation(series: &[f64]) -> Option<f64> {
    autocorrelation(series).nth(1)
}

/// All pairs of an earlier and a later number, with the distance between them.
fn pairs(series: &[f64]) -> impl Iterator<Item = (usize, f64, f64)> {
    series.iter().enumerate().flat_map(move |(start, earlier)| {
        series[start..].iter().enumerate().skip(1).map(move |(distance, later)| (distance, *earlier, *later))
    })
}

fn sign(order: Ordering) -> i64 {
    match order {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

/// The variance of Kendall's `s` for independent numbers, of which some may be equal.
fn variance_of_s(series: &[f64]) -> f64 {
    let term = |count: usize| {
        let count = count as f64;
        count * (count - 1.0) * (2.0 * count + 5.0)
    };
    let mut sorted = series.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let ties: f64 = sorted.chunk_by(|one, other| one == other).map(|equal| term(equal.len())).sum();
    (term(series.len()) - ties) / 18.0
}

/// The factor n/n* by which autocorrelation inflates the variance of `s`.
fn hamed_rao(series: &[f64]) -> f64 {
    let n = series.len() as f64;
    if series.len() < 3 {
        return 1.0;
    }
    let slope = theil_sen(series);
    let level: Vec<f64> = series.iter().enumerate().map(|(at, value)| value - (at + 1) as f64 * slope).collect();
    let ranks = ranks(&level);
    let bound = NOTABLE / n.sqrt();
    let notable = autocorrelation(&ranks).enumerate().skip(1).filter(|(_, r)| r.abs() > bound);
    let weighted = notable.map(|(lag, r)| {
        let left = n - lag as f64;
        left * (left - 1.0) * (left - 2.0) * r
    });
    1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * weighted.sum::<f64>()
}

/// The autocorrelation at each lag from 0 on; `None` for a constant series.
fn autocorrelation(series: &[f64]) -> impl Iterator<Item = f64> {
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    let deviations: Vec<f64> = series.iter().map(|value| value - mean).collect();
    let at_lag = move |lag: usize| deviations.iter().zip(&deviations[lag..]).map(|(one, other)| one * other).sum();
    let whole: f64 = at_lag(0);
    let lags = if whole > 0.0 { series.len() } else { 0 };
    (0..lags).map(move |lag| at_lag(lag) / whole)
}

/// Each number's place in the sorted series, from 1 on; equal numbers share the mean of their places.
fn ranks(series: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..series.len()).collect();
    order.sort_unstable_by(|one, other| series[*one].total_cmp(&series[*other]));
    let mut ranks = vec![0.0; series.len()];
    let mut before = 0;
    for equal in order.chunk_by(|one, other| series[*one] == series[*other]) {
        let shared = before as f64 + (equal.len() + 1) as f64 / 2.0;
        equal.iter().for_each(|at| ranks[*at] = shared);
        before += equal.len();
    }
    ranks
}

/// Zero for an empty series.
fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    let even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = if even { below.iter().copied().max_by(f64::total_cmp) } else { None };
    lower.map_or(*upper, |lower| f64::midpoint(lower, *upper))
}

/// The series, with neighbours averaged until it is short enough.
fn at_most(most: usize, series: &[f64]) -> Vec<f64> {
    let mut series = series.to_vec();
    while series.len() > most {
        series = series.chunks(2).map(|pair| pair.iter().sum::<f64>() / pair.len() as f64).collect();
    }
    series
}

#[cfg(test)]
mod tests;

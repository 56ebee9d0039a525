//! Whether one group of runs is slower than another, without crying wolf.
//!
//! A run is one observation, however many requests it made: samples within a run share whatever the machine and the
//! network did in those minutes, so tests on them find "changes" between any two runs. Each figure is compared on its
//! logarithm with Welch's t test; a regression is a change that is significant after Holm's correction for the number of
//! figures, and greater than the least effect that matters. With fewer than three runs a side nothing is proved: then a
//! change can at most be suspected.

use crate::t_test::{upper_quantile, welch};

/// The chance of a false alarm that is accepted, over all figures together.
const SIGNIFICANCE: f64 = 0.05;
/// The chance at which a change of the smallest detectable size is found.
const POWER: f64 = 0.8;
/// Fewer runs a side prove nothing.
pub const ENOUGH_RUNS: usize = 3;
/// How far single runs must be apart to be suspected, where nothing is known of how runs differ anyway.
const SUSPICIOUS: f64 = 0.10;
/// Turns a median absolute deviation into a standard deviation, for a normal distribution.
const MAD_TO_DEVIATION: f64 = 1.4826;

/// The values of one figure.
#[derive(Clone, Debug)]
pub struct Groups<'a> {
    /// In the runs that went before.
    pub before: &'a [f64],
    /// In the runs that are judged.
    pub after: &'a [f64],
    /// Whether less of it is better.
    pub less_is_better: bool,
}

/// What is to be thought of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judgement {
    /// Proved to be better, by more than the least effect.
    Improved,
    /// Nothing that could be told from chance, or nothing that matters.
    Unchanged,
    /// Too few runs to prove it, but worse by more than chance would explain.
    Suspected,
    /// Proved to be worse, by more than the least effect.
    Regressed,
}

impl Judgement {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Judgement::Improved => "improved",
            Judgement::Unchanged => "no change",
            Judgement::Suspected => "suspected",
            Judgement::Regressed => "regression",
        }
    }
}

/// How one figure compares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The geometric mean before; in the figure's unit.
    pub before: f64,
    /// The same after.
    pub after: f64,
    /// After as a multiple of before.
    pub ratio: f64,
    /// Its 95 % interval, if there are runs enough to give one.
    pub interval: Option<(f64, f64)>,
    /// The p-value after Holm's correction.
    pub p: Option<f64>,
    /// The smallest change, as a share, that these runs would show with 80 % probability.
    pub detectable: Option<f64>,
    /// What is to be thought of it.
    pub judgement: Judgement,
}

/// Compares figures, all of which are positive. `least_effect` is a share: 0.05 for 5 %.
pub fn compare(figures: &[Groups<'_>], least_effect: f64) -> Vec<Option<Comparison>> {
    let mut comparisons: Vec<Option<Comparison>> = figures.iter().map(measure).collect();
    correct_by_holm(&mut comparisons);
    for (comparison, groups) in comparisons.iter_mut().zip(figures) {
        if let Some(comparison) = comparison {
            comparison.judgement = judge(comparison, groups, least_effect);
            comparison.detectable = comparison.detectable.map(|share| share.max(least_effect));
        }
    }
    comparisons
}

fn measure(groups: &Groups<'_>) -> Option<Comparison> {
    let logarithms = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<f64>>();
    let (before, after) = (logarithms(groups.before), logarithms(groups.after));
    let (mean_before, mean_after) = (mean(&before)?, mean(&after)?);
    let ratio = (mean_after - mean_before).exp();
    let enough = before.len() >= ENOUGH_RUNS && after.len() >= ENOUGH_RUNS;
    let test = if enough { welch(&before, &after) } else { None };
    let interval = test.map(|test| {
        let half = upper_quantile(SIGNIFICANCE / 2.0, test.degrees) * test.error;
        ((test.difference - half).exp(), (test.difference + half).exp())
    });
    let detectable = test.map(|test| {
        let needed = upper_quantile(SIGNIFICANCE / 2.0, test.degrees) + upper_quantile(1.0 - POWER, test.degrees);
        (needed * test.error).exp() - 1.0
    });
    Some(Comparison {
        before: mean_before.exp(),
        after: mean_after.exp(),
        ratio,
        interval,
        p: test.map(|test| test.p),
        detectable,
        judgement: Judgement::Unchanged,
    })
}

/// Holm's correction: the least p-value times the number of tests, the next times one less, and none less than the one
/// before it (S. Holm, "A simple sequentially rejective multiple test procedure", 1979).
fn correct_by_holm(comparisons: &mut [Option<Comparison>]) {
    let mut tests: Vec<&mut f64> = comparisons.iter_mut().flatten().filter_map(|one| one.p.as_mut()).collect();
    tests.sort_by(|a, b| a.total_cmp(b));
    let (count, mut least) = (tests.len(), 0.0);
    for (place, p) in tests.into_iter().enumerate() {
        *p = (*p * (count - place) as f64).min(1.0).max(least);
        least = *p;
    }
}

fn judge(comparison: &Comparison, groups: &Groups<'_>, least_effect: f64) -> Judgement {
    // By how much it is worse: the same for "twice as long" and "half as many".
    let worse = if groups.less_is_better { comparison.ratio } else { 1.0 / comparison.ratio };
    match comparison.p {
        Some(p) if p < SIGNIFICANCE && worse > 1.0 + least_effect => Judgement::Regressed,
        Some(p) if p < SIGNIFICANCE && 1.0 / worse > 1.0 + least_effect => Judgement::Improved,
        Some(_) => Judgement::Unchanged,
        None if worse > 1.0 + noise(groups.before).unwrap_or(SUSPICIOUS).max(least_effect) => Judgement::Suspected,
        None => Judgement::Unchanged,
    }
}

/// How far a single run may be from the median of those before by chance: three deviations, as a share. None with too
/// few runs to know.
fn noise(before: &[f64]) -> Option<f64> {
    if before.len() < ENOUGH_RUNS {
        return None;
    }
    let middle = median(before)?;
    let apart: Vec<f64> = before.iter().map(|value| (value - middle).abs()).collect();
    Some(3.0 * MAD_TO_DEVIATION * median(&apart)? / middle)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The middle value, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some((lower + upper) / 2.0)
}

/// How two shares of failures differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareDifference {
    /// The share before.
    pub before: f64,
    /// The share after.
    pub after: f64,
    /// The 95 % interval of after less before, by Newcombe's hybrid score method (1998, method 10).
    pub interval: (f64, f64),
}

/// Compares `failed` of `count` before and after; none without requests on both sides. What is within a run hangs
/// together, so this says that the runs differ, never why.
pub fn compare_shares(before: (u64, u64), after: (u64, u64)) -> Option<ShareDifference> {
    if before.1 == 0 || after.1 == 0 {
        return None;
    }
    let share = |(failed, count): (u64, u64)| failed as f64 / count as f64;
    let (p1, p2) = (share(before), share(after));
    let ((low1, high1), (low2, high2)) = (wilson(before), wilson(after));
    let difference = p2 - p1;
    let below = ((p2 - low2).powi(2) + (high1 - p1).powi(2)).sqrt();
    let above = ((high2 - p2).powi(2) + (p1 - low1).powi(2)).sqrt();
    Some(ShareDifference { before: p1, after: p2, interval: (difference - below, difference + above) })
}

/// Wilson's 95 % interval of a share.
fn wilson((hits, count): (u64, u64)) -> (f64, f64) {
    let (n, z) = (count as f64, 1.959_963_984_540_054);
    let p = hits as f64 / n;
    let middle = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    ((middle - half) / scale, (middle + half) / scale)
}

#[cfg(test)]
mod tests {
    use squall_plan::random::SplitMix64;

    use super::*;

    fn groups<'a>(before: &'a [f64], after: &'a [f64]) -> Groups<'a> {
        Groups { before, after, less_is_better: true }
    }

    /// Runs of three percentiles: what the machine does that day moves all of them, each has some noise of its own.
    fn runs(random: &mut SplitMix64, noise: f64, factor: f64) -> [Vec<f64>; 3] {
        let mut figures = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..5 {
            let day = noise * random.normal();
            for (figure, base) in figures.iter_mut().zip([10.0, 40.0, 90.0]) {
                figure.push(base * factor * (day + 0.01 * random.normal()).exp());
            }
        }
        figures
    }

    fn called(random: &mut SplitMix64, factor: f64) -> bool {
        let (before, after) = (runs(random, 0.03, 1.0), runs(random, 0.03, factor));
        let figures: Vec<_> = before.iter().zip(&after).map(|(before, after)| groups(before, after)).collect();
        compare(&figures, 0.05).iter().flatten().any(|one| one.judgement == Judgement::Regressed)
    }

    #[test]
    fn few_false_alarms_and_few_misses() {
        let mut random = SplitMix64::new(20_261_125);
        let of_hundred = |random: &mut SplitMix64, factor| (0..100).filter(|_| called(random, factor)).count();
        let (unchanged, slower) = (of_hundred(&mut random, 1.0), of_hundred(&mut random, 1.1));
        assert!(unchanged <= 5, "{unchanged} of 100 pairs without a change");
        assert!(slower >= 90, "{slower} of 100 pairs that are 10 % slower");
    }

    #[test]
    fn holm_known_answer() {
        let with = |p| Comparison { p: Some(p), ..measure(&groups(&[1.0; 3], &[1.0; 3])).unwrap() };
        let mut comparisons: Vec<_> = [0.01, 0.04, 0.03, 0.005].map(|p| Some(with(p))).to_vec();
        correct_by_holm(&mut comparisons);
        let corrected: Vec<f64> = comparisons.iter().flatten().filter_map(|one| one.p).collect();
        for (got, wanted) in corrected.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((got - wanted).abs() < 1e-12, "{corrected:?}");
        }
    }

    #[test]
    fn single_runs_are_at_most_suspected() {
        let one = |before: &[f64], after| compare(&[groups(before, &[after])], 0.05)[0].unwrap();
        assert_eq!(one(&[100.0], 200.0).judgement, Judgement::Suspected);
        assert_eq!(one(&[100.0], 108.0).judgement, Judgement::Unchanged);
        assert_eq!(one(&[100.0], 50.0).judgement, Judgement::Unchanged);
        assert_eq!((one(&[100.0], 200.0).p, one(&[100.0], 200.0).interval), (None, None));
        // A suite that is as noisy as that says nothing at 20 %.
        assert_eq!(one(&[90.0, 100.0, 110.0, 100.0, 111.0], 120.0).judgement, Judgement::Unchanged);
        assert_eq!(one(&[99.0, 100.0, 101.0], 120.0).judgement, Judgement::Suspected);
    }

    #[test]
    fn throughput_is_worse_when_it_falls() {
        let (before, after) = ([100.0, 101.0, 99.0, 100.0], [80.0, 81.0, 79.0, 80.0]);
        let judged = |less_is_better| {
            compare(&[Groups { before: &before, after: &after, less_is_better }], 0.05)[0].unwrap().judgement
        };
        assert_eq!((judged(false), judged(true)), (Judgement::Regressed, Judgement::Improved));
    }

    /// Newcombe's own example (1998, table II, a): 56/70 against 48/80 gives 0.0524 to 0.3339.
    #[test]
    fn newcombe_known_answer() {
        let difference = compare_shares((48, 80), (56, 70)).unwrap();
        assert!((difference.interval.0 - 0.0524).abs() < 5e-5 && (difference.interval.1 - 0.3339).abs() < 5e-5);
        assert_eq!(compare_shares((0, 0), (1, 2)), None);
    }
}

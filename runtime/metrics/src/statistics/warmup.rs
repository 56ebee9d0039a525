//! Finds the end of the warm-up.
//!
//! MSER-5: K. P. White, "An effective truncation heuristic for bias reduction in simulation output", *Simulation* 69
//! (1997), and K. P. White, M. J. Cobb and S. C. Spratt, "A comparison of five steady-state truncation heuristics for
//! simulation", Winter Simulation Conference 2000. The series is averaged in batches of five; the cut is where the
//! squared standard error of the mean of the rest, Σ(x − x̄)² / m², is least. Keeping more of the warm-up makes the
//! deviations greater, cutting more makes the rest shorter. A cut in the second half means that the series had not
//! settled.

/// Seconds averaged into one number.
const BATCH: usize = 5;
/// A third of the batches always remains. A few numbers can lie close together by chance. If five may remain, one
/// settled run in twelve of 300 s (neighbours correlate by 0.6) seems unsettled; if a third remains, one in a hundred.
const LEAST_REST: usize = 3;
/// Fewer batches (100 s) are too few to find the end of a warm-up.
const FEWEST: usize = 20;

/// The end of a run's warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// After this many entries of the series, a multiple of five; zero without a visible warm-up.
    EndsAfter(usize),
    /// It never settled: the best cut lies in the second half.
    NoSteadyState,
    /// The series has fewer than 100 entries, too few to decide.
    TooShort,
}

/// The end of the warm-up of one series, one number a second.
pub fn mser5(series: &[f64]) -> WarmUp {
    let batches: Vec<f64> = centred(series).chunks_exact(BATCH).map(mean).collect();
    if batches.len() < FEWEST {
        return WarmUp::TooShort;
    }
    let mut best = (squared_error(&batches), 0);
    for cut in 1..=batches.len() - batches.len() / LEAST_REST {
        let error = squared_error(&batches[cut..]);
        if error < best.0 {
            best = (error, cut);
        }
    }
    let cut = best.1 * BATCH;
    if cut * 2 > series.len() { WarmUp::NoSteadyState } else { WarmUp::EndsAfter(cut) }
}

/// The end of a run's warm-up: the later of the cuts for its response times (their p95 in each second, in any unit) and
/// its throughput (requests in each second).
pub fn warm_up(response_time: &[f64], throughput: &[f64]) -> WarmUp {
    match (mser5(response_time), mser5(throughput)) {
        (WarmUp::EndsAfter(one), WarmUp::EndsAfter(other)) => WarmUp::EndsAfter(one.max(other)),
        (WarmUp::TooShort, _) | (_, WarmUp::TooShort) => WarmUp::TooShort,
        _ => WarmUp::NoSteadyState,
    }
}

/// Relative to the first number: so that the deviations of a constant series are zero and not a rounding error.
fn centred(series: &[f64]) -> Vec<f64> {
    let first = series.first().copied().unwrap_or(0.0);
    series.iter().map(|value| value - first).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The squared standard error of the mean, up to a constant factor.
fn squared_error(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    squares / (values.len() as f64).powi(2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use squall_plan::random::SplitMix64;

    use super::*;

    /// 300 s that begin five times as slow and settle with a time constant, with noise of 5 % whose neighbours
    /// correlate by 0.6.
    fn decaying(time_constant: f64, seed: u64) -> Vec<f64> {
        let mut random = SplitMix64::new(seed);
        let mut noise = 0.0;
        let at = |second: u32| {
            noise = 0.6 * noise + 0.8 * random.normal();
            100.0 * (1.0 + 4.0 * (-f64::from(second) / time_constant).exp()) + 5.0 * noise
        };
        (0..300).map(at).collect()
    }

    #[test]
    fn a_constant_series_has_no_warm_up() {
        assert_eq!(mser5(&[3.3; 300]), WarmUp::EndsAfter(0));
        assert_eq!(warm_up(&[3.3; 300], &[0.1; 300]), WarmUp::EndsAfter(0));
    }

    #[test]
    fn a_step_is_cut_where_it_ends() {
        // 60 s at 9, then 240 s at 1: the error after the step is zero, and at none before it.
        let series: Vec<f64> = (0..300).map(|second| if second < 60 { 9.0 } else { 1.0 }).collect();
        assert_eq!(mser5(&series), WarmUp::EndsAfter(60));
        assert_eq!(warm_up(&[2.0; 300], &series), WarmUp::EndsAfter(60), "the later cut");
    }

    #[test]
    fn the_worked_example() {
        // Batch means 8, 2, seventeen times 1, and 2. The error is 46.95 / 400 = 0.117 of all, 1.789 / 361 = 0.0050
        // without the first, 0.944 / 324 = 0.0029 without two, 0.941 / 289 = 0.0033 without three. So two are cut.
        let mut means = [1.0; 20];
        (means[0], means[1], means[19]) = (8.0, 2.0, 2.0);
        let series: Vec<f64> = means.iter().flat_map(|mean| [mean - 0.5, *mean, mean + 0.5, *mean, *mean]).collect();
        assert_eq!(mser5(&series), WarmUp::EndsAfter(10));
    }

    #[test]
    fn an_exponential_decay_is_cut_after_a_few_time_constants() {
        for (time_constant, expected) in [(5.0, 10..=60), (15.0, 40..=110), (30.0, 85..=150)] {
            let mut cuts: Vec<usize> = (0..21)
                .map(|seed| match mser5(&decaying(time_constant, seed)) {
                    WarmUp::EndsAfter(cut) => cut,
                    _ => 300,
                })
                .collect();
            cuts.sort_unstable();
            assert!(expected.contains(&cuts[10]), "the middle cut of {cuts:?} with time constant {time_constant} s");
        }
    }

    #[test]
    fn a_series_that_never_settles_has_no_steady_state() {
        let rising: Vec<f64> = (0..300).map(f64::from).collect();
        assert_eq!(mser5(&rising), WarmUp::NoSteadyState);
        assert_eq!(warm_up(&[1.0; 300], &rising), WarmUp::NoSteadyState);
    }

    #[test]
    fn a_short_series_is_undecided() {
        assert_eq!(mser5(&[1.0; 99]), WarmUp::TooShort);
        assert_eq!(mser5(&[]), WarmUp::TooShort);
        assert_eq!(mser5(&[1.0; 100]), WarmUp::EndsAfter(0));
    }

    proptest! {
        #[test]
        fn neither_unit_nor_origin_matter(seed in 0u64..1_000, unit in 1u32..12, origin in -100i32..100) {
            // Powers of two and whole numbers, for which arithmetic is exact.
            let series: Vec<f64> = decaying(10.0, seed).iter().map(|value| value.round()).collect();
            let other: Vec<f64> =
                series.iter().map(|value| value * f64::from(1 << unit) + f64::from(origin << unit)).collect();
            prop_assert_eq!(mser5(&series), mser5(&other));
        }
    }
}

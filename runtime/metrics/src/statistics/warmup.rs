//! Where the warm-up ends.
//!
//! MSER-5: K. P. White, "An effective truncation heuristic for bias reduction in simulation output", *Simulation* 69
//! (1997), and K. P. White, M. J. Cobb and S. C. Spratt, "A comparison of five steady-state truncation heuristics for
//! simulation", Winter Simulation Conference 2000. The series is averaged in batches of five; the cut is where the
//! squared standard error of the mean of the rest, Σ(x − x̄)² / m², is least. Keeping more of the warm-up makes the
//! deviations greater, cutting more makes the rest shorter. A cut in the second half says that the series had not
//! settled.

/// Seconds averaged into one number.
const BATCH: usize = 5;
/// A third of the batches always remains. A few numbers can lie close together by chance: if five may remain, one run in
/// twelve of 300 s that has settled (neighbours correlate by 0.6) seems not to have; if a third remains, one in a hundred.
const LEAST_REST: usize = 3;
/// Fewer batches (100 s) say too little about where a warm-up ends.
const FEWEST: usize = 20;

/// Where a run's warm-up ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// With this many entries of the series, a multiple of five; zero if there was none to be seen.
    EndsAfter(usize),
    /// It never did: the best cut falls in the second half.
    NoSteadyState,
    /// The series has fewer than 100 entries, too few to tell.
    TooShort,
}

/// Where the warm-up of one series ends, one number a second.
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

/// Where a run's warm-up ends: the later of the cuts for its response times (their p95 in each second, in any unit) and
/// its throughput (requests in each second).
pub fn warm_up(response_time: &[f64], throughput: &[f64]) -> WarmUp {
    match (mser5(response_time), mser5(throughput)) {
        (WarmUp::EndsAfter(one), WarmUp::EndsAfter(other)) => WarmUp::EndsAfter(one.max(other)),
        (WarmUp::TooShort, _) | (_, WarmUp::TooShort) => WarmUp::TooShort,
        _ => WarmUp::NoSteadyState,
    }
}

/// From the first number on: so that the deviations of a constant series are zero and not a rounding error.
fn centred(series: &[f64]) -> Vec<f64> {
    let first = series.first().copied().unwrap_or(0.0);
    series.iter().map(|value| value - first).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The squared standard error of the mean, but for a constant.
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
    fn what_never_settles_has_no_steady_state() {
        let rising: Vec<f64> = (0..300).map(f64::from).collect();
        assert_eq!(mser5(&rising), WarmUp::NoSteadyState);
        assert_eq!(warm_up(&[1.0; 300], &rising), WarmUp::NoSteadyState);
    }

    #[test]
    fn a_short_series_cannot_tell() {
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

use proptest::prelude::*;

use super::*;

const SECOND: Nanos = Nanos(1_000_000_000);
const PERCENTS: [f64; 3] = [50.0, 95.0, 99.0];

/// A run whose seconds have `each` requests, spread evenly over 10 to 20 ms times the level of the second. Levels
/// correlate with their neighbours'.
fn run(seconds: usize, each: usize, correlation: f64, seed: u64) -> Vec<Histogram> {
    let mut random = SplitMix64::new(seed);
    let mut level = random.normal();
    let second = |_| {
        level = correlation * level + (1.0 - correlation * correlation).sqrt() * random.normal();
        let level = if correlation > 0.0 { (0.1 * level).exp() } else { 1.0 };
        let mut histogram = Histogram::new();
        for _ in 0..each {
            histogram.record(Nanos((level * 1e7 * (1.0 + random.unit())) as u64));
        }
        histogram
    };
    (0..seconds).map(second).collect()
}

#[test]
fn a_short_run_is_refused_with_the_length_it_needs() {
    let short = quantile_intervals(run(599, 1, 0.0, 1), SECOND, &PERCENTS, 1);
    assert_eq!(short, Err(NoInterval::TooShort { needed: Duration::from_secs(600) }));
    assert!(quantile_intervals(run(600, 1, 0.0, 1), SECOND, &PERCENTS, 1).is_ok());
    assert!(quantile_intervals(run(300, 1, 0.0, 1), Nanos(2 * SECOND.0), &PERCENTS, 1).is_ok());
    let empty = quantile_intervals(vec![Histogram::new(); 600], SECOND, &PERCENTS, 1);
    assert_eq!(empty, Err(NoInterval::NoSamples));
}

#[test]
fn equal_seconds_give_an_interval_of_no_width() {
    let one = run(1, 100, 0.0, 7).remove(0);
    for interval in quantile_intervals(vec![one.clone(); 600], SECOND, &PERCENTS, 3).expect("long enough") {
        assert_eq!((interval.low, interval.high), (interval.estimate, interval.estimate));
        assert_eq!(interval.estimate, one.percentile(interval.percent));
    }
}

/// Of N independent values with density f, the p-quantile has the standard error √(p (1 − p) / N) / f.
#[test]
fn the_width_for_independent_requests_is_the_textbook_one() {
    let intervals = quantile_intervals(run(600, 100, 0.0, 11), SECOND, &[50.0, 95.0], 5).expect("long enough");
    for (interval, share) in intervals.iter().zip([0.5f64, 0.95]) {
        let error = (share * (1.0 - share) / 60_000.0).sqrt() * 1e7;
        let expected = 2.0 * 1.96 * error;
        let width = (interval.high.0 - interval.low.0) as f64;
        assert!((0.6..1.5).contains(&(width / expected)), "p{}: {width} for {expected}", interval.percent);
        let truth = 1e7 * (1.0 + share);
        assert!((interval.estimate.0 as f64 - truth).abs() < 4.0 * error, "{interval:?}");
    }
}

/// 200 runs like these hold their p95 in 172: 86 %. If requests were independent, it would be about 95 %.
#[test]
fn intervals_of_correlated_seconds_hold_the_truth_most_of_the_time() {
    let mut truth = Histogram::new();
    run(100_000, 5, 0.9, 99).iter().for_each(|second| truth.merge(second));
    let truth = truth.percentile(95.0);
    let runs = 60;
    let held = (0..runs).filter(|seed| {
        let intervals = quantile_intervals(run(600, 50, 0.9, *seed), SECOND, &[95.0], *seed).expect("long enough");
        (intervals[0].low..=intervals[0].high).contains(&truth)
    });
    let held = held.count();
    assert!((46..=59).contains(&held), "{held} of {runs}");
}

#[test]
fn a_long_and_wide_run_is_drawn_from_in_bounded_tables() {
    let mut random = SplitMix64::new(1);
    let wide = |_| {
        let mut histogram = Histogram::new();
        (0..200).for_each(|_| histogram.record(Nanos((1e6 * (10.0 * random.unit()).exp()) as u64)));
        histogram
    };
    let steps: Vec<Histogram> = (0..7_200).map(wide).collect();
    let whole = merged(&steps);
    let sums = Sums::new(&steps[..10], &whole);
    assert!(sums.values.len() <= MOST_COLUMNS && sums.values.is_sorted());

    for interval in quantile_intervals(steps, SECOND, &PERCENTS, 1).expect("long enough") {
        let truth = 1e6 * (interval.percent / 10.0).exp();
        let (low, high) = (interval.low.0 as f64, interval.high.0 as f64);
        assert!(low < truth * 1.01 && truth * 0.99 < high && high / low < 1.05, "{interval:?} for {truth}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn intervals_hold_the_estimate_and_depend_only_on_the_seed(seed in any::<u64>(), seconds in 600usize..700) {
        let steps = run(seconds, 3, 0.5, seed);
        let whole = merged(&steps);
        let intervals = quantile_intervals(steps.clone(), SECOND, &PERCENTS, seed).expect("long enough");
        for interval in &intervals {
            prop_assert!(interval.low <= interval.estimate && interval.estimate <= interval.high);
            prop_assert!(whole.min() <= interval.low && interval.high <= whole.max());
        }
        prop_assert_eq!(intervals, quantile_intervals(steps, SECOND, &PERCENTS, seed).expect("long enough"));
    }

    #[test]
    fn blocks_make_up_a_run_of_the_same_length(seed in any::<u64>(), steps in 20usize..900, block in 1usize..20) {
        let blocks = draw(&mut SplitMix64::new(seed), steps, block);
        prop_assert_eq!(blocks.iter().map(|(first, after)| after - first).sum::<usize>(), steps);
        prop_assert!(blocks.iter().all(|(first, after)| first < after && *after <= steps));
    }
}

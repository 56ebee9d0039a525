use proptest::prelude::*;
use squall_plan::random::SplitMix64;

use super::*;

fn series<const LENGTH: usize>(at: impl Fn(i32) -> i32) -> [f64; LENGTH] {
    std::array::from_fn(|index| f64::from(at(index as i32)))
}

/// The expected numbers are those of pymannkendall 1.4.3, `hamed_rao_modification_test`.
#[test]
fn known_trends() {
    struct Known(&'static str, Vec<f64>, i64, f64, f64, f64);
    let known = [
        Known(
            "rising, neighbours alike",
            series::<20>(|i| 100 + 3 * i + i * 7 % 5).to_vec(),
            183,
            885.4273684210525,
            9.57210311014478e-10,
            3.0,
        ),
        Known(
            "flat, neighbours unlike",
            series::<30>(|i| 100 + i * 37 % 23).to_vec(),
            22,
            1863.512681175855,
            0.6266363085092204,
            0.2,
        ),
        Known(
            "rising, many equal",
            vec![5.0, 5.0, 6.0, 7.0, 7.0, 7.0, 8.0, 6.0, 9.0, 9.0, 10.0, 12.0],
            52,
            206.0,
            0.0003803748560675668,
            0.5,
        ),
        Known(
            "rising in waves",
            series::<48>(|i| 100 + (i % 16 - 8).abs() * 3 + i / 4).to_vec(),
            294,
            14244.848669398605,
            0.014091293901898005,
            0.25,
        ),
    ];
    for Known(name, series, s, variance, p, slope) in known {
        let got = mann_kendall(&series);
        assert_eq!(got.s, s, "{name}");
        assert!((got.variance - variance).abs() < variance * 1e-9, "{name}: variance {}", got.variance);
        assert!((got.p - p).abs() < p * 1e-6, "{name}: p {}", got.p);
        assert!((theil_sen(&series) - slope).abs() < 1e-12, "{name}: slope {}", theil_sen(&series));
    }
}

/// The expected numbers are numpy's.
#[test]
fn known_autocorrelations() {
    let rising = series::<20>(|i| 100 + 3 * i + i * 7 % 5);
    let jumping = series::<30>(|i| 100 + i * 37 % 23);
    for (series, expected) in [(&rising[..], 0.8290886899918632), (&jumping[..], -0.42618736812722197)] {
        let got = lag_one_autocorrelation(series).expect("not constant");
        assert!((got - expected).abs() < 1e-12, "{got}");
    }
    assert_eq!(lag_one_autocorrelation(&[2.0; 9]), None);
    assert_eq!(lag_one_autocorrelation(&[]), None);
}

#[test]
fn small_series_have_results() {
    assert_eq!((theil_sen(&[]), theil_sen(&[1.0]), theil_sen(&[1.0, 4.0])), (0.0, 0.0, 3.0));
    assert_eq!(mann_kendall(&[]).p, 1.0);
    assert_eq!(mann_kendall(&[5.0; 20]).p, 1.0);
    assert_eq!(steady_state(&[1.0; 9]), Steadiness::TooShort);
    assert_eq!(steady_state(&[0.0; 20]), Steadiness::Steady);
}

#[test]
fn ranks_of_equal_numbers_are_shared() {
    assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
}

/// Twenty minutes in windows of 30 s, around 100 ms, with noise of `noise` ms and a `rise` from beginning to end.
fn windows(rise: f64, noise: f64, seed: u64) -> Vec<f64> {
    let mut random = SplitMix64::new(seed);
    (0..40).map(|at| 100.0 + rise * f64::from(at) / 39.0 + noise * random.normal()).collect()
}

#[test]
fn a_rise_that_matters_is_drift() {
    for seed in 0..20 {
        let Steadiness::Drifting { change } = steady_state(&windows(30.0, 3.0, seed)) else {
            panic!("seed {seed}: a rise by 30 % was not seen");
        };
        // 30 ms of the median 115 ms.
        assert!((0.20..0.32).contains(&change), "seed {seed}: {change}");
    }
    let falling: Vec<f64> = windows(30.0, 3.0, 1).into_iter().rev().collect();
    assert!(matches!(steady_state(&falling), Steadiness::Drifting { change } if change < -0.2));
}

#[test]
fn noise_and_a_small_rise_are_steady() {
    for seed in 0..50 {
        assert_eq!(steady_state(&windows(0.0, 3.0, seed)), Steadiness::Steady, "noise, seed {seed}");
        assert_eq!(steady_state(&windows(5.0, 0.5, seed)), Steadiness::Steady, "5 %, seed {seed}");
    }
}

#[test]
fn a_long_series_is_averaged_first() {
    let long: Vec<f64> = (0..7_200).map(|at| 100.0 + f64::from(at) / 72.0).collect();
    let Steadiness::Drifting { change } = steady_state(&long) else { panic!("a rise by 100 %") };
    assert!((change - 100.0 / 150.0).abs() < 0.01, "{change}");
}

proptest! {
    #[test]
    fn the_slope_of_a_line_is_its_slope(from in -1000i32..1000, slope in -50i32..50, length in 2i32..60) {
        let line: Vec<f64> = (0..length).map(|at| f64::from(from + slope * at)).collect();
        prop_assert_eq!(theil_sen(&line), f64::from(slope));
    }

    #[test]
    fn a_reversed_series_has_the_opposite_trend(series in proptest::collection::vec(0.0f64..100.0, 3..40)) {
        let turned: Vec<f64> = series.iter().rev().copied().collect();
        let (forth, back) = (mann_kendall(&series), mann_kendall(&turned));
        prop_assert_eq!(forth.s, -back.s);
        prop_assert!((0.0..=1.0).contains(&forth.p));
        prop_assert!((theil_sen(&series) + theil_sen(&turned)).abs() < 1e-9);
    }
}

//! Agreement with other implementations, on fixtures that `reference/reference.py` made.

use std::time::Duration;

use serde_json::Value;
use squall_insight::search::{Goal, Limit, Search, Step, Trial, TrialResult};
use squall_insight::{Point, fit_usl, knee, slope_interval};
use squall_metrics::statistics::mann_kendall;

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("the fixture")
}

fn number(case: &Value) -> f64 {
    case.as_f64().expect("a number")
}

fn alike(ours: f64, theirs: f64, what: &str) {
    let off = (ours - theirs).abs() / theirs.abs().max(1e-9);
    assert!(off < 1e-6 || (ours - theirs).abs() < 1e-9, "{what}: {ours} instead of {theirs}");
}

#[test]
fn scipy_fits_the_same_law() {
    let cases = cases(include_str!("reference/usl.json"));
    assert!(cases.len() >= 8, "{}", cases.len());
    for case in cases {
        let levels: Vec<(f64, f64)> =
            case["levels"].as_array().unwrap().iter().map(|level| (number(&level[0]), number(&level[1]))).collect();
        let fit = fit_usl(&levels).expect("a fit");
        for (at, ours) in [fit.lambda, fit.sigma, fit.kappa].into_iter().enumerate() {
            alike(ours.value, number(&case["best"][at]), "parameter");
            let error = number(&case["errors"][at]);
            // Without noise the errors are rounding alone.
            if error > 1e-6 * ours.value {
                alike((ours.high - ours.value) / 2.4469, error, "error");
            }
        }
    }
}

#[test]
fn pymannkendall_and_scipy_find_the_same_trend() {
    for case in cases(include_str!("reference/trend.json")) {
        let series: Vec<f64> = case["series"].as_array().unwrap().iter().map(number).collect();
        let ours = mann_kendall(&series);
        assert_eq!(ours.s as f64, number(&case["s"]));
        alike(ours.variance, number(&case["variance"]), "variance");
        alike(ours.z, number(&case["z"]), "z");
        // The reference takes p as 1 - cdf, which has no more digits.
        assert!((ours.p - number(&case["p"])).abs() < 1e-12, "{} {}", ours.p, case["p"]);
        let slope = slope_interval(&series, number(&case["plain_variance"])).expect("long enough");
        alike(slope.slope, number(&case["slope"]), "slope");
        alike(slope.low, number(&case["low"]), "low");
        alike(slope.high, number(&case["high"]), "high");
    }
}

#[test]
fn kneed_finds_the_same_knee() {
    for case in cases(include_str!("reference/knees.json")) {
        let points = case["points"].as_array().unwrap().iter();
        let points: Vec<Point> =
            points.map(|point| Point { load: number(&point[0]), latency: number(&point[1]) }).collect();
        let (first, last) = (points[0], points[points.len() - 1]);
        let depth = |point: &Point| {
            let along = (point.load - first.load) / (last.load - first.load);
            along - (point.latency - first.latency) / (last.latency - first.latency)
        };
        let ours = knee(&points).expect("a knee");
        let theirs = points.iter().find(|point| (point.load - number(&case["knee"])).abs() < 1e-9).expect("a point");
        if number(&case["noise"]) == 0.0 {
            // Where two points lie equally deep, either is right.
            assert!((depth(&ours) - depth(theirs)).abs() < 1e-9, "{ours:?} instead of {theirs:?}: {}", case["name"]);
        } else {
            // Kneedle stops at the first certain knee; this takes the deepest. Noise puts them slightly apart.
            let apart = (ours.load - theirs.load).abs() / (last.load - first.load);
            assert!(apart < 0.1 && depth(&ours) >= depth(theirs), "{ours:?} instead of {theirs:?}: {}", case["name"]);
        }
    }
}

#[test]
fn the_reference_search_finds_the_same_capacity() {
    for case in cases(include_str!("reference/searches.json")) {
        let capacity = number(&case["capacity"]);
        let mut search = Search::new(Goal::between(10.0, 10_000.0)).expect("a goal");
        let (mut trials, mut offered) = (0.0, 0.0);
        let found = loop {
            match search.next() {
                Step::Done(found) => break found,
                Step::Try { load, duration } => {
                    trials += 1.0;
                    offered += load * duration.as_secs_f64();
                    let result = if load <= capacity { TrialResult::Good } else { TrialResult::Bad };
                    search.take(Trial { load, duration, result });
                }
            }
        };
        let (lower, upper) = (found.holds.expect("a bound"), found.fails.expect("a bound"));
        assert_eq!(found.limit, Limit::Target);
        assert!(lower <= capacity && capacity < upper, "{capacity}: {lower} to {upper}");
        assert!((upper - lower) / upper <= 0.025, "{lower} to {upper}");
        let (theirs_lower, theirs_upper) = (number(&case["lower"]), number(&case["upper"]));
        assert!(
            lower < theirs_upper && theirs_lower < upper,
            "{lower}..{upper}, theirs {theirs_lower}..{theirs_upper}"
        );
        // This search begins low instead of at the highest load, so it offers less, in about as many trials.
        assert!(offered < number(&case["offered"]), "{offered} {case}");
        assert!(trials <= number(&case["trials"]) + 10.0, "{trials} {case}");
        assert!(search.trials().iter().map(|trial| trial.duration).sum::<Duration>() < Duration::from_secs(2_700));
    }
}

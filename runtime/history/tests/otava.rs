//! Change points are those that Apache Otava finds: its own test series and 500 random ones, with the answers that
//! `otava_fixture.py` had from `apache-otava` 0.8.0.

use serde::Deserialize;
use squall_history::change_points::{ChangePoint, Settings, change_points};

#[derive(Deserialize)]
struct Case {
    name: String,
    window: usize,
    p: f64,
    magnitude: f64,
    series: Vec<f64>,
    certain: Vec<usize>,
    weak: Vec<usize>,
}

#[test]
fn agrees_with_otava() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("data/otava.json")).expect("the fixture");
    assert!(cases.len() > 500);
    let changed = cases.iter().filter(|case| !case.certain.is_empty()).count();
    assert!(changed > 100 && changed < cases.len(), "a fixture that proves something: {changed}");
    let indices = |points: &[ChangePoint]| points.iter().map(|point| point.index).collect::<Vec<_>>();
    for case in cases {
        let settings = Settings { window: case.window, p: case.p, least_magnitude: case.magnitude };
        let found = change_points(&case.series, settings);
        assert_eq!(indices(&found.weak), case.weak, "weak points of {}", case.name);
        assert_eq!(indices(&found.certain), case.certain, "points of {}", case.name);
    }
}

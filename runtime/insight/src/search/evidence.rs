//! Whether the trials at a load decide about it: load classification, RFC 9971, appendix on load classification.

use super::goal::Target;
use super::{Trial, TrialResult};

/// The class of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It holds.
    Lower,
    /// It does not hold.
    Upper,
    /// More trials are needed.
    Undecided,
}

/// Classifies a load by its trials. It is decided once the result is the same whether the missing trial time would be
/// all good or all bad. Short trials alone cannot make a load hold; bad ones count as far as good short ones do not
/// outweigh them.
pub(super) fn classify<'a>(trials: impl Iterator<Item = &'a Trial>, target: &Target) -> Class {
    let (mut good_long, mut bad_long, mut good_short, mut bad_short) = (0.0, 0.0, 0.0, 0.0);
    for trial in trials {
        let sum = match (trial.result, trial.duration >= target.trial) {
            (TrialResult::Good, true) => &mut good_long,
            (TrialResult::Bad, true) => &mut bad_long,
            (TrialResult::Good, false) => &mut good_short,
            (TrialResult::Bad, false) => &mut bad_short,
            (TrialResult::Invalid, _) => continue,
        };
        *sum += trial.duration.as_secs_f64();
    }
    let outweighed = good_short * target.exceed_ratio / (1.0 - target.exceed_ratio);
    let excess = bad_long + f64::max(0.0, bad_short - outweighed);
    let whole = f64::max(good_long + excess, target.sum);
    let allowed = whole * target.exceed_ratio;
    match (excess <= allowed, whole - good_long <= allowed) {
        (true, true) => Class::Lower,
        (false, false) => Class::Upper,
        _ => Class::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn of(trials: &[(u64, TrialResult)]) -> Class {
        let target = Target { width: 0.05, trial: Duration::from_secs(60), sum: 180.0, exceed_ratio: 0.5 };
        let trials: Vec<Trial> = trials
            .iter()
            .map(|(seconds, result)| Trial { load: 1.0, duration: Duration::from_secs(*seconds), result: *result })
            .collect();
        classify(trials.iter(), &target)
    }

    #[test]
    fn two_of_three_decide() {
        use TrialResult::{Bad, Good, Invalid};
        assert_eq!(of(&[(60, Good)]), Class::Undecided);
        assert_eq!(of(&[(60, Good), (60, Good)]), Class::Lower);
        assert_eq!(of(&[(60, Bad), (60, Good), (60, Bad)]), Class::Upper);
        assert_eq!(of(&[(60, Good), (60, Invalid), (60, Invalid)]), Class::Undecided, "invalid says nothing");
        assert_eq!(of(&[(10, Good); 30]), Class::Undecided, "short trials alone never hold");
        assert_eq!(of(&[(10, Bad); 10]), Class::Upper, "but they can fail");
    }

    /// The reference implementation's classes of the same trials; see `tests/reference/reference.py`.
    #[test]
    fn the_reference_classifies_alike() {
        let cases: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../tests/reference/classes.json")).expect("the fixture");
        assert_eq!(cases.len(), 400);
        for case in cases {
            let number = |key: &str| case[key].as_f64().expect("a number");
            let target = Target {
                width: 0.05,
                trial: Duration::from_secs_f64(number("trial")),
                sum: number("sum"),
                exceed_ratio: number("exceed_ratio"),
            };
            let trials: Vec<Trial> = case["trials"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|trial| Trial {
                    load: 1.0,
                    duration: Duration::from_secs(trial[0].as_u64().expect("seconds")),
                    result: if trial[1].as_bool().expect("good or not") { TrialResult::Good } else { TrialResult::Bad },
                })
                .collect();
            let expected = match case["class"].as_str() {
                Some("lower") => Class::Lower,
                Some("upper") => Class::Upper,
                _ => Class::Undecided,
            };
            assert_eq!(classify(trials.iter(), &target), expected, "{case}");
        }
    }
}

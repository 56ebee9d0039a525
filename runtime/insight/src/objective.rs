//! Judges one objective: target, actual, status, margin.
//!
//! An objective without a measurement is never met. One whose interval reaches over its limit is met or missed by
//! chance, and its status reflects that.

use serde::{Deserialize, Serialize};
use squall_plan::{Comparison, Importance, Threshold};

/// A requirement of a test, as a limit on one number.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Its subject, for people: `response time p95`.
    pub title: String,
    /// The limit as the user wrote it: `<500ms`.
    pub target: String,
    /// The number's kind.
    pub quantity: Quantity,
    /// The comparison of the number with the limit.
    pub comparison: Comparison,
    /// The limit, in the number's own unit (times in milliseconds, shares from 0 to 1).
    pub limit: f64,
    /// The consequence of missing it.
    pub importance: Importance,
    /// The key of the plan (`cpu_max`), if it limits a resource of the target.
    pub resource: Option<&'static str>,
    /// The same as a threshold; not for limits of resources. A required objective is one of the run's thresholds.
    pub threshold: Option<Threshold>,
}

/// The kind of an objective's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A time in milliseconds.
    Time,
    /// A number each second.
    Rate,
    /// A share, from 0 to 1.
    Share,
    /// A plain number.
    Number,
}

/// The probable range of the true value (about 90 % sure).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The result of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveStatus {
    /// It holds, with room to spare.
    Met,
    /// It holds, but less than a tenth is left to an upper limit, or the interval reaches over the limit. (A number
    /// with a lower limit often equals it by plan: the rate of a load, checks that all pass.)
    Close,
    /// It does not hold.
    Missed,
    /// It does not hold, and was only desired.
    BelowTarget,
    /// There is no measurement.
    NotMeasured,
    /// The measurement is invalid.
    NotJudged,
}

/// An objective and its result.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedObjective {
    /// The objective.
    pub objective: Objective,
    /// The measured value, if any.
    pub actual: Option<f64>,
    /// Its interval, if there is one.
    pub interval: Option<Interval>,
    /// The result.
    pub status: ObjectiveStatus,
    /// The distance to the limit, as a share of the limit: 0.2 is a fifth better than required, -0.2 a fifth worse.
    /// `None` without a number, for equality, and for a limit of 0.
    pub margin: Option<f64>,
}

/// A smaller margin is close.
const CLOSE: f64 = 0.10;

/// Judges one objective, by a measurement that is valid.
pub(crate) fn judge_objective(
    objective: Objective,
    actual: Option<f64>,
    interval: Option<Interval>,
) -> JudgedObjective {
    let actual = actual.filter(|actual| actual.is_finite());
    let margin = actual.and_then(|actual| margin(&objective, actual));
    let status = match actual {
        None => ObjectiveStatus::NotMeasured,
        Some(actual) if !holds(actual, &objective) => status_of_miss(objective.importance),
        Some(_) if is_upper(&objective) && margin.is_some_and(|margin| margin < CLOSE) => ObjectiveStatus::Close,
        Some(_) if interval.is_some_and(|ends| !holds(ends.low, &objective) || !holds(ends.high, &objective)) => {
            ObjectiveStatus::Close
        }
        Some(_) => ObjectiveStatus::Met,
    };
    JudgedObjective { objective, actual, interval, status, margin }
}

/// The status of a missed objective.
fn status_of_miss(importance: Importance) -> ObjectiveStatus {
    match importance {
        Importance::Required => ObjectiveStatus::Missed,
        Importance::Desired => ObjectiveStatus::BelowTarget,
    }
}

fn margin(objective: &Objective, actual: f64) -> Option<f64> {
    let room = match objective.comparison {
        Comparison::Less | Comparison::LessOrEqual => objective.limit - actual,
        Comparison::Greater | Comparison::GreaterOrEqual => actual - objective.limit,
        Comparison::Equal | Comparison::NotEqual => return None,
    };
    (objective.limit != 0.0).then(|| room / objective.limit.abs())
}

fn holds(actual: f64, objective: &Objective) -> bool {
    objective.comparison.holds(actual, objective.limit)
}

fn is_upper(objective: &Objective) -> bool {
    matches!(objective.comparison, Comparison::Less | Comparison::LessOrEqual)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objective(comparison: Comparison, limit: f64, importance: Importance) -> Objective {
        let (title, target) = ("response time p95".to_owned(), "<500ms".to_owned());
        Objective {
            title,
            target,
            quantity: Quantity::Time,
            comparison,
            limit,
            importance,
            resource: None,
            threshold: None,
        }
    }

    fn p95(actual: Option<f64>, interval: Option<(f64, f64)>) -> JudgedObjective {
        let below = objective(Comparison::Less, 500.0, Importance::Required);
        judge_objective(below, actual, interval.map(|(low, high)| Interval { low, high }))
    }

    #[test]
    fn an_objective_is_met_close_missed_or_not_measured() {
        assert_eq!(p95(Some(400.0), None).status, ObjectiveStatus::Met);
        assert_eq!(p95(Some(400.0), None).margin, Some(0.2));
        assert_eq!(p95(Some(460.0), None).status, ObjectiveStatus::Close, "8 % of the limit are left");
        let by_chance = p95(Some(400.0), Some((350.0, 510.0)));
        assert_eq!(by_chance.status, ObjectiveStatus::Close, "chance may have met it");
        assert_eq!(p95(Some(600.0), None).status, ObjectiveStatus::Missed);
        assert_eq!(p95(Some(600.0), None).margin, Some(-0.2));
        assert_eq!(p95(None, None).status, ObjectiveStatus::NotMeasured);
        assert_eq!(p95(Some(f64::NAN), None).status, ObjectiveStatus::NotMeasured);
    }

    #[test]
    fn a_value_equal_to_its_lower_limit_is_met() {
        let at_least = objective(Comparison::GreaterOrEqual, 1_000.0, Importance::Required);
        assert_eq!(judge_objective(at_least.clone(), Some(1_000.0), None).status, ObjectiveStatus::Met);
        assert_eq!(judge_objective(at_least, Some(999.0), None).status, ObjectiveStatus::Missed);
    }

    #[test]
    fn a_desired_objective_is_not_missed() {
        let desired = objective(Comparison::GreaterOrEqual, 1_000.0, Importance::Desired);
        assert_eq!(judge_objective(desired, Some(999.0), None).status, ObjectiveStatus::BelowTarget);
    }
}

//! One objective judged: target, actual, status, margin.
//!
//! What was not measured is never met. An objective whose interval reaches over its limit is met or missed by chance, and
//! says so.

use serde::{Deserialize, Serialize};
use squall_plan::{Comparison, Importance};

/// Something that a test is to show, as a limit on one number.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Its subject, for people: `response time p95`.
    pub title: String,
    /// The limit as the user wrote it: `<500ms`.
    pub target: String,
    /// What the number is.
    pub quantity: Quantity,
    /// How the number is to be compared with the limit.
    pub comparison: Comparison,
    /// The limit, in the number's own unit (times in milliseconds, shares from 0 to 1).
    pub limit: f64,
    /// What missing it means.
    pub importance: Importance,
    /// The key of the plan (`cpu_max`), if it limits a resource of the target. Any other required objective is also a
    /// threshold.
    pub resource: Option<&'static str>,
}

/// What the number of an objective is.
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

/// Where the true value probably lies (about 90 % sure).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// What became of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveStatus {
    /// It holds, with room to spare.
    Met,
    /// It holds, but less than a tenth is left to an upper limit, or the interval reaches over the limit. (What is to be at
    /// least so much is often exactly that by plan: the rate of a load, checks that all pass.)
    Close,
    /// It does not hold.
    Missed,
    /// It does not hold, and was only desired.
    BelowTarget,
    /// There is no number to judge.
    NotMeasured,
    /// The measurement is invalid.
    NotJudged,
}

/// An objective and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedObjective {
    /// The objective.
    pub objective: Objective,
    /// The measured value, if there is one.
    pub actual: Option<f64>,
    /// How sure that is, if it can be said.
    pub interval: Option<Interval>,
    /// What became of it.
    pub status: ObjectiveStatus,
    /// What is left to the limit, as a share of the limit: 0.2 is a fifth better than demanded, -0.2 a fifth worse.
    /// None without a number, for equality, and for a limit of 0.
    pub margin: Option<f64>,
}

/// Less of the limit than this is close.
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

/// What missing an objective makes of it.
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
        Objective { title, target, quantity: Quantity::Time, comparison, limit, importance, resource: None }
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
    fn what_is_to_be_at_least_so_much_may_be_just_that() {
        let at_least = objective(Comparison::GreaterOrEqual, 1_000.0, Importance::Required);
        assert_eq!(judge_objective(at_least.clone(), Some(1_000.0), None).status, ObjectiveStatus::Met);
        assert_eq!(judge_objective(at_least, Some(999.0), None).status, ObjectiveStatus::Missed);
    }

    #[test]
    fn what_was_only_desired_is_not_missed() {
        let desired = objective(Comparison::GreaterOrEqual, 1_000.0, Importance::Desired);
        assert_eq!(judge_objective(desired, Some(999.0), None).status, ObjectiveStatus::BelowTarget);
    }
}

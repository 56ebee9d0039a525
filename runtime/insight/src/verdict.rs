//! Objectives judged: target, actual, status, margin. The verdict on a whole run is made of them in squall-report.
//!
//! What was not measured is never met. An objective whose interval reaches over its limit is met or missed by chance, and
//! says so. This is the one place where that is decided, whatever form the verdict is shown in.

use squall_plan::{Comparison, Importance};

/// Something that a test is to show, as a limit on one number.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// What the user calls it: `p95`, `cpu_max`.
    pub name: String,
    /// How the number is to be compared with the limit.
    pub comparison: Comparison,
    /// The limit, in the number's own unit (times in milliseconds, shares from 0 to 1).
    pub limit: f64,
    /// What missing it means.
    pub importance: Importance,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It holds, with room to spare.
    Met,
    /// It holds, but less than a tenth is left to an upper limit, or the interval reaches over the limit. (What is to be at
    /// least so much is often exactly that by plan: the rate of a load, checks that all pass.)
    Close,
    /// It does not hold.
    Missed,
    /// There is no number to judge.
    NotMeasured,
}

impl Status {
    /// The words for it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Met => "met",
            Status::Close => "close",
            Status::Missed => "missed",
            Status::NotMeasured => "not measured",
        }
    }
}

/// An objective and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The objective.
    pub objective: Objective,
    /// What was measured, if anything was.
    pub actual: Option<f64>,
    /// How sure that is, if it can be said.
    pub interval: Option<Interval>,
    /// What became of it.
    pub status: Status,
    /// What is left to the limit, as a share of the limit: 0.2 is a fifth better than demanded, -0.2 a fifth worse.
    /// None without a number, for equality, and for a limit of 0.
    pub margin: Option<f64>,
}

/// Less of the limit than this is close.
const CLOSE: f64 = 0.10;

/// Judges one objective.
pub fn judge(objective: Objective, actual: Option<f64>, interval: Option<Interval>) -> Judged {
    let actual = actual.filter(|actual| actual.is_finite());
    let margin = actual.and_then(|actual| margin(&objective, actual));
    let status = match actual {
        None => Status::NotMeasured,
        Some(actual) if !holds(actual, &objective) => Status::Missed,
        Some(_) if is_upper(&objective) && margin.is_some_and(|margin| margin < CLOSE) => Status::Close,
        Some(_) if interval.is_some_and(|ends| !holds(ends.low, &objective) || !holds(ends.high, &objective)) => {
            Status::Close
        }
        Some(_) => Status::Met,
    };
    Judged { objective, actual, interval, status, margin }
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

    fn p95(actual: Option<f64>, interval: Option<(f64, f64)>) -> Judged {
        let objective = Objective {
            name: "p95".to_owned(),
            comparison: Comparison::Less,
            limit: 500.0,
            importance: Importance::Required,
        };
        judge(objective, actual, interval.map(|(low, high)| Interval { low, high }))
    }

    #[test]
    fn an_objective_is_met_close_missed_or_not_measured() {
        assert_eq!(p95(Some(400.0), None).status, Status::Met);
        assert_eq!(p95(Some(400.0), None).margin, Some(0.2));
        assert_eq!(p95(Some(460.0), None).status, Status::Close, "8 % of the limit are left");
        assert_eq!(p95(Some(400.0), Some((350.0, 510.0))).status, Status::Close, "chance may have met it");
        assert_eq!(p95(Some(600.0), None).status, Status::Missed);
        assert_eq!(p95(Some(600.0), None).margin, Some(-0.2));
        assert_eq!(p95(None, None).status, Status::NotMeasured);
        assert_eq!(p95(Some(f64::NAN), None).status, Status::NotMeasured);
    }

    #[test]
    fn what_is_to_be_at_least_so_much_may_be_just_that() {
        let comparison = Comparison::GreaterOrEqual;
        let (name, importance) = ("min_rps".to_owned(), Importance::Required);
        let at_least = Objective { name, comparison, limit: 1_000.0, importance };
        assert_eq!(judge(at_least.clone(), Some(1_000.0), None).status, Status::Met);
        assert_eq!(judge(at_least, Some(999.0), None).status, Status::Missed);
    }
}

//! A plan's objectives in words. How they are judged is `squall-insight`'s.

use serde::{Deserialize, Serialize};
use squall_insight::{JudgedObjective, ObjectiveStatus, Quantity};

use crate::document::{Unit, figure_name};

/// An objective, as reports have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveRecord {
    /// Its subject: `response time p95`.
    pub title: String,
    /// The limit as the user wrote it: `<500ms`.
    pub target: String,
    /// The measured value, in words.
    pub actual: String,
    /// Where the true value probably lies (about 90 % sure), in words, if that can be said.
    pub interval: Option<String>,
    /// What is left to the limit, as a share of it; negative if it is missed.
    pub margin: Option<f64>,
    /// Whether it is a limit of the target's resources.
    pub is_limit: bool,
    /// The figure that it bounds, if reports have it: `response_time p(95)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<String>,
    /// What became of it.
    pub status: ObjectiveStatus,
}

impl From<Quantity> for Unit {
    fn from(quantity: Quantity) -> Unit {
        match quantity {
            Quantity::Time => Unit::Ms,
            Quantity::Rate => Unit::PerSecond,
            Quantity::Share => Unit::Share,
            Quantity::Number => Unit::Number,
        }
    }
}

impl ObjectiveRecord {
    pub(crate) fn of(judged: &JudgedObjective) -> ObjectiveRecord {
        let objective = &judged.objective;
        let is_limit = objective.resource.is_some();
        let text = |value| Unit::from(objective.quantity).text(value);
        let nothing = || if is_limit { "-".to_owned() } else { "nothing was measured".to_owned() };
        ObjectiveRecord {
            title: objective.title.clone(),
            target: objective.target.clone(),
            actual: judged.actual.map_or_else(nothing, text),
            interval: judged.interval.map(|ends| format!("{} to {}", text(ends.low), text(ends.high))),
            margin: judged.margin,
            is_limit,
            figure: objective
                .threshold
                .as_ref()
                .map(|threshold| figure_name(&threshold.selector(), &threshold.aggregation.to_string())),
            status: judged.status,
        }
    }

    /// It, and what became of it: `response time p95 is 612ms, target <500ms`.
    pub fn outcome(&self) -> String {
        match self.status {
            ObjectiveStatus::NotMeasured => format!("{} was not measured, target {}", self.title, self.target),
            _ => format!("{} is {}, target {}", self.title, self.actual, self.target),
        }
    }

    /// Its status with a mark: `✓ met`.
    pub fn marked(&self) -> &'static str {
        match self.status {
            ObjectiveStatus::Met => "✓ met",
            ObjectiveStatus::Close => "! close",
            ObjectiveStatus::Missed => "✗ not met",
            ObjectiveStatus::BelowTarget => "! below target",
            ObjectiveStatus::NotMeasured => "- not measured",
            ObjectiveStatus::NotJudged => "not judged",
        }
    }

    /// The margin, in percent with its sign: `+20%`.
    pub fn margin_text(&self) -> String {
        self.margin.map_or_else(|| "-".to_owned(), |margin| format!("{:+.0}%", margin * 100.0))
    }
}

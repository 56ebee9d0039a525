//! Thresholds as reports have them.

use serde::{Deserialize, Serialize};
use squall_insight::{Judgement, ThresholdOutcome};
use squall_metrics::{Kind, ThresholdResult, Totals};
use squall_plan::Aggregation;

use super::Unit;

/// A threshold and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdLine {
    /// The metric with its tags: `http_req_duration{flow:checkout}`.
    pub metric: String,
    /// The expression, as typed.
    pub expression: String,
    /// What is made of the samples: `p(95)`.
    pub aggregation: String,
    /// How that is compared: `<`.
    pub comparison: String,
    /// With what.
    pub limit: f64,
    /// The measured value, if there is one.
    pub actual: Option<f64>,
    /// The unit of both.
    pub unit: Unit,
    /// What became of it.
    pub outcome: ThresholdOutcome,
    /// Whether it is one of the plan's objectives, which have a table of their own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_objective: bool,
}

impl ThresholdLine {
    /// A line for each threshold of a judgement on these totals.
    pub fn all(judgement: &Judgement, totals: &Totals) -> Vec<ThresholdLine> {
        let line = |result: &ThresholdResult| ThresholdLine {
            metric: result.threshold.selector(),
            expression: result.threshold.source.clone(),
            aggregation: result.threshold.aggregation.to_string(),
            comparison: result.threshold.comparison.to_string(),
            limit: result.threshold.limit,
            actual: result.actual,
            unit: unit_of(result, totals),
            outcome: judgement.outcome_of(result),
            is_objective: judgement.is_objective(result),
        };
        judgement.thresholds.iter().map(line).collect()
    }

    /// `p(95) < 500ms`.
    pub fn target(&self) -> String {
        format!("{} {} {}", self.aggregation, self.comparison, self.unit.text(self.limit))
    }

    /// The title of its issue, if it was not met: `p(95) of http_req_duration is 850ms, target p(95) < 500ms`.
    pub fn issue_title(&self) -> String {
        format!("{} of {} is {}, target {}", self.aggregation, self.metric, self.measured(), self.target())
    }

    /// Whether less is better.
    pub fn is_upper_limit(&self) -> bool {
        self.comparison.starts_with('<')
    }

    /// The measured value, in words.
    pub fn measured(&self) -> String {
        self.actual.map_or_else(|| "nothing was measured".to_owned(), |actual| self.unit.text(actual))
    }
}

/// The unit of what a threshold compares.
fn unit_of(result: &ThresholdResult, totals: &Totals) -> Unit {
    match (totals.describe(&result.threshold.metric), result.threshold.aggregation) {
        (Some((Kind::Rate, _)), _) => Unit::Share,
        (Some((Kind::Counter, _)), Aggregation::Rate) => Unit::PerSecond,
        (Some((Kind::Trend, _)), Aggregation::Count) | (None, _) => Unit::Number,
        (Some((_, unit)), _) => unit.into(),
    }
}

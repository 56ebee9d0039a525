//! Whether the run met its thresholds.

use serde::{Deserialize, Serialize};
use squall_plan::{Aggregation, Threshold};

use crate::query::{Aggregate, Selector};
use crate::totals::Totals;

/// The result of one threshold.
#[derive(Clone, Debug)]
pub struct ThresholdResult {
    /// The threshold.
    pub threshold: Threshold,
    /// The measured value, in the metric's unit (times in milliseconds); `None` without samples.
    pub actual: Option<f64>,
    /// Whether it was met. A threshold without samples is not met, except on counts and rates: see
    /// [`evaluate_thresholds`].
    pub passed: bool,
}

/// The same for storage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThresholdFigures {
    /// The metric, with its tags.
    pub metric: String,
    /// The expression.
    pub expression: String,
    /// The measured value, in the metric's unit (times in milliseconds).
    pub actual: Option<f64>,
    /// Whether it was met.
    pub passed: bool,
}

impl From<&ThresholdResult> for ThresholdFigures {
    fn from(result: &ThresholdResult) -> ThresholdFigures {
        ThresholdFigures {
            metric: result.threshold.selector(),
            expression: result.threshold.source.clone(),
            actual: result.actual,
            passed: result.passed,
        }
    }
}

/// Evaluates all thresholds on the measurements.
///
/// A counter or a rate without samples is 0, as in k6 ("no errors" passes `count<1`). A gauge or a trend without a
/// value cannot meet anything: an objective that was never measured is not met.
pub fn evaluate_thresholds(thresholds: &[Threshold], totals: &Totals) -> Vec<ThresholdResult> {
    let evaluate = |threshold: &Threshold| {
        let actual = measure(threshold, totals);
        let passed = actual.is_some_and(|actual| threshold.comparison.holds(actual, threshold.limit));
        ThresholdResult { threshold: threshold.clone(), actual, passed }
    };
    thresholds.iter().map(evaluate).collect()
}

fn measure(threshold: &Threshold, totals: &Totals) -> Option<f64> {
    let aggregate = totals.select(Selector { metric: &threshold.metric, tags: &threshold.tags })?;
    let seconds = totals.elapsed.as_secs_f64();
    match (aggregate, threshold.aggregation) {
        (Aggregate::Counter(sum), Aggregation::Count) => Some(sum),
        (Aggregate::Counter(sum), Aggregation::Rate) => Some(if seconds > 0.0 { sum / seconds } else { 0.0 }),
        (Aggregate::Gauge(cell), Aggregation::Value) => cell.map(|cell| cell.value),
        (Aggregate::Gauge(cell), Aggregation::Min) => cell.map(|cell| cell.min),
        (Aggregate::Gauge(cell), Aggregation::Max) => cell.map(|cell| cell.max),
        (Aggregate::Rate(cell), Aggregation::Rate) => Some(cell.share().unwrap_or(0.0)),
        (Aggregate::Trend(histogram), _) if histogram.is_empty() => None,
        (Aggregate::Trend(histogram), aggregation) => Some(match aggregation {
            Aggregation::Count => histogram.count() as f64,
            Aggregation::Avg => histogram.mean_value(),
            Aggregation::Min => histogram.min_value(),
            Aggregation::Max => histogram.max_value(),
            Aggregation::Med => histogram.percentile_value(50.0),
            Aggregation::Percentile(percent) => histogram.percentile_value(percent),
            Aggregation::Rate | Aggregation::Value => return None,
        }),
        _ => None,
    }
}

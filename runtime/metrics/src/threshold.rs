//! Whether the run met its thresholds.

use std::collections::BTreeSet;

use squall_plan::{Aggregation, Comparison, Threshold};
use thiserror::Error;

use crate::catalogue::Kind;
use crate::select::{Aggregate, Selector, TAGS, outside};
use crate::totals::Totals;

/// What became of one threshold.
#[derive(Clone, Debug)]
pub struct ThresholdResult {
    /// The threshold.
    pub threshold: Threshold,
    /// What was measured, in the metric's unit (times in milliseconds); none if nothing was.
    pub actual: Option<f64>,
    /// Whether it was met. What was not measured was not met, except that nothing bad was counted: see
    /// [`evaluate_thresholds`].
    pub passed: bool,
}

/// Why a threshold can never be evaluated.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ThresholdMisfit {
    /// The metric's kind has no such aggregation.
    #[error("threshold '{expression}' on {metric}: a {kind} has no {aggregation}; it has {choices}")]
    Aggregation {
        /// The threshold, as written.
        expression: String,
        /// The metric.
        metric: String,
        /// Its kind.
        kind: Kind,
        /// What was asked for.
        aggregation: String,
        /// What can be asked for.
        choices: &'static str,
    },
    /// No sample carries such a tag.
    #[error("threshold '{expression}' on {metric}: samples have no tag \"{tag}\"; they have {}", TAGS.join(", "))]
    Tag {
        /// The threshold, as written.
        expression: String,
        /// The metric.
        metric: String,
        /// The tag.
        tag: String,
    },
}

/// Checks, before the run, that a threshold fits the metric that it names. Metrics that are not built in may yet come
/// from the guest, so they fit anything. `plan_tags` are the tags that the plan gives to its samples.
pub fn check_threshold(threshold: &Threshold, plan_tags: &BTreeSet<String>) -> Result<(), ThresholdMisfit> {
    let is_known = |tag: &String| tag == "url" || TAGS.contains(&tag.as_str()) || plan_tags.contains(tag);
    if let Some((tag, _)) = threshold.tags.iter().find(|(tag, _)| !is_known(tag)) {
        return Err(ThresholdMisfit::Tag {
            expression: threshold.source.clone(),
            metric: threshold.metric.clone(),
            tag: tag.clone(),
        });
    }
    let Some(built_in) = crate::BUILT_IN.iter().find(|built_in| built_in.name == threshold.metric) else {
        return Ok(());
    };
    if fits(built_in.kind, threshold.aggregation) {
        return Ok(());
    }
    Err(ThresholdMisfit::Aggregation {
        expression: threshold.source.clone(),
        metric: threshold.metric.clone(),
        kind: built_in.kind,
        aggregation: threshold.aggregation.to_string(),
        choices: choices(built_in.kind),
    })
}

/// Evaluates all thresholds on what was measured.
///
/// A counter or a rate that nothing was counted of is 0, as in k6 ("no errors" passes `count<1`). A gauge or a trend
/// without a value cannot meet anything: an objective on something that was never measured is not met.
pub fn evaluate_thresholds(thresholds: &[Threshold], totals: &Totals) -> Vec<ThresholdResult> {
    let evaluate = |threshold: &Threshold| {
        let actual = measure(threshold, totals);
        let passed = actual.is_some_and(|actual| holds(actual, threshold.comparison, threshold.limit));
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
            Aggregation::Avg => outside(histogram.mean()),
            Aggregation::Min => outside(histogram.min()),
            Aggregation::Max => outside(histogram.max()),
            Aggregation::Med => outside(histogram.percentile(50.0)),
            Aggregation::Percentile(percent) => outside(histogram.percentile(percent)),
            Aggregation::Rate | Aggregation::Value => return None,
        }),
        _ => None,
    }
}

fn holds(actual: f64, comparison: Comparison, limit: f64) -> bool {
    match comparison {
        Comparison::Less => actual < limit,
        Comparison::LessOrEqual => actual <= limit,
        Comparison::Greater => actual > limit,
        Comparison::GreaterOrEqual => actual >= limit,
        Comparison::Equal => actual == limit,
        Comparison::NotEqual => actual != limit,
    }
}

fn fits(kind: Kind, aggregation: Aggregation) -> bool {
    match kind {
        Kind::Counter => matches!(aggregation, Aggregation::Count | Aggregation::Rate),
        Kind::Gauge => matches!(aggregation, Aggregation::Value | Aggregation::Min | Aggregation::Max),
        Kind::Rate => matches!(aggregation, Aggregation::Rate),
        Kind::Trend => !matches!(aggregation, Aggregation::Rate | Aggregation::Value),
    }
}

fn choices(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "count and rate",
        Kind::Gauge => "value, min and max",
        Kind::Rate => "rate",
        Kind::Trend => "avg, min, med, max, p(N) and count",
    }
}

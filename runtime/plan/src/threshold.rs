//! Thresholds in k6's language: `http_req_duration{flow:checkout}` and `p(95)<500`. Says what is demanded; must not know
//! what was measured, nor of which kind a metric is.

mod cursor;
mod error;
mod expression;
pub(crate) mod layers;
mod selector;
mod spec;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use error::ThresholdError;
pub use expression::{Aggregation, Comparison};
pub(crate) use spec::SpecList;
pub use spec::ThresholdSpec;

/// A demand on one metric, and what to do when it is not met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The name of the metric.
    pub metric: String,
    /// Only samples with all of these tags count.
    pub tags: Vec<(String, String)>,
    /// What is made of the samples.
    pub aggregation: Aggregation,
    /// How the result is compared with the limit.
    pub comparison: Comparison,
    /// The limit: milliseconds for times, 0 to 1 for the share of a rate, otherwise in the metric's own unit.
    pub limit: f64,
    /// Whether the test stops as soon as the threshold fails.
    pub abort_on_fail: bool,
    /// How long after the start a failure does not yet stop the test.
    pub delay_abort_eval: Duration,
    /// The expression as it was typed: `p(95)<500`.
    pub source: String,
}

impl Threshold {
    /// Reads a threshold on what `selector` (`metric` or `metric{tag:value,...}`) names.
    ///
    /// # Errors
    /// When the selector or the expression cannot be read; the error shows the place.
    pub fn parse(selector: &str, spec: &ThresholdSpec) -> Result<Threshold, ThresholdError> {
        let (metric, tags) = selector::parse(selector)?;
        let expression = expression::parse(&spec.expression)?;
        Ok(Threshold {
            metric,
            tags,
            aggregation: expression.aggregation,
            comparison: expression.comparison,
            limit: expression.limit,
            abort_on_fail: spec.abort_on_fail,
            delay_abort_eval: spec.delay_abort_eval,
            source: spec.expression.trim().to_owned(),
        })
    }

    /// Counts only samples whose `tag` has that value, unless a value of the tag is asked for already.
    pub(crate) fn narrow(&mut self, tag: &str, value: &str) {
        if self.tags.iter().all(|(known, _)| known != tag) {
            self.tags.push((tag.to_owned(), value.to_owned()));
        }
    }

    /// Whether both bound the same value from the same side: `p(95)<500` and `p(95)<=800` of one selector. The order of
    /// tags does not matter.
    pub fn bounds_the_same_as(&self, other: &Threshold) -> bool {
        let sorted = |tags: &[(String, String)]| {
            let mut tags = tags.to_vec();
            tags.sort();
            tags
        };
        self.metric == other.metric
            && self.aggregation == other.aggregation
            && self.comparison.side() == other.comparison.side()
            && sorted(&self.tags) == sorted(&other.tags)
    }

    /// The metric with its tags, as one writes it: `http_req_duration{flow:checkout}`.
    pub fn selector(&self) -> String {
        selector::write(&self.metric, &self.tags)
    }
}

/// Whether what `selector` names is narrowed to that scenario. What cannot be read is told elsewhere.
pub(crate) fn names_scenario(selector: &str, scenario: &str) -> bool {
    let tags = selector::parse(selector).map(|(_, tags)| tags).unwrap_or_default();
    tags.iter().any(|(tag, value)| tag == "scenario" && value == scenario)
}

impl fmt::Display for Threshold {
    /// In the form that [`parse_cli_threshold`] reads, the limit as a plain number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (selector, limit) = (self.selector(), self.limit);
        write!(f, "{selector}={}{}{limit}", self.aggregation, self.comparison)
    }
}

/// Reads a threshold as it is given on the command line, `http_req_duration{flow:checkout}=p(95)<500`, into the selector
/// and the expression that [`Options::thresholds`](crate::Options::thresholds) holds. Both have been checked.
///
/// # Errors
/// When there is no `=` between metric and expression, or one of the two cannot be read.
pub fn parse_cli_threshold(text: &str) -> Result<(String, ThresholdSpec), ThresholdError> {
    let (selector, expression) = selector::split_from_expression(text)?;
    let spec = ThresholdSpec::new(expression.trim());
    let threshold = Threshold::parse(selector, &spec)?;
    Ok((threshold.selector(), spec))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cli(text: &str) -> Result<Threshold, ThresholdError> {
        let (selector, spec) = parse_cli_threshold(text)?;
        Threshold::parse(&selector, &spec)
    }

    #[test]
    fn reads_the_command_line() {
        let threshold = cli("http_req_duration{flow:checkout, status:200}= p(99) < 1s").unwrap();
        assert_eq!(threshold.metric, "http_req_duration");
        let tags = [("flow", "checkout"), ("status", "200")];
        assert_eq!(threshold.tags, tags.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(threshold.aggregation, Aggregation::Percentile(99.0));
        assert_eq!(threshold.limit, 1000.0);
        assert_eq!(threshold.source, "p(99) < 1s");
        assert_eq!(threshold.to_string(), "http_req_duration{flow:checkout,status:200}=p(99)<1000");
        assert_eq!(cli("http_reqs=count==5").unwrap().comparison, Comparison::Equal);
        assert_eq!(cli("errors{url:http://a/?b=c}=rate<1%").unwrap().limit, 0.01);
    }

    #[test]
    fn the_metric_must_be_there() {
        assert_eq!(
            cli("p(95)<500").unwrap_err().to_string(),
            "a threshold needs its metric and =, like http_req_duration=p(95)<500\n    p(95)<500\n    ^"
        );
        assert_eq!(
            cli("http_reqs<=5").unwrap_err().to_string(),
            "a metric name cannot contain '<'\n    http_reqs<\n             ^"
        );
    }

    fn aggregation() -> impl Strategy<Value = Aggregation> {
        prop_oneof![
            prop::sample::select(Aggregation::PLAIN.as_slice()),
            (0.0_f64..=100.0).prop_map(Aggregation::Percentile),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read_back(
            metric in "[a-z_][a-z0-9_.]{0,12}",
            tags in prop::collection::btree_map("[a-z]{1,5}", "[a-z0-9/:.]{1,9}", 0..3),
            aggregation in aggregation(),
            comparison in prop::sample::select(Comparison::ALL.as_slice()),
            limit in prop::num::f64::NORMAL | prop::num::f64::ZERO,
        ) {
            let mut threshold = Threshold {
                metric,
                tags: tags.into_iter().collect(),
                aggregation,
                comparison,
                limit,
                abort_on_fail: false,
                delay_abort_eval: Duration::ZERO,
                source: String::new(),
            };
            let read = cli(&threshold.to_string()).unwrap();
            threshold.source.clone_from(&read.source);
            prop_assert_eq!(read, threshold);
        }

        #[test]
        fn no_text_panics(text in ".{0,30}", near in "[a-z{}:,=<>!(). p0-9%\"'-]{0,30}") {
            for text in [text, near] {
                if let Err(error) = cli(&text) {
                    prop_assert!(!error.to_string().is_empty());
                }
                let _ = Threshold::parse(&text, &ThresholdSpec::new(text.as_str())).map_err(|e| e.to_string());
            }
        }
    }
}

//! The figures of an item: the p95 that was measured, that to reach, and what a change brings.

use squall_findings::{EndpointTime, Finding, endpoint_name};
use squall_report::{Document, RequestLine, ThresholdLine, Unit};

use crate::performance_task::TaskMetrics;

/// Where a p95 is, and where it is to be, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// Measured.
    pub current_ms: f64,
    /// To reach; never above the current one.
    pub target_ms: f64,
}

impl Goal {
    /// In words. The improvement is (current - target) / current.
    pub fn metrics(self) -> TaskMetrics {
        TaskMetrics {
            current_p95: Unit::Ms.text(self.current_ms),
            target_p95: Unit::Ms.text(self.target_ms),
            improvement: percent(self.share()),
        }
    }

    /// The improvement, 0 to 1.
    pub fn share(self) -> f64 {
        if self.current_ms > 0.0 { (self.current_ms - self.target_ms) / self.current_ms } else { 0.0 }
    }
}

/// Whole percent: `76%`.
pub fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// The goal of a finding's item. The target is, of these, the first that lies below what was measured: the limit of a p95
/// objective that holds there; what the change promises; the p95 under low load. If none does, the p95 is to stay.
pub fn goal_of_finding(document: &Document, finding: &Finding) -> Option<Goal> {
    let current_ms = current_p95(document, finding)?;
    let limit = p95_limit(document, finding).map(|line| line.limit);
    let promised = promised_share(finding).map(|share| two_digits(current_ms * (1.0 - share)));
    let candidates = [limit, promised, low_load_p95(document, finding).map(two_digits)];
    let below = |target: &f64| *target > 0.0 && *target < current_ms;
    let target_ms = candidates.into_iter().flatten().find(below).unwrap_or(current_ms);
    Some(Goal { current_ms, target_ms })
}

/// The goal of the item of a missed threshold: its own figures if it bounds a p95, else the overall p95, which is to stay.
pub fn goal_of_threshold(document: &Document, line: Option<&ThresholdLine>) -> Option<Goal> {
    if let Some(ThresholdLine { actual: Some(current_ms), limit, .. }) = line.filter(|line| is_p95_limit(line)) {
        return Some(Goal { current_ms: *current_ms, target_ms: limit.min(*current_ms) });
    }
    let current_ms = overall_p95(document)?;
    Some(Goal { current_ms, target_ms: current_ms })
}

/// Two significant digits, rounded up: a target is no more exact than the arithmetic behind it.
fn two_digits(value: f64) -> f64 {
    if value <= 0.0 {
        return value;
    }
    let step = 10_f64.powf(value.log10().floor() - 1.0);
    // Less than that above a step is an error of binary fractions.
    (value / step - 1e-9).ceil() * step
}

/// The p95 of a finding's endpoint over all its requests; of all endpoints, if it is of none.
pub fn current_p95(document: &Document, finding: &Finding) -> Option<f64> {
    let Some(endpoint) = &finding.endpoint else { return overall_p95(document) };
    let measured = endpoint_p95(document, endpoint);
    measured.or_else(|| finding.improvement.as_ref().map(|improvement| improvement.p95_ms))
}

/// The p95 of an endpoint, `GET /products`. Where requests of several names are of one endpoint, their percentiles cannot be
/// joined, and that of the traced requests stands for them; so it does where the target calls its endpoints otherwise.
pub fn endpoint_p95(document: &Document, endpoint: &str) -> Option<f64> {
    let lines: Vec<&RequestLine> = request_lines(document, endpoint).collect();
    let p95 = |line: &&RequestLine| line.response_time.as_ref()?.p95;
    match lines.as_slice() {
        [only] => p95(only).or_else(|| traced_p95(document, endpoint)),
        several => {
            let most = several.iter().max_by_key(|line| line.count);
            traced_p95(document, endpoint).or_else(|| most.and_then(p95))
        }
    }
}

fn traced_p95(document: &Document, endpoint: &str) -> Option<f64> {
    Some(time_of(document, endpoint)?.p95_ms)
}

/// Where the time of an endpoint went, if it was looked at.
pub fn time_of<'a>(document: &'a Document, endpoint: &str) -> Option<&'a EndpointTime> {
    document.findings.as_ref()?.endpoints.iter().find(|line| line.endpoint == endpoint)
}

/// The p95 of all requests.
pub fn overall_p95(document: &Document) -> Option<f64> {
    document.distribution("response_time")?.p95
}

/// The requests of an endpoint, a line for each of their names.
pub fn request_lines<'a>(document: &'a Document, endpoint: &str) -> impl Iterator<Item = &'a RequestLine> {
    document.requests.iter().filter(move |line| endpoint_name(&line.method, &line.name) == endpoint)
}

/// The share of the p95 that the change takes away, 0 to 1, by the finding's own arithmetic.
pub fn promised_share(finding: &Finding) -> Option<f64> {
    let improvement = finding.improvement.as_ref()?;
    let share = 1.0 - improvement.expected_p95_ms / improvement.p95_ms;
    share.is_finite().then(|| share.clamp(0.0, 1.0))
}

/// The objective or threshold on the p95 of that endpoint: one of its name, else of its flow, else of everything.
pub fn p95_limit<'a>(document: &'a Document, finding: &Finding) -> Option<&'a ThresholdLine> {
    let endpoint = finding.endpoint.as_deref();
    let name = endpoint.and_then(|endpoint| request_lines(document, endpoint).next()).map(|line| &line.name);
    let of_tag = |key: &str, value: &str| {
        let tag = format!("{key}:{value}");
        p95_limits(document).find(|line| tags_of(&line.metric).is_some_and(|tags| tags.trim() == tag))
    };
    name.and_then(|name| of_tag("name", name))
        .or_else(|| finding.flow.as_deref().and_then(|flow| of_tag("flow", flow)))
        .or_else(|| p95_limits(document).find(|line| tags_of(&line.metric).is_none()))
}

fn p95_limits(document: &Document) -> impl Iterator<Item = &ThresholdLine> {
    document.thresholds.iter().filter(|line| is_p95_limit(line))
}

/// Whether it bounds the p95 of response times from above.
fn is_p95_limit(line: &ThresholdLine) -> bool {
    let metric = line.metric.split('{').next().unwrap_or_default();
    line.aggregation == "p(95)"
        && line.is_upper_limit()
        && line.unit == Unit::Ms
        && matches!(metric, "response_time" | "http_req_duration")
}

/// `flow:checkout` of `http_req_duration{flow:checkout}`.
fn tags_of(metric: &str) -> Option<&str> {
    metric.split_once('{')?.1.strip_suffix('}')
}

fn low_load_p95(document: &Document, finding: &Finding) -> Option<f64> {
    time_of(document, finding.endpoint.as_deref()?)?.low_p95_ms
}

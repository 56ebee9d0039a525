//! A distribution in one line.

use squall_metrics::{Histogram, Nanos, Unit};

use crate::format::{bytes, count, duration};

/// `avg=.. min=.. med=.. p(90)=.. p(95)=.. p(99)=.. max=.. n=..`; the median is the p50.
pub(super) fn trend_text(histogram: &Histogram, unit: Unit) -> String {
    let text = |value: Nanos| match unit {
        Unit::Time => duration(value),
        Unit::Data => bytes(value.as_millis_f64()),
        Unit::Number => count((value.as_millis_f64() * 100.0).round() / 100.0),
    };
    let at = |percent| text(histogram.percentile(percent));
    let (avg, min, max) = (text(histogram.mean()), text(histogram.min()), text(histogram.max()));
    let (med, p90, p95, p99) = (at(50.0), at(90.0), at(95.0), at(99.0));
    let n = count(histogram.count() as f64);
    format!("avg={avg:<8} min={min:<8} med={med:<8} p(90)={p90:<8} p(95)={p95:<8} p(99)={p99:<8} max={max:<8} n={n}")
}

//! A distribution in one line.

use squall_metrics::statistics::can_carry;
use squall_metrics::{Histogram, Unit};

use crate::format::{bytes, count, decimal, millis};

/// `avg=.. min=.. med=.. p(90)=.. p(95)=.. p(99)=.. max=.. n=..`; the median is the p50.
/// A percentile that so few samples cannot carry is not printed.
pub(super) fn trend_text(histogram: &Histogram, unit: Unit) -> String {
    let text = |value: f64| match unit {
        Unit::Time => millis(value),
        Unit::Data => bytes(value),
        Unit::Number => decimal(value),
    };
    let at = |percent| match can_carry(percent, histogram.count()) {
        true => text(histogram.percentile_value(percent)),
        false => "-".to_owned(),
    };
    let (avg, min, max) = (text(histogram.mean_value()), text(histogram.min_value()), text(histogram.max_value()));
    let (med, p90, p95, p99) = (at(50.0), at(90.0), at(95.0), at(99.0));
    let n = count(histogram.count() as f64);
    format!("avg={avg:<8} min={min:<8} med={med:<8} p(90)={p90:<8} p(95)={p95:<8} p(99)={p99:<8} max={max:<8} n={n}")
}

#[cfg(test)]
mod tests {
    use squall_metrics::Nanos;

    use super::*;

    #[test]
    fn a_percentile_needs_samples_to_stand_on() {
        let mut histogram = Histogram::new();
        (0..367).for_each(|_| histogram.record(Nanos(1_000_000)));
        assert!(trend_text(&histogram, Unit::Time).contains("p(95)=1ms      p(99)=-  "));
        histogram.record(Nanos(1_000_000));
        assert!(trend_text(&histogram, Unit::Time).contains("p(99)=1ms "));
    }
}

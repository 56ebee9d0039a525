//! A distribution in one line.

use crate::document::{Distribution, Unit};

/// `avg=.. min=.. med=.. p(90)=.. p(95)=.. p(99)=.. max=.. n=..`; the median is the p50.
/// A percentile that so few samples cannot carry is not printed.
pub(super) fn trend_text(distribution: Option<&Distribution>, unit: Unit) -> String {
    let nothing = Distribution::default();
    let all = distribution.unwrap_or(&nothing);
    let at = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| unit.text(value));
    let (avg, min, max) = (unit.text(all.mean), unit.text(all.min), unit.text(all.max));
    let (med, p90, p95, p99) = (at(all.p50), at(all.p90), at(all.p95), at(all.p99));
    let n = Unit::Number.text(all.count as f64);
    format!("avg={avg:<8} min={min:<8} med={med:<8} p(90)={p90:<8} p(95)={p95:<8} p(99)={p99:<8} max={max:<8} n={n}")
}

#[cfg(test)]
mod tests {
    use squall_metrics::{Histogram, Nanos};

    use super::*;

    #[test]
    fn a_percentile_needs_samples_to_stand_on() {
        let mut histogram = Histogram::new();
        (0..367).for_each(|_| histogram.record(Nanos(1_000_000)));
        let text = |histogram: &Histogram| trend_text(Distribution::of(histogram).as_ref(), Unit::Ms);
        assert!(text(&histogram).contains("p(95)=1ms      p(99)=-  "));
        histogram.record(Nanos(1_000_000));
        assert!(text(&histogram).contains("p(99)=1ms "));
        assert!(text(&Histogram::new()).contains("avg=0s       min=0s       med=-  "));
    }
}

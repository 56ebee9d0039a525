//! Our histograms as exponential ones, whose buckets are powers of 2^(2^-scale): OpenTelemetry's exponential histograms
//! (<https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>) and Prometheus's native ones.
//!
//! Ours are far finer (a thousandth, where scale 5 has a fiftieth), so a value is at worst one bucket beside its own.

use squall_metrics::{Histogram, Nanos, Unit};

use crate::series::outside;

/// A distribution in powers of 2^(2^-scale).
#[derive(Debug, PartialEq)]
pub(crate) struct Exponential {
    pub scale: i32,
    /// How many values were zero, or too small to be told from it (below half a microsecond).
    pub zeros: u64,
    /// The index of the first of `counts`. The bucket of index i holds values above base^i, up to base^(i+1).
    pub offset: i32,
    pub counts: Vec<u64>,
}

impl Exponential {
    /// The finest that has at most `most` buckets, and no finer than `finest`.
    pub fn within(values: &Histogram, unit: Unit, most: usize, finest: i32) -> Exponential {
        let fits = |scale: &i32| Exponential::at(values, unit, *scale).counts.len() <= most;
        let scale = (-10..=finest).rev().find(fits).unwrap_or(-10);
        Exponential::at(values, unit, scale)
    }

    /// At a given scale.
    pub fn at(values: &Histogram, unit: Unit, scale: i32) -> Exponential {
        let mut found = Exponential { scale, zeros: 0, offset: 0, counts: Vec::new() };
        for (low, high, count) in values.buckets() {
            if low == 0 {
                found.zeros += count;
                continue;
            }
            // The middle of ours, which are in microseconds, or in thousandths of other units than time.
            let middle = outside(Nanos((low + high) * 500), unit);
            found.count(index(middle, scale), count);
        }
        found
    }

    /// Indices rise.
    fn count(&mut self, index: i32, count: u64) {
        if self.counts.is_empty() {
            self.offset = index;
        }
        let place = usize::try_from(index - self.offset).unwrap_or(0);
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += count;
    }
}

/// i, with base^i < value <= base^(i+1).
fn index(value: f64, scale: i32) -> i32 {
    (value.log2() * f64::from(scale).exp2()).ceil() as i32 - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_millis(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        for value in values {
            histogram.record(Nanos(value * 1_000_000));
        }
        histogram
    }

    #[test]
    fn buckets_are_powers_of_two_at_scale_zero() {
        // 3, 6 and 7 s: (2, 4] and (4, 8].
        let values = of_millis(&[0, 3_000, 6_000, 7_000]);
        let expected = Exponential { scale: 0, zeros: 1, offset: 1, counts: vec![1, 2] };
        assert_eq!(Exponential::at(&values, Unit::Time, 0), expected);
        // 3000, 6000 and 7000 of something: (2048, 4096] and (4096, 8192].
        let expected = Exponential { scale: 0, zeros: 1, offset: 11, counts: vec![1, 2] };
        assert_eq!(Exponential::at(&values, Unit::Number, 0), expected);
    }

    #[test]
    fn the_scale_is_as_fine_as_the_buckets_allow() {
        // From 1 to 2000 ms: eleven powers of two.
        let values = of_millis(&[1, 10, 100, 2_000]);
        let found = Exponential::within(&values, Unit::Time, 160, 8);
        assert_eq!((found.scale, found.counts.iter().sum::<u64>()), (3, 4));
        assert!(found.counts.len() <= 160);
        let narrow = Exponential::within(&of_millis(&[10]), Unit::Time, 160, 8);
        assert_eq!((narrow.scale, narrow.counts), (8, vec![1]));
    }

    #[test]
    fn a_value_is_in_the_bucket_that_says_so() {
        for millis in [1_u64, 7, 33, 250, 4_999] {
            let found = Exponential::at(&of_millis(&[millis]), Unit::Time, 5);
            let base = (2_f64).powf((2_f64).powi(-5));
            let (low, high) = (base.powi(found.offset), base.powi(found.offset + 1));
            let value = millis as f64 / 1e3;
            assert!(low * 0.999 < value && value < high * 1.001, "{value} is not in {low}..{high}");
        }
    }
}

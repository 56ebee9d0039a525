//! Prometheus remote write 1.0 (<https://prometheus.io/docs/specs/prw/remote_write_spec/>), under k6's names.
//!
//! Counters and rates are as in k6: since the beginning of the run. Statistics of trends are those of the last second,
//! where k6 has them since the beginning: ten slow seconds must remain visible, also after an hour.

use bytes::Bytes;
use squall_metrics::{Histogram, Unit};

use super::Format;
use super::prometheus_names::{labels, metric_name, with_unit};
use super::protobuf::Message;
use crate::batch::Batch;
use crate::exponential::{Buckets, Exponential};
use crate::series::{Key, Series, Value, outside, series};
use crate::statistic::Statistic;
use crate::sums::Sums;

/// Buckets grow by 2^(1/8), a factor of 1.09: the next below k6's 1.1.
const SCHEMA: i32 = 3;

/// The form of trends.
pub(crate) enum Trends {
    /// Gauges, one for each of these.
    Statistics(Vec<Statistic>),
    /// Native histograms, since the beginning of the run.
    NativeHistograms,
}

pub(crate) struct Prometheus {
    trends: Trends,
    sums: Sums,
}

impl Prometheus {
    pub fn new(trends: Trends) -> Prometheus {
        Prometheus { trends, sums: Sums::default() }
    }

    fn write(&self, seconds: &[Series<'_>], time: i64) -> Vec<u8> {
        let mut request = Message::default();
        for (key, unit, value) in self.sums.iter() {
            match value {
                Value::Counter(sum) => sample(&mut request, key, "_total", *sum, time),
                Value::Gauge(value) => sample(&mut request, key, "", *value, time),
                Value::Rate(cell) => sample(&mut request, key, "_rate", cell.share().unwrap_or(0.0), time),
                Value::Trend(values) => histogram(&mut request, key, unit, values, time),
            }
        }
        if let Trends::Statistics(statistics) = &self.trends {
            for one in seconds {
                if let Value::Trend(values) = &one.value {
                    gauges(&mut request, &one.key, one.unit, values, statistics, time);
                }
            }
        }
        request.into_bytes()
    }
}

impl Format for Prometheus {
    fn encode(&mut self, batch: &Batch) -> Vec<Bytes> {
        let seconds = series(batch);
        let native = matches!(self.trends, Trends::NativeHistograms);
        self.sums.add(&seconds, |value| native || !matches!(value, Value::Trend(_)));
        let request = self.write(&seconds, batch.ended_ms());
        // Fails only for more than 4 GiB.
        snap::raw::Encoder::new().compress_vec(&request).map(|request| vec![request.into()]).unwrap_or_default()
    }
}

fn time_series(request: &mut Message, name: &str, key: &Key, points: impl FnOnce(&mut Message)) {
    // Labels must be sorted, and `__name__` comes before all labels of tags.
    let named = [("__name__".to_owned(), name.to_owned())];
    request.message(1, |series| {
        for (name, value) in named.into_iter().chain(labels(&key.tags)) {
            series.message(1, |label| {
                label.bytes(1, name.as_bytes());
                label.bytes(2, value.as_bytes());
            });
        }
        points(series);
    });
}

fn sample(request: &mut Message, key: &Key, suffix: &str, value: f64, time: i64) {
    let name = format!("{}{suffix}", metric_name(&key.metric));
    time_series(request, &name, key, |series| {
        series.message(2, |sample| {
            sample.double(1, value);
            sample.int(2, time);
        });
    });
}

fn gauges(request: &mut Message, key: &Key, unit: Unit, values: &Histogram, statistics: &[Statistic], time: i64) {
    for statistic in statistics {
        let value = statistic.of(values, |value| outside(value, unit));
        sample(request, key, &format!("_{}", statistic.suffix()), value, time);
    }
}

/// Field numbers are those of `prompb/types.proto`.
fn histogram(request: &mut Message, key: &Key, unit: Unit, values: &Histogram, time: i64) {
    let found = Exponential::at(values, unit, SCHEMA);
    time_series(request, &with_unit(&key.metric, unit), key, |series| {
        series.message(4, |histogram| {
            histogram.uint(1, values.count());
            histogram.double(3, outside(values.sum_value(), unit));
            histogram.sint(4, SCHEMA.into());
            histogram.double(5, outside(widest_zero(values), unit));
            histogram.uint(6, found.zeros);
            buckets(histogram, 8, &found.negative);
            buckets(histogram, 11, &found.positive);
            histogram.int(15, time);
        });
    });
}

/// The greatest value that is counted as zero: the limit of rounding to 0 µs, if all values are durations.
fn widest_zero(values: &Histogram) -> f64 {
    if values.is_of_durations() { 0.000_5 } else { 0.0 }
}

/// One side of zero: its span in that field, and the differences of its counts in the next.
fn buckets(histogram: &mut Message, field: u64, found: &Buckets) {
    if found.counts.is_empty() {
        return;
    }
    histogram.message(field, |span| {
        // Prometheus numbers a bucket by its upper end.
        span.sint(1, i64::from(found.offset) + 1);
        span.uint(2, found.counts.len() as u64);
    });
    let differences = found.counts.iter().scan(0, |before, count| {
        let difference = *count as i64 - *before;
        *before = *count as i64;
        Some(difference)
    });
    histogram.packed_sints(field + 1, differences);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_batch::batch;

    /// The sent bytes, uncompressed. An end-to-end test asserts a real Prometheus' reading of it.
    fn sent(format: &mut Prometheus) -> Vec<u8> {
        snap::raw::Decoder::new().decompress_vec(&format.encode(&batch())[0]).unwrap()
    }

    fn has(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn counters_are_sums_and_statistics_are_of_the_second() {
        let mut format = Prometheus::new(Trends::Statistics(vec!["max".parse().unwrap()]));
        sent(&mut format);
        let second = sent(&mut format);
        let value = |value: f64| [&[9][..], &value.to_le_bytes()].concat();
        for name in ["k6_http_reqs_total", "k6_http_req_duration_max", "k6_checks_rate", "k6_vus"] {
            assert!(has(&second, name.as_bytes()), "{name}");
        }
        assert!(has(&second, &value(6.0)), "twice three requests");
        assert!(has(&second, &value(0.03)) && has(&second, &value(0.04)), "30 and 40 ms");
        assert!(!has(&second, b"_seconds"));
    }
}

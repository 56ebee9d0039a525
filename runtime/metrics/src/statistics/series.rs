//! Series of numbers, one a second or one a window, out of histograms.

use crate::history::Second;

/// A percentile of the response time of each second, in milliseconds. A second without a request repeats the value
/// before it; seconds before the first request get the first value.
pub fn percentile_series(seconds: impl IntoIterator<Item = Second>, percent: f64) -> Vec<f64> {
    let known = seconds.into_iter().map(|second| {
        let times = &second.response_time;
        (!times.is_empty()).then(|| times.percentile(percent).as_millis_f64())
    });
    fill_gaps(known)
}

/// Requests per second, in each second.
pub fn throughput_series(seconds: impl IntoIterator<Item = Second>) -> Vec<f64> {
    seconds.into_iter().map(|second| second.throughput()).collect()
}

fn fill_gaps(known: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
    let mut series: Vec<f64> = Vec::new();
    let mut leading = 0;
    for value in known {
        match value.or(series.last().copied()) {
            Some(value) => series.push(value),
            None => leading += 1,
        }
    }
    let first = series.first().copied().unwrap_or(0.0);
    series.splice(0..0, std::iter::repeat_n(first, leading));
    series
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Nanos;
    use crate::histogram::Histogram;

    #[test]
    fn gaps_repeat_the_value_before() {
        let known = [None, Some(3.0), None, Some(5.0), None];
        assert_eq!(fill_gaps(known.into_iter()), [3.0, 3.0, 3.0, 5.0, 5.0]);
        assert_eq!(fill_gaps([None, None].into_iter()), [0.0, 0.0]);
    }

    #[test]
    fn series_of_two_seconds() {
        let mut response_time = Histogram::new();
        response_time.record(Nanos(2_000_000));
        let busy = Second { requests: 10, length: Nanos(500_000_000), response_time, ..Second::default() };
        let idle = Second { length: Nanos(1_000_000_000), ..Second::default() };
        assert_eq!(percentile_series([busy.clone(), idle.clone()], 95.0), [2.0, 2.0]);
        assert_eq!(throughput_series([busy, idle]), [20.0, 0.0]);
    }
}

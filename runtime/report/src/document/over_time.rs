//! The course of a run, in so few points that a report of many hours stays small.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use squall_metrics::statistics::can_carry;
use squall_metrics::{Histogram, History, Second};
use squall_plan::OfferedRate;

/// The most points of a timeline: more than a screen has pixels for.
const MOST_POINTS: usize = 1_800;
/// The most columns of a heat map.
const MOST_COLUMNS: usize = 180;
/// The rows of a heat map.
const ROWS: usize = 40;

/// The course of a run: for each point in time a value in each list. Rates are per second, times in milliseconds; a time
/// is missing where nothing was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Timeline {
    /// When the stretch began that a point stands for, in seconds from the beginning of the load.
    pub at_s: Vec<f64>,
    /// Iterations a second that the plan asks for; empty where it asks for none.
    pub offered: Vec<f64>,
    /// Iterations a second that ended.
    pub iterations: Vec<f64>,
    /// Requests a second that ended.
    pub requests: Vec<f64>,
    /// Requests a second that failed.
    pub failed: Vec<f64>,
    /// Iterations a second that were given up before they began.
    pub dropped: Vec<f64>,
    /// Virtual users at work.
    pub vus: Vec<u64>,
    /// `response_time`.
    pub p50: Vec<Option<f64>>,
    pub p90: Vec<Option<f64>>,
    pub p95: Vec<Option<f64>>,
    pub p99: Vec<Option<f64>>,
    pub max: Vec<Option<f64>>,
}

/// How many response times lay between which bounds, over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeatMap {
    /// When each column begins, in seconds from the beginning of the load.
    pub at_s: Vec<f64>,
    /// The bounds of the rows, in milliseconds, evenly apart in the logarithm: one more than there are rows.
    pub bounds_ms: Vec<f64>,
    /// For each column, a count for each row.
    pub counts: Vec<Vec<u64>>,
}

/// The course of a run under that plan.
pub(super) fn timeline(history: &History, offered: Option<&OfferedRate>) -> Timeline {
    let mut timeline = Timeline::default();
    for second in grouped(history, MOST_POINTS) {
        if second.length < Second::LEAST_FOR_A_RATE && !timeline.at_s.is_empty() {
            continue;
        }
        let length = second.length.as_secs_f64().max(1e-9);
        let rate = |count: u64| rounded(count as f64 / length);
        let time = |percent: f64| {
            let times = &second.response_time;
            (!times.is_empty()).then(|| rounded(times.percentile(percent).as_millis_f64()))
        };
        if let Some(offered) = offered {
            let middle = second.at.as_secs_f64() + length / 2.0;
            timeline.offered.push(rounded(offered.at(Duration::from_secs_f64(middle))));
        }
        timeline.at_s.push(rounded(second.at.as_secs_f64()));
        timeline.iterations.push(rate(second.iterations));
        timeline.requests.push(rate(second.requests));
        timeline.failed.push(rate(second.failed));
        timeline.dropped.push(rate(second.dropped));
        timeline.vus.push(second.vus);
        timeline.p50.push(time(50.0));
        timeline.p90.push(time(90.0));
        timeline.p95.push(time(95.0));
        timeline.p99.push(time(99.0));
        timeline.max.push(time(100.0));
    }
    timeline
}

/// How response times were spread over time.
pub(super) fn heat_map(history: &History) -> HeatMap {
    let columns: Vec<Second> = grouped(history, MOST_COLUMNS).collect();
    let measured = || columns.iter().map(|column| &column.response_time).filter(|times| !times.is_empty());
    let least = measured().map(|times| times.min().as_millis_f64()).fold(f64::INFINITY, f64::min).max(0.001);
    let most = measured().map(|times| times.max().as_millis_f64()).fold(0.0, f64::max).max(least * 1.01);
    if !least.is_finite() {
        return HeatMap::default();
    }
    let step = (most / least).ln() / ROWS as f64;
    let row_of = |millis: f64| (((millis.max(least) / least).ln() / step) as usize).min(ROWS - 1);
    let counts = columns.iter().map(|column| {
        let mut rows = vec![0; ROWS];
        for (low, high, count) in column.response_time.buckets() {
            rows[row_of((low + high) as f64 / 2_000.0)] += count;
        }
        rows
    });
    HeatMap {
        at_s: columns.iter().map(|column| rounded(column.at.as_secs_f64())).collect(),
        bounds_ms: (0..=ROWS).map(|row| rounded(least * (step * row as f64).exp())).collect(),
        counts: counts.collect(),
    }
}

/// The percentiles that an HDR plot shows, as (percent, milliseconds): five for each halving of what is above, as far as
/// there are samples to carry them.
pub(super) fn percentile_curve(histogram: &Histogram) -> Vec<(f64, f64)> {
    let mut curve = Vec::new();
    for step in 0..200 {
        let percent = 100.0 * (1.0 - 0.5_f64.powf(f64::from(step) / 5.0));
        if !can_carry(percent, histogram.count()) {
            break;
        }
        curve.push((percent, rounded(histogram.percentile(percent).as_millis_f64())));
    }
    curve
}

/// The entries of a history, neighbours merged so that there are at most so many.
fn grouped(history: &History, most: usize) -> impl Iterator<Item = Second> {
    let together = history.len().div_ceil(most).max(1);
    let mut seconds = history.seconds();
    std::iter::from_fn(move || {
        let mut group = seconds.next()?;
        seconds.by_ref().take(together - 1).for_each(|later| group.merge(&later));
        Some(group)
    })
}

/// To four significant digits, or whole: no chart shows more.
pub(super) fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let digits = (3.0 - value.abs().log10().floor()).clamp(0.0, 12.0);
    let scale = 10.0_f64.powf(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use squall_metrics::Nanos;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// In second `n` there is one response, after `n + 1` ms.
    fn history(seconds: u64) -> History {
        let mut history = History::new();
        for number in 0..seconds {
            let mut response_time = Histogram::new();
            response_time.record(Nanos((number + 1) * 1_000_000));
            let (at, length) = (Nanos(number * SECOND), Nanos(SECOND));
            history.push(Second { at, length, requests: 1, vus: 3, response_time, ..Second::default() });
        }
        history
    }

    #[test]
    fn a_short_run_has_a_point_for_each_second() {
        let timeline = timeline(&history(3), None);
        assert_eq!(timeline.at_s, [0.0, 1.0, 2.0]);
        assert_eq!((timeline.requests, timeline.offered), (vec![1.0; 3], vec![]));
        assert_eq!(timeline.p95, [Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!(timeline.vus, [3, 3, 3]);
    }

    #[test]
    fn a_long_run_has_few_points_and_loses_nothing() {
        let timeline = timeline(&history(7_000), None);
        assert_eq!(timeline.at_s.len(), 1_750);
        assert_eq!(timeline.requests.iter().sum::<f64>() * 4.0, 7_000.0);
        assert_eq!(timeline.max.last(), Some(&Some(7_000.0)));
    }

    #[test]
    fn a_heat_map_counts_every_response_once() {
        let map = heat_map(&history(1_000));
        assert_eq!((map.bounds_ms.len(), map.at_s.len()), (ROWS + 1, map.counts.len()));
        assert!(map.at_s.len() <= MOST_COLUMNS);
        assert_eq!(map.counts.iter().flatten().sum::<u64>(), 1_000);
        assert!(map.counts[0][0] > 0 && map.counts.last().unwrap()[ROWS - 1] > 0);
        assert_eq!((map.bounds_ms[0], map.bounds_ms[ROWS]), (1.0, 1_000.0));
        assert_eq!(heat_map(&History::new()), HeatMap::default());
    }

    #[test]
    fn a_percentile_curve_ends_where_samples_do() {
        let mut histogram = Histogram::new();
        (1..=1_000u64).for_each(|millis| histogram.record(Nanos(millis * 1_000_000)));
        let curve = percentile_curve(&histogram);
        assert_eq!(curve[0], (0.0, 1.0));
        let median = curve.iter().find(|(percent, _)| (percent - 50.0).abs() < 1e-9).unwrap();
        assert!((median.1 - 500.0).abs() <= 1.0, "{median:?}");
        assert!(curve.last().unwrap().0 > 99.0 && curve.last().unwrap().0 < 99.7, "{curve:?}");
    }

    #[test]
    fn four_digits_are_kept() {
        assert_eq!((rounded(0.123_456), rounded(1_234.56), rounded(123_456.7)), (0.1235, 1_235.0, 123_457.0));
    }
}

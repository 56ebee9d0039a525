//! The numbers of a trial, and of all trials at one rate.

use squall_metrics::{Histogram, Nanos, Totals};
use squall_report::{RateLine, TrialFigures, TrialLine, TrialOutcome};

/// What was measured in a trial. Rates are over the time until the last answer, so that what an overload leaves behind
/// counts with the time that it takes.
pub fn of(totals: &Totals) -> TrialFigures {
    let response_time = totals.trend("response_time");
    let percentile = |percent| (!response_time.is_empty()).then(|| millis(response_time.percentile(percent)));
    let requests_per_second = totals.counter("http_reqs") / totals.elapsed.as_secs_f64().max(1e-9);
    TrialFigures {
        requests_per_second,
        p50_ms: percentile(50.0),
        p95_ms: percentile(95.0),
        p99_ms: percentile(99.0),
        failed_share: totals.rate("http_req_failed").share().unwrap_or(0.0),
        at_once: requests_per_second * mean_seconds(&totals.trend("http_req_duration")),
    }
}

fn mean_seconds(histogram: &Histogram) -> f64 {
    if histogram.is_empty() { 0.0 } else { histogram.mean().as_secs_f64() }
}

fn millis(time: Nanos) -> f64 {
    time.as_secs_f64() * 1e3
}

/// All trials at each rate, from the lowest.
pub fn by_rate(lines: &[TrialLine]) -> Vec<RateLine> {
    let mut rates: Vec<f64> = lines.iter().map(|line| line.rate).collect();
    rates.sort_unstable_by(f64::total_cmp);
    rates.dedup();
    let at = |rate: f64| {
        let trials: Vec<&TrialLine> = lines.iter().filter(|line| line.rate == rate).collect();
        let good = trials.iter().filter(|line| line.outcome == TrialOutcome::Good).count();
        RateLine { rate, trials: trials.len(), good, figures: mean(&trials) }
    };
    rates.into_iter().map(at).collect()
}

/// The mean of each number, a longer trial counting for more.
fn mean(trials: &[&TrialLine]) -> TrialFigures {
    let of = |number: fn(&TrialFigures) -> Option<f64>| {
        let known = trials.iter().filter_map(|line| Some((number(&line.figures)?, line.duration_ms)));
        let (sum, weight) =
            known.fold((0.0, 0.0), |(sum, all), (number, weight)| (sum + number * weight, all + weight));
        (weight > 0.0).then(|| sum / weight)
    };
    TrialFigures {
        requests_per_second: of(|figures| Some(figures.requests_per_second)).unwrap_or(0.0),
        p50_ms: of(|figures| figures.p50_ms),
        p95_ms: of(|figures| figures.p95_ms),
        p99_ms: of(|figures| figures.p99_ms),
        failed_share: of(|figures| Some(figures.failed_share)).unwrap_or(0.0),
        at_once: of(|figures| Some(figures.at_once)).unwrap_or(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_trial_counts_for_more() {
        let line = |seconds: f64, p95_ms, outcome| TrialLine {
            rate: 100.0,
            duration_ms: seconds * 1e3,
            outcome,
            cause: None,
            reason: None,
            figures: TrialFigures { p95_ms, requests_per_second: 100.0, ..TrialFigures::default() },
        };
        let lines = [line(10.0, Some(20.0), TrialOutcome::Good), line(30.0, Some(40.0), TrialOutcome::Bad)];
        let rates = by_rate(&lines);
        assert_eq!((rates.len(), rates[0].trials, rates[0].good), (1, 2, 1));
        assert_eq!(rates[0].figures.p95_ms, Some(35.0));
        assert_eq!(rates[0].figures.requests_per_second, 100.0);
    }
}

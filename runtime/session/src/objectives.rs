//! A plan's objectives, judged on what was measured.

use squall_insight::{Interval, Objective as Wanted, Status, judge};
use squall_metrics::statistics::quantile_intervals;
use squall_metrics::{Nanos, ResourceUnit, ThresholdResult, Totals, WatchedSeries, evaluate_thresholds};
use squall_monitor::names;
use squall_plan::{Aggregation, Comparison, Importance, Objective, TargetMonitoring, Threshold};
use squall_report::{ObjectiveLine, duration, per_second, percent};

/// The same run has the same intervals, whenever it is looked at.
const SEED: u64 = 1;

/// All objectives of a plan: what has a threshold, what is hoped for, and the limits of the target's resources.
pub fn judge_objectives(wanted: &[Objective], watching: &TargetMonitoring, totals: &Totals) -> Vec<ObjectiveLine> {
    let thresholds: Vec<_> = wanted.iter().map(|objective| objective.threshold.clone()).collect();
    let results = evaluate_thresholds(&thresholds, totals);
    let of_measurements = wanted.iter().zip(&results).map(|(objective, result)| line(objective, result, totals));
    of_measurements.chain(limits(watching, totals)).collect()
}

/// The objectives that still hold: a threshold of an upper layer takes the place of one that bounds the same value.
pub(crate) fn objectives_in_force(wanted: &[Objective], thresholds: &[Threshold]) -> Vec<Objective> {
    let is_demanded = |objective: &Threshold| {
        thresholds.iter().any(|one| one.selector() == objective.selector() && one.source == objective.source)
    };
    let holds =
        |objective: &&Objective| objective.importance == Importance::Desired || is_demanded(&objective.threshold);
    wanted.iter().filter(holds).cloned().collect()
}

/// The limits that were not kept, by name.
pub(crate) fn missed_limits(lines: &[ObjectiveLine]) -> impl Iterator<Item = &str> {
    let missed = lines.iter().filter(|line| line.is_limit && line.judged.status == Status::Missed);
    missed.map(|line| line.judged.objective.name.as_str())
}

fn line(objective: &Objective, result: &ThresholdResult, totals: &Totals) -> ObjectiveLine {
    let threshold = &objective.threshold;
    let wanted = Wanted {
        name: objective.title.clone(),
        comparison: threshold.comparison,
        limit: threshold.limit,
        importance: objective.importance,
    };
    let interval = interval(objective, totals);
    let mut judged = judge(wanted, result.actual, interval);
    if result.actual.is_none() {
        // A threshold says whether nothing is enough: no failed request, say.
        judged.status = match (result.passed, objective.importance) {
            (true, _) => Status::Met,
            (false, Importance::Required) => Status::Missed,
            (false, Importance::Desired) => Status::NotMeasured,
        };
    }
    let shown = |value| shown(objective, value);
    ObjectiveLine {
        title: objective.title.clone(),
        target: objective.target.clone(),
        actual: result.actual.map_or_else(|| "nothing was measured".to_owned(), shown),
        interval: interval.map_or_else(String::new, |ends| format!("{} to {}", shown(ends.low), shown(ends.high))),
        is_limit: false,
        judged,
    }
}

/// Of a percentile of response times, if the run was long enough.
fn interval(objective: &Objective, totals: &Totals) -> Option<Interval> {
    let threshold = &objective.threshold;
    let percent = match threshold.aggregation {
        Aggregation::Percentile(percent) => percent,
        Aggregation::Med => 50.0,
        _ => return None,
    };
    if threshold.metric != "response_time" || !threshold.tags.is_empty() {
        return None;
    }
    let step = Nanos(1_000_000_000 * totals.history.seconds_per_entry());
    let seconds = totals.history.seconds().map(|second| second.response_time);
    let interval = quantile_intervals(seconds, step, &[percent], SEED).ok()?.into_iter().next()?;
    Some(Interval { low: interval.low.as_millis_f64(), high: interval.high.as_millis_f64() })
}

/// In the unit in which the objective is written.
fn shown(objective: &Objective, actual: f64) -> String {
    match objective.threshold.metric.as_str() {
        "response_time" => duration(Nanos((actual * 1e6).round() as u64)),
        "http_reqs" => per_second(actual),
        _ => percent(actual),
    }
}

/// A limit: its name, which figure of the series it is about, what it is, what was seen, and how that is shown.
type LimitLine = (&'static str, &'static str, Option<f64>, Option<f64>, fn(f64) -> String);

/// The limits of resources, each on the source that uses the most of it. Without a source that knows, it is not measured.
fn limits(watching: &TargetMonitoring, totals: &Totals) -> Vec<ObjectiveLine> {
    let most = |name: &'static str, figure: fn(&WatchedSeries) -> Option<f64>| {
        totals.watched.named(name).filter_map(|(_, series)| figure(series)).reduce(f64::max)
    };
    // A second in which the processor is busy is nothing that a limit is about; a second without memory is.
    let limits = [
        ("cpu_max", "p95", watching.cpu_max, most(names::CPU, busy), percent as fn(f64) -> String),
        ("memory_max", "most", watching.memory_max, most(names::MEMORY, used), percent),
        (
            "connection_pool",
            "most",
            watching.connection_pool.map(|most| most as f64),
            most(names::CONNECTIONS, WatchedSeries::max),
            whole,
        ),
    ];
    let texts = watching.limits();
    let text = |name: &str| texts.iter().find(|(of, _)| *of == name).map(|(_, text)| text.clone()).unwrap_or_default();
    let line = |(name, figure, limit, actual, shown): LimitLine| {
        let wanted = Wanted {
            name: name.to_owned(),
            comparison: Comparison::LessOrEqual,
            limit: limit?,
            importance: Importance::Required,
        };
        Some(ObjectiveLine {
            title: format!("{name} ({figure})"),
            target: format!("<={}", text(name)),
            actual: actual.map_or_else(|| "-".to_owned(), shown),
            interval: String::new(),
            is_limit: true,
            judged: judge(wanted, actual, None),
        })
    };
    limits.into_iter().filter_map(line).collect()
}

fn busy(series: &WatchedSeries) -> Option<f64> {
    series.percentile(95.0).filter(|_| series.unit == ResourceUnit::Share)
}

/// The most, as a share of what there is.
fn used(series: &WatchedSeries) -> Option<f64> {
    let limit = series.limit.filter(|limit| *limit > 0.0)?;
    series.max().map(|most| most / limit)
}

fn whole(count: f64) -> String {
    squall_report::count(count)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use squall_metrics::{Reading, Registry, ResourceValue};

    use super::*;

    fn totals(values: &[(&'static str, ResourceUnit, f64, Option<f64>)]) -> Totals {
        let mut totals = Totals::new(Arc::new(Registry::new(1)), "default", Vec::new());
        for (second, (name, unit, value, limit)) in values.iter().enumerate() {
            let value = ResourceValue { name: (*name).into(), unit: *unit, value: *value, limit: *limit };
            let at = Nanos(second as u64 * 1_000_000_000);
            totals.watched.take(vec![Reading { at, source: "it".into(), said: Ok(vec![value]) }]);
        }
        totals
    }

    fn statuses(totals: &Totals) -> Vec<(String, String, Status)> {
        let watching = TargetMonitoring {
            cpu_max: Some(0.7),
            memory_max: Some(0.8),
            connection_pool: Some(100),
            ..TargetMonitoring::default()
        };
        let lines = limits(&watching, totals);
        assert_eq!(
            missed_limits(&lines).count(),
            lines.iter().filter(|line| line.judged.status == Status::Missed).count()
        );
        lines.into_iter().map(|line| (line.target, line.actual, line.judged.status)).collect()
    }

    #[test]
    fn what_nobody_saw_is_not_measured() {
        let nothing = statuses(&totals(&[]));
        assert!(
            nothing.iter().all(|(_, actual, status)| actual == "-" && *status == Status::NotMeasured),
            "{nothing:?}"
        );
        // Cores without a number of processors, and bytes without a size of memory, are no shares.
        let useless = [("cpu_cores", ResourceUnit::Number, 9.0, None), ("memory", ResourceUnit::Bytes, 5e9, None)];
        assert!(statuses(&totals(&useless)).iter().all(|(.., status)| *status == Status::NotMeasured));
    }

    #[test]
    fn limits_are_judged_on_what_was_seen() {
        let mut seen = vec![("cpu", ResourceUnit::Share, 0.5, None); 98];
        seen.push(("cpu", ResourceUnit::Share, 1.0, None));
        seen.push(("memory", ResourceUnit::Bytes, 700.0, Some(1_000.0)));
        seen.push(("connections", ResourceUnit::Number, 101.0, None));
        let texts = statuses(&totals(&seen));
        let expected =
            [("<=70%", "50.00%", Status::Met), ("<=80%", "70.00%", Status::Met), ("<=100", "101", Status::Missed)];
        let expected = expected.map(|(target, actual, status)| (target.to_owned(), actual.to_owned(), status));
        assert_eq!(texts, expected);
    }
}

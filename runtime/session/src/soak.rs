//! What hours of steady load show: whether the target's memory, descriptors and connections grow, or its response times,
//! and when what grows reaches its end. The judgement is `squall-insight`'s; docs/monitoring.md.

use std::time::Duration;

use squall_insight::{Exhaustion, Leak, LeakVerdict, SlopeInterval, leak_verdict};
use squall_metrics::{Nanos, Totals, WatchedSeries, resource_names};
use squall_plan::{Executor, PlanFile, TestType};
use squall_report::{Unit, duration};

use crate::stress::parts::lasting_parts;

/// What only ever grows where something is not given back.
const LEAKING: [&str; 3] = [resource_names::MEMORY, resource_names::DESCRIPTORS, resource_names::CONNECTIONS];

/// About what, and what is to be said of it. Nothing for other types of tests.
pub(crate) fn conclude_soak(plan: &PlanFile, executor: &Executor, totals: &Totals) -> Vec<(String, String)> {
    if plan.shape.kind != Some(TestType::Soak) {
        return Vec::new();
    }
    let (from, until) = steady(executor);
    let mut needed = None;
    let mut conclusions = Vec::new();
    let mut conclude =
        |about: String, samples: &[(Duration, f64)], limit, unit: Unit| match leak_verdict(samples, limit) {
            LeakVerdict::TooShort { needed: time } => needed = Some(time),
            LeakVerdict::Level => {
                conclusions.push((about, "level: no growth that could be told from chance".to_owned()))
            }
            LeakVerdict::Leak(leak) => conclusions.push((about, grows(&leak, unit))),
        };
    for name in LEAKING {
        for (source, series) in totals.watched.named(name) {
            conclude(
                format!("{name}, {}", source.name),
                &samples(series, from, until),
                series.limit,
                series.unit.into(),
            );
        }
    }
    conclude("p95 of response_time".to_owned(), &response_times(totals, from, until), None, Unit::Ms);
    if let Some(needed) = needed {
        let text = format!("too short to tell: that takes {} of steady load", duration(needed.into()));
        let about = if conclusions.is_empty() { "growth" } else { "growth of the others" };
        conclusions.push((about.to_owned(), text));
    }
    conclusions
}

/// When the load is steady: in its longest stage, or all the time.
fn steady(executor: &Executor) -> (Duration, Duration) {
    let parts = lasting_parts(executor);
    // The first of several that are equally long.
    let longest = parts.iter().rev().max_by_key(|part| part.end - part.start);
    longest.map_or((Duration::ZERO, Duration::MAX), |longest| (longest.start, longest.end))
}

fn samples(series: &WatchedSeries, from: Duration, until: Duration) -> Vec<(Duration, f64)> {
    let points = series.points().iter().map(|point| (Duration::from(point.at), point.mean));
    within(points, from, until)
}

fn response_times(totals: &Totals, from: Duration, until: Duration) -> Vec<(Duration, f64)> {
    let seconds = totals.history.seconds().filter(|second| !second.response_time.is_empty());
    let times = seconds.map(|second| (second.at.into(), second.response_time.percentile(95.0).as_millis_f64()));
    within(times, from, until)
}

fn within(points: impl Iterator<Item = (Duration, f64)>, from: Duration, until: Duration) -> Vec<(Duration, f64)> {
    points.filter(|(at, _)| (from..until).contains(at)).map(|(at, value)| (at - from, value)).collect()
}

/// `grows: +7.20% in all, 9.1 MB an hour (8.8 MB to 9.5 MB); at its end in about 41h00m00s (38h... to ...)`.
fn grows(leak: &Leak, unit: Unit) -> String {
    let SlopeInterval { slope, low, high } = leak.per_hour;
    let text = |value: f64| if value < 0.0 { format!("-{}", unit.text(-value)) } else { unit.text(value) };
    let growth =
        if leak.growth.is_finite() { format!("+{} in all, ", Unit::Share.text(leak.growth)) } else { String::new() };
    let slope = format!("{} an hour (95% sure: {} to {})", text(slope), text(low), text(high));
    let end = leak.exhaustion.map(at_its_end).unwrap_or_default();
    format!("grows: {growth}{slope}{end}")
}

fn at_its_end(end: Exhaustion) -> String {
    let text = |time: Duration| duration(Nanos::from(time));
    let latest = end.latest.map_or_else(|| "never".to_owned(), text);
    format!("; used up in about {} ({} to {latest})", text(end.after), text(end.earliest))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use squall_metrics::{Histogram, Reading, Registry, ResourceUnit, ResourceValue, Second};

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// A soak of so many minutes, in which memory begins at 500 MB and grows by so much in an hour, asked once a minute.
    fn concluded(minutes: u64, per_hour: f64) -> Vec<(String, String)> {
        let text = "component: a.wasm\ntype: soak\nusers: 1\nduration: 4h\nramp_up: 10m\n";
        let plan = PlanFile::read(text).unwrap();
        let stage = |minutes: u64| squall_plan::Stage { duration: Duration::from_secs(60 * minutes), target: 1 };
        let executor = Executor::RampingVus {
            start_vus: 0,
            stages: vec![stage(10), stage(230)],
            graceful_ramp_down: Duration::ZERO,
        };
        let mut totals = Totals::new(Arc::new(Registry::new(1)), "default", Vec::new());
        for minute in 0..minutes {
            let at = Nanos(minute * 60 * SECOND);
            // A bit of noise, the same in each test. While the load goes up, memory does.
            let noise = ((minute * 7_919) % 13) as f64 * 1e5 + if minute < 10 { minute as f64 * -2e7 } else { 0.0 };
            let value = 500e6 + per_hour * minute as f64 / 60.0 + noise;
            let (name, unit, limit) = ("memory".into(), ResourceUnit::Bytes, Some(1e9));
            let said = Ok(vec![ResourceValue { name, unit, value, limit }]);
            totals.watched.take(vec![Reading { at, source: "process 7 (shop)".into(), said }]);
            let mut response_time = Histogram::new();
            response_time.record(Nanos((10_000 + (minute * 31) % 17) * 1_000));
            totals.history.push(Second { at, length: Nanos(SECOND), requests: 1, response_time, ..Second::default() });
        }
        conclude_soak(&plan, &executor, &totals)
    }

    #[test]
    fn a_leak_is_told_with_its_slope_and_its_end() {
        let all = concluded(240, 10e6);
        let (about, text) = &all[0];
        assert_eq!(about, "memory, process 7 (shop)");
        assert!(text.starts_with("grows: +7.") && text.contains("10.0 MB an hour (95% sure: "), "{text}");
        // 1,000 MB less 540 at 10 MB an hour.
        assert!(text.contains("; used up in about 45h") || text.contains("; used up in about 46h"), "{text}");
        assert_eq!(
            all[1],
            ("p95 of response_time".to_owned(), "level: no growth that could be told from chance".to_owned())
        );
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_healthy_soak_is_level_and_a_short_one_says_so() {
        assert_eq!(concluded(240, 0.0)[0].1, "level: no growth that could be told from chance");
        let short = concluded(60, 100e6);
        assert_eq!(short, [("growth".to_owned(), "too short to tell: that takes 2h00m00s of steady load".to_owned())]);
    }
}

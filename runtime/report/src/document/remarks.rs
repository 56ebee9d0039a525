//! What the course of a run says about its numbers: what was left out of them, whether they were steady, how sure the
//! percentiles are.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use squall_metrics::statistics::{
    NoInterval, QuantileInterval, Steadiness, percentile_series, quantile_intervals, steady_state,
};
use squall_metrics::{LeftOut, Nanos, Totals};

use crate::format::{duration, percent};

/// What a steadiness is judged by: the p95 of windows of this length.
const WINDOW: Nanos = Nanos(30_000_000_000);
/// Ten windows.
const STEADINESS_TAKES: Duration = Duration::from_secs(300);
/// The same run has the same intervals, whenever it is looked at.
const SEED: u64 = 1;

/// A conclusion from the course of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remark {
    /// Its subject.
    pub about: String,
    /// A sentence about it.
    pub text: String,
    /// Whether it is about hours of steady load, which have a section of their own in the terminal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_soak: bool,
}

impl Remark {
    /// A remark for each subject and sentence.
    pub(super) fn all(lines: &[(String, String)]) -> impl Iterator<Item = Remark> {
        lines.iter().map(|(about, text)| Remark { about: about.clone(), text: text.clone(), is_of_soak: false })
    }
}

/// A line for each thing that can be said.
pub(super) fn lines(totals: &Totals) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> =
        left_out(totals.warm_up).map(|text| ("warm_up".to_owned(), text)).into_iter().collect();
    if totals.counter("http_reqs") == 0.0 || totals.history.is_empty() {
        return lines;
    }
    let steadiness = steady_state(&percentile_series(totals.history.windows(WINDOW), 95.0));
    let step = Nanos(1_000_000_000 * totals.history.seconds_per_entry());
    let seconds = totals.history.seconds().map(|second| second.response_time);
    let intervals = quantile_intervals(seconds, step, &[50.0, 95.0, 99.0], SEED);
    match (steadiness, intervals) {
        (Steadiness::TooShort, Err(NoInterval::TooShort { needed })) => lines.push((
            "over_time".to_owned(),
            format!(
                "too short to tell if it was steady ({}), and for intervals ({})",
                long(STEADINESS_TAKES),
                long(needed)
            ),
        )),
        (steadiness, intervals) => {
            lines.push(("steadiness".to_owned(), steadiness_text(steadiness)));
            lines.push(("intervals (about 90% sure)".to_owned(), interval_text(intervals)));
        }
    }
    lines
}

fn long(time: Duration) -> String {
    format!("takes {}", duration(time.into()))
}

fn left_out(warm_up: LeftOut) -> Option<String> {
    match warm_up {
        LeftOut::Nothing => None,
        LeftOut::Planned(time) => Some(format!("the first {} do not count, as planned", duration(time))),
        LeftOut::Found(Nanos::ZERO) => Some("none to be seen: everything counts".to_owned()),
        LeftOut::Found(time) => {
            Some(format!("the first {} do not count: after them the load had settled", duration(time)))
        }
        LeftOut::NeverSettled => Some("the load never settled: everything counts, and may say little".to_owned()),
        LeftOut::TooShort => Some("the load ended too early to tell (takes 1m40s): everything counts".to_owned()),
    }
}

fn steadiness_text(steadiness: Steadiness) -> String {
    match steadiness {
        Steadiness::Steady => "steady: p95 of response_time shows no trend".to_owned(),
        Steadiness::Drifting { change } => {
            let sign = if change > 0.0 { "+" } else { "" };
            format!(
                "drifting: p95 of response_time changed by {sign}{} from beginning to end (p < 0.01)",
                percent(change)
            )
        }
        Steadiness::TooShort => format!("too short to tell ({})", long(STEADINESS_TAKES)),
    }
}

fn interval_text(intervals: Result<Vec<QuantileInterval>, NoInterval>) -> String {
    match intervals {
        Ok(intervals) => {
            let text = |interval: &QuantileInterval| {
                format!(
                    "p({})={} ({} to {})",
                    interval.percent,
                    duration(interval.estimate),
                    duration(interval.low),
                    duration(interval.high)
                )
            };
            intervals.iter().map(text).collect::<Vec<_>>().join("  ")
        }
        Err(NoInterval::TooShort { needed }) => format!("too short for an interval ({})", long(needed)),
        Err(NoInterval::NoSamples) => "nothing was measured".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use squall_metrics::{FlowId, Histogram, Method, Phases, Protocol, Recorder, Registry, RequestSample, Second};

    use super::*;

    /// A run with one request of `millis` at each of so many seconds.
    fn run(seconds: u64, millis: impl Fn(u64) -> u64) -> Totals {
        let registry = Arc::new(Registry::new(10));
        let mut recorder = Recorder::new(Arc::clone(&registry));
        let name = recorder.name("home");
        let mut totals = Totals::new(registry, "default", vec!["home".to_owned()]);
        for second in 0..seconds {
            let response_time = Nanos(millis(second) * 1_000_000);
            recorder.request(&RequestSample {
                tags: squall_metrics::TagSetId::NONE,
                flow: FlowId(0),
                name,
                method: Method::Get,
                status: 200,
                failure: None,
                expected: true,
                proto: Protocol::Http1,
                phases: Phases { waiting: response_time, ..Phases::default() },
                response_time,
                sent: 1,
                received: 1,
            });
            let mut times = Histogram::new();
            times.record(response_time);
            let (at, length) = (Nanos(second * 1_000_000_000), Nanos(1_000_000_000));
            totals.history.push(Second { at, length, requests: 1, response_time: times, ..Second::default() });
        }
        totals.recorded = recorder.take();
        totals
    }

    fn text(totals: &Totals) -> String {
        lines(totals).iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }

    #[test]
    fn a_short_run_says_what_it_is_too_short_for() {
        assert_eq!(
            text(&run(30, |_| 10)),
            "over_time: too short to tell if it was steady (takes 5m00s), and for intervals (takes 10m00s)\n"
        );
    }

    #[test]
    fn five_minutes_tell_whether_it_drifted() {
        assert_eq!(
            text(&run(310, |_| 10)),
            "steadiness: steady: p95 of response_time shows no trend\n\
             intervals (about 90% sure): too short for an interval (takes 10m00s)\n"
        );
        let drifting = text(&run(310, |second| 100 + second));
        assert!(drifting.starts_with("steadiness: drifting: p95 of response_time changed by +1"), "{drifting}");
    }

    #[test]
    fn ten_minutes_have_intervals() {
        // Every tenth second takes ten times as long.
        let text = text(&run(600, |second| if second % 10 == 9 { 100 } else { 10 }));
        assert!(
            text.ends_with("p(50)=10ms (10ms to 10ms)  p(95)=100ms (100ms to 100ms)  p(99)=100ms (100ms to 100ms)\n"),
            "{text}"
        );
    }

    #[test]
    fn what_was_left_out_is_told() {
        let mut totals = run(1, |_| 10);
        totals.warm_up = LeftOut::Found(Nanos(25_000_000_000));
        assert!(text(&totals).starts_with("warm_up: the first 25s do not count: after them the load had settled\n"));
    }
}

//! The target of `fuzz/` for what this crate reads: the files of kept runs, which a checkout can bring along.

use serde::de::DeserializeOwned;
use squall_fuzzing::{Outcome, assert_harmless, text};
use squall_metrics::Histogram;

use crate::baseline::Acceptance;
use crate::format::{EndInfo, RunInfo, SecondLine, Snapshot, TargetLine};
use crate::reading::{from_json, harmless};
use crate::restore::second;
use crate::snapshot;
use crate::stored_run::{check_size, totals_of};
use crate::target::reading;

/// A file of a kept run, which the first byte says: it is read without harm, and what was measured is kept so that it reads
/// the same.
pub fn kept_run(bytes: &[u8]) -> Outcome {
    let Some((file, bytes)) = bytes.split_first() else { return Outcome::Refused };
    let text = text(bytes);
    match file % 7 {
        0 => read::<RunInfo>(&text, |_| ()),
        1 => read::<EndInfo>(&text, |_| ()),
        2 => read::<SecondLine>(&text, |line| check(&second(line).response_time)),
        3 => read::<TargetLine>(&text, |line| drop(reading(line))),
        4 => read::<Acceptance>(&text, |_| ()),
        5 => read::<Snapshot>(&text, check_totals),
        _ => summary(&text),
    }
}

fn read<T: DeserializeOwned>(text: &str, use_it: impl FnMut(T)) -> Outcome {
    let read = from_json(text);
    if let Err(error) = &read {
        assert_harmless(&error.to_string());
    }
    let outcome = Outcome::of(&read);
    read.into_iter().for_each(use_it);
    outcome
}

/// What reports ask of a distribution.
fn check(histogram: &Histogram) {
    let percentiles = [0.0, 50.0, 99.9, 100.0].map(|percent| histogram.percentile(percent));
    assert!(percentiles.is_sorted(), "{percentiles:?}");
    let _ = (histogram.mean(), histogram.mean_value(), histogram.value_buckets());
}

fn check_totals(stored: Snapshot) {
    if check_size(&stored).is_err() {
        return;
    }
    let Ok(totals) = totals_of(&stored) else { return };
    check(&totals.trend("response_time"));
    assert!(!totals.counter("http_reqs").is_nan());
    let kept = snapshot(&totals);
    let written = |snapshot: &Snapshot| serde_json::to_string(snapshot).unwrap_or_default();
    let again = from_json::<Snapshot>(&written(&kept)).map_err(|error| error.to_string());
    assert_eq!(again.as_ref().map(written), Ok(written(&kept)));
}

/// A summary, which is handed out as JSON.
fn summary(text: &str) -> Outcome {
    let read = harmless(text);
    match &read {
        // Once is enough; the last digit of a number may be another each time.
        Ok(json) => assert_eq!(words(&harmless(json).unwrap_or_default()), words(json)),
        Err(error) => assert_harmless(&error.to_string()),
    }
    Outcome::of(&read)
}

fn words(json: &str) -> String {
    json.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Memory, Target};
    use squall_metrics::{Nanos, RateCell, RequestCell};

    use super::*;
    use crate::format::{Custom, CustomValue, NamedCell, Requests, StoredCell, StoredHistogram};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    fn times() -> StoredHistogram {
        let mut times = Histogram::new();
        [1_000, 5_000_000, 7_000_000, 900_000_000].into_iter().for_each(|nanos| times.record(Nanos(nanos)));
        StoredHistogram(times)
    }

    fn totals() -> String {
        let (response_time, duration) = (times().0, times().0);
        let cell = RequestCell { count: 4, response_time, duration, ..RequestCell::default() };
        let requests = Requests {
            name: "GET /".to_owned(),
            method: "GET".to_owned(),
            status: 200,
            proto: "HTTP/2.0".to_owned(),
            cell: StoredCell(cell),
            ..Requests::default()
        };
        let trend = Custom { name: "x".to_owned(), value: CustomValue::Trend(times()), ..Custom::default() };
        let counter = Custom { name: "y".to_owned(), value: CustomValue::Counter(1.5), ..Custom::default() };
        let cell = StoredCell(RateCell { passes: 3, fails: 1 });
        let checks = vec![NamedCell { name: "ok".to_owned(), cell, ..NamedCell::default() }];
        let flows = vec!["browse".to_owned(), "search".to_owned()];
        let requests = vec![requests];
        let snapshot =
            Snapshot { elapsed: 1_000, flows, requests, checks, customs: vec![trend, counter], ..Snapshot::default() };
        serde_json::to_string(&snapshot).unwrap()
    }

    #[test]
    fn kept_runs() {
        let line = SecondLine { at: 1, length: 1_000, requests: 4, response_time: times(), ..SecondLine::default() };
        let seeds = [
            "\0{\"format\":1,\"began\":\"2026-01-01 00:00:00\",\"thresholds\":[[\"checks\",\"rate>0.9\"]],\"tags\":{\"##[a]\":\"\\u001b[2J\"}}".to_owned(),
            "\x01{\"exit_code\":99,\"generator\":\"suspect\",\"findings\":[{\"health\":\"suspect\",\"signal\":\"cpu\",\"reason\":\"x\"}]}".to_owned(),
            format!("\x02{}", serde_json::to_string(&line).unwrap()),
            "\x03{\"at\":1,\"source\":\"cgroup /web\",\"values\":[{\"name\":\"cpu\",\"unit\":\"share\",\"value\":0.5,\"limit\":1.0}]}".to_owned(),
            "\x04{\"run\":\"2026-01-01\",\"reason\":\"::x\",\"at\":\"now\"}".to_owned(),
            format!("\x05{}", totals()),
            "\x06{\"a\": [\"##vso[x]\", {\"b\": 1e3}]}".to_owned(),
        ];
        let seeds: Vec<&String> = seeds.iter().collect();
        let pieces =
            ["null", "##[", "\\u202e", "-1", "1e308", "\"counter\":", "\"a\",", "{}", ",65535", "\"hdr\":\"\""];
        // Each of a request's eleven histograms has the counters of its values, from a line of a few hundred bytes.
        let memory = Memory { base: 8 << 20, per_byte: 2_000 };
        Target::new("kept_run", super::kept_run)
            .seeds(&seeds)
            .pieces(&pieces)
            .memory(memory)
            .inputs(5_000)
            .for_a_while();
    }
}

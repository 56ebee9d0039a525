//! `totals.json` of a kept run: the names in it, their order and their values, written and read.

#[path = "../../metrics/tests/everything/mod.rs"]
mod everything;

use std::time::UNIX_EPOCH;

use everything::{everything, expect};
use squall_history::format::{EndInfo, RunInfo};
use squall_history::{Store, snapshot};
use squall_metrics::{Aggregate, BUILT_IN, Selector, Totals};

fn kept(totals: &Totals) -> String {
    serde_json::to_string_pretty(&snapshot(totals)).expect("JSON") + "\n"
}

/// The totals of a run whose `totals.json` is this.
fn read(json: &str) -> Totals {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path());
    let info = RunInfo { format: 1, ..RunInfo::default() };
    let mut writer = store.begin(UNIX_EPOCH, &info).expect("a folder");
    let id = writer.id().to_owned();
    writer.measured(&everything()).expect("written");
    writer.end(&everything(), &EndInfo::default()).expect("written");
    std::fs::write(folder.path().join(&id).join("totals.json"), json).expect("written");
    store.open(&id).expect("a run").totals().expect("totals")
}

#[test]
fn all_that_is_measured_is_kept_under_known_names() {
    expect(env!("CARGO_MANIFEST_DIR"), "tests/data/totals.json", &kept(&everything()));
}

#[test]
fn what_was_kept_reads_as_it_was_measured() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/totals.json");
    let json = std::fs::read_to_string(path).expect("the known answer");
    assert_eq!(kept(&read(&json)), json);
}

/// What a metric comes to, as far as it can differ.
fn value(totals: &Totals, metric: &str) -> String {
    match totals.select(Selector::all(metric)) {
        Some(Aggregate::Trend(times)) => format!("{} {:?} {:?}", times.count(), times.sum(), times.max()),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_built_in_metric_is_kept() {
    let measured = everything();
    let again = read(&kept(&measured));
    for metric in BUILT_IN {
        let of_metric = measured.select(Selector::all(metric.name)).expect("a built-in metric");
        assert!(!of_metric.is_empty(), "{} is not in tests/everything of squall-metrics", metric.name);
        assert_eq!(value(&again, metric.name), value(&measured, metric.name), "{}", metric.name);
    }
}

#[test]
fn fields_that_are_missing_or_not_known_do_no_harm() {
    let totals =
        read(r#"{"flows": ["a"], "new": {"deep": [1]}, "requests": [{"count": 3, "new": [{}], "method": "GET"}]}"#);
    assert_eq!((totals.counter("http_reqs"), totals.counter("http_reconnects")), (3.0, 0.0));
}

/// Older versions did not tell in which version of HTTP a response came, later ones may know of others.
#[test]
fn requests_of_an_unknown_protocol_are_kept_without_one() {
    let request = |proto: &str| format!(r#"{{"count": 3, "method": "GET", "status": 200{proto}}}"#);
    for (proto, tag) in [("", ""), (r#", "proto": "HTTP/2.0""#, "HTTP/2.0"), (r#", "proto": "HTTP/4.0""#, "")] {
        let totals = read(&format!(r#"{{"flows": ["a"], "requests": [{}]}}"#, request(proto)));
        let tags = [("proto".to_owned(), tag.to_owned())];
        let of_tag = totals.select(Selector { metric: "http_reqs", tags: &tags });
        assert!(matches!(of_tag, Some(Aggregate::Counter(3.0))), "{proto}: {of_tag:?}");
    }
}

//! Every series of a second in which everything happened.

#[path = "../../../metrics/tests/everything/mod.rs"]
mod everything;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use everything::{everything, expect};
use squall_metrics::{BUILT_IN, Nanos};

use super::{Series, Value, series};
use crate::batch::{Batch, Names};

fn batch() -> Batch {
    let totals = everything();
    Batch {
        ended: Duration::from_secs(1_700_000_000),
        length: Nanos(1_000_000_000),
        seconds: 1,
        vus: Some(3),
        vus_max: 10,
        names: Arc::new(Names::new(&totals, BTreeMap::from([("testid".to_owned(), "t1".to_owned())]))),
        recorded: Arc::new(totals.recorded),
    }
}

fn text(series: &Series<'_>) -> String {
    let value = match &series.value {
        Value::Counter(sum) => sum.to_string(),
        Value::Gauge(value) => value.to_string(),
        Value::Rate(cell) => format!("{} of {}", cell.passes, cell.passes + cell.fails),
        Value::Trend(times) => format!("{} of {} ms", times.count(), times.sum().as_millis_f64()),
    };
    let tags: Vec<String> = series.key.tags.iter().map(|(tag, value)| format!("{tag}:{value}")).collect();
    let (metric, unit, kind) = (&series.key.metric, series.unit, series.value.kind());
    format!("{metric}{{{}}} {value} ({kind}, {unit:?})\n", tags.join(","))
}

#[test]
fn every_series_has_its_tags_and_its_value() {
    let all: String = series(&batch()).iter().map(text).collect();
    expect(env!("CARGO_MANIFEST_DIR"), "src/series/known_answers.txt", &all);
}

#[test]
fn every_built_in_metric_is_streamed_as_what_it_is() {
    let batch = batch();
    let series = series(&batch);
    for metric in BUILT_IN {
        let mut of_metric = series.iter().filter(|series| series.key.metric == metric.name).peekable();
        assert!(of_metric.peek().is_some(), "{} is not streamed", metric.name);
        assert!(of_metric.all(|series| (series.value.kind(), series.unit) == (&*metric.kind.to_string(), metric.unit)));
    }
}

#[test]
fn a_second_without_anything_has_the_users_alone() {
    let batch = Batch { recorded: Arc::default(), ..batch() };
    let names: Vec<_> = series(&batch).into_iter().map(|series| series.key.metric).collect();
    assert_eq!(names, ["vus", "vus_max"]);
}

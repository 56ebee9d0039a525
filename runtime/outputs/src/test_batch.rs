//! One second of a run with some samples of every kind, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use squall_metrics::{
    FlowId, IterationEnd, Kind, Method, Nanos, Phases, Protocol, Recorder, Registry, RequestSample, Totals, Unit,
};

use crate::batch::{Batch, Names};

pub(crate) fn millis(time: u64) -> Nanos {
    Nanos(time * 1_000_000)
}

/// Three requests of 10, 20 and 30 ms, a fourth that failed after 40 ms, and their checks and metrics. Ended
/// 2023-11-14T22:13:20.500Z.
pub(crate) fn batch() -> Batch {
    let registry = Arc::new(Registry::new(100));
    let mut recorder = Recorder::new(Arc::clone(&registry));
    let (name, is_ok) = (recorder.name("/a"), recorder.name("is ok"));
    for (time, status) in [(10, 200), (20, 200), (30, 200), (40, 500)] {
        let phases = Phases { waiting: millis(time), ..Phases::default() };
        recorder.request(&RequestSample {
            tags: squall_metrics::TagSetId::NONE,
            flow: FlowId(0),
            name,
            method: Method::Get,
            status,
            failure: None,
            expected: status == 200,
            proto: Protocol::Http1,
            phases,
            response_time: millis(time),
            sent: 100,
            received: 200,
        });
        recorder.check(FlowId(0), is_ok, status == 200);
        recorder.iteration(FlowId(0), IterationEnd::Completed, millis(time), Nanos::ZERO, "");
    }
    let basket = recorder.metric("basket", Kind::Trend, Unit::Number).expect("new");
    for value in [3.0, 7.0] {
        recorder.trend(FlowId(0), basket, value);
    }
    for time in [2, 4] {
        recorder.server_timing(FlowId(0), "db", millis(time));
    }
    let totals = Totals::new(registry, "default", vec!["browse".to_owned()]);
    Batch {
        ended: Duration::from_millis(1_700_000_000_500),
        length: Nanos(1_000_000_000),
        seconds: 1,
        recorded: Arc::new(recorder.take()),
        vus: Some(5),
        vus_max: 10,
        names: Arc::new(Names::new(&totals, BTreeMap::from([("team".to_owned(), "x".to_owned())]))),
    }
}

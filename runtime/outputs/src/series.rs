//! A batch as series: metric, tags, value. What all formats are made from.
//!
//! Names, tags and kinds are those of docs/metrics.md. As in k6, bytes and dropped iterations are not told apart by
//! flow: its dashboards average them over their series.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use squall_metrics::{
    BUILT_IN, CustomCell, CustomKey, FailureClass, FlowId, Histogram, MetricId, NameId, Problem, RateCell, RequestCell,
    RequestKey, Unit,
};

use crate::batch::{Batch, Names};

/// Tags with their values, none of which is empty.
pub(crate) type Tags = BTreeMap<Cow<'static, str>, String>;

/// What makes a series.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub metric: Cow<'static, str>,
    pub tags: Arc<Tags>,
}

/// The numbers of a series.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Counter(f64),
    Gauge(f64),
    Rate(RateCell),
    Trend(Cow<'a, Histogram>),
}

impl Value<'_> {
    /// Adds the numbers of another stretch of time, or of other tags.
    pub fn add(&mut self, other: &Value<'_>) {
        match (self, other) {
            (Value::Counter(ours), Value::Counter(theirs)) => *ours += theirs,
            (Value::Gauge(ours), Value::Gauge(theirs)) => *ours = *theirs,
            (Value::Rate(ours), Value::Rate(theirs)) => {
                ours.passes += theirs.passes;
                ours.fails += theirs.fails;
            }
            (Value::Trend(ours), Value::Trend(theirs)) => ours.to_mut().merge(theirs),
            // The registry gives a metric one kind for the whole run.
            _ => debug_assert!(false, "one metric, two kinds"),
        }
    }

    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Counter(sum) => Value::Counter(sum),
            Value::Gauge(value) => Value::Gauge(value),
            Value::Rate(cell) => Value::Rate(cell),
            Value::Trend(values) => Value::Trend(Cow::Owned(values.into_owned())),
        }
    }

    /// k6's word for its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Counter(_) => "counter",
            Value::Gauge(_) => "gauge",
            Value::Rate(_) => "rate",
            Value::Trend(_) => "trend",
        }
    }
}

/// A series in a batch.
#[derive(Clone, Debug)]
pub(crate) struct Series<'a> {
    pub key: Key,
    pub unit: Unit,
    pub value: Value<'a>,
}

/// A value of a trend in base units: seconds for times (Prometheus, OpenTelemetry), else the plain number.
pub(crate) fn outside(value: f64, unit: Unit) -> f64 {
    match unit {
        Unit::Time => value / 1e3,
        Unit::Number | Unit::Data => value,
    }
}

/// The series of a batch, by metric and tags.
pub(crate) fn series(batch: &Batch) -> Vec<Series<'_>> {
    let mut found = Found { names: &batch.names, all: BTreeMap::new() };
    found.requests(batch);
    found.iterations(batch);
    found.named(batch);
    found.customs(batch);
    found.generator(batch);
    found.all.into_iter().map(|(key, (unit, value))| Series { key, unit, value }).collect()
}

/// The same, with each metric's series added up.
pub(crate) fn without_tags(series: Vec<Series<'_>>) -> Vec<Series<'_>> {
    let mut sums: Vec<Series<'_>> = Vec::new();
    for one in series {
        match sums.last_mut() {
            Some(sum) if sum.key.metric == one.key.metric => sum.value.add(&one.value),
            _ => sums.push(Series { key: Key { tags: Arc::default(), ..one.key }, ..one }),
        }
    }
    sums
}

struct Found<'a> {
    names: &'a Names,
    all: BTreeMap<Key, (Unit, Value<'a>)>,
}

impl<'a> Found<'a> {
    fn add(&mut self, metric: &'static str, tags: &Arc<Tags>, value: Value<'a>) {
        let unit = BUILT_IN.iter().find(|built_in| built_in.name == metric).map_or(Unit::Number, |metric| metric.unit);
        self.add_custom(Cow::Borrowed(metric), unit, tags, value);
    }

    fn add_custom(&mut self, metric: Cow<'static, str>, unit: Unit, tags: &Arc<Tags>, value: Value<'a>) {
        let key = Key { metric, tags: Arc::clone(tags) };
        match self.all.get_mut(&key) {
            Some((_, sum)) => sum.add(&value),
            None => drop(self.all.insert(key, (unit, value))),
        }
    }

    fn count(&mut self, metric: &'static str, tags: &Arc<Tags>, count: u64) {
        self.add(metric, tags, Value::Counter(count as f64));
    }

    fn trend(&mut self, metric: &'static str, tags: &Arc<Tags>, values: &'a Histogram) {
        if !values.is_empty() {
            self.add(metric, tags, Value::Trend(Cow::Borrowed(values)));
        }
    }

    fn rate(&mut self, metric: &'static str, tags: &Arc<Tags>, cell: RateCell) {
        self.add(metric, tags, Value::Rate(cell));
    }

    /// The tags of the run, of the flow's scenario, and these; empty ones are none.
    fn tags<const N: usize>(&self, flow: Option<FlowId>, more: [(&'static str, &str); N]) -> Arc<Tags> {
        let scenario = self.names.scenario(flow);
        let of_scenario = scenario.into_iter().flat_map(|scenario| &scenario.tags);
        let known = self.names.tags.iter().chain(of_scenario);
        let mut tags: Tags = known.map(|(tag, value)| (tag.clone().into(), value.clone())).collect();
        tags.extend(scenario.map(|scenario| ("scenario".into(), scenario.name.clone())));
        tags.extend(more.into_iter().map(|(tag, value)| (Cow::Borrowed(tag), value.to_owned())));
        tags.retain(|_, value| !value.is_empty());
        Arc::new(tags)
    }

    fn of_flow(&self, flow: FlowId) -> Arc<Tags> {
        self.tags(Some(flow), [("flow", self.names.flow(flow)), ("group", group(flow))])
    }

    fn of_name(&self, kind: &'static str, key: &CustomKey) -> Arc<Tags> {
        let name = self.names.registry.name(NameId(key.id));
        self.tags(
            Some(key.flow),
            [("flow", self.names.flow(key.flow)), ("group", group(key.flow)), (kind, name.as_str())],
        )
    }

    fn requests(&mut self, batch: &'a Batch) {
        let of_run = self.tags(None, []);
        for (key, cell) in batch.recorded.requests.iter().filter(|(key, _)| key.was_sent()) {
            let (name, flow) = (self.names.registry.name(key.name), self.names.flow(key.flow));
            let of_request =
                [("flow", flow), ("group", group(key.flow)), ("name", name.as_str()), ("method", key.method.name())];
            // Whether a request failed shows in its status: a share of failures must not be one of each status.
            let of_both = self.tags(Some(key.flow), of_request);
            let (status, expected) = (key.status.to_string(), key.expected.to_string());
            let of_outcome =
                [("status", status.as_str()), ("error", key.error()), ("expected_response", expected.as_str())];
            let [a, b, c, d] = of_request;
            let [e, f, g] = of_outcome;
            let tags = self.tags(Some(key.flow), [a, b, c, d, e, f, g]);
            self.request(key, cell, &tags, &of_both, &of_run);
        }
    }

    fn request(
        &mut self,
        key: &RequestKey,
        cell: &'a RequestCell,
        tags: &Arc<Tags>,
        of_both: &Arc<Tags>,
        of_run: &Arc<Tags>,
    ) {
        self.count("http_reqs", tags, cell.count);
        for (metric, values) in [
            ("response_time", &cell.response_time),
            ("http_req_duration", &cell.duration),
            ("http_req_blocked", &cell.blocked),
            ("http_req_connecting", &cell.connecting),
            ("http_req_tls_handshaking", &cell.tls_handshaking),
            ("http_req_sending", &cell.sending),
            ("http_req_waiting", &cell.waiting),
            ("http_req_receiving", &cell.receiving),
        ] {
            self.trend(metric, tags, values);
        }
        // As in k6: a pass of `http_req_failed` is a request that failed.
        let (passes, fails) = if key.expected { (0, cell.count) } else { (cell.count, 0) };
        self.rate("http_req_failed", of_both, RateCell { passes, fails });
        self.count("data_sent", of_run, cell.sent);
        self.count("data_received", of_run, cell.received);
    }

    fn iterations(&mut self, batch: &'a Batch) {
        for (flow, cell) in &batch.recorded.iterations {
            let tags = self.of_flow(*flow);
            self.count("iterations", &tags, cell.count);
            self.trend("iteration_duration", &tags, &cell.duration);
            let passes = cell.failed + cell.trapped;
            self.rate("iterations_failed", &tags, RateCell { passes, fails: cell.count - passes });
            self.count("iterations_interrupted", &tags, cell.interrupted);
        }
        let of_run = self.tags(None, []);
        for (flow, cell) in &batch.recorded.dropped {
            self.count("dropped_iterations", &of_run, cell.count);
            let tags = self.of_flow(*flow);
            self.trend("response_time", &tags, &cell.waited);
        }
    }

    fn named(&mut self, batch: &'a Batch) {
        for (key, cell) in &batch.recorded.checks {
            let tags = self.of_name("check", key);
            self.rate("checks", &tags, *cell);
        }
        for (key, cell) in &batch.recorded.transactions {
            let tags = self.of_name("transaction", key);
            self.trend("transaction_duration", &tags, &cell.duration);
            self.rate("transaction_failed", &tags, cell.failed);
        }
        for (key, durations) in &batch.recorded.server_timings {
            let tags = self.of_name("name", key);
            self.trend("server_timing", &tags, durations);
        }
    }

    fn customs(&mut self, batch: &'a Batch) {
        for (key, cell) in &batch.recorded.customs {
            let Some(info) = self.names.registry.metric(MetricId(key.id)) else {
                continue;
            };
            let value = match cell {
                CustomCell::Counter(sum) => Value::Counter(*sum),
                CustomCell::Gauge(cell) => Value::Gauge(cell.value),
                CustomCell::Rate(cell) => Value::Rate(*cell),
                CustomCell::Trend(values) => Value::Trend(Cow::Borrowed(values)),
            };
            let tags = self.of_flow(key.flow);
            self.add_custom(info.name.into(), info.unit, &tags, value);
        }
    }

    fn generator(&mut self, batch: &'a Batch) {
        let of_run = self.tags(None, []);
        if batch.recorded.run.reconnects > 0 {
            self.count("http_reconnects", &of_run, batch.recorded.run.reconnects);
        }
        for (problem, cell) in &batch.recorded.problems {
            if let Problem::Request(flow, FailureClass::RefusedByPolicy) = problem {
                let tags = self.of_flow(*flow);
                self.count("http_reqs_refused", &tags, cell.count);
            }
        }
        self.trend("schedule_lag", &of_run, &batch.recorded.pacing.schedule_lag);
        if let Some(vus) = batch.vus {
            self.add("vus", &of_run, Value::Gauge(vus as f64));
            self.add("vus_max", &of_run, Value::Gauge(batch.vus_max as f64));
        }
    }
}

/// The `group` tag, as in k6.
fn group(flow: FlowId) -> &'static str {
    match flow {
        FlowId::SETUP => "::setup",
        FlowId::TEARDOWN => "::teardown",
        _ => "",
    }
}

#[cfg(test)]
mod known_answers;

#[cfg(test)]
mod tests {
    use squall_metrics::Nanos;

    use super::*;
    use crate::test_batch::batch;

    fn told(series: &[Series<'_>], metric: &str) -> Vec<String> {
        let of_metric = series.iter().filter(|series| series.key.metric == metric);
        let value = |value: &Value<'_>| match value {
            Value::Counter(sum) => sum.to_string(),
            Value::Gauge(value) => value.to_string(),
            Value::Rate(cell) => format!("{}/{}", cell.passes, cell.passes + cell.fails),
            Value::Trend(values) => format!("{}x{:?}", values.count(), values.max()),
        };
        of_metric
            .map(|series| {
                let tags = series.key.tags.iter().map(|(tag, value)| format!("{tag}={value}"));
                format!("{} {}", tags.collect::<Vec<_>>().join(","), value(&series.value))
            })
            .collect()
    }

    #[test]
    fn requests_are_told_apart_by_their_tags() {
        let batch = batch();
        let series = series(&batch);
        assert_eq!(
            told(&series, "http_reqs"),
            [
                "expected_response=false,flow=browse,method=GET,name=/a,scenario=default,status=500,team=x 1",
                "expected_response=true,flow=browse,method=GET,name=/a,scenario=default,status=200,team=x 3",
            ]
        );
        assert_eq!(told(&series, "http_req_failed"), ["flow=browse,method=GET,name=/a,scenario=default,team=x 1/4"]);
        assert_eq!(told(&series, "data_sent"), ["scenario=default,team=x 400"]);
        assert_eq!(told(&series, "checks"), ["check=is ok,flow=browse,scenario=default,team=x 3/4"]);
        assert_eq!(told(&series, "basket"), ["flow=browse,scenario=default,team=x 2xNanos(7000000)"]);
        assert_eq!(told(&series, "server_timing"), ["flow=browse,name=db,scenario=default,team=x 2xNanos(4000000)"]);
        assert_eq!(told(&series, "vus"), ["scenario=default,team=x 5"]);
    }

    #[test]
    fn without_tags_a_metric_is_one_series() {
        let batch = batch();
        let sums = without_tags(series(&batch));
        assert_eq!(told(&sums, "http_reqs"), [" 4"]);
        assert_eq!(told(&sums, "http_req_duration"), [" 4xNanos(40000000)"]);
    }

    #[test]
    fn a_longer_stretch_has_what_its_seconds_had() {
        let mut longer = batch();
        longer.absorb(&batch());
        let series = series(&longer);
        assert_eq!(told(&series, "data_sent"), ["scenario=default,team=x 800"]);
        assert_eq!((longer.seconds, longer.length), (2, Nanos(2_000_000_000)));
    }
}

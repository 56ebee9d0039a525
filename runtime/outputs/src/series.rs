//! A batch as series: metric, tags, value. What all formats are made from.
//!
//! Names, tags and kinds are those of docs/metrics.md. Built-in metrics come from their table, whatever their names.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use squall_metrics::{
    BUILT_IN, Builtin, CustomCell, FlowId, GaugeCell, Histogram, Kind, MetricId, NameId, RateCell, RequestKey,
    SeriesKey, SeriesValue, Subject, Unit, VuGauges, service_and_method,
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
    let mut found = Found { names: &batch.names, tags: HashMap::new(), all: BTreeMap::new() };
    for metric in BUILT_IN {
        found.built_in(metric, batch);
    }
    found.customs(batch);
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

/// The tags by which series of a metric are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Detail {
    /// All that they have.
    All,
    /// All but those that say how a request ended.
    WithoutOutcome,
    /// Those of the run.
    Run,
}

impl Detail {
    fn of(metric: &Builtin) -> Detail {
        match (metric.subject, metric.kind) {
            // As in k6, whose dashboards average these over their series.
            (Subject::Bytes | Subject::DroppedIteration, _) => Detail::Run,
            // Whether a request failed shows in its status: a share of failures must not be one of each status.
            (Subject::Request | Subject::Call, Kind::Rate) => Detail::WithoutOutcome,
            _ => Detail::All,
        }
    }
}

struct Found<'a> {
    names: &'a Names,
    /// Those that were needed before: several metrics have the same series.
    tags: HashMap<(SeriesKey, Detail), Arc<Tags>>,
    all: BTreeMap<Key, (Unit, Value<'a>)>,
}

impl<'a> Found<'a> {
    fn add(&mut self, metric: Cow<'static, str>, unit: Unit, tags: Arc<Tags>, value: Value<'a>) {
        let key = Key { metric, tags };
        match self.all.get_mut(&key) {
            Some((_, sum)) => sum.add(&value),
            None => drop(self.all.insert(key, (unit, value))),
        }
    }

    fn built_in(&mut self, metric: &'static Builtin, batch: &'a Batch) {
        metric.visit_series(&batch.recorded, vu_gauges(batch), |series, value| {
            let value = match value {
                SeriesValue::Counter(count) => Value::Counter(count as f64),
                SeriesValue::Gauge(cell) => Value::Gauge(cell.value),
                SeriesValue::Rate(cell) => Value::Rate(cell),
                SeriesValue::Trend(values) if values.is_empty() => return,
                SeriesValue::Trend(values) => Value::Trend(Cow::Borrowed(values)),
            };
            let tags = self.tags_of(series, Detail::of(metric));
            self.add(metric.name.into(), metric.unit, tags, value);
        });
    }

    fn tags_of(&mut self, series: SeriesKey, detail: Detail) -> Arc<Tags> {
        let series = if detail == Detail::Run { SeriesKey::Run } else { series };
        if let Some(tags) = self.tags.get(&(series, detail)) {
            return Arc::clone(tags);
        }
        let tags = match series {
            SeriesKey::Run => self.with_tags(None, []),
            SeriesKey::Flow(flow) => self.with_tags(Some(flow), []),
            SeriesKey::Named(kind, key) => {
                self.with_tags(Some(key.flow), [(kind, &*self.names.registry.name(NameId(key.id)))])
            }
            SeriesKey::Request(key) => self.tags_of_request(&key, detail),
        };
        self.tags.insert((series, detail), Arc::clone(&tags));
        tags
    }

    fn tags_of_request(&self, key: &RequestKey, detail: Detail) -> Arc<Tags> {
        let name = self.names.registry.name(key.name);
        let call = if key.proto.is_grpc() { service_and_method(&name) } else { None };
        let method = call.map_or(key.method.name(), |(_, method)| method);
        let of_request = [("name", &*name), ("service", call.map_or("", |(service, _)| service)), ("method", method)];
        if detail == Detail::WithoutOutcome {
            return self.with_tags(Some(key.flow), of_request);
        }
        let (status, expected) = (key.status.to_string(), key.expected.to_string());
        let of_outcome = [
            ("status", &*status),
            ("error", key.error()),
            ("expected_response", &*expected),
            ("proto", key.proto.name()),
        ];
        self.with_tags(Some(key.flow), of_request.into_iter().chain(of_outcome))
    }

    /// The tags of the run, those of a flow and its scenario, and these; empty ones are none.
    fn with_tags<'t>(
        &self,
        flow: Option<FlowId>,
        more: impl IntoIterator<Item = (&'static str, &'t str)>,
    ) -> Arc<Tags> {
        let scenario = self.names.scenario(flow);
        let of_scenario = scenario.into_iter().flat_map(|scenario| &scenario.tags);
        let known = self.names.tags.iter().chain(of_scenario);
        let mut tags: Tags = known.map(|(tag, value)| (tag.clone().into(), value.clone())).collect();
        tags.extend(scenario.map(|scenario| ("scenario".into(), scenario.name.clone())));
        let owned = |(tag, value): (&'static str, &str)| (Cow::Borrowed(tag), value.to_owned());
        let of_flow = flow.map(|flow| [("flow", self.names.flow(flow)), ("group", group(flow))]);
        tags.extend(of_flow.into_iter().flatten().map(owned));
        tags.extend(more.into_iter().map(owned));
        tags.retain(|_, value| !value.is_empty());
        Arc::new(tags)
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
            let tags = self.tags_of(SeriesKey::Flow(key.flow), Detail::All);
            self.add(info.name.into(), info.unit, tags, value);
        }
    }
}

/// Before and after the load there are none.
fn vu_gauges(batch: &Batch) -> VuGauges {
    let gauge = |value: u64| GaugeCell::new(batch.length, value as f64);
    VuGauges { active: batch.vus.map(gauge), most: batch.vus.map(|_| gauge(batch.vus_max)) }
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
                "expected_response=false,flow=browse,method=GET,name=/a,proto=HTTP/1.1,\
                 scenario=default,status=500,team=x 1",
                "expected_response=true,flow=browse,method=GET,name=/a,proto=HTTP/1.1,\
                 scenario=default,status=200,team=x 3",
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

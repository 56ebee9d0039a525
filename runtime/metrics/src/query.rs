//! Reading totals as metrics: "`http_req_duration` of flow `checkout`" becomes one number, share or distribution.

use crate::builtin::{Builtin, Kind, Unit};
use crate::histogram::Histogram;
use crate::interval::{CustomCell, GaugeCell, Interval, RateCell};
use crate::keys::{FlowId, NameId, RequestKey};
use crate::sample::FailureClass;
use crate::series::{SeriesKey, SeriesValue, VuGauges};
use crate::tags::Tag;
use crate::totals::Totals;

/// A metric's value over all the series that a selector matches.
#[derive(Clone, Debug)]
pub enum Aggregate {
    /// A sum.
    Counter(f64),
    /// A latest value; none if it was never set.
    Gauge(Option<GaugeCell>),
    /// A share.
    Rate(RateCell),
    /// A distribution.
    Trend(Histogram),
}

/// A metric's name with tags that narrow it, all of which must match.
#[derive(Clone, Copy, Debug)]
pub struct Selector<'a> {
    /// The metric.
    pub metric: &'a str,
    /// (tag, value) pairs.
    pub tags: &'a [(String, String)],
}

impl<'a> Selector<'a> {
    /// All of a metric.
    pub fn all(metric: &'a str) -> Selector<'a> {
        Selector { metric, tags: &[] }
    }

    fn accepts(&self, tag_of: impl Fn(&str) -> Option<String>) -> bool {
        self.tags.iter().all(|(tag, wanted)| tag_of(tag).unwrap_or_default() == *wanted)
    }
}

impl Totals {
    /// The kind and the unit of a metric, if there is one of that name (by now: custom metrics come as guests make
    /// them).
    pub fn describe(&self, metric: &str) -> Option<(Kind, Unit)> {
        if let Some(built_in) = Builtin::named(metric) {
            return Some((built_in.kind, built_in.unit));
        }
        self.registry.metric_named(metric).map(|(_, info)| (info.kind, info.unit))
    }

    /// What a selector's metric adds up to; nothing if there is no such metric.
    pub fn select(&self, selector: Selector<'_>) -> Option<Aggregate> {
        let (of_guest, others): (Vec<&Tag>, Vec<&Tag>) =
            selector.tags.iter().partition(|tag| self.registry.asked_tags().contains(tag));
        if of_guest.is_empty() {
            return self.select_known(selector);
        }
        let tags: Vec<Tag> = others.into_iter().cloned().collect();
        self.with_tags(&of_guest).select_known(Selector { tags: &tags, ..selector })
    }

    /// Only the samples to which guests have given all of these tags.
    fn with_tags(&self, tags: &[&Tag]) -> Totals {
        let mut recorded = Interval::default();
        for (_, of_set) in self.recorded.tagged.iter().filter(|(set, _)| self.registry.set_has(**set, tags)) {
            recorded.merge(of_set);
        }
        Totals { recorded, ..self.empty() }
    }

    /// The same, narrowed by tags that the host knows.
    fn select_known(&self, selector: Selector<'_>) -> Option<Aggregate> {
        match Builtin::named(selector.metric) {
            Some(metric) => Some(self.built_in(metric, selector)),
            None => self.custom(selector),
        }
    }

    fn built_in(&self, metric: &Builtin, selector: Selector<'_>) -> Aggregate {
        let mut sum = Aggregate::nothing(metric.kind);
        metric.visit_series(&self.recorded, self.vu_gauges(), |series, value| {
            // A series of the run has no tags, so none narrows it.
            if series == SeriesKey::Run || selector.accepts(|tag| self.series_tag(&series, tag)) {
                sum.add(value);
            }
        });
        sum
    }

    fn vu_gauges(&self) -> VuGauges {
        VuGauges { active: self.vus, most: Some(GaugeCell::new(self.elapsed, self.vus_max as f64)) }
    }

    /// A distribution over all samples of a metric: [`Totals::select`] for those who know that it is a trend.
    pub fn trend(&self, metric: &str) -> Histogram {
        match self.select(Selector::all(metric)) {
            Some(Aggregate::Trend(histogram)) => histogram,
            _ => Histogram::new(),
        }
    }

    /// A sum over all samples of a metric: [`Totals::select`] for those who know that it is a counter.
    pub fn counter(&self, metric: &str) -> f64 {
        match self.select(Selector::all(metric)) {
            Some(Aggregate::Counter(sum)) => sum,
            _ => 0.0,
        }
    }

    /// A share over all samples of a metric: [`Totals::select`] for those who know that it is a rate.
    pub fn rate(&self, metric: &str) -> RateCell {
        match self.select(Selector::all(metric)) {
            Some(Aggregate::Rate(cell)) => cell,
            _ => RateCell::default(),
        }
    }

    fn series_tag(&self, series: &SeriesKey, tag: &str) -> Option<String> {
        match series {
            SeriesKey::Request(key) => self.request_tag(key, tag),
            SeriesKey::Flow(flow) => self.flow_tag(*flow, tag),
            SeriesKey::Named(kind, key) if tag == *kind => Some(self.registry.name(NameId(key.id))),
            SeriesKey::Named(_, key) => self.flow_tag(key.flow, tag),
            SeriesKey::Run => None,
        }
    }

    fn request_tag(&self, key: &RequestKey, tag: &str) -> Option<String> {
        match tag {
            "name" | "url" => Some(self.registry.name(key.name)),
            "service" | "method" if key.proto.is_grpc() => {
                let name = self.registry.name(key.name);
                let (service, method) = service_and_method(&name)?;
                Some(if tag == "service" { service } else { method }.to_owned())
            }
            "method" => Some(key.method.name().to_owned()),
            "status" => Some(key.status.to_string()),
            "error" => Some(key.error().to_owned()),
            "expected_response" => Some(key.expected.to_string()),
            "proto" => Some(key.proto.name().to_owned()),
            _ => self.flow_tag(key.flow, tag),
        }
    }

    fn flow_tag(&self, flow: FlowId, tag: &str) -> Option<String> {
        match tag {
            "flow" => Some(self.flow_name(flow).to_owned()),
            "scenario" => self.scenario_of(flow).map(|scenario| scenario.name.clone()),
            "group" => Some(match flow {
                FlowId::SETUP => "::setup".to_owned(),
                FlowId::TEARDOWN => "::teardown".to_owned(),
                _ => String::new(),
            }),
            other => self.scenario_of(flow).and_then(|scenario| scenario.tags.get(other).cloned()),
        }
    }

    fn custom(&self, selector: Selector<'_>) -> Option<Aggregate> {
        let (id, info) = self.registry.metric_named(selector.metric)?;
        let cells = self.recorded.customs.iter();
        let cells = cells
            .filter(|(key, _)| key.id == id.0 && selector.accepts(|tag| self.flow_tag(key.flow, tag)))
            .map(|(_, cell)| cell);
        let mut sum: Option<CustomCell> = None;
        for cell in cells {
            match &mut sum {
                Some(sum) => sum.merge(cell),
                None => sum = Some(cell.clone()),
            }
        }
        Some(match sum {
            Some(CustomCell::Counter(sum)) => Aggregate::Counter(sum),
            Some(CustomCell::Gauge(cell)) => Aggregate::Gauge(Some(cell)),
            Some(CustomCell::Rate(cell)) => Aggregate::Rate(cell),
            Some(CustomCell::Trend(histogram)) => Aggregate::Trend(histogram),
            None => Aggregate::nothing(info.kind),
        })
    }
}

/// The parts of a call's name, "package.Service/Method"; none if it was given another name.
pub fn service_and_method(name: &str) -> Option<(&str, &str)> {
    name.split_once('/').filter(|(service, method)| !service.is_empty() && !method.is_empty() && !method.contains('/'))
}

impl RequestKey {
    /// The `error` tag; empty where there was a response.
    pub fn error(&self) -> &'static str {
        FailureClass::ALL.iter().find(|class| **class as u8 == self.failure).map_or("", |class| class.name())
    }

    /// Whether there was a connection to send it on.
    pub fn reached_a_server(&self) -> bool {
        let without = [FailureClass::Dns, FailureClass::Connect, FailureClass::Tls];
        self.was_sent() && !without.map(|class| class as u8).contains(&self.failure)
    }

    /// What was never sent is no sample, but a problem.
    pub fn was_sent(&self) -> bool {
        !FailureClass::ALL.iter().any(|class| class.is_unsent() && *class as u8 == self.failure)
    }
}

impl Aggregate {
    /// Of a metric of this kind without samples.
    fn nothing(kind: Kind) -> Aggregate {
        match kind {
            Kind::Counter => Aggregate::Counter(0.0),
            Kind::Gauge => Aggregate::Gauge(None),
            Kind::Rate => Aggregate::Rate(RateCell::default()),
            Kind::Trend => Aggregate::Trend(Histogram::new()),
        }
    }

    fn add(&mut self, value: SeriesValue<'_>) {
        match (self, value) {
            (Aggregate::Counter(sum), SeriesValue::Counter(count)) => *sum += count as f64,
            (Aggregate::Gauge(Some(ours)), SeriesValue::Gauge(cell)) => ours.merge(&cell),
            (Aggregate::Gauge(ours), SeriesValue::Gauge(cell)) => *ours = Some(cell),
            (Aggregate::Rate(ours), SeriesValue::Rate(cell)) => ours.merge(&cell),
            (Aggregate::Trend(ours), SeriesValue::Trend(times)) => ours.merge(times),
            // Each metric's values are of its kind: a test of the table holds that.
            _ => debug_assert!(false, "one metric, two kinds"),
        }
    }

    /// Whether anything at all was measured.
    pub fn is_empty(&self) -> bool {
        match self {
            Aggregate::Counter(sum) => *sum == 0.0,
            Aggregate::Gauge(cell) => cell.is_none(),
            Aggregate::Rate(cell) => cell.passes + cell.fails == 0,
            Aggregate::Trend(histogram) => histogram.is_empty(),
        }
    }
}

impl RateCell {
    /// The share of passes, 0 to 1; none if nothing was counted.
    pub fn share(&self) -> Option<f64> {
        let total = self.passes + self.fails;
        (total > 0).then(|| self.passes as f64 / total as f64)
    }
}

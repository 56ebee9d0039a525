//! Reading totals as metrics: "`http_req_duration` of flow `checkout`" becomes one number, share or distribution.

use crate::builtin::{BUILT_IN, Kind, Unit};
use crate::histogram::Histogram;
use crate::interval::{CustomCell, GaugeCell, Interval, Problem, RateCell, RequestCell};
use crate::pacing::DroppedCell;
use crate::registry::{CustomKey, FlowId, NameId, RequestKey};
use crate::sample::FailureClass;
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
        if let Some(built_in) = BUILT_IN.iter().find(|built_in| built_in.name == metric) {
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
        let requests =
            |field: fn(&RequestCell) -> &Histogram| Some(Aggregate::Trend(self.request_trend(selector, field)));
        match selector.metric {
            "response_time" => Some(Aggregate::Trend(self.response_times(selector))),
            "http_req_duration" => requests(|cell| &cell.duration),
            "http_req_blocked" => requests(|cell| &cell.blocked),
            "http_req_connecting" => requests(|cell| &cell.connecting),
            "http_req_tls_handshaking" => requests(|cell| &cell.tls_handshaking),
            "http_req_sending" => requests(|cell| &cell.sending),
            "http_req_waiting" => requests(|cell| &cell.waiting),
            "http_req_receiving" => requests(|cell| &cell.receiving),
            "server_timing" => Some(self.server_timings(selector)),
            "http_req_failed" => Some(Aggregate::Rate(self.failed_requests(selector))),
            "http_reqs" => Some(self.request_sum(selector, |cell| cell.count)),
            "data_sent" => Some(self.request_sum(selector, |cell| cell.sent)),
            "data_received" => Some(self.request_sum(selector, |cell| cell.received)),
            "http_reconnects" => Some(Aggregate::Counter(self.recorded.run.reconnects as f64)),
            "http_reqs_refused" => Some(self.refused_requests(selector)),
            "iteration_duration" => Some(self.iteration_durations(selector)),
            "iterations" => Some(self.iteration_sum(selector, |flow| flow.count)),
            "iterations_interrupted" => Some(self.iteration_sum(selector, |flow| flow.interrupted)),
            "iterations_failed" => Some(self.failed_iterations(selector)),
            "dropped_iterations" => {
                Some(Aggregate::Counter(self.dropped(selector).map(|cell| cell.count).sum::<u64>() as f64))
            }
            "schedule_lag" => Some(Aggregate::Trend(self.recorded.pacing.schedule_lag.clone())),
            "transaction_duration" => Some(self.transaction_durations(selector)),
            "transaction_failed" => Some(self.failed_transactions(selector)),
            "checks" => Some(Aggregate::Rate(self.checks(selector))),
            "vus" => Some(Aggregate::Gauge(self.vus)),
            "vus_max" => Some(Aggregate::Gauge(Some(GaugeCell::new(self.elapsed, self.vus_max as f64)))),
            custom => self.custom(custom, selector),
        }
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

    fn requests<'a>(&'a self, selector: Selector<'a>) -> impl Iterator<Item = (&'a RequestKey, &'a RequestCell)> {
        self.recorded
            .requests
            .iter()
            .filter(move |(key, _)| key.was_sent() && selector.accepts(|tag| self.request_tag(key, tag)))
    }

    fn request_tag(&self, key: &RequestKey, tag: &str) -> Option<String> {
        match tag {
            "name" | "url" => Some(self.registry.name(key.name)),
            "method" => Some(key.method.name().to_owned()),
            "status" => Some(key.status.to_string()),
            "error" => Some(key.error().to_owned()),
            "expected_response" => Some(key.expected.to_string()),
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

    fn named_tag(&self, key: &CustomKey, kind: &str, tag: &str) -> Option<String> {
        if tag == kind { Some(self.registry.name(NameId(key.id))) } else { self.flow_tag(key.flow, tag) }
    }

    fn request_trend(&self, selector: Selector<'_>, field: fn(&RequestCell) -> &Histogram) -> Histogram {
        merged(self.requests(selector).map(|(_, cell)| field(cell)))
    }

    /// Those of requests, and how long dropped iterations had waited: what was never sent must not make it look better.
    fn response_times(&self, selector: Selector<'_>) -> Histogram {
        let mut times = self.request_trend(selector, |cell| &cell.response_time);
        for cell in self.dropped(selector) {
            times.merge(&cell.waited);
        }
        times
    }

    /// What was dropped has a flow, but none of a request's tags.
    fn dropped<'a>(&'a self, selector: Selector<'a>) -> impl Iterator<Item = &'a DroppedCell> {
        let of_flow = self.recorded.dropped.iter();
        of_flow.filter(move |(flow, _)| selector.accepts(|tag| self.flow_tag(**flow, tag))).map(|(_, cell)| cell)
    }

    fn request_sum(&self, selector: Selector<'_>, field: fn(&RequestCell) -> u64) -> Aggregate {
        Aggregate::Counter(self.requests(selector).map(|(_, cell)| field(cell)).sum::<u64>() as f64)
    }

    fn failed_requests(&self, selector: Selector<'_>) -> RateCell {
        let mut failed = RateCell::default();
        for (key, cell) in self.requests(selector) {
            // As in k6: a pass of `http_req_failed` is a request that failed.
            let (passes, fails) = if key.expected { (0, cell.count) } else { (cell.count, 0) };
            failed.merge(&RateCell { passes, fails });
        }
        failed
    }

    fn iteration_sum(&self, selector: Selector<'_>, field: fn(&crate::IterationCell) -> u64) -> Aggregate {
        Aggregate::Counter(self.iterations(selector).map(field).sum::<u64>() as f64)
    }

    /// Requests that the policy refused never were, so they are no series: they are counted as problems.
    fn refused_requests(&self, selector: Selector<'_>) -> Aggregate {
        let refused = self.recorded.problems.iter().filter_map(|(problem, cell)| match problem {
            Problem::Request(flow, FailureClass::RefusedByPolicy)
                if selector.accepts(|tag| self.flow_tag(*flow, tag)) =>
            {
                Some(cell.count)
            }
            _ => None,
        });
        Aggregate::Counter(refused.sum::<u64>() as f64)
    }

    fn iterations<'a>(&'a self, selector: Selector<'a>) -> impl Iterator<Item = &'a crate::IterationCell> {
        let of_flow = self.recorded.iterations.iter();
        of_flow.filter(move |(flow, _)| selector.accepts(|tag| self.flow_tag(**flow, tag))).map(|(_, cell)| cell)
    }

    fn iteration_durations(&self, selector: Selector<'_>) -> Aggregate {
        Aggregate::Trend(merged(self.iterations(selector).map(|cell| &cell.duration)))
    }

    fn failed_iterations(&self, selector: Selector<'_>) -> Aggregate {
        let mut failed = RateCell::default();
        for cell in self.iterations(selector) {
            let passes = cell.failed + cell.trapped;
            failed.merge(&RateCell { passes, fails: cell.count - passes });
        }
        Aggregate::Rate(failed)
    }

    fn transaction_durations(&self, selector: Selector<'_>) -> Aggregate {
        let of_name = self.recorded.transactions.iter();
        let of_name = of_name.filter(|(key, _)| selector.accepts(|tag| self.named_tag(key, "transaction", tag)));
        Aggregate::Trend(merged(of_name.map(|(_, cell)| &cell.duration)))
    }

    fn failed_transactions(&self, selector: Selector<'_>) -> Aggregate {
        let mut failed = RateCell::default();
        for (key, cell) in &self.recorded.transactions {
            if selector.accepts(|tag| self.named_tag(key, "transaction", tag)) {
                failed.merge(&cell.failed);
            }
        }
        Aggregate::Rate(failed)
    }

    fn server_timings(&self, selector: Selector<'_>) -> Aggregate {
        let of_name = self.recorded.server_timings.iter();
        let of_name = of_name.filter(|(key, _)| selector.accepts(|tag| self.named_tag(key, "name", tag)));
        Aggregate::Trend(merged(of_name.map(|(_, durations)| durations)))
    }

    fn checks(&self, selector: Selector<'_>) -> RateCell {
        let mut checks = RateCell::default();
        for (key, cell) in &self.recorded.checks {
            if selector.accepts(|tag| self.named_tag(key, "check", tag)) {
                checks.merge(cell);
            }
        }
        checks
    }

    fn custom(&self, metric: &str, selector: Selector<'_>) -> Option<Aggregate> {
        let (id, info) = self.registry.metric_named(metric)?;
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
        Some(match (sum, info.kind) {
            (Some(CustomCell::Counter(sum)), _) => Aggregate::Counter(sum),
            (Some(CustomCell::Gauge(cell)), _) => Aggregate::Gauge(Some(cell)),
            (Some(CustomCell::Rate(cell)), _) => Aggregate::Rate(cell),
            (Some(CustomCell::Trend(histogram)), _) => Aggregate::Trend(histogram),
            (None, Kind::Counter) => Aggregate::Counter(0.0),
            (None, Kind::Gauge) => Aggregate::Gauge(None),
            (None, Kind::Rate) => Aggregate::Rate(RateCell::default()),
            (None, Kind::Trend) => Aggregate::Trend(Histogram::new()),
        })
    }
}

fn merged<'a>(histograms: impl Iterator<Item = &'a Histogram>) -> Histogram {
    let mut all = Histogram::new();
    for histogram in histograms {
        all.merge(histogram);
    }
    all
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

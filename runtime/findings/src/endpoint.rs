//! The traces of one endpoint, at each level of load, and what a change in them would bring.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::finding::{EndpointTime, Explained, Improvement, SpanTime};
use crate::level::Level;
use crate::numbers::{mean, quantile};
use crate::trace::{Trace, label};
use crate::waterfall::Waterfall;

/// Fewer traces than these show nothing.
pub(crate) const LEAST_TRACES: usize = 5;
/// Traces that a finding names.
const MOST_NAMED: usize = 3;
/// Parts of an endpoint's time that are told.
const MOST_PARTS: usize = 12;
pub(crate) const MILLISECOND: f64 = 1e6;

/// The traces of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint<'a> {
    pub(crate) name: String,
    pub(crate) traces: Vec<Trace<'a>>,
}

impl<'a> Endpoint<'a> {
    /// The traces under the load.
    pub(crate) fn high(&self) -> impl Iterator<Item = &Trace<'a>> + Clone {
        self.traces.iter().filter(|trace| trace.level == Level::High)
    }

    /// The traces under low load; none, if there are too few.
    pub(crate) fn low(&self) -> Option<impl Iterator<Item = &Trace<'a>> + Clone> {
        let low = self.traces.iter().filter(|trace| trace.level == Level::Low);
        (low.clone().count() >= LEAST_TRACES).then_some(low)
    }

    /// The mean of a figure under the load.
    pub(crate) fn mean_high(&self, figure: impl Fn(&Trace<'a>) -> f64) -> f64 {
        mean(self.high().map(figure))
    }

    /// The mean of a figure under low load, if there were traces.
    pub(crate) fn mean_low(&self, figure: impl Fn(&Trace<'a>) -> f64) -> Option<f64> {
        Some(mean(self.low()?.map(figure)))
    }

    /// A figure where nothing waits: its median under low load or, without that, below it this share of the traces.
    pub(crate) fn alone(&self, figure: impl Fn(&Trace<'a>) -> f64, fastest: f64) -> f64 {
        match self.low() {
            Some(low) => quantile(low.map(figure), 0.5),
            None => quantile(self.high().map(figure), fastest),
        }
    }

    /// The flow that requests it most often.
    pub(crate) fn flow(&self) -> Option<String> {
        let mut counts = BTreeMap::<&str, usize>::new();
        for flow in self.traces.iter().filter_map(|trace| trace.exchange.flow.as_deref()) {
            *counts.entry(flow).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(flow, _)| flow.to_owned())
    }

    /// The share of its time that a figure (nanoseconds of a trace) explains.
    pub(crate) fn explained_by(&self, figure: impl Fn(&Trace<'a>) -> f64) -> Explained {
        let share = |sum: f64, of: f64| if of > 0.0 { (sum / of).clamp(0.0, 1.0) } else { 0.0 };
        let high = share(self.mean_high(&figure), self.mean_high(Trace::nanos));
        let low = self.mean_low(&figure).zip(self.mean_low(Trace::nanos)).map(|(sum, of)| share(sum, of));
        Explained { low, high }
    }

    /// The p95 now, and without the time that a change saves in each trace (nanoseconds). Amdahl's law, a trace at a time.
    pub(crate) fn improvement(&self, saved: impl Fn(&Trace<'a>) -> f64, arithmetic: &str) -> Improvement {
        let p95_ms = quantile(self.high().map(Trace::nanos), 0.95) / MILLISECOND;
        let left = |trace: &Trace<'a>| (trace.nanos() - saved(trace)).max(0.0);
        let expected_p95_ms = quantile(self.high().map(left), 0.95) / MILLISECOND;
        let arithmetic = format!(
            "{arithmetic}, taken from each of {} traced requests: p95 {p95_ms:.0} ms, then {expected_p95_ms:.0} ms",
            self.high().count()
        );
        Improvement { p95_ms, expected_p95_ms, arithmetic }
    }

    /// A trace under the load near the p95, and one under low load near the median.
    pub(crate) fn examples(&self) -> (Option<Waterfall>, Option<Waterfall>) {
        let low = self.low().and_then(|low| nearest(low, 0.5));
        (low.map(Waterfall::of), nearest(self.high(), 0.95).map(Waterfall::of))
    }

    /// Ids of traces of those that show something, the slowest first.
    pub(crate) fn named<'t>(&self, showing: impl Iterator<Item = &'t Trace<'a>>) -> Vec<String>
    where
        'a: 't,
    {
        let mut showing: Vec<_> = showing.collect();
        showing.sort_by_key(|trace| Reverse(trace.exchange.duration));
        showing.iter().take(MOST_NAMED).map(|trace| trace.exchange.trace.to_string()).collect()
    }

    /// Where its time goes.
    pub(crate) fn time(&self) -> EndpointTime {
        let p95 = |durations: Vec<f64>| quantile(durations, 0.95) / MILLISECOND;
        let high = parts(self.high());
        let low = self.low().map(parts);
        let growth = self.mean_low(Trace::nanos).map(|low| self.mean_high(Trace::nanos) - low);
        let growth = growth.filter(|growth| *growth > 0.1 * self.mean_high(Trace::nanos));
        let mut spans: Vec<SpanTime> = high
            .into_iter()
            .map(|((service, name), (count, nanos))| {
                let key = (service.clone(), name.clone());
                let low_nanos = low.as_ref().map(|low| low.get(&key).map_or(0.0, |(_, nanos)| *nanos));
                SpanTime {
                    growth_share: low_nanos.zip(growth).map(|(low, growth)| ((nanos - low) / growth).clamp(0.0, 1.0)),
                    low_mean_ms: low_nanos.map(|low| low / MILLISECOND),
                    mean_ms: nanos / MILLISECOND,
                    service,
                    name,
                    count,
                }
            })
            .collect();
        spans.sort_by(|one, other| other.mean_ms.total_cmp(&one.mean_ms));
        spans.truncate(MOST_PARTS);
        EndpointTime {
            endpoint: self.name.clone(),
            traces: self.high().count() as u64,
            p95_ms: p95(self.high().map(Trace::nanos).collect()),
            low_p95_ms: self.low().map(|low| p95(low.map(Trace::nanos).collect())),
            spans,
        }
    }
}

fn nearest<'t, 'a: 't>(traces: impl Iterator<Item = &'t Trace<'a>>, share: f64) -> Option<&'t Trace<'a>> {
    let mut traces: Vec<_> = traces.collect();
    traces.sort_by_key(|trace| trace.exchange.duration);
    let rank = (share * traces.len() as f64).ceil() as usize;
    traces.get(rank.saturating_sub(1)).copied()
}

/// The name of the time before a server begins with a request, and after it is done.
pub(crate) const OUTSIDE: &str = "before and after the server's own time (network, accept queue)";

/// By service and label: occurrences and own nanoseconds in a request, on average.
fn parts<'t, 'a: 't>(traces: impl Iterator<Item = &'t Trace<'a>> + Clone) -> BTreeMap<(String, String), (f64, f64)> {
    let count = traces.clone().count().max(1) as f64;
    let mut parts = BTreeMap::<(String, String), (f64, f64)>::new();
    let mut add = |key: (String, String), nanos: f64| {
        let part = parts.entry(key).or_default();
        part.0 += 1.0 / count;
        part.1 += nanos / count;
    };
    for trace in traces {
        for node in &trace.spans {
            add((node.span.service.to_string(), label(node.span)), node.own as f64);
        }
        add((String::new(), OUTSIDE.to_owned()), trace.outside());
    }
    parts
}

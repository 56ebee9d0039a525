//! What one worker thread recorded since it was last asked: cells of numbers, by series.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::cell::{Cell, Field};
use crate::clock::Nanos;
use crate::histogram::Histogram;
use crate::keys::{CustomKey, FlowId, Protocol, RequestKey};
use crate::pacing::{DroppedCell, Pacing};
use crate::sample::{FailureClass, IterationEnd, RequestSample};
use crate::sockets::SocketCell;
use crate::streams::StreamCell;
use crate::tags::TagSetId;
use crate::traced_request::TracedRequests;
use crate::websockets::WebSocketCell;

/// The numbers of one series of requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestCell {
    /// How many requests.
    pub count: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
    /// Intended start to last byte. Nothing of gRPC streams.
    pub response_time: Histogram,
    /// Sending + waiting + receiving.
    pub duration: Histogram,
    /// Waiting for a connection.
    pub blocked: Histogram,
    /// Opening it.
    pub connecting: Histogram,
    /// The TLS handshake.
    pub tls_handshaking: Histogram,
    /// Writing the request.
    pub sending: Histogram,
    /// Waiting for the first byte.
    pub waiting: Histogram,
    /// Reading the rest.
    pub receiving: Histogram,
}

impl RequestCell {
    #[inline]
    pub(crate) fn add(&mut self, sample: &RequestSample) {
        self.count += 1;
        self.sent += sample.sent;
        self.received += sample.received;
        // A stream lasts as long as its script wants: no one waits for its end.
        if sample.proto != Protocol::GrpcStream {
            self.response_time.record(sample.response_time);
        }
        self.duration.record(sample.phases.duration());
        self.blocked.record(sample.phases.blocked);
        self.connecting.record(sample.phases.connecting);
        self.tls_handshaking.record(sample.phases.tls_handshaking);
        self.sending.record(sample.phases.sending);
        self.waiting.record(sample.phases.waiting);
        self.receiving.record(sample.phases.receiving);
    }
}

impl Cell for RequestCell {
    const FIELDS: &'static [Field<RequestCell>] = &[
        Field::sum("count", |cell| &cell.count, |cell| &mut cell.count),
        Field::sum("data_sent", |cell| &cell.sent, |cell| &mut cell.sent),
        Field::sum("data_received", |cell| &cell.received, |cell| &mut cell.received),
        Field::trend("response_time", |cell| &cell.response_time, |cell| &mut cell.response_time),
        Field::trend("duration", |cell| &cell.duration, |cell| &mut cell.duration),
        Field::trend("blocked", |cell| &cell.blocked, |cell| &mut cell.blocked),
        Field::trend("connecting", |cell| &cell.connecting, |cell| &mut cell.connecting),
        Field::trend("tls_handshaking", |cell| &cell.tls_handshaking, |cell| &mut cell.tls_handshaking),
        Field::trend("sending", |cell| &cell.sending, |cell| &mut cell.sending),
        Field::trend("waiting", |cell| &cell.waiting, |cell| &mut cell.waiting),
        Field::trend("receiving", |cell| &cell.receiving, |cell| &mut cell.receiving),
    ];
}

/// The iterations of one flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IterationCell {
    /// Iterations that came to an end of their own: completed, failed or trapped.
    pub count: u64,
    /// Those in which the guest returned an error.
    pub failed: u64,
    /// Those in which it trapped.
    pub trapped: u64,
    /// Those that the run did not wait for; not in `count`.
    pub interrupted: u64,
    /// How long they took.
    pub duration: Histogram,
    /// Processor time inside the guest, over all of them.
    pub guest_time: Nanos,
}

impl IterationCell {
    pub(crate) fn add(&mut self, end: IterationEnd, duration: Nanos, guest_time: Nanos) {
        self.guest_time += guest_time;
        match end {
            IterationEnd::Interrupted => {
                self.interrupted += 1;
                return;
            }
            IterationEnd::Completed => {}
            IterationEnd::Failed => self.failed += 1,
            IterationEnd::Trapped => self.trapped += 1,
        }
        self.count += 1;
        self.duration.record(duration);
    }
}

impl Cell for IterationCell {
    const FIELDS: &'static [Field<IterationCell>] = &[
        Field::sum("count", |cell| &cell.count, |cell| &mut cell.count),
        Field::sum("failed", |cell| &cell.failed, |cell| &mut cell.failed),
        Field::sum("trapped", |cell| &cell.trapped, |cell| &mut cell.trapped),
        Field::sum("interrupted", |cell| &cell.interrupted, |cell| &mut cell.interrupted),
        Field::trend("duration", |cell| &cell.duration, |cell| &mut cell.duration),
        Field::sum("guest_time", |cell| &cell.guest_time.0, |cell| &mut cell.guest_time.0),
    ];
}

/// Events that were, or were not, of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateCell {
    /// How many were.
    pub passes: u64,
    /// How many were not.
    pub fails: u64,
}

impl RateCell {
    pub(crate) fn add(&mut self, passed: bool) {
        if passed {
            self.passes += 1;
        } else {
            self.fails += 1;
        }
    }

    pub(crate) fn merge(&mut self, other: &RateCell) {
        self.passes += other.passes;
        self.fails += other.fails;
    }
}

impl Cell for RateCell {
    const FIELDS: &'static [Field<RateCell>] = &[
        Field::sum("passes", |cell| &cell.passes, |cell| &mut cell.passes),
        Field::sum("fails", |cell| &cell.fails, |cell| &mut cell.fails),
    ];
}

/// The latest, least and greatest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaugeCell {
    /// When the latest value was set.
    pub at: Nanos,
    /// The latest value.
    pub value: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl GaugeCell {
    /// A gauge that was set once.
    pub fn new(at: Nanos, value: f64) -> GaugeCell {
        GaugeCell { at, value, min: value, max: value }
    }

    pub(crate) fn merge(&mut self, other: &GaugeCell) {
        if other.at >= self.at {
            self.at = other.at;
            self.value = other.value;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

/// The numbers of one series of a custom metric.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomCell {
    /// A sum.
    Counter(f64),
    /// A latest value.
    Gauge(GaugeCell),
    /// A share.
    Rate(RateCell),
    /// A distribution, in millionths of the unit.
    Trend(Histogram),
}

impl CustomCell {
    pub(crate) fn merge(&mut self, other: &CustomCell) {
        match (self, other) {
            (CustomCell::Counter(ours), CustomCell::Counter(theirs)) => *ours = sum(*ours, *theirs),
            (CustomCell::Gauge(ours), CustomCell::Gauge(theirs)) => ours.merge(theirs),
            (CustomCell::Rate(ours), CustomCell::Rate(theirs)) => ours.merge(theirs),
            (CustomCell::Trend(ours), CustomCell::Trend(theirs)) => ours.merge(theirs),
            // The registry gives a name one kind for the whole run.
            _ => debug_assert!(false, "one metric, two kinds"),
        }
    }
}

/// The sum of two finite numbers, which stays one: JSON has no infinity.
pub(crate) fn sum(one: f64, other: f64) -> f64 {
    (one + other).clamp(f64::MIN, f64::MAX)
}

/// The transactions of one name in one flow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransactionCell {
    /// How long they took.
    pub duration: Histogram,
    /// Passes are those that failed, as in `http_req_failed`.
    pub failed: RateCell,
}

impl Cell for TransactionCell {
    const FIELDS: &'static [Field<TransactionCell>] = &[
        Field::trend("duration", |cell| &cell.duration, |cell| &mut cell.duration),
        Field::sum("failed", |cell| &cell.failed.passes, |cell| &mut cell.failed.passes),
        Field::sum("succeeded", |cell| &cell.failed.fails, |cell| &mut cell.failed.fails),
    ];
}

/// What is counted for the run as a whole, by thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunCell {
    /// Requests that were sent again because the server had closed the idle connection.
    pub reconnects: u64,
    /// Connections that were opened, TLS included.
    pub connections: u64,
}

impl Cell for RunCell {
    const FIELDS: &'static [Field<RunCell>] = &[
        Field::sum("reconnects", |cell| &cell.reconnects, |cell| &mut cell.reconnects),
        Field::sum("connections", |cell| &cell.connections, |cell| &mut cell.connections),
    ];
}

/// Everything that one thread recorded in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interval {
    /// Requests.
    pub requests: FxHashMap<RequestKey, RequestCell>,
    /// Iterations.
    pub iterations: FxHashMap<FlowId, IterationCell>,
    /// Checks, by name.
    pub checks: FxHashMap<CustomKey, RateCell>,
    /// Transactions, by name.
    pub transactions: FxHashMap<CustomKey, TransactionCell>,
    /// Streams, by name.
    pub streams: FxHashMap<CustomKey, StreamCell>,
    /// Sockets, by name.
    pub sockets: FxHashMap<CustomKey, SocketCell>,
    /// WebSockets, by name.
    pub websockets: FxHashMap<CustomKey, WebSocketCell>,
    /// What servers say their own work took (`Server-Timing`), by its name.
    pub server_timings: FxHashMap<CustomKey, Histogram>,
    /// Custom metrics.
    pub customs: FxHashMap<CustomKey, CustomCell>,
    /// Samples with tags that a threshold asks for, once more, by those tags: requests, streams, sockets, WebSockets, checks,
    /// transactions and custom metrics.
    pub tagged: FxHashMap<TagSetId, Interval>,
    /// What belongs to no flow.
    pub run: RunCell,
    /// What went wrong: the first few texts of each kind, and how many there were.
    pub problems: FxHashMap<Problem, ProblemCell>,
    /// Iterations that should have begun and never did.
    pub dropped: FxHashMap<FlowId, DroppedCell>,
    /// Requests that the target was asked to trace.
    pub traced: TracedRequests,
    /// How well the thread kept to its plan.
    pub pacing: Pacing,
    /// How long the worker thread was at work in this stretch: awake, and given a processor. What the system takes to put a
    /// thread to sleep and to wake it is not part of it: a thread that has more to do does not sleep.
    pub busy: Nanos,
}

/// A kind of thing that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Problem {
    /// A request without a response.
    Request(FlowId, FailureClass),
    /// An iteration whose guest returned an error.
    Failed(FlowId),
    /// An iteration whose guest trapped.
    Trapped(FlowId),
    /// A virtual user that could not start.
    Start,
}

/// How often something went wrong, with examples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProblemCell {
    /// How often.
    pub count: u64,
    /// The first few texts that differ, with their counts.
    pub examples: Vec<(String, u64)>,
}

/// How many different texts are kept of one kind of problem.
const MOST_EXAMPLES: usize = 3;
/// The longest text that is kept, in bytes.
const LONGEST_EXAMPLE: usize = 300;

impl ProblemCell {
    pub(crate) fn add(&mut self, text: &str, count: u64) {
        self.count += count;
        let text = &text[..text.floor_char_boundary(LONGEST_EXAMPLE)];
        if let Some((_, seen)) = self.examples.iter_mut().find(|(example, _)| example == text) {
            *seen += count;
        } else if self.examples.len() < MOST_EXAMPLES {
            self.examples.push((text.to_owned(), count));
        }
    }

    fn merge(&mut self, other: &ProblemCell) {
        let shown: u64 = other.examples.iter().map(|(_, count)| count).sum();
        for (text, count) in &other.examples {
            self.add(text, *count);
        }
        self.count += other.count - shown;
    }
}

impl Interval {
    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
            && self.iterations.is_empty()
            && self.checks.is_empty()
            && self.transactions.is_empty()
            && self.streams.is_empty()
            && self.sockets.is_empty()
            && self.websockets.is_empty()
            && self.server_timings.is_empty()
            && self.customs.is_empty()
            && self.problems.is_empty()
            && self.dropped.is_empty()
            && self.run.has_nothing()
    }

    /// About what it takes, in bytes: what names are known by is held elsewhere.
    pub fn weight(&self) -> usize {
        fn of<K, V>(map: &FxHashMap<K, V>, beside: impl Fn(&V) -> usize) -> usize {
            map.capacity() * size_of::<(K, V)>() + map.values().map(beside).sum::<usize>()
        }
        let of_problem = |cell: &ProblemCell| cell.examples.iter().map(|(text, _)| text.capacity() + 32).sum();
        let of_custom =
            |cell: &CustomCell| if let CustomCell::Trend(histogram) = cell { histogram.weight() } else { 0 };
        of(&self.requests, Cell::weight)
            + of(&self.iterations, Cell::weight)
            + of(&self.checks, |_| 0)
            + of(&self.transactions, Cell::weight)
            + of(&self.streams, Cell::weight)
            + of(&self.sockets, Cell::weight)
            + of(&self.websockets, Cell::weight)
            + of(&self.server_timings, Cell::weight)
            + of(&self.customs, of_custom)
            + of(&self.tagged, Interval::weight)
            + of(&self.problems, of_problem)
            + of(&self.dropped, Cell::weight)
            + size_of_val(self.traced.requests())
    }

    /// Adds what another stretch, or another thread, recorded. The order does not matter.
    pub fn merge(&mut self, other: &Interval) {
        merge_cells(&mut self.requests, &other.requests);
        merge_cells(&mut self.iterations, &other.iterations);
        merge_cells(&mut self.dropped, &other.dropped);
        merge_cells(&mut self.checks, &other.checks);
        merge_cells(&mut self.transactions, &other.transactions);
        merge_cells(&mut self.streams, &other.streams);
        merge_cells(&mut self.sockets, &other.sockets);
        merge_cells(&mut self.websockets, &other.websockets);
        merge_cells(&mut self.server_timings, &other.server_timings);
        for (key, cell) in &other.customs {
            match self.customs.get_mut(key) {
                Some(ours) => ours.merge(cell),
                None => drop(self.customs.insert(*key, cell.clone())),
            }
        }
        for (tags, recorded) in &other.tagged {
            self.tagged.entry(*tags).or_default().merge(recorded);
        }
        for (problem, cell) in &other.problems {
            self.problems.entry(*problem).or_default().merge(cell);
        }
        self.traced.merge(&other.traced);
        self.run.merge_fields(&other.run);
        self.pacing.merge_fields(&other.pacing);
        self.busy += other.busy;
    }
}

fn merge_cells<K: Copy + Eq + Hash, C: Cell>(ours: &mut FxHashMap<K, C>, theirs: &FxHashMap<K, C>) {
    for (key, cell) in theirs {
        ours.entry(*key).or_default().merge_fields(cell);
    }
}

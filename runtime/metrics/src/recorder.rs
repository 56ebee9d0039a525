//! The recorder of one worker thread: the hot path's side of measuring. No locks, and no allocation for a series that
//! the thread has seen before.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::builtin::{Kind, Unit};
use crate::clock::Nanos;
use crate::histogram::Histogram;
use crate::interval::{CustomCell, GaugeCell, Interval, Problem, RateCell, RequestCell, RunCell};
use crate::keys::{CustomKey, FlowId, MetricId, NameId, RequestKey};
use crate::registry::{Numbered, Registry, RegistryError, cut};
use crate::sample::{FailureClass, IterationEnd, RequestSample, SampleOrigin};
use crate::seconds::{SecondGrid, TakenSeconds, ThreadSeconds};
use crate::sockets::SocketCell;
use crate::streams::StreamCell;
use crate::tags::TagSetId;
use crate::traced_request::TracedRequest;
use crate::websockets::WebSocketCell;

/// Takes samples; gives them out by the interval.
#[derive(Debug)]
pub struct Recorder {
    registry: Arc<Registry>,
    names: KnownNames,
    server_timings: KnownNames,
    metrics: FxHashMap<Box<str>, (Kind, MetricId)>,
    admitted: FxHashSet<RequestKey>,
    admitted_final: bool,
    /// Series seen since the thread began, and their cells in the present interval.
    request_slots: FxHashMap<RequestKey, usize>,
    request_cells: Vec<(RequestKey, RequestCell)>,
    /// What was recorded in the present second; before the load, since the last [`Recorder::take`].
    interval: Interval,
    seconds: ThreadSeconds,
}

/// The names of one kind that a thread has met, in the form in which they may be recorded.
#[derive(Debug, Default)]
struct KnownNames {
    ids: FxHashMap<Box<str>, NameId>,
    /// Set once there can be no more of them, and this thread knows all.
    are_all: bool,
}

impl KnownNames {
    /// The number of a name that is not known as it is written; `ask` takes a lock.
    #[cold]
    fn learn(&mut self, registry: &Registry, name: &str, ask: impl Fn(&Registry, &str) -> Numbered) -> NameId {
        let name = registry.presentable(name);
        let name = cut(&name);
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        if self.are_all {
            return NameId::OTHER;
        }
        match ask(registry, name) {
            Numbered::As(id) => {
                self.ids.insert(name.into(), id);
                id
            }
            Numbered::NoMore(all) => {
                self.ids = all.into_iter().collect();
                self.are_all = true;
                self.ids.get(name).copied().unwrap_or(NameId::OTHER)
            }
        }
    }
}

impl Recorder {
    /// A recorder for one thread of a run.
    pub fn new(registry: Arc<Registry>) -> Recorder {
        Recorder {
            registry,
            names: KnownNames::default(),
            server_timings: KnownNames::default(),
            metrics: FxHashMap::default(),
            admitted: FxHashSet::default(),
            admitted_final: false,
            request_slots: FxHashMap::default(),
            request_cells: Vec::new(),
            interval: Interval::default(),
            seconds: ThreadSeconds::default(),
        }
    }

    /// The load begins: from now on samples belong to its seconds. What was recorded before is kept apart. Does nothing the
    /// second time.
    pub fn begin_seconds(&mut self, grid: SecondGrid) {
        if !self.seconds.have_begun() {
            let before_load = self.take();
            self.seconds.begin(grid, before_load);
        }
    }

    /// The next samples happened at `now`, or later. Samples without a time of their own belong to the second of the sample
    /// before them.
    #[inline]
    pub fn advance_to(&mut self, now: Nanos) {
        if now >= self.seconds.end() {
            self.end_second(now);
        }
    }

    #[cold]
    fn end_second(&mut self, now: Nanos) {
        let recorded = self.take();
        self.seconds.advance_to(now, recorded);
    }

    /// Takes out the seconds that have ended by `now`.
    pub fn take_seconds(&mut self, now: Nanos) -> TakenSeconds {
        self.advance_to(now);
        self.seconds.take()
    }

    /// Takes out everything, the present second included: nothing more will be recorded.
    pub fn take_last_seconds(&mut self, now: Nanos) -> TakenSeconds {
        self.advance_to(now);
        let rest = self.take();
        self.seconds.take_last(rest)
    }

    /// The run's registry.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The number of a name. Takes a lock when this thread meets the name for the first time, and never once the
    /// registry is full.
    #[inline]
    pub fn name(&mut self, name: &str) -> NameId {
        match self.names.ids.get(name) {
            Some(id) => *id,
            None => self.names.learn(&self.registry, name, Registry::number),
        }
    }

    /// The custom metric of that name, made if need be. Takes a lock when this thread meets the metric for the first time.
    pub fn metric(&mut self, name: &str, kind: Kind, unit: Unit) -> Result<MetricId, RegistryError> {
        if let Some((known, id)) = self.metrics.get(name)
            && *known == kind
        {
            return Ok(*id);
        }
        let id = self.registry.register(name, kind, unit)?;
        let known = self.registry.presentable(name);
        self.metrics.insert(cut(&known).into(), (kind, id));
        Ok(id)
    }

    /// Records a request.
    #[inline]
    pub fn request(&mut self, sample: &RequestSample) {
        let key = RequestKey {
            flow: sample.flow,
            name: sample.name,
            method: sample.method,
            status: sample.status,
            failure: sample.failure.map_or(0, |class| class as u8),
            expected: sample.expected,
            proto: sample.proto,
        };
        let slot = match self.request_slots.get(&key) {
            Some(slot) => *slot,
            None => self.new_series(key),
        };
        self.request_cells[slot].1.add(sample);
        if !sample.tags.is_none() {
            let key = self.request_cells[slot].0;
            self.tagged(sample.tags).requests.entry(key).or_default().add(sample);
        }
    }

    /// Records that the target was asked to trace a request. The request itself is recorded by [`Recorder::request`].
    #[cold]
    pub fn traced_request(&mut self, request: TracedRequest) {
        self.interval.traced.push(request);
    }

    /// Where samples with those tags are recorded once more.
    #[cold]
    fn tagged(&mut self, tags: TagSetId) -> &mut Interval {
        self.interval.tagged.entry(tags).or_default()
    }

    /// Records something in the present interval, and once more under the tags of its origin.
    #[inline]
    fn record(&mut self, origin: SampleOrigin, record: impl Fn(&mut Interval)) {
        record(&mut self.interval);
        if !origin.tags.is_none() {
            record(self.tagged(origin.tags));
        }
    }

    #[cold]
    fn new_series(&mut self, wanted: RequestKey) -> usize {
        let key = if self.admits(wanted) { wanted } else { wanted.in_other() };
        if let Some(slot) = self.request_slots.get(&key) {
            return *slot;
        }
        let slot = self.request_cells.len();
        self.request_cells.push((key, RequestCell::default()));
        self.request_slots.insert(key, slot);
        slot
    }

    fn admits(&mut self, key: RequestKey) -> bool {
        if self.admitted.contains(&key) {
            return true;
        }
        if self.admitted_final {
            return false;
        }
        if let Some(series) = self.registry.final_series() {
            self.admitted = series.into_iter().collect();
            self.admitted_final = true;
            return self.admitted.contains(&key);
        }
        let admitted = self.registry.admit(key);
        if admitted {
            self.admitted.insert(key);
        }
        admitted
    }

    /// Where to count what belongs to no flow.
    pub fn run(&mut self) -> &mut RunCell {
        &mut self.interval.run
    }

    /// Records the text of a failed request. The request itself is recorded by [`Recorder::request`].
    pub fn request_failure(&mut self, flow: FlowId, class: FailureClass, text: &str) {
        self.problem(Problem::Request(flow, class), text);
    }

    /// Records the end of an iteration; `text` says why, where the end is a bad one.
    #[inline]
    pub fn iteration(&mut self, flow: FlowId, end: IterationEnd, duration: Nanos, guest_time: Nanos, text: &str) {
        self.interval.iterations.entry(flow).or_default().add(end, duration, guest_time);
        match end {
            IterationEnd::Failed => self.problem(Problem::Failed(flow), text),
            IterationEnd::Trapped => self.problem(Problem::Trapped(flow), text),
            IterationEnd::Completed | IterationEnd::Interrupted => {}
        }
    }

    /// Records that a virtual user could not start, and why.
    pub fn start_failure(&mut self, text: &str) {
        self.problem(Problem::Start, text);
    }

    #[cold]
    fn problem(&mut self, problem: Problem, text: &str) {
        let text = self.registry.presentable(text);
        self.interval.problems.entry(problem).or_default().add(&text, 1);
    }

    /// Records that an iteration which should have begun never will, after it has waited so long.
    pub fn dropped(&mut self, flow: FlowId, waited: Nanos) {
        let cell = self.interval.dropped.entry(flow).or_default();
        cell.count += 1;
        cell.waited.record(waited);
    }

    /// Records that an iteration became due, and how late that was noticed.
    #[inline]
    pub fn due(&mut self, noticed_late: Nanos) {
        self.interval.pacing.due += 1;
        self.interval.pacing.noticed_late.record(noticed_late);
    }

    /// Records that a virtual user began an iteration that was due so long ago.
    #[inline]
    pub fn begun(&mut self, schedule_lag: Nanos) {
        self.interval.pacing.begun += 1;
        self.interval.pacing.schedule_lag.record(schedule_lag);
    }

    /// Records a look at the thread itself: how late the look was, and how many iterations were under way.
    pub fn look(&mut self, delay: Nanos, under_way: u64) {
        self.interval.pacing.runtime_delay.record(delay);
        self.interval.pacing.under_way += under_way;
        self.interval.pacing.looks += 1;
    }

    /// Records a check.
    #[inline]
    pub fn check(&mut self, origin: impl Into<SampleOrigin>, name: NameId, passed: bool) {
        let origin = origin.into();
        let key = CustomKey { flow: origin.flow, id: name.0 };
        self.record(origin, |interval| interval.checks.entry(key).or_default().add(passed));
    }

    /// Records a transaction.
    pub fn transaction(&mut self, origin: impl Into<SampleOrigin>, name: NameId, duration: Nanos, failed: bool) {
        let origin = origin.into();
        let key = CustomKey { flow: origin.flow, id: name.0 };
        self.record(origin, |interval| {
            let cell = interval.transactions.entry(key).or_default();
            cell.duration.record(duration);
            cell.failed.add(failed);
        });
    }

    /// Records numbers of a stream: `record` adds them to the cell of its name.
    #[inline]
    pub fn stream(&mut self, origin: impl Into<SampleOrigin>, name: NameId, record: impl Fn(&mut StreamCell)) {
        let origin = origin.into();
        let key = CustomKey { flow: origin.flow, id: name.0 };
        self.record(origin, |interval| record(interval.streams.entry(key).or_default()));
    }

    /// Records numbers of a WebSocket: `record` adds them to the cell of its name.
    #[inline]
    pub fn websocket(&mut self, origin: impl Into<SampleOrigin>, name: NameId, record: impl Fn(&mut WebSocketCell)) {
        let origin = origin.into();
        let key = CustomKey { flow: origin.flow, id: name.0 };
        self.record(origin, |interval| record(interval.websockets.entry(key).or_default()));
    }

    /// Records numbers of a socket: `record` adds them to the cell of its name.
    #[inline]
    pub fn socket(&mut self, origin: impl Into<SampleOrigin>, name: NameId, record: impl Fn(&mut SocketCell)) {
        let origin = origin.into();
        let key = CustomKey { flow: origin.flow, id: name.0 };
        self.record(origin, |interval| record(interval.sockets.entry(key).or_default()));
    }

    /// Records what a server says that a part of its work took.
    pub fn server_timing(&mut self, flow: FlowId, name: &str, duration: Nanos) {
        let id = match self.server_timings.ids.get(name) {
            Some(id) => *id,
            None => self.server_timings.learn(&self.registry, name, Registry::server_timing),
        };
        self.interval.server_timings.entry(CustomKey { flow, id: id.0 }).or_default().record(duration);
    }

    /// Adds to a counter.
    pub fn counter(&mut self, origin: impl Into<SampleOrigin>, metric: MetricId, value: f64) {
        self.custom(origin.into(), metric, &CustomCell::Counter(value));
    }

    /// Sets a gauge.
    pub fn gauge(&mut self, origin: impl Into<SampleOrigin>, metric: MetricId, at: Nanos, value: f64) {
        self.custom(origin.into(), metric, &CustomCell::Gauge(GaugeCell::new(at, value)));
    }

    /// Counts an event of a rate.
    pub fn rate(&mut self, origin: impl Into<SampleOrigin>, metric: MetricId, value: bool) {
        let mut event = RateCell::default();
        event.add(value);
        self.custom(origin.into(), metric, &CustomCell::Rate(event));
    }

    /// Adds a value to a trend.
    pub fn trend(&mut self, origin: impl Into<SampleOrigin>, metric: MetricId, value: f64) {
        let origin = origin.into();
        let key = CustomKey { flow: origin.flow, id: metric.0 };
        self.record(origin, |interval| {
            let cell = interval.customs.entry(key).or_insert_with(|| CustomCell::Trend(Histogram::new()));
            if let CustomCell::Trend(histogram) = cell {
                histogram.record_value(value);
            }
        });
    }

    fn custom(&mut self, origin: SampleOrigin, metric: MetricId, sample: &CustomCell) {
        let key = CustomKey { flow: origin.flow, id: metric.0 };
        self.record(origin, |interval| match interval.customs.get_mut(&key) {
            Some(cell) => cell.merge(sample),
            None => drop(interval.customs.insert(key, sample.clone())),
        });
    }

    /// Takes out what was recorded since the last time. The series stay known, so the next interval allocates no names.
    pub fn take(&mut self) -> Interval {
        let mut interval = std::mem::take(&mut self.interval);
        for (key, cell) in &mut self.request_cells {
            if cell.count > 0 {
                interval.requests.insert(*key, std::mem::take(cell));
            }
        }
        interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redactor::Redactor;
    use crate::registry::MOST_SERVER_TIMINGS;

    fn recorder(limit: usize) -> Recorder {
        Recorder::new(Arc::new(Registry::new(limit).hiding(Redactor::new(["hunter22"]))))
    }

    #[test]
    fn secrets_and_commands_are_in_no_name_and_no_text() {
        let mut recorder = recorder(10);
        let id = recorder.name("GET /?key=hunter22\r\n##vso[x]");
        assert_eq!(recorder.registry().name(id), "GET /?key=***\u{fffd}\u{fffd}# #vso[x]");
        assert_eq!(recorder.name("GET /?key=hunter22\r\n##vso[x]"), id);
        let metric = recorder.metric("of hunter22", Kind::Counter, Unit::Number).expect("new");
        assert_eq!(recorder.metric("of hunter22", Kind::Counter, Unit::Number), Ok(metric));
        assert_eq!(recorder.registry().metric(metric).expect("registered").name, "of ***");
        recorder.start_failure("no hunter22 here");
        let problems = recorder.take().problems;
        assert_eq!(problems[&Problem::Start].examples, [("no *** here".to_owned(), 1)]);
    }

    #[test]
    fn what_servers_time_has_a_limit_of_its_own() {
        let registry = Arc::new(Registry::new(5));
        let mut recorders = [Recorder::new(Arc::clone(&registry)), Recorder::new(Arc::clone(&registry))];
        for number in 0..MOST_SERVER_TIMINGS + 10 {
            for recorder in &mut recorders {
                recorder.server_timing(FlowId(0), &format!("step-{number}"), Nanos(7));
            }
        }
        assert_ne!(recorders[0].name("/a"), NameId::OTHER, "a request's name has its place still");
        for mut recorder in recorders {
            let timings = recorder.take().server_timings;
            assert_eq!(timings.len(), MOST_SERVER_TIMINGS + 1);
            let other = &timings[&CustomKey { flow: FlowId(0), id: NameId::OTHER.0 }];
            assert_eq!((other.count(), other.max()), (10, Nanos(7)));
            assert!(!registry.is_full());
        }
    }

    #[test]
    fn a_name_with_a_secret_is_found_again_when_the_registry_is_full() {
        let mut recorder = recorder(1);
        let id = recorder.name("hunter22");
        assert_eq!(recorder.name("another"), NameId::OTHER);
        assert_eq!(recorder.name("a third"), NameId::OTHER);
        assert_eq!(recorder.name("hunter22"), id);
    }

    #[test]
    fn a_secret_at_the_end_of_a_long_name_is_not_cut_in_two() {
        let mut recorder = recorder(10);
        let id = recorder.name(&format!("{}hunter22", "a".repeat(252)));
        assert_eq!(recorder.registry().name(id), format!("{}***", "a".repeat(252)));
    }
}

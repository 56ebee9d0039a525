//! Events of every kind, to be recorded on several machines.

use proptest::prelude::*;
use squall_metrics::{
    AskedTags, FailureClass, FlowId, IterationEnd, Kind, Method, Nanos, Phases, Protocol, Recorder, RequestSample,
    SampleOrigin, Tag, TracedRequest, Unit,
};

/// Something to record.
#[derive(Clone, Debug)]
pub struct Event {
    sort: Sort,
    flow: FlowId,
    name: String,
    /// The tags that the guest gave.
    tags: Vec<Tag>,
    /// A time, or another number.
    number: u64,
    /// Repetitions, each with another time.
    times: u64,
}

#[derive(Clone, Debug)]
enum Sort {
    Request { method: Method, status: u16 },
    Failure(FailureClass),
    Traced,
    Iteration(IterationEnd),
    Check(bool),
    Transaction(bool),
    ServerTiming,
    Counter(f64),
    Gauge(f64),
    Rate(bool),
    Trend(Unit, f64),
    Dropped,
    Pacing,
    Start,
    Run,
}

impl Event {
    fn new(sort: Sort, name: &str, number: u64) -> Event {
        Event { sort, flow: FlowId(0), name: name.to_owned(), tags: Vec::new(), number, times: 1 }
    }

    /// A request; `time` is in nanoseconds.
    pub fn request(name: &str, status: u16, time: u64) -> Event {
        Event::new(Sort::Request { method: Method::Get, status }, name, time)
    }

    /// A check with a tag that is asked for.
    pub fn tagged_check(name: &str) -> Event {
        Event { tags: vec![tag("kind", "x")], ..Event::new(Sort::Check(true), name, 0) }
    }
}

fn tag(name: &str, value: &str) -> Tag {
    (name.to_owned(), value.to_owned())
}

/// The tags that thresholds ask for.
pub fn asked_tags() -> AskedTags {
    AskedTags::new([tag("kind", "x"), tag("kind", "y"), tag("group", "::a")])
}

/// Records an event.
pub fn record(event: &Event, recorder: &mut Recorder) {
    for time in 0..event.times {
        record_once(event, event.number.saturating_add(time * 3_217), recorder);
    }
}

fn record_once(event: &Event, number: u64, recorder: &mut Recorder) {
    let tags = recorder.registry().tag_set(event.tags.clone());
    let (flow, origin, time) = (event.flow, SampleOrigin { flow: event.flow, tags }, Nanos(number));
    let mut metric = |name, kind, unit| recorder.metric(name, kind, unit).expect("one kind");
    match event.sort {
        Sort::Request { method, status } => {
            let phases = Phases { sending: Nanos(number / 1_000), waiting: time, ..Phases::default() };
            let failure = (status == 0).then_some(FailureClass::Reset);
            let (name, response_time, expected) = (recorder.name(&event.name), phases.duration(), status == 200);
            let (sent, received) = (number % 1_000, number % 100_000);
            let sample = RequestSample {
                flow,
                tags,
                name,
                method,
                status,
                failure,
                expected,
                proto: if status == 0 { Protocol::None } else { Protocol::Http2 },
                phases,
                response_time,
                sent,
                received,
            };
            recorder.request(&sample);
        }
        Sort::Failure(class) => recorder.request_failure(flow, class, &event.name),
        Sort::Traced => {
            let (name, received) = (recorder.name(&event.name), number);
            let request = TracedRequest {
                trace: u128::from(number) << 64 | 1,
                flow,
                name,
                method: Method::Put,
                failed: number.is_multiple_of(2),
                ended: time,
                service_time: time,
                received,
            };
            recorder.traced_request(request);
        }
        Sort::Iteration(end) => recorder.iteration(flow, end, time, Nanos(number % 1_000_000), &event.name),
        Sort::Check(passed) => {
            let name = recorder.name(&event.name);
            recorder.check(origin, name, passed);
        }
        Sort::Transaction(failed) => {
            let name = recorder.name(&event.name);
            recorder.transaction(origin, name, time, failed);
        }
        Sort::ServerTiming => recorder.server_timing(flow, &event.name, time),
        Sort::Counter(value) => {
            let metric = metric("counter", Kind::Counter, Unit::Data);
            recorder.counter(origin, metric, value);
        }
        Sort::Gauge(value) => {
            let metric = metric("gauge", Kind::Gauge, Unit::Number);
            recorder.gauge(origin, metric, time, value);
        }
        Sort::Rate(event) => {
            let metric = metric("rate", Kind::Rate, Unit::Number);
            recorder.rate(origin, metric, event);
        }
        Sort::Trend(unit, value) => {
            let metric = metric(if unit == Unit::Time { "times" } else { "values" }, Kind::Trend, unit);
            recorder.trend(origin, metric, value);
        }
        Sort::Dropped => recorder.dropped(flow, time),
        Sort::Pacing => {
            recorder.due(time);
            recorder.begun(Nanos(number / 2));
            recorder.look(Nanos(number / 3), number % 100);
        }
        Sort::Start => recorder.start_failure(&event.name),
        Sort::Run => {
            recorder.run().connections += 1;
            recorder.run().reconnects += number % 2;
        }
    }
}

fn any_value() -> impl Strategy<Value = f64> {
    let size = prop_oneof![1e-9..1e-6, 1e-3..1.0, 1.0..1e6, 1e8..1e12, Just(0.0)];
    (size, any::<bool>()).prop_map(|(size, negative): (f64, bool)| if negative { -size } else { size })
}

fn any_sort() -> impl Strategy<Value = Sort> {
    let method = prop_oneof![Just(Method::Get), Just(Method::Post), Just(Method::Other)];
    let status = prop_oneof![Just(200_u16), Just(0), Just(503), Just(u16::MAX)];
    let request = (method, status).prop_map(|(method, status)| Sort::Request { method, status });
    let end = prop_oneof![
        Just(IterationEnd::Completed),
        Just(IterationEnd::Failed),
        Just(IterationEnd::Trapped),
        Just(IterationEnd::Interrupted),
    ];
    prop_oneof![
        5 => request,
        1 => proptest::sample::select(FailureClass::ALL.to_vec()).prop_map(Sort::Failure),
        1 => Just(Sort::Traced),
        1 => end.prop_map(Sort::Iteration),
        1 => any::<bool>().prop_map(Sort::Check),
        1 => any::<bool>().prop_map(Sort::Transaction),
        1 => Just(Sort::ServerTiming),
        1 => any_value().prop_map(Sort::Counter),
        1 => any_value().prop_map(Sort::Gauge),
        1 => any::<bool>().prop_map(Sort::Rate),
        2 => any_value().prop_map(|value| Sort::Trend(Unit::Number, value)),
        1 => any_value().prop_map(|value| Sort::Trend(Unit::Time, value)),
        1 => Just(Sort::Dropped),
        1 => Just(Sort::Pacing),
        1 => Just(Sort::Start),
        1 => Just(Sort::Run),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let flow = prop_oneof![0u16..4, Just(FlowId::SETUP.0), Just(FlowId::START.0)].prop_map(FlowId);
    let name = proptest::sample::select(vec!["/a", "/b", "", "é\u{202e}##[x]", "http://ada:x@b/?q", "(other)"]);
    let tags = proptest::sample::subsequence(vec![tag("kind", "x"), tag("group", "::a"), tag("kind", "z")], 0..=3);
    let number = prop_oneof![0u64..3_000, 1_000_000u64..100_000_000, 0u64..1 << 50];
    let times = prop_oneof![5 => Just(1u64), 1 => 1u64..500];
    (any_sort(), flow, name, tags, number, times).prop_map(|(sort, flow, name, tags, number, times)| Event {
        sort,
        flow,
        name: name.to_owned(),
        tags,
        number,
        times,
    })
}

/// What one machine records in a second.
pub fn any_events() -> impl Strategy<Value = Vec<Event>> {
    proptest::collection::vec(any_event(), 0..40)
}

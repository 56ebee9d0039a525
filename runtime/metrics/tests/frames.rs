//! Frames hold everything that was recorded, whatever the numbers of names on the machines.

mod events;
mod everything;
mod typical_second;

use std::sync::Arc;

use events::{Event, any_events, asked_tags, record};
use everything::{everything, expect};
use proptest::prelude::*;
use squall_metrics::{
    AskedTags, CustomCell, CustomKey, FlowId, Interval, Kind, Method, NameId, Nanos, Recorder, Registry, RequestCell,
    SampleOrigin, Tag, TracedRequest, Unit,
};
use typical_second::typical_second;

fn coordinator() -> Arc<Registry> {
    Arc::new(Registry::new(100).asking(asked_tags()))
}

/// A registry in which other names come first.
fn agent(number: usize) -> Arc<Registry> {
    let registry = coordinator();
    (0..number).for_each(|other| _ = registry.intern(&format!("of agent {other}")));
    registry.register("only here", Kind::Rate, Unit::Number).expect("new");
    registry
}

fn recorded(events: &[Event], registry: &Arc<Registry>) -> Interval {
    let mut recorder = Recorder::new(Arc::clone(registry));
    events.iter().for_each(|event| record(event, &mut recorder));
    recorder.take()
}

#[test]
fn a_sample_of_everything_is_read_as_it_was() {
    let totals = everything();
    let mut interval = totals.recorded.clone();
    interval.traced.push(TracedRequest {
        trace: u128::MAX - 7,
        flow: FlowId(1),
        name: NameId(1),
        method: Method::Post,
        failed: true,
        ended: Nanos(u64::MAX),
        service_time: Nanos(5),
        received: 6,
    });
    let frame = interval.encode(&totals.registry);
    let same = Interval::decode(&frame, &totals.registry).expect("valid");
    assert_eq!(same, interval);

    let other = agent(5);
    let there = Interval::decode(&frame, &other).expect("valid");
    assert_eq!(there.traced.requests()[0].name, other.intern(&totals.registry.name(NameId(1))));
    let back = Interval::decode(&there.encode(&other), &totals.registry).expect("valid");
    assert_eq!(back, interval);
    assert_eq!(back.encode(&totals.registry), frame, "bit for bit");
}

/// As other implementations read it. `UPDATE_EXPECT=1` writes it, after a change of the format or of a cell's fields.
#[test]
fn the_bytes_of_a_sample_of_everything() {
    let totals = everything();
    let frame = totals.recorded.encode(&totals.registry);
    let line = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n";
    let hex: String = frame.chunks(48).map(line).collect();
    expect(env!("CARGO_MANIFEST_DIR"), "tests/data/frame.txt", &hex);
}

#[test]
fn a_busy_second_takes_about_a_kilobyte_a_series() {
    let registry = coordinator();
    let size = |series, samples| typical_second(&registry, 1, series, samples).encode(&registry).len();
    assert!((900..1_300).contains(&size(1, 1_000)), "{}", size(1, 1_000));
    assert!((900..1_300).contains(&(size(50, 1_000) / 50)), "{}", size(50, 1_000));
    assert!(size(1, 10) < 220, "{}", size(1, 10));
    assert!(size(1, 100_000) < 6_000, "{}", size(1, 100_000));
    assert!(Interval::default().encode(&registry).len() < 50);
}

#[test]
fn what_has_no_room_is_counted_as_other() {
    let (sender, receiver) = (coordinator(), Arc::new(Registry::new(3)));
    let mut recorder = Recorder::new(Arc::clone(&sender));
    for number in 0..40 {
        let text = format!("/{number}");
        let name = recorder.name(&text);
        for status in [200, 500] {
            record(&Event::request(&text, status, 1_000_000), &mut recorder);
        }
        recorder.check(FlowId(0), name, true);
        recorder.transaction(FlowId(0), name, Nanos(5_000_000), false);
        recorder.server_timing(FlowId(0), &text, Nanos(6_000_000));
    }
    let before = recorder.take();
    let after = Interval::decode(&before.encode(&sender), &receiver).expect("valid");

    let requests: u64 = after.requests.values().map(|cell| cell.count).sum();
    let times: u64 = after.requests.values().map(|cell| cell.response_time.count()).sum();
    let sent: u64 = after.requests.values().map(|cell| cell.sent).sum();
    let sent_before: u64 = before.requests.values().map(|cell| cell.sent).sum();
    assert_eq!((requests, times, sent), (80, 80, sent_before));
    // Three series, and one that has the rest of each outcome.
    assert_eq!(after.requests.len(), 3 + 2);
    let rest = |expected| {
        let of_other = |key: &&squall_metrics::RequestKey| key.name == NameId::OTHER && key.method == Method::Other;
        after.requests.keys().filter(of_other).filter(|key| key.expected == expected).count()
    };
    assert_eq!((rest(true), rest(false), receiver.is_full()), (1, 1, true));
    assert_eq!((after.checks.len(), after.checks.values().map(|cell| cell.passes).sum::<u64>()), (3 + 1, 40));
    let other = CustomKey { flow: FlowId(0), id: NameId::OTHER.0 };
    assert_eq!((after.checks[&other].passes, after.transactions[&other].duration.count()), (37, 37));
    // 32 is the limit on what servers time.
    assert_eq!((after.server_timings.len(), after.server_timings[&other].count()), (33, 8 - 1 + 1));
}

#[test]
fn other_stays_other() {
    let (sender, receiver) = (Arc::new(Registry::new(1)), coordinator());
    let mut recorder = Recorder::new(Arc::clone(&sender));
    for name in ["/a", "/b", "/c"] {
        record(&Event::request(name, 200, 1_000_000), &mut recorder);
    }
    let before = recorder.take();
    let after = Interval::decode(&before.encode(&sender), &receiver).expect("valid");
    let other = |interval: &Interval| -> Vec<RequestCell> {
        let of_other = interval.requests.iter().filter(|(key, _)| key.name == NameId::OTHER);
        of_other.map(|(_, cell)| cell.clone()).collect()
    };
    assert_eq!((other(&after), other(&after)[0].count), (other(&before), 2));
    assert_eq!(after.requests.len(), 2);
}

#[test]
fn tags_that_no_threshold_asks_for_here_are_left_out() {
    let sender = coordinator();
    let interval = recorded(&[Event::tagged_check("is ok")], &sender);
    assert_eq!(interval.tagged.len(), 1);
    let frame = interval.encode(&sender);
    let without = Interval::decode(&frame, &Registry::new(10)).expect("valid");
    assert_eq!((without.tagged.len(), without.checks.len()), (0, 1));
}

#[test]
fn sets_of_tags_that_are_one_here_are_added() {
    let sender = coordinator();
    let asked = |tags: &[(&str, &str)]| -> Vec<Tag> {
        tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let mut recorder = Recorder::new(Arc::clone(&sender));
    let kinds = [Kind::Counter, Kind::Gauge, Kind::Rate, Kind::Trend];
    let [counter, gauge, rate, trend] =
        kinds.map(|kind| recorder.metric(&kind.to_string(), kind, Unit::Number).expect("new"));
    for tags in [&[("kind", "x")][..], &[("kind", "x"), ("group", "::a")]] {
        let origin = SampleOrigin { flow: FlowId(0), tags: sender.tag_set(asked(tags)) };
        recorder.counter(origin, counter, 1.5);
        recorder.gauge(origin, gauge, Nanos(1), 2.0);
        recorder.rate(origin, rate, true);
        recorder.trend(origin, trend, -4.0);
    }
    let interval = recorder.take();
    assert_eq!(interval.tagged.len(), 2);

    let receiver = Registry::new(10).asking(AskedTags::new(asked(&[("kind", "x")])));
    let decoded = Interval::decode(&interval.encode(&sender), &receiver).expect("valid");
    let [tagged] = &decoded.tagged.values().collect::<Vec<_>>()[..] else { panic!("one set") };
    // As many samples as there are without regard to tags.
    assert_eq!((tagged.customs.len(), &tagged.customs), (4, &decoded.customs));
}

#[test]
fn floats_keep_every_bit() {
    let registry = coordinator();
    let metric = registry.register("sum", Kind::Counter, Unit::Number).expect("new");
    let key = CustomKey { flow: FlowId(0), id: metric.0 };
    for value in [-0.0, f64::MIN_POSITIVE / 2.0, 0.1 + 0.2, f64::MAX, f64::MIN] {
        let mut interval = Interval::default();
        interval.customs.insert(key, CustomCell::Counter(value));
        let after = Interval::decode(&interval.encode(&registry), &registry).expect("valid");
        let CustomCell::Counter(sum) = after.customs[&key] else { panic!("another kind") };
        assert_eq!(sum.to_bits(), value.to_bits());
    }
}

proptest! {
    #[test]
    fn frames_merge_as_what_was_recorded(agents in prop_oneof![
        proptest::collection::vec(any_events(), 1..=3),
        proptest::collection::vec(any_events(), 7),
    ]) {
        let registry = coordinator();
        let (mut of_originals, mut of_frames) = (Interval::default(), Interval::default());
        for (number, events) in agents.iter().enumerate() {
            let original = recorded(events, &registry);
            let there = agent(number + 1);
            let frame = recorded(events, &there).encode(&there);
            let decoded = Interval::decode(&frame, &registry).expect("valid");
            prop_assert_eq!(&decoded, &original);
            prop_assert_eq!(decoded.encode(&registry), original.encode(&registry), "bit for bit");
            of_originals.merge(&original);
            of_frames.merge(&decoded);
        }
        prop_assert_eq!(&of_frames, &of_originals);
        prop_assert_eq!(of_frames.encode(&registry), of_originals.encode(&registry), "bit for bit");
    }
}

use std::sync::Arc;

use super::*;
use crate::builtin::{Kind, Unit};
use crate::clock::Nanos;
use crate::histogram::Histogram;
use crate::interval::{CustomCell, GaugeCell, Problem, ProblemCell};
use crate::keys::{CustomKey, FlowId, MetricId};
use crate::recorder::Recorder;

fn registry() -> Arc<Registry> {
    Arc::new(Registry::new(10))
}

fn histogram(nanos: &[u64]) -> Histogram {
    let mut histogram = Histogram::new();
    nanos.iter().for_each(|value| histogram.record(Nanos(*value)));
    histogram
}

fn written(histogram: &Histogram) -> Vec<u8> {
    let mut writer = FrameWriter::default();
    histogram.write(&mut writer);
    writer.bytes
}

fn read(bytes: &[u8]) -> Result<Histogram, FrameError> {
    let (mut reader, mut histogram) = (FrameReader::new(bytes), Histogram::new());
    histogram.add_read(&mut reader)?;
    reader.end()?;
    Ok(histogram)
}

/// Other implementations read these bytes. They change with [`VERSION`], or with the fields of a cell.
#[test]
fn the_bytes_of_a_small_frame() {
    let registry = registry();
    let mut recorder = Recorder::new(Arc::clone(&registry));
    let name = recorder.name("ok");
    recorder.check(FlowId(1), name, true);
    recorder.server_timing(FlowId(0), "db", Nanos(2_000));
    let orders = recorder.metric("orders", Kind::Gauge, Unit::Time).expect("new");
    recorder.gauge(FlowId(0), orders, Nanos(300), 1.5);
    recorder.start_failure("no");
    let frame = recorder.take().encode(&registry);

    let one_and_a_half = [0, 0, 0, 0, 0, 0, 0xf8, 0x3f];
    let expected: &[&[u8]] = &[
        &[2, 20, 195, 102, 69],
        b"\x03\x02ok\x02db\x06orders",
        &[1, 3, 1, 1],
        &[0, 0],                                                 // Requests, iterations.
        &[1, 1, 1, 1, 0],                                        // A check passed.
        &[0, 0, 0, 0],                                           // Transactions, streams, sockets, WebSockets.
        &[1, 0, 2, 1, 0, 0xd0, 0x0f, 0, 0xd0, 0x0f, 1, 2, 0, 0], // A server's timing of 2 µs.
        &[1, 0, 0, 0xac, 0x02],                                  // A gauge at 300 ns.
        &one_and_a_half,
        &one_and_a_half,
        &one_and_a_half,
        b"\x01\x03\x01\x01\x02no\x01",
        &[0, 0, 0],                // Dropped iterations; reconnects, connections.
        &[0, 0, 0, 0, 0, 0, 0, 0], // Pacing.
        &[0, 0, 0],                // Traced requests; busy.
        &[0],                      // Tagged intervals.
    ];
    assert_eq!(frame, expected.concat(), "{}", frame.escape_ascii());
    let decoded = Interval::decode(&frame, &registry).expect("valid");
    assert_eq!(decoded.encode(&registry), frame);
}

#[test]
fn the_bytes_of_a_histogram() {
    assert_eq!(written(&Histogram::new()), [0]);
    // From the right: the count of 2 less 1, the index of 4 less 2 less 1, the count of 1 less 1.
    let small = histogram(&[400, 2_000, 2_000, 4_000]);
    let bits = 0b0_0101;
    assert_eq!(written(&small), [1, 1, 0x90, 3, 0x90, 0x1c, 0xd0, 0x41, 2, 2, 0, bits]);
    assert_eq!(read(&written(&small)), Ok(small));
}

#[test]
fn any_histogram_is_read_as_written() {
    let mut values = Histogram::new();
    for value in [-1e12, -5.0, -0.25, 0.0, 0.5, 7.0, f64::MAX, f64::MIN_POSITIVE] {
        values.record_value(value);
    }
    let mut only_beyond = Histogram::new();
    only_beyond.record_value(-3.0);
    let many = (0..200_000).map(|number| 1_000_000 + number % 977 * 1_000).collect::<Vec<_>>();
    let one_is_common = [vec![5_000; 100_000], (0..50).map(|number| 1 << number).collect()].concat();
    for histogram in [
        values,
        only_beyond,
        histogram(&[u64::MAX]),
        histogram(&[0, u64::MAX]),
        histogram(&many),
        histogram(&one_is_common),
    ] {
        assert_eq!(read(&written(&histogram)), Ok(histogram));
    }
}

#[test]
fn histograms_that_cannot_be_are_refused() {
    use FrameError::{Damaged, TooGreat};
    let most = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
    for (bytes, error) in [
        (vec![0x40, 0], Damaged),                                            // A band that there is not.
        (vec![1, 0, 0, 0, 0, 0], Damaged),                                   // Parts without values.
        (vec![1, 1, 0, 0, 1, 0], Damaged),                                   // A sum above the greatest value.
        (vec![1, 1, 0, 0xd0, 0x0f, 0, 0], Damaged),                          // A greatest value in no counter.
        (vec![1, 0, 0xd0, 0x0f, 0, 0, 1, 0, 0, 0], Damaged),                 // Counter 0 among the others.
        (vec![1, 0, 0xd0, 0x0f, 0, 0, 1, 0xff, 0xff, 0x7f, 0, 0], TooGreat), // A counter above the last.
        (vec![1, 0, 0xd0, 0x0f, 0, 0, 9, 2, 0, 0], Damaged),                 // Nine counters in one byte.
        ([vec![1], most.to_vec(), vec![0, 0, 0, 1, 2, 0, 0]].concat(), TooGreat),
    ] {
        assert_eq!(read(&bytes), Err(error), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_least_value_above_the_greatest_is_refused() {
    let mut values = Histogram::new();
    [-6.0, -5.0].into_iter().for_each(|value| values.record_value(value));
    let mut bytes = written(&values);
    assert_eq!(read(&bytes), Ok(values));
    let exact = bytes.len() - 3 * size_of::<f64>();
    bytes[exact..][..8].copy_from_slice(&f64::to_le_bytes(-4.0));
    assert_eq!(read(&bytes), Err(FrameError::Damaged));
}

#[test]
fn more_values_than_can_be_counted_are_refused() {
    let mut histogram = histogram(&[2_000, 4_000]);
    for _ in 0..55 {
        let same = histogram.clone();
        histogram.merge(&same);
    }
    assert_eq!(read(&written(&histogram)), Ok(histogram.clone()));
    histogram.record(Nanos(2_000));
    assert_eq!(read(&written(&histogram)), Err(FrameError::TooGreat));
    // One series twice.
    let half = written(&self::histogram(&[2_000]));
    let mut reader = FrameReader::new(&half);
    let mut sum = self::histogram(&[2_000]);
    sum.merge(&histogram);
    assert_eq!(sum.add_read(&mut reader), Err(FrameError::TooGreat));
}

#[test]
fn counters_take_no_more_than_their_allowance() {
    // As many counters as there are, each with a page to itself: 1 KB for 9 bits.
    let spread: Vec<u64> = (0..33).flat_map(|bits| (8..16).map(move |eighth| eighth << bits << 17)).collect();
    let one = written(&histogram(&spread));
    let mut reader_of_many = FrameReader::new(&one);
    *reader_of_many.allowance() = 100_000;
    assert_eq!(Histogram::new().add_read(&mut reader_of_many), Err(FrameError::TooLarge));
    assert!(Histogram::new().add_read(&mut FrameReader::new(&one)).is_ok());
}

#[test]
fn a_metric_of_another_kind_is_refused_by_its_name() {
    let (sender, receiver) = (registry(), registry());
    let mut recorder = Recorder::new(Arc::clone(&sender));
    let orders = recorder.metric("orders", Kind::Counter, Unit::Number).expect("new");
    recorder.counter(FlowId(0), orders, 1.0);
    receiver.register("orders", Kind::Trend, Unit::Number).expect("new");
    let error = Interval::decode(&recorder.take().encode(&sender), &receiver).expect_err("two kinds");
    assert!(error.to_string().contains("\"orders\" is a trend already"), "{error}");
}

#[test]
fn frames_of_other_versions_are_refused() {
    let registry = registry();
    let frame = Interval::default().encode(&registry);
    let changed = |place: usize| {
        let mut frame = frame.clone();
        frame[place] ^= 0x40;
        Interval::decode(&frame, &registry).expect_err("another")
    };
    assert_eq!((changed(0), changed(3)), (FrameError::Version(0x42), FrameError::Layout));
    assert_eq!(Interval::decode(&[], &registry), Err(FrameError::Damaged));
    let longer = [frame.as_slice(), &[0]].concat();
    assert_eq!(Interval::decode(&longer, &registry), Err(FrameError::Damaged));
}

/// Encodes what no recorder records, and decodes it.
fn passed_on(change: impl FnOnce(&mut Interval)) -> Result<Interval, FrameError> {
    let registry = registry();
    registry.register("depth", Kind::Gauge, Unit::Number).expect("new");
    let mut interval = Interval::default();
    change(&mut interval);
    Interval::decode(&interval.encode(&registry), &registry)
}

#[test]
fn numbers_that_would_break_readers_are_refused() {
    let too_many = passed_on(|interval| interval.run.connections = u64::MAX);
    assert_eq!(too_many, Err(FrameError::TooGreat));
    let shown = ProblemCell { count: 1, examples: vec![("more than all".to_owned(), 2)] };
    let examples = passed_on(|interval| drop(interval.problems.insert(Problem::Start, shown)));
    assert_eq!(examples, Err(FrameError::Damaged));
    let depth = CustomKey { flow: FlowId(0), id: MetricId(0).0 };
    for [value, min, max] in [[f64::NAN, 0.0, 0.0], [1.0, 0.0, f64::INFINITY], [1.0, 2.0, 0.0]] {
        let gauge = GaugeCell { at: Nanos(1), value, min, max };
        let gauge = passed_on(|interval| drop(interval.customs.insert(depth, CustomCell::Gauge(gauge))));
        assert_eq!(gauge, Err(FrameError::Damaged));
    }
}

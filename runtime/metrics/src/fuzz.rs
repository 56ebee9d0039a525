//! The targets of `fuzz/` for this crate's input: encoded histograms and intervals from outside, and texts that must become
//! harmless.

use squall_fuzzing::{Outcome, assert_harmless, text};

use crate::{AskedTags, CustomCell, Histogram, Interval, Redactor, Registry, plain, plain_json};

/// A histogram in HdrHistogram's format. Without its compression, which would hide all damage. A histogram that could
/// be read must survive writing and reading.
pub fn histogram(bytes: &[u8]) -> Outcome {
    let read = Histogram::decode(&Histogram::compressed(bytes));
    match &read {
        Ok(histogram) => assert_eq!(Histogram::decode(&histogram.encode()).as_ref(), Ok(histogram)),
        Err(error) => assert_harmless(&error.to_string()),
    }
    if let Err(error) = Histogram::decode(bytes) {
        assert_harmless(&error.to_string());
    }
    Outcome::of(&read)
}

/// An interval from another machine. What could be read can be merged, read by reports, and encoded without loss.
pub fn frame(bytes: &[u8]) -> Outcome {
    let registry = Registry::new(10).asking(asked_tags());
    let read = Interval::decode(bytes, &registry);
    match &read {
        Ok(interval) => assert_sound(interval, &registry),
        Err(error) => assert_harmless(&error.to_string()),
    }
    Outcome::of(&read)
}

fn assert_sound(interval: &Interval, registry: &Registry) {
    assert_eq!(Interval::decode(&interval.encode(registry), registry).as_ref(), Ok(interval));
    let mut twice = interval.clone();
    twice.merge(interval);
    for of_one in twice.tagged.values().chain([&twice]) {
        let of_requests = of_one.requests.values().flat_map(|cell| [&cell.response_time, &cell.blocked]);
        let of_names = of_one.transactions.values().map(|cell| &cell.duration).chain(of_one.server_timings.values());
        let of_customs = of_one.customs.values().filter_map(|cell| match cell {
            CustomCell::Trend(histogram) => Some(histogram),
            _ => None,
        });
        for histogram in of_requests.chain(of_names).chain(of_customs) {
            assert!(histogram.percentile_value(50.0) <= histogram.max_value() && histogram.mean_value().is_finite());
        }
        for (text, _) in of_one.problems.values().flat_map(|cell| &cell.examples) {
            assert_eq!(plain(text), *text);
        }
    }
}

/// Those of which frames keep samples.
fn asked_tags() -> AskedTags {
    AskedTags::new([("kind".to_owned(), "x".to_owned()), ("group".to_owned(), "::a".to_owned())])
}

/// An untrusted text as it is printed: cleaning it twice changes nothing, and its JSON has the same content.
pub fn shown_text(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let shown = plain(&text);
    assert!(!shown.contains(|letter: char| letter.is_control() && letter != '\t'), "{shown:?}");
    assert!(shown.len() <= 3 * text.len() && plain(&shown) == shown, "{shown:?}");
    assert!(!plain_json(&text).contains(['#', '\u{1b}', '\u{202e}']));
    Outcome::Taken
}

/// A text with secrets: the redacted text contains no part of them.
pub fn secrets(bytes: &[u8]) -> Outcome {
    const SECRET: &str = "correct-horse";
    let text = text(bytes);
    let hidden = Redactor::new([SECRET, "pä\"ss/wörd"]).hide(&text).into_owned();
    assert!(!hidden.contains(SECRET) && !hidden.contains("pä\"ss/wörd"), "{hidden:?}");
    Outcome::Taken
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Memory, Target};

    use std::sync::Arc;

    use super::*;
    use crate::{
        FailureClass, FlowId, IterationEnd, Kind, Method, Nanos, Phases, Protocol, Recorder, RequestSample,
        SampleOrigin, TagSetId, TracedRequest, Unit,
    };

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn histograms() {
        let mut histogram = Histogram::new();
        for micros in [1, 2, 2, 900, 1_000_000, 3_600_000_000] {
            histogram.record(Nanos(micros * 1_000));
        }
        let seed = Histogram::uncompressed(&histogram.encode()).unwrap();
        let numbers = [&[0xff; 8][..], &[0xff; 9], &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], &[0]];
        // All counters of a histogram, even if few bytes name them.
        let memory = Memory { base: 4 << 20, per_byte: 20 };
        Target::new("histogram", super::histogram).seeds(&[&seed]).pieces(&numbers).memory(memory).for_a_while();
    }

    /// A frame with something of each kind in it.
    fn full_frame() -> Vec<u8> {
        let registry = Arc::new(Registry::new(10).asking(asked_tags()));
        let mut recorder = Recorder::new(Arc::clone(&registry));
        let tags = registry.tag_set([("kind".to_owned(), "x".to_owned())]);
        let (flow, origin) = (FlowId(0), SampleOrigin { flow: FlowId(1), tags });
        let (name, method) = (recorder.name("/shelf"), Method::Post);
        for (number, tags) in (0..60).zip([tags, TagSetId::NONE].into_iter().cycle()) {
            let phases = Phases { sending: Nanos(number), waiting: Nanos(number << 20), ..Phases::default() };
            let (status, proto, failure) = match number {
                0..50 => (200, Protocol::Http2, None),
                _ => (0, Protocol::None, Some(FailureClass::Dns)),
            };
            let (response_time, expected, sent, received) = (phases.duration(), failure.is_none(), 1, number);
            let sample = RequestSample {
                flow,
                tags,
                name,
                method,
                status,
                failure,
                expected,
                proto,
                phases,
                response_time,
                sent,
                received,
            };
            recorder.request(&sample);
        }
        let (ended, service_time) = (Nanos(5), Nanos(6));
        let traced = TracedRequest { trace: 7, flow, name, method, failed: true, ended, service_time, received: 8 };
        recorder.traced_request(traced);
        recorder.iteration(flow, IterationEnd::Trapped, Nanos(5_000_000), Nanos(300), "an unreachable instruction");
        recorder.request_failure(flow, FailureClass::Dns, "no such host");
        recorder.start_failure("no room");
        recorder.check(origin, name, true);
        recorder.transaction(origin, name, Nanos(9_000), true);
        recorder.stream(origin, name, |cell| {
            cell.events += 1;
            cell.event_gap.record(Nanos(20_000));
        });
        recorder.websocket(origin, name, |cell| {
            cell.sessions += 1;
            cell.response.record(Nanos(30_000));
        });
        recorder.socket(origin, name, |cell| {
            cell.connections += 1;
            cell.response.record(Nanos(40_000));
        });
        recorder.server_timing(flow, "db", Nanos(3_000_000));
        let mut metric = |name, kind| recorder.metric(name, kind, Unit::Data).expect("new");
        let [counter, gauge] = [metric("counter", Kind::Counter), metric("gauge", Kind::Gauge)];
        let [rate, trend] = [metric("rate", Kind::Rate), metric("trend", Kind::Trend)];
        recorder.counter(origin, counter, 0.5);
        recorder.gauge(origin, gauge, Nanos(1), 7.0);
        recorder.rate(origin, rate, true);
        [-1e12, -5.0, -0.5, 0.0, 0.5, 7.0, 1e12].into_iter().for_each(|value| recorder.trend(origin, trend, value));
        // Without values that durations can have.
        [-6.0, -5.0].into_iter().for_each(|value| recorder.trend(flow, trend, value));
        recorder.dropped(flow, Nanos(4_000_000));
        recorder.due(Nanos(1_000));
        recorder.look(Nanos(2_000), 3);
        recorder.take().encode(&registry)
    }

    /// A page of counters for each 9 bits.
    const FRAME_MEMORY: Memory = Memory { base: 4 << 20, per_byte: 1_500 };

    #[test]
    fn frames() {
        let (full, empty) = (full_frame(), Interval::default().encode(&Registry::new(1)));
        let numbers = [&[0xff; 8][..], &[0xff; 7], &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1], &[0], &[1]];
        Target::new("frame", super::frame).seeds(&[&full, &empty]).pieces(&numbers).memory(FRAME_MEMORY).for_a_while();
    }

    /// Values that readers do not expect: not a number, infinity, numbers about the greatest amount, indices and counts
    /// above all others.
    const WRONG: &[&[u8]] = &[
        &f64::NAN.to_le_bytes(),
        &f64::INFINITY.to_le_bytes(),
        &f64::MAX.to_le_bytes(),
        &f64::MIN.to_le_bytes(),
        &[0; 8],
        &[0xff; 16],
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        &[0xff, 0xff, 0x01],
        &[0xff, 0xff, 0x7f],
        &[0x7f],
    ];

    #[test]
    fn frames_with_one_fault() {
        let full = full_frame();
        for length in 0..full.len() {
            assert_eq!(super::frame(&full[..length]), Outcome::Refused, "{length} bytes");
        }
        for place in 0..full.len() {
            for change in [0x01, 0x02, 0x10, 0x40, 0x80, 0xff] {
                let mut changed = full.clone();
                changed[place] ^= change;
                super::frame(&changed);
            }
            for wrong in WRONG {
                let mut changed = full.clone();
                changed.iter_mut().skip(place).zip(*wrong).for_each(|(byte, wrong)| *byte = *wrong);
                super::frame(&changed);
            }
        }
    }

    #[test]
    fn shown_texts() {
        let seeds = [
            "ok ##vso[task.setvariable variable=x]y",
            "  ::error::x",
            "##teamcity[buildStop]",
            "a\u{1b}[31mb\u{202e}c",
        ];
        let pieces = ["##", "[", "::", "##a["];
        Target::new("shown_text", super::shown_text).seeds(&seeds).pieces(&pieces).for_a_while();
    }

    #[test]
    fn texts_with_secrets() {
        let seeds = [
            "GET /?a=correct-horse&b=correct%2Dhorse",
            "{\"a\": \"p\\u00e4\\\"ss/w\\u00f6rd\"}",
            "Y29ycmVjdC1ob3JzZQ==",
            "correct-ho…",
        ];
        let pieces = ["correct-", "horse", "%", "\\u00", "…"];
        Target::new("secrets", super::secrets).seeds(&seeds).pieces(&pieces).for_a_while();
    }
}

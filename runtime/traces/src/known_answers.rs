//! A request by OpenTelemetry's own definitions (`fixtures/make.py`), in both formats, and what is to come of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use squall_findings::span::{Span, SpanId, SpanKind, TraceId, UnixNanos, Work};

use crate::intake::Intake;
use crate::received::Counts;
use crate::receiver::RunPrefix;
use crate::strings::digest;
use crate::{otlp_json, otlp_protobuf};

pub(crate) const PROTOBUF: &[u8] = include_bytes!("../fixtures/traces.binpb");
pub(crate) const JSON: &str = include_str!("../fixtures/traces.json");
pub(crate) const RUN: RunPrefix = RunPrefix(0x5371_7561_6c6c_0001);

const BEGAN: u64 = 1_700_000_000_000_000_000;

fn intake() -> Intake {
    Intake::new(RUN, 1 << 20, Arc::default())
}

fn expected() -> Vec<Span> {
    let server = Span {
        trace: TraceId(0x5371_7561_6c6c_0001_0000_0000_0000_0007),
        id: SpanId(0xa1),
        parent: None,
        kind: SpanKind::Server,
        service: "shop".into(),
        scope: "opentelemetry.instrumentation.psycopg".into(),
        name: "GET /products".into(),
        began: UnixNanos(BEGAN),
        ended: UnixNanos(BEGAN + 3_000_000),
        failed: false,
        work: Work::Http { method: "GET".into(), route: "/products".into() },
    };
    let database = Span {
        id: SpanId(0xa2),
        parent: Some(SpanId(0xa1)),
        kind: SpanKind::Client,
        name: "SELECT".into(),
        began: UnixNanos(BEGAN + 1),
        ended: UnixNanos(BEGAN + 2_000_001),
        failed: true,
        work: Work::Database {
            system: "postgresql".into(),
            statement: "SELECT * FROM t WHERE id = ?".into(),
            values: digest("SELECT * FROM t WHERE id = 7"),
        },
        ..server.clone()
    };
    vec![server, database]
}

fn finish(intake: Intake) -> (Vec<Span>, Counts) {
    let (counts, spans, ..) = intake.finish();
    (spans, counts)
}

#[test]
fn both_formats_give_the_same_spans() {
    let mut intake_of_protobuf = intake();
    otlp_protobuf::read_traces(PROTOBUF, &mut intake_of_protobuf).unwrap();
    assert_eq!(finish(intake_of_protobuf).0, expected());
    let mut intake_of_json = intake();
    otlp_json::read_traces(JSON.as_bytes(), &mut intake_of_json).unwrap();
    assert_eq!(finish(intake_of_json).0, expected());
}

/// Protocol Buffers and JSON allow fields in any order: the service after its spans, the name after the list.
#[test]
fn fields_come_in_any_order() {
    let mut intake = intake();
    let json = r#"{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": 2, "name": "GET",
        "endTimeUnixNano": 12, "startTimeUnixNano": 10, "spanId": "00000000000000A1", "status": null, "flags": 257,
        "parentSpanId": null, "traceId": "537175616c6c00010000000000000007", "attributes": null}],
        "scope": {"name": "a\u00e4"}}], "resource": {"attributes": [{"value": {"stringValue": "late"}, "key": "service.name"}]}}]}"#;
    otlp_json::read_traces(json.as_bytes(), &mut intake).unwrap();
    let spans = finish(intake).0;
    assert_eq!((&*spans[0].service, &*spans[0].scope, spans[0].nanos()), ("late", "aä", 2));

    let mut swapped = Vec::new();
    for message in crate::protobuf::messages(PROTOBUF, 1) {
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for number in [2, 1] {
            for part in crate::protobuf::messages(message.unwrap(), number) {
                let part = part.unwrap();
                let length = [part.len() as u8 | 0x80, (part.len() >> 7) as u8];
                parts.push([&[(number << 3 | 2) as u8], &length[..], part].concat());
            }
        }
        let message = parts.concat();
        swapped.extend([0x0a, message.len() as u8 | 0x80, (message.len() >> 7) as u8]);
        swapped.extend(message);
    }
    assert_ne!(swapped, PROTOBUF);
    let mut intake = self::intake();
    otlp_protobuf::read_traces(&swapped, &mut intake).unwrap();
    assert_eq!(finish(intake).0, expected());
}

#[test]
fn wrong_ids_are_rejected_and_other_runs_left_out() {
    let mut intake = intake();
    let ids = BTreeMap::from([
        ("537175616c6c00010000000000000007", "00000000000000a1"),
        ("00000000000000000000000000000000", "00000000000000a1"),
        ("537175616c6c00010000000000000008", "a1"),
        ("+37175616c6c00010000000000000007", "00000000000000a1"),
        ("", "00000000000000a1"),
        ("637175616c6c00010000000000000007", "00000000000000a1"),
    ]);
    for (trace, span) in ids {
        let span = format!(r#"{{"traceId": "{trace}", "spanId": "{span}"}}"#);
        let request = format!(r#"{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{span}]}}]}}]}}"#);
        otlp_json::read_traces(request.as_bytes(), &mut intake).unwrap();
    }
    let (spans, counts) = finish(intake);
    assert_eq!((spans.len(), counts.kept, counts.rejected, counts.foreign), (1, 1, 4, 1));
    // A span that ends before it begins took no time.
    assert_eq!(spans[0].nanos(), 0);
}

#[test]
fn what_is_not_otlp_has_a_reason() {
    for (json, reason) in [
        ("", "EOF while parsing"),
        ("7", "invalid type: integer `7`"),
        (r#"{"resourceSpans": 7}"#, "invalid type: integer `7`, expected a list"),
        (r#"{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": "x"}]}]}]}"#, "expected a whole number"),
        (r#"{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": 1}]}]}]}"#, "expected a string"),
        (r#"{"resourceSpans": []} {"#, "trailing characters"),
    ] {
        let error = otlp_json::read_traces(json.as_bytes(), &mut intake()).unwrap_err();
        assert!(error.to_string().contains(reason), "{json}: {error}");
    }
    let long = format!("{:?}", "x\n".repeat(100_000));
    let error = otlp_json::read_traces(long.as_bytes(), &mut intake()).unwrap_err();
    assert!(otlp_json::describe_error(&error).len() <= 300);
    for length in 1..PROTOBUF.len() {
        assert!(otlp_protobuf::read_traces(&PROTOBUF[..length], &mut intake()).is_err(), "{length}");
    }
}

#[test]
fn deep_nesting_is_only_long() {
    let deep = 1_000_000;
    let value = format!(r#"{{"x": {}{}}}"#, "[".repeat(deep), "]".repeat(deep));
    otlp_json::read_traces(value.as_bytes(), &mut intake()).unwrap();
    let attribute = format!(r#"{{"key": "a", "value": {{"arrayValue": {}{}}}}}"#, "[".repeat(deep), "]".repeat(deep));
    let span = format!(
        r#"{{"traceId": "537175616c6c00010000000000000007", "spanId": "00000000000000a1", "attributes": [{attribute}]}}"#
    );
    let request = format!(r#"{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{span}]}}]}}]}}"#);
    let mut intake = intake();
    otlp_json::read_traces(request.as_bytes(), &mut intake).unwrap();
    assert_eq!(finish(intake).0.len(), 1);
}

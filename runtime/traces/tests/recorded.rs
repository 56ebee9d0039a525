//! Traces as OpenTelemetry's packages for Flask, psycopg and requests export them: of one request to the shop on PostgreSQL
//! (`guest-examples/shop/server/postgresql`) for each of its faults, and the same without the fault.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, with helpers beside them")]

mod support;

use std::collections::BTreeMap;
use std::fs;

use squall_findings::span::{Span, SpanKind, Work};
use squall_traces::{RunPrefix, Settings};
use support::{post, settings, start};

/// What is received of a recording.
fn received(name: &str) -> Vec<Span> {
    let path = format!("{}/tests/recorded/{name}.pb", env!("CARGO_MANIFEST_DIR"));
    let body = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let run = RunPrefix(prefix_of(&body));
    let (receiver, address) = start(Settings { run, ..settings() });
    assert_eq!(post(address, &body).0, 200, "{name}");
    let received = receiver.finish();
    assert_eq!((received.counts.rejected, received.counts.foreign), (0, 0), "{name}");
    received.spans
}

/// The upper half of the trace's id: a span begins with it (field 1, 16 bytes), and goes on with its own (field 2, 8 bytes).
fn prefix_of(body: &[u8]) -> u64 {
    let is_span = |bytes: &&[u8]| bytes[..2] == [0x0a, 16] && bytes[18..20] == [0x12, 8];
    let span = body.windows(20).find(is_span).expect("a span");
    u64::from_be_bytes(span[2..10].try_into().unwrap())
}

/// The calls that a request makes: how often each statement, and each call of another service.
fn calls(spans: &[Span]) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for span in spans.iter().filter(|span| span.kind == SpanKind::Client) {
        let call = match &span.work {
            Work::Database { statement, .. } => statement.to_string(),
            // The port was a free one.
            Work::Http { route, .. } => route.split_once('/').map_or("", |(_, path)| path).to_owned(),
            other => panic!("{other:?}"),
        };
        *calls.entry(call).or_default() += 1;
    }
    calls
}

fn most_frequent(spans: &[Span]) -> (String, usize) {
    calls(spans).into_iter().max_by_key(|(_, count)| *count).expect("calls")
}

#[test]
fn every_recording_is_one_request_of_the_shop() {
    let folder = format!("{}/tests/recorded", env!("CARGO_MANIFEST_DIR"));
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut count = 0;
    for path in names {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let spans = received(&name);
        let roots: Vec<&Span> = spans.iter().filter(|span| span.kind == SpanKind::Server).collect();
        let [root] = roots[..] else { panic!("{name}: {roots:?}") };
        assert_eq!(&*root.service, "shop", "{name}");
        assert!(matches!(&root.work, Work::Http { route, .. } if route.starts_with('/')), "{name}: {root:?}");
        assert!(spans.iter().all(|span| span.id == root.id || span.parent == Some(root.id)), "{name}");
        count += 1;
    }
    assert_eq!(count, 29);
}

#[test]
fn a_loop_of_queries_is_one_statement_many_times() {
    for name in ["n-plus-one", "n-plus-one-stable-names"] {
        let (statement, count) = most_frequent(&received(name));
        assert_eq!((&*statement, count), ("SELECT avg(stars)::float8 FROM reviews WHERE product_id = ?", 50), "{name}");
    }
    assert_eq!(most_frequent(&received("n-plus-one-healthy")).1, 1);
}

#[test]
fn calls_with_numbers_in_their_paths_are_one_route() {
    assert_eq!(most_frequent(&received("chatty")), ("availability".to_owned(), 20));
    assert_eq!(most_frequent(&received("chatty-healthy")).1, 1);
    let calls = calls(&received("serialised-calls"));
    for route in ["delivery/{}", "rating/{}", "related/{}", "stock/{}"] {
        assert_eq!(calls.get(route), Some(&1), "{calls:?}");
    }
}

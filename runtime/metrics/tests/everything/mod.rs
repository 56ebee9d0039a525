//! Measurements of every kind, for the tests that hold what is read, kept and streamed of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use squall_metrics::{
    FailureClass, FlowId, IterationEnd, Kind, Method, Nanos, Phases, Protocol, Recorder, Registry, RequestSample,
    ScenarioTags, TagSetId, Totals, Unit,
};

const BROWSE: FlowId = FlowId(0);
const BUY: FlowId = FlowId(1);

fn millis(time: u64) -> Nanos {
    Nanos(time * 1_000_000)
}

/// Two scenarios with a flow each, and at least one sample of every built-in metric and of every kind of custom metric.
pub fn everything() -> Totals {
    let registry = Arc::new(Registry::new(100));
    let mut recorder = Recorder::new(Arc::clone(&registry));
    record_requests(&mut recorder);
    record_iterations(&mut recorder);
    record_names(&mut recorder);
    record_customs(&mut recorder);
    let scenario = |name: &str, first_flow, team: &str| ScenarioTags {
        name: name.to_owned(),
        first_flow,
        tags: BTreeMap::from([("team".to_owned(), team.to_owned())]),
    };
    let scenarios = vec![scenario("readers", 0, "web"), scenario("buyers", 1, "shop")];
    let mut totals = Totals::of_scenarios(registry, scenarios, vec!["browse".to_owned(), "buy".to_owned()]);
    totals.recorded = recorder.take();
    totals.recorded.busy = millis(77);
    totals.elapsed = millis(10_000);
    totals.vus_max = 10;
    totals.set_vus(millis(1_000), 5);
    totals.set_vus(millis(2_000), 3);
    totals
}

fn record_requests(recorder: &mut Recorder) {
    let (shelf, basket) = (recorder.name("/shelf"), recorder.name("/basket"));
    let sample = |flow, name, method, status: u16, time: u64| {
        let phases = Phases {
            blocked: millis(time + 1),
            connecting: millis(time + 2),
            tls_handshaking: millis(time + 3),
            sending: millis(time + 4),
            waiting: millis(time + 5),
            receiving: millis(time + 6),
        };
        RequestSample {
            flow,
            tags: TagSetId::NONE,
            name,
            method,
            status,
            failure: (status == 0).then_some(FailureClass::Timeout),
            expected: status == 200,
            proto: match status {
                0 => Protocol::None,
                500 => Protocol::Http2,
                _ => Protocol::Http1,
            },
            phases,
            response_time: millis(6 * time + 21),
            sent: 100 + time,
            received: 1_000 + time,
        }
    };
    let call = |method, proto, code: u16, time: u64| RequestSample {
        expected: code == 0,
        failure: None,
        proto,
        ..sample(BUY, method, Method::Post, code, time)
    };
    let (find, watch) = (recorder.name("shop.Shop/Find"), recorder.name("shop.Shop/Watch"));
    for request in [
        call(find, Protocol::Grpc, 0, 70),
        call(find, Protocol::Grpc, 14, 80),
        call(watch, Protocol::GrpcStream, 0, 90),
        sample(BROWSE, shelf, Method::Get, 200, 10),
        sample(BROWSE, shelf, Method::Get, 200, 20),
        sample(BROWSE, shelf, Method::Get, 500, 30),
        sample(BUY, basket, Method::Post, 200, 40),
        sample(BUY, basket, Method::Post, 0, 50),
        sample(FlowId::SETUP, shelf, Method::Get, 200, 60),
    ] {
        recorder.request(&request);
    }
    recorder.request_failure(BUY, FailureClass::Timeout, "no answer");
    recorder.request_failure(BROWSE, FailureClass::RefusedByPolicy, "a stranger");
    recorder.request_failure(BUY, FailureClass::RefusedByPolicy, "a stranger");
    recorder.request_failure(BUY, FailureClass::RefusedByPolicy, "another");
    recorder.run().connections += 7;
    recorder.run().reconnects += 1;
    recorder.run().reconnects += 1;
}

fn record_iterations(recorder: &mut Recorder) {
    for (flow, end, time) in [
        (BROWSE, IterationEnd::Completed, 100),
        (BROWSE, IterationEnd::Failed, 200),
        (BROWSE, IterationEnd::Interrupted, 300),
        (BUY, IterationEnd::Completed, 400),
        (BUY, IterationEnd::Trapped, 500),
    ] {
        recorder.iteration(flow, end, millis(time), millis(time / 100), "told");
    }
    recorder.start_failure("no room");
    for (flow, waited) in [(BROWSE, 1_000), (BUY, 2_000), (BUY, 3_000)] {
        recorder.dropped(flow, millis(waited));
    }
    for lag in [1, 2, 3] {
        recorder.due(Nanos(lag * 1_000));
        recorder.begun(millis(lag));
    }
    recorder.look(Nanos(4_000), 2);
}

fn record_names(recorder: &mut Recorder) {
    let (is_ok, is_cheap, order) = (recorder.name("is ok"), recorder.name("is cheap"), recorder.name("order"));
    recorder.check(BROWSE, is_ok, true);
    recorder.check(BROWSE, is_ok, false);
    recorder.check(BUY, is_cheap, true);
    recorder.transaction(BUY, order, millis(700), false);
    recorder.transaction(BUY, order, millis(800), true);
    let (feed, chat) = (recorder.name("/feed"), recorder.name("/chat"));
    for gap in [20, 30] {
        recorder.stream(BROWSE, feed, |cell| {
            cell.events += 1;
            cell.event_gap.record(millis(gap));
        });
    }
    recorder.stream(BROWSE, feed, |cell| {
        cell.first_event.record(millis(15));
        cell.duration.record(millis(90));
        cell.reconnects += 1;
        cell.inbox_full += 1;
    });
    recorder.stream(BUY, chat, |cell| {
        cell.first_token.record(millis(250));
        cell.inter_token.record(millis(40));
        cell.time_per_output_token.record(millis(35));
        cell.output_tokens += 12;
        cell.duration.record(millis(700));
    });
    let socket = recorder.name("wss://shop.test/ws");
    recorder.websocket(BUY, socket, |cell| {
        cell.connecting.record(millis(12));
        cell.sessions += 3;
        cell.failed += 1;
        cell.session_duration.record(millis(900));
        cell.messages_sent += 5;
        cell.messages_received += 6;
        cell.ping.record(millis(3));
        cell.response.record(millis(4));
        cell.message_gap.record(millis(150));
        cell.inbox_full += 1;
        cell.closed_unexpectedly += 1;
        cell.sent += 700;
        cell.received += 800;
    });
    let (cache, clock) = (recorder.name("cache.test:6379"), recorder.name("clock.test:123"));
    recorder.socket(BUY, cache, |cell| {
        cell.connections += 2;
        cell.connecting.record(millis(3));
        cell.tls_handshaking.record(millis(6));
        cell.session_duration.record(millis(800));
        cell.response.record(millis(2));
        cell.inbox_full += 1;
        cell.errors += 1;
        cell.sent += 500;
        cell.received += 600;
    });
    recorder.socket(BROWSE, clock, |cell| {
        cell.datagrams_sent += 4;
        cell.datagrams_received += 3;
        cell.datagrams_dropped += 1;
        cell.datagram_response.record(millis(5));
        cell.datagram_errors += 1;
        cell.sent += 48;
        cell.received += 48;
    });
    let calls = recorder.name("shop.Shop/Chat");
    recorder.stream(BUY, calls, |cell| {
        cell.messages_sent += 2;
        cell.messages_received += 3;
        cell.first_message.record(millis(25));
        cell.message_gap.record(millis(10));
        cell.message_response.record(millis(5));
    });
    recorder.server_timing(BROWSE, "db", millis(8));
    recorder.server_timing(BUY, "db", millis(9));
}

fn record_customs(recorder: &mut Recorder) {
    let mut metric = |name, kind, unit| recorder.metric(name, kind, unit).expect("a new name");
    let orders = metric("orders", Kind::Counter, Unit::Data);
    let depth = metric("depth", Kind::Gauge, Unit::Number);
    let hits = metric("hits", Kind::Rate, Unit::Number);
    let sizes = metric("sizes", Kind::Trend, Unit::Time);
    recorder.counter(BUY, orders, 2.5);
    recorder.counter(BROWSE, orders, 1.0);
    recorder.gauge(BUY, depth, millis(1), 4.0);
    recorder.gauge(BUY, depth, millis(2), 3.0);
    recorder.rate(BUY, hits, true);
    recorder.rate(BUY, hits, false);
    recorder.trend(BUY, sizes, 7.0);
    recorder.trend(BUY, sizes, 9.0);
}

/// Compares a text with a file of the crate. With `UPDATE_EXPECT=1` writes it.
pub fn expect(crate_folder: &str, file: &str, actual: &str) {
    let path = Path::new(crate_folder).join(file);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, actual).expect("written");
    }
    let expected = std::fs::read_to_string(&path).expect("the file with the known answer");
    assert_eq!(actual, expected, "{}", path.display());
}

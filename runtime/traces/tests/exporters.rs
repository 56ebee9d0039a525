//! OpenTelemetry's own exporters for Python, Node, Go and Java, in each protocol that they speak. `cargo xtask test` puts
//! them into `target/tools/exporters`; the programs that use them are in `tests/exporters`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use squall_findings::span::{Span, SpanId, SpanKind, Work};
use squall_traces::Received;
use support::{RUN, settings, skip, start};

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/exporters")
}

fn program(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exporters").join(path)
}

/// Exports in each protocol, with and without compression, and looks at what came.
fn export(name: &str, is_there: bool, protocols: &[&str], command: impl Fn() -> Command) {
    if !is_there {
        skip(&format!("exporters::{name}"), "OpenTelemetry's exporters are not installed (cargo xtask test does that)");
        return;
    }
    for protocol in protocols {
        for compression in [None, Some("gzip")] {
            let received = receive_from(command(), protocol, compression);
            check(&received, &format!("{name}, {protocol}, {compression:?}"));
        }
    }
}

fn receive_from(mut command: Command, protocol: &str, compression: Option<&str>) -> Received {
    let (receiver, address) = start(settings());
    let traceparent = format!("00-{:016x}0000000000000007-00000000000000b7-01", RUN.0);
    command.args([protocol, &traceparent]).env("OTEL_SERVICE_NAME", "shop-server");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"));
    command.envs(compression.map(|compression| ("OTEL_EXPORTER_OTLP_COMPRESSION", compression)));
    let ended = command.output().unwrap();
    assert!(ended.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ended.stderr));
    receiver.finish()
}

fn check(received: &Received, of: &str) {
    assert!(received.problems.is_empty(), "{of}: {:?}", received.problems);
    let [server, database] = in_order(received).unwrap_or_else(|| panic!("{of}: {received:?}"));
    for span in [server, database] {
        assert_eq!((&*span.service, &*span.scope), ("shop-server", "shop"), "{of}");
        assert_eq!(span.trace.0, u128::from(RUN.0) << 64 | 7, "{of}");
        // Some years from 2023, and no longer than the test.
        assert!(span.began.0 > 1_700_000_000_000_000_000 && span.nanos() < 60_000_000_000, "{of}: {span:?}");
    }
    assert_eq!((&*server.name, server.kind, server.failed), ("GET /products/{id}", SpanKind::Server, false), "{of}");
    assert_eq!(server.parent, Some(SpanId(0xb7)), "{of}");
    assert_eq!(server.work, Work::Http { method: "GET".into(), route: "/products/{id}".into() }, "{of}");
    assert_eq!((&*database.name, database.kind, database.failed), ("SELECT products", SpanKind::Client, true), "{of}");
    assert_eq!(database.parent, Some(server.id), "{of}");
    let Work::Database { system, statement, .. } = &database.work else { panic!("{of}: {:?}", database.work) };
    assert_eq!((&**system, &**statement), ("postgresql", "SELECT name FROM products WHERE id = ?"), "{of}");
}

/// The span of the server, and that of the database.
fn in_order(received: &Received) -> Option<[&Span; 2]> {
    match received.spans.as_slice() {
        [server, database] if server.kind == SpanKind::Server => Some([server, database]),
        [database, server] => Some([server, database]),
        _ => None,
    }
}

#[test]
fn python() {
    let python = tools().join("python/bin/python");
    export("python", python.is_file(), &["http/protobuf", "grpc"], || {
        let mut command = Command::new(&python);
        command.arg(program("python/export.py"));
        command
    });
}

#[test]
fn node() {
    let packages = tools().join("node");
    let is_there = packages.join("node_modules/@opentelemetry/sdk-trace-node").is_dir();
    export("node", is_there, &["http/json", "http/protobuf", "grpc"], || {
        let mut command = Command::new("node");
        command.arg(program("node/export.mjs")).env("EXPORTERS", &packages);
        command
    });
}

#[test]
fn go() {
    let built = tools().join("go/export");
    export("go", built.is_file(), &["http/protobuf", "grpc"], || Command::new(&built));
}

#[test]
fn java() {
    let packages = tools().join("java");
    export("java", packages.is_dir(), &["http/protobuf", "grpc"], || {
        let mut command = Command::new("java");
        command.arg("-cp").arg(packages.join("*")).arg(program("java/Export.java"));
        command
    });
}

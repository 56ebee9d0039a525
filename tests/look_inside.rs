//! Looking into the target: traces are asked for, received and understood, and the causes of slow responses are named. With
//! a target that tells of spans by hand, and with the shop on PostgreSQL, an ordinary application with OpenTelemetry's
//! stock packages.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::daemon::free_address;
use crate::support::program::{Ended, Squall, root};
use crate::support::server::{Reply, Request, Server};
use crate::support::skip;

const MILLISECOND: u64 = 1_000_000;

/// A target that spends its time on queries, one after the other, and tells of that at an address.
pub struct Target {
    server: Server,
    queries: Arc<AtomicU64>,
}

/// A target with that many queries a request.
pub fn target(otlp: String, queries: u64) -> Target {
    let queries = Arc::new(AtomicU64::new(queries));
    let count = Arc::clone(&queries);
    let server = Server::start(move |request| {
        let queries = count.load(Ordering::Relaxed);
        if let Some(context) = request.headers.get("traceparent").filter(|context| context.ends_with("-01")) {
            send_spans(&otlp, &context[3..35], &context[36..52], queries);
        }
        Reply::ok("hello").after(Duration::from_millis(10 + 2 * queries))
    });
    Target { server, queries }
}

impl Target {
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// From now on it has that many queries a request.
    pub fn set(&self, queries: u64) {
        self.queries.store(queries, Ordering::Relaxed);
    }
}

fn send_spans(otlp: &str, trace: &str, parent: &str, queries: u64) {
    let span = |number: u64, parent: &str, kind: u64, [from, to]: [u64; 2], attributes: Value| {
        json!({
            "traceId": trace, "spanId": format!("{:015x}{number:x}", 7), "parentSpanId": parent, "kind": kind,
            "name": if kind == 2 { "GET /products" } else { "SELECT" },
            "startTimeUnixNano": (from * MILLISECOND).to_string(), "endTimeUnixNano": (to * MILLISECOND).to_string(),
            "attributes": attributes,
        })
    };
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let root = format!("{:015x}{:x}", 7, 15);
    let mut spans = vec![span(
        15,
        parent,
        2,
        [0, 10 + 2 * queries],
        json!([text("http.request.method", "GET"), text("http.route", "/products")]),
    )];
    spans.extend((0..queries).map(|number| {
        let query = format!("SELECT price FROM prices WHERE product = {number}");
        let attributes = json!([text("db.system.name", "postgresql"), text("db.query.text", &query)]);
        span(number, &root, 3, [2 * number + 2, 2 * number + 4], attributes)
    }));
    let resource = json!({ "attributes": [text("service.name", "shop")] });
    let body = json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "spans": spans }] }] }).to_string();
    let mut stream = TcpStream::connect(otlp).unwrap();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: {otlp}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn findings(ended: &Ended) -> Value {
    let summary = std::fs::read_to_string(ended.folder().join("summary.json")).unwrap();
    serde_json::from_str::<Value>(&summary).unwrap()["findings"].clone()
}

fn runs(ended: &Ended) -> String {
    ended.folder().join(".squall/runs").display().to_string()
}

#[test]
fn a_cause_is_named_in_the_summary_in_reports_and_of_the_kept_run() {
    let otlp = free_address();
    let server = target(otlp.clone(), 10);
    let arguments = ["run", &server.url(), "-c", "2", "-d", "3s", "--look-inside", "--otlp-listen", &otlp];
    let files = ["--summary-json", "summary.json", "--report", "report.html", "--report", "report.md"];
    let ended = Squall::new(&arguments).args(&files).run().expect_code_or_busy(0);
    assert!(ended.out.contains("1. N+1 queries (database, single source)"), "{}", ended.out);
    let found = &findings(&ended)["findings"][0];
    assert_eq!((&found["cause"], &found["class"]), (&"n-plus-one".into(), &"database".into()), "{found:#}");
    assert_eq!(found["statement"], "SELECT price FROM prices WHERE product = ?");
    assert_eq!(found["endpoint"], "GET /");
    assert_eq!(found["example"]["bars"].as_array().unwrap().len(), 11);
    let read = |name: &str| std::fs::read_to_string(ended.folder().join(name)).unwrap();
    assert!(read("report.html").contains("class=\"waterfall\""));
    let markdown = read("report.md");
    for part in ["## Causes", "N+1 queries, database, single source", "- [ ] GET /: Ask for all rows"] {
        assert!(markdown.contains(part), "{markdown}");
    }
    let told = Squall::new(&["findings", "last", "--runs-dir", &runs(&ended)]).run().expect_code(0);
    assert!(told.out.contains("runs the same query 10 times a request"), "{}", told.out);
    let json = Squall::new(&["findings", "--json", "--runs-dir", &runs(&ended)]).run().expect_code(0);
    assert_eq!(serde_json::from_str::<Value>(&json.out).unwrap(), findings(&ended));
}

#[test]
fn the_asked_share_is_sampled_and_the_target_is_told_of_the_others() {
    let otlp = free_address();
    let server = Server::start(|_| Reply::ok("hello"));
    let arguments =
        ["run", &server.url(), "-i", "2000", "--look-inside", "--trace-share", "20%", "--otlp-listen", &otlp];
    let ended = Squall::new(&arguments).run().expect_code_or_busy(0);
    let contexts: Vec<String> =
        server.requests().iter().map(|request: &Request| request.headers["traceparent"].clone()).collect();
    let sampled = contexts.iter().filter(|context| context.ends_with("-01")).count();
    assert!((300..500).contains(&sampled), "{sampled} of {}", contexts.len());
    assert!(contexts.iter().all(|context| context[..19] == contexts[0][..19]), "one run, one prefix");
    let remedy = format!("not seen: no traces came: set OTEL_EXPORTER_OTLP_ENDPOINT=http://{otlp} ");
    assert!(ended.out.contains(&remedy), "{}", ended.out);
}

#[test]
fn without_looking_inside_requests_bring_no_trace_context() {
    let server = Server::start(|_| Reply::ok("hello"));
    let ended = Squall::new(&["run", &server.url(), "-i", "5"]).run().expect_code_or_busy(0);
    assert!(server.requests().iter().all(|request| !request.headers.contains_key("traceparent")));
    let error = Squall::new(&["findings", "last", "--runs-dir", &runs(&ended)]).run();
    assert!(error.code != 0 && error.err.contains("--look-inside"), "{}", error.err);
}

#[test]
fn an_address_in_use_and_a_wrong_database_are_told_before_the_run() {
    let server = Server::start(|_| Reply::ok("hello"));
    let taken = server.url().replace("http://", "");
    let run = |more: &[&str]| Squall::new(&["run", &server.url(), "-i", "1"]).args(more).run().expect_code(104);
    let in_use = run(&["--look-inside", "--otlp-listen", &taken]);
    assert!(
        in_use.err.contains(&format!("{taken} is in use")) && in_use.err.contains("--otlp-listen"),
        "{}",
        in_use.err
    );
    assert!(run(&["--look-inside", "--otlp-listen", "nowhere"]).err.contains("write an address and a port"));
    assert!(run(&["--database", "sqlite:///shop.db"]).err.contains("--database"));
    assert_eq!(server.count(), 0);
}

#[test]
fn a_database_that_is_not_there_ends_no_run() {
    let server = Server::start(|_| Reply::ok("hello"));
    let url = format!("postgresql://reader:hunter22@{}/shop", free_address());
    let ended = Squall::new(&["run", &server.url(), "-i", "5", "--database", &url]).run().expect_code_or_busy(0);
    assert!(ended.err.contains("warning: ") && ended.err.contains("cannot be looked into"), "{}", ended.err);
    assert!(!ended.err.contains("hunter22") && !ended.out.contains("hunter22"));
}

/// The shop on PostgreSQL with a fault.
pub struct Shop {
    child: Child,
    pub url: String,
    pub database: String,
}

impl Shop {
    /// `None`, and a message, without what it needs.
    fn start(fault: &str, otlp: &str) -> Option<Shop> {
        Shop::start_at("127.0.0.1:0", fault, otlp)
    }

    /// The same at an address.
    pub fn start_at(address: &str, fault: &str, otlp: &str) -> Option<Shop> {
        let python = root().join("target/tools/shop/bin/python");
        let start = root().join("guest-examples/shop/server/postgresql/start.py");
        let mut command = Command::new(&python);
        let port = address.rsplit(':').next().unwrap();
        command.arg(start).args(["--port", port, "--otlp", &format!("http://{otlp}")]);
        if !fault.is_empty() {
            command.args(["--faults", fault]);
        }
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut child) = child else {
            skip("look_inside", "the shop on PostgreSQL is not installed (cargo xtask test does that)");
            return None;
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = |word: &str| {
            let line = lines.find_map(|line| line.ok()?.strip_prefix(word).map(|rest| rest.trim().to_owned()));
            line.unwrap_or_else(|| panic!("the shop says no {word}"))
        };
        let (database, url) = (said("database"), said("ready"));
        Some(Shop { child, url, database })
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").arg(id).status();
        let _ = self.child.wait();
    }
}

/// Diagnoses a route of the shop under a fault, and returns the first finding.
fn diagnose(fault: &str, route: &str) -> Option<Value> {
    let otlp = free_address();
    let shop = Shop::start(fault, &otlp)?;
    let url = format!("{}{route}", shop.url);
    let arguments = ["diagnose", &url, "-c", "6", "-d", "15s", "--otlp-listen", &otlp, "--database", &shop.database];
    let ended = Squall::new(&arguments).args(&["--summary-json", "summary.json"]).run().expect_code_or_busy(0);
    Some(findings(&ended)["findings"][0].clone())
}

#[test]
fn queries_in_a_loop_are_found_in_a_real_application() {
    let Some(found) = diagnose("n-plus-one", "/products?per_page=50") else { return };
    assert_eq!((&found["cause"], &found["endpoint"]), (&"n-plus-one".into(), &"GET /products".into()), "{found:#}");
    assert!(found["explains"]["low"].as_f64() > Some(0.3), "{found:#}");
    assert_eq!(found["confidence"], "confirmed-by-two-sources", "{found:#}");
}

#[test]
fn a_missing_index_is_found_in_a_real_application() {
    let Some(found) = diagnose("missing-index", "/categories/3/products") else { return };
    assert_eq!((&found["cause"], &found["class"]), (&"missing-index".into(), &"database".into()), "{found:#}");
    assert_eq!(found["change"], "CREATE INDEX ON products (category_id, price);");
}

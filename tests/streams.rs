//! `--out`: measurements, passed on during the run.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use serde_json::Value;

use crate::support::daemon::between_questions;
use crate::support::program::{Ended, Squall, guest};
use crate::support::server::{Reply, Server};

/// A run of 100 iterations with a request each, passed on to these outputs.
fn run_of_100(outputs: &[&str]) -> Ended {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let minimal = guest("minimal");
    let mut squall = Squall::new(&["run", &minimal, "--target", &server.url(), "-i", "100", "--tag", "testid=t1"]);
    for output in outputs {
        squall = squall.args(&["--out", output]);
    }
    squall.exporting().run()
}

fn read(ended: &Ended, name: &str) -> String {
    std::fs::read_to_string(ended.folder().join(name)).unwrap()
}

#[test]
fn files_add_up_to_the_summary() {
    let ended = run_of_100(&["json=points.ndjson", "csv=points.csv"]).expect_code_or_busy(0);
    let lines: Vec<Value> =
        read(&ended, "points.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sum = |metric: &str, field: &str| -> f64 {
        let points = lines.iter().filter(|line| line["metric"] == metric && line["type"] == "Point");
        points.map(|line| line["data"][field].as_f64().unwrap()).sum()
    };
    assert_eq!(sum("http_reqs", "value"), 100.0);
    assert_eq!(sum("http_req_duration", "count"), 100.0);
    assert_eq!(sum("data_received", "value"), ended.number("data_received", "count"));
    let described = lines.iter().find(|line| line["metric"] == "http_reqs").unwrap();
    assert_eq!((&described["type"], &described["data"]["type"]), (&"Metric".into(), &"counter".into()));

    let table = read(&ended, "points.csv");
    let requests = table.lines().filter(|line| line.starts_with("http_reqs,"));
    let counts = requests.map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!((cells[3], cells[8], cells[9], cells[15]), ("sum", "GET", "200", "t1"), "{line}");
        cells[2].parse::<f64>().unwrap()
    });
    assert_eq!(counts.sum::<f64>(), 100.0);
}

#[test]
fn a_dead_output_is_reported_and_the_exit_code_stays() {
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = run_of_100(&[&format!("prometheus=http://{dead}/api/v1/write")]).expect_code_or_busy(0);
    let output = format!("--out prometheus=http://{dead}/api/v1/write: ");
    let told: Vec<&str> = ended.err.lines().filter(|line| line.contains(&output)).collect();
    let last = told.last().unwrap();
    assert!(last.contains("seconds were not delivered: cannot connect: Connection refused"), "{}", ended.err);
    assert_eq!(ended.number("http_reqs", "count"), 100.0);
}

#[test]
fn an_invalid_output_is_refused_before_the_run() {
    let minimal = guest("minimal");
    let refused = |output: &str, code| Squall::new(&["run", &minimal, "--out", output]).run().expect_code(code).err;
    assert!(refused("json=no/such/folder/x", 104).contains("--out json=no/such/folder/x: No such file"));
    assert!(
        refused("grafana=x", 2).contains("is not one of json, csv, openmetrics, prometheus, statsd, influxdb, otlp")
    );
    assert!(refused("influxdb=http://localhost:8086", 104).contains("must name a database"));
    let twice = Squall::new(&["run", &minimal, "--out-trend-stats", "p(95),mean"]).run().expect_code(2).err;
    assert!(twice.contains("\"mean\" is not one of avg, min, med, max, count, sum and p(N)"), "{twice}");
}

#[test]
fn statsd_gets_the_counts_of_all_series() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    run_of_100(&[&format!("statsd={}", socket.local_addr().unwrap())]).expect_code_or_busy(0);
    let mut counts: HashMap<String, f64> = HashMap::new();
    let mut datagram = [0; 2_000];
    while counts.get("squall.http_reqs") != Some(&100.0) {
        let length = socket.recv(&mut datagram).unwrap_or_else(|error| panic!("{error}, and only {counts:?}"));
        for line in std::str::from_utf8(&datagram[..length]).unwrap().lines() {
            let (name, value) = line.split_once(':').unwrap();
            if let Some(count) = value.strip_suffix("|c") {
                *counts.entry(name.to_owned()).or_default() += count.parse::<f64>().unwrap();
            }
        }
    }
}

#[test]
fn databases_and_collectors_get_their_formats() {
    let server = Server::start(|request| Reply::status(if request.path.starts_with("/v1") { 200 } else { 204 }, ""));
    let (influxdb, otlp) = (format!("influxdb={}/loads", server.url()), format!("otlp={}", server.url()));
    run_of_100(&[&influxdb, &otlp]).expect_code_or_busy(0);
    let bodies = |path: &str| -> Vec<String> {
        let requests = server.requests().into_iter().filter(|request| request.path == path);
        requests.map(|request| String::from_utf8(request.body).unwrap()).collect()
    };
    let lines = bodies("/write?db=loads&precision=ms").concat();
    let requests = lines.lines().filter(|line| line.starts_with("http_reqs,"));
    let count = |line: &str| line.split("value=").nth(1).unwrap().split(' ').next().unwrap().parse::<f64>().unwrap();
    assert_eq!(requests.map(count).sum::<f64>(), 100.0, "{lines}");

    let last: Value = serde_json::from_str(bodies("/v1/metrics").last().unwrap()).unwrap();
    let metrics = last["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let duration = metrics.iter().find(|metric| metric["name"] == "http.client.request.duration").unwrap();
    let point = &duration["exponentialHistogram"]["dataPoints"][0];
    assert_eq!(point["count"], "100");
    assert!(point["min"].as_f64().unwrap() >= 0.005, "the server takes 5 ms: {point}");
}

#[test]
fn metrics_can_be_fetched_during_the_run() {
    let server = Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)));
    let squall = Squall::new(&["run", &guest("minimal"), "--target", &server.url(), "-u", "1", "-d", "60s", "-q"]);
    let mut running = squall.args(&["--out", "openmetrics=0"]).start();
    let line = running.until_said("openmetrics: http://");
    let address = line.split("http://").nth(1).unwrap().trim().trim_end_matches("/metrics").to_owned();
    let page = loop {
        let page = get(&address, "/metrics");
        if page.contains("k6_http_reqs_total{") {
            break page;
        }
        between_questions();
    };
    assert!(page.contains("content-type: application/openmetrics-text; version=1.0.0"), "{page}");
    assert!(page.ends_with("# EOF\n"), "{page}");
    assert!(get(&address, "/").starts_with("HTTP/1.1 404"));
    running.signal("INT");
    running.wait().expect_code_or_busy(105);
}

fn get(address: &str, path: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).unwrap();
    text
}

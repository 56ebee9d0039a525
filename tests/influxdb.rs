//! `--out influxdb` against Debian's InfluxDB 1 (`apt-get install influxdb`). There is no package of version 2: its
//! path and token are tested with a stand-in; the lines are those that version 1 has read.

use serde_json::Value;

use crate::support::daemon::{Daemon, encoded, free_address};
use crate::support::program::{Squall, guest};
use crate::support::server::{Reply, Server};

fn influxdb() -> Option<Daemon> {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let address = free_address();
    let settings = format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n[meta]\ndir = \"{}\"\n[data]\ndir = \"{}\"\n\
         wal-dir = \"{}\"\n[http]\nbind-address = \"{address}\"\n",
        place("meta"),
        place("data"),
        place("wal"),
    );
    std::fs::write(place("influxdb.conf"), settings).unwrap();
    let arguments = ["-config".to_owned(), place("influxdb.conf")];
    Daemon::start(("influxd", "influxdb"), &arguments, (address, folder), "/ping")
}

#[test]
fn influxdb_has_the_measurements() {
    let Some(influxdb) = influxdb() else { return };
    influxdb.ask("POST", &format!("/query?q={}", encoded("CREATE DATABASE loads")));
    let server = Server::start(|_| Reply::ok("hello"));
    let minimal = guest("minimal");
    let output = format!("influxdb=http://{}/loads", influxdb.address());
    let arguments = ["run", &minimal, "--target", &server.url(), "-i", "100", "--tag", "testid=a b", "--out", &output];
    let ended = Squall::new(&arguments).exporting().run().expect_code_or_busy(0);
    assert!(!ended.err.contains("not delivered"), "{}", ended.err);
    let number = |query: &str| {
        let answer = influxdb.get(&format!("/query?db=loads&q={}", encoded(query)));
        let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        answer["results"][0]["series"][0]["values"][0][1].as_f64().unwrap_or_else(|| panic!("{query}: {answer}"))
    };
    assert_eq!(number("SELECT sum(value) FROM http_reqs WHERE testid = 'a b'"), 100.0);
    let slowest = number("SELECT max(max) FROM http_req_duration WHERE status = '200'");
    assert!((slowest - ended.number("http_req_duration", "max")).abs() < 1e-6, "in milliseconds: {slowest}");
}

#[test]
fn version_2_needs_a_bucket_and_a_token() {
    let database = Server::start(|request| {
        let authorized = request.headers.get("authorization").is_some_and(|value| value == "Token secret");
        match (request.path.as_str(), authorized) {
            ("/api/v2/write?org=qa&bucket=loads&precision=ms", true) => Reply::status(204, ""),
            (_, false) => Reply::status(401, "{\"code\":\"unauthorized\"}"),
            _ => Reply::status(404, "{\"code\":\"not found\"}"),
        }
    });
    let server = Server::start(|_| Reply::ok("hello"));
    let minimal = guest("minimal");
    let output = format!("influxdb={}/api/v2/write?org=qa&bucket=loads", database.url());
    let run = |token: &str| {
        let header = format!("influxdb=Authorization: Token {token}");
        let arguments =
            ["run", &minimal, "--target", &server.url(), "-i", "100", "--out", &output, "--out-header", &header];
        Squall::new(&arguments).exporting().run().expect_code_or_busy(0)
    };
    let ended = run("secret");
    assert!(!ended.err.contains("not delivered"), "{}", ended.err);
    let lines: String =
        database.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap()).collect();
    let count = |line: &str| line.split("value=").nth(1).unwrap().split(' ').next().unwrap().parse::<f64>().unwrap();
    assert_eq!(lines.lines().filter(|line| line.starts_with("http_reqs,")).map(count).sum::<f64>(), 100.0, "{lines}");

    let ended = run("wrong");
    assert!(ended.err.contains("not delivered") && ended.err.contains("401"), "{}", ended.err);
    assert!(!ended.err.contains("Token wrong"), "{}", ended.err);
}

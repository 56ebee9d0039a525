//! `--out statsd` against Etsy's own server, from npm. `cargo xtask test` puts it below `target/tools`.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpStream, UdpSocket};
use std::process::Command;

use crate::support::daemon::{Daemon, free_address};
use crate::support::program::{Squall, guest, root};
use crate::support::server::{Reply, Server};
use crate::support::skip;

struct Statsd {
    management: Daemon,
    receives_at: String,
}

impl Statsd {
    fn start() -> Option<Statsd> {
        let program = root().join("target/tools/statsd/node_modules/statsd/stats.js");
        if !program.is_file() {
            skip("statsd", "statsd is not installed (cargo xtask test does that)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let receives_at = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let management = free_address();
        let (host, port) = management.split_once(':').unwrap();
        // It forgets its counters when it flushes them: not while this test asks.
        let settings = format!(
            "{{ address: '127.0.0.1', port: {}, mgmt_address: '{host}', mgmt_port: {port}, flushInterval: 3600000, \
             backends: ['./backends/console'] }}",
            receives_at.port()
        );
        let file = folder.path().join("settings.js");
        std::fs::write(&file, settings).unwrap();
        let management = Daemon::spawn(Command::new("node").arg(program).arg(file), management, folder)?;
        let statsd = Statsd { management, receives_at: receives_at.to_string() };
        statsd.management.until(|| statsd.ask("health").starts_with("health: up"));
        Some(statsd)
    }

    /// Its management interface's answer, to the end; empty without one.
    fn ask(&self, question: &str) -> String {
        let Ok(mut connection) = TcpStream::connect(self.management.address()) else { return String::new() };
        connection.write_all(format!("{question}\n").as_bytes()).unwrap();
        let mut text = String::new();
        let mut lines = BufReader::new(connection);
        while lines.read_line(&mut text).is_ok_and(|read| read > 0) {
            if text.ends_with("END\n\n") || text.ends_with("END\n") || question == "health" {
                break;
            }
        }
        text
    }

    /// The number after that name, in a printed JavaScript object.
    fn number(&self, kind: &str, name: &str) -> Option<f64> {
        let text = self.ask(kind);
        let line = text
            .lines()
            .find_map(|line| line.trim().trim_start_matches('{').trim().strip_prefix(&format!("'{name}': ")))?;
        line.trim_end_matches(['}', ',', ' ']).parse().ok()
    }
}

#[test]
fn statsd_counts_the_measurements() {
    let Some(statsd) = Statsd::start() else { return };
    let server = Server::start(|_| Reply::ok("hello"));
    let minimal = guest("minimal");
    let output = format!("statsd={}", statsd.receives_at);
    let arguments = ["run", &minimal, "--target", &server.url(), "-i", "100", "--out", &output];
    let ended = Squall::new(&arguments).exporting().run().expect_code_or_busy(0);
    // The server reads datagrams with a delay.
    statsd.management.until(|| statsd.number("counters", "squall.http_reqs") == Some(100.0));
    assert_eq!(statsd.number("counters", "squall.checks.passes"), Some(100.0));
    assert_eq!(statsd.number("counters", "squall.data_received"), Some(ended.number("data_received", "count")));
    assert_eq!(statsd.number("counters", "statsd.bad_lines_seen"), Some(0.0), "{}", statsd.ask("counters"));
    let slowest = statsd.number("gauges", "squall.http_req_duration.max").unwrap();
    assert!(slowest > 0.0 && slowest <= ended.number("http_req_duration", "max") + 1e-6, "in milliseconds: {slowest}");
}

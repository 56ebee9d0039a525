//! Sockets whose protocol the scenario speaks itself, against real servers, and waiting for several of them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use crate::support::daemon::{Daemon, free_address, is_listening};
use crate::support::program::{Ended, Squall, guest};
use crate::support::skip;

/// Starts a server that listens at a free address. `None`, and a message, if it is not installed.
fn start(program: &str, package: &str, arguments: impl Fn(&str) -> Vec<String>) -> Option<Daemon> {
    let address = free_address();
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    command.args(arguments(address.rsplit(':').next().unwrap())).current_dir(folder.path());
    let daemon = Daemon::spawn(&mut command, address, folder);
    match &daemon {
        Some(daemon) => daemon.until(|| is_listening(daemon.address())),
        None => skip("servers", &format!("{program} is not installed (apt-get install {package})")),
    }
    daemon
}

fn redis() -> Option<Daemon> {
    start("redis-server", "redis-server", |port| {
        ["--bind", "127.0.0.1", "--save", "", "--port", port].map(str::to_owned).into()
    })
}

/// A broker that takes anybody, on loopback.
fn mosquitto() -> Option<Daemon> {
    // Debian keeps it where only administrators look for programs.
    let program =
        if std::path::Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
    start(program, "mosquitto", |port| ["-p", port].map(str::to_owned).into())
}

fn run(scenario: &str, address: &str, more: &[&str]) -> Ended {
    let squall = Squall::new(&["run", &guest(scenario), "--target", &format!("http://{address}")]);
    squall.args(more).exporting().run()
}

#[test]
fn redis_is_loaded_and_measured() {
    let Some(redis) = redis() else { return };
    let more = ["-u", "4", "-i", "80", "--threshold", "tcp_response{name:redis}=p(95)<60000"];
    let ended = run("redis", redis.address(), &[&more[..], &["--out", "csv=all.csv"]].concat()).expect_code_or_busy(0);
    let number = |metric: &str, value: &str| ended.number(metric, value);
    assert_eq!((number("checks", "value"), number("iterations", "count")), (1.0, 80.0), "{}", ended.out);
    // The weights are met exactly: 64 of the first flow, with three questions each; 12 of the second; 4 of the third, each with a
    // connection and two questions.
    assert_eq!(number("tcp_connections", "count"), 4.0 + 4.0);
    assert_eq!(number("tcp_response", "count"), 64.0 * 3.0 + 12.0 + 4.0 * 2.0);
    assert_eq!(number("tcp_session_duration", "count"), 8.0);
    assert!(number("tcp_response", "min") > 0.0);
    assert!(number("data_sent", "count") > 80.0 * 30.0 && number("data_received", "count") > 80.0 * 5.0);
    assert!(ended.export()["metrics"].get("tcp_tls_handshaking").is_none(), "there was no TLS");
    for text in ["SOCKETS", "tcp_response", "✓ 'p(95)<60000'"] {
        assert!(ended.out.contains(text), "{text} is missing:\n{}", ended.out);
    }
    let rows = std::fs::read_to_string(ended.folder().join("all.csv")).unwrap();
    assert!(rows.lines().any(|row| row.starts_with("tcp_connections,") && row.contains(",redis,")), "{rows}");
    let runs = ended.folder().join(".squall/runs").display().to_string();
    let kept = Squall::new(&["report", "last", "--runs-dir", &runs]).run().expect_code(0);
    assert!(kept.out.contains("tcp_session_duration"), "{}", kept.out);
}

#[test]
fn messages_by_mqtt_come_back() {
    let Some(broker) = mosquitto() else { return };
    let ended = run("mqtt", broker.address(), &["-u", "3", "-i", "6", "-e", "MESSAGES=5"]).expect_code_or_busy(0);
    assert_eq!(ended.number("checks", "value"), 1.0, "{}", ended.out);
    assert_eq!(ended.number("mqtt_delivery", "count"), 30.0);
    assert_eq!(ended.number("tcp_connections", "count"), 3.0);
    assert!(ended.number("mqtt_delivery", "min") > 0.0);
}

#[test]
fn an_address_that_was_not_named_is_not_reached() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let there = elsewhere.local_addr().unwrap().to_string();
    let ended = run("redis", "127.0.0.1:1", &["-i", "1", "-e", &format!("REDIS={there}")]);
    let refusal = format!("{there} is not allowed");
    assert!(ended.out.contains(&refusal) || ended.err.contains(&refusal), "{}{}", ended.out, ended.err);
    assert!(elsewhere.accept().is_err(), "nobody came");
}

/// A server that does this with each connection.
fn hostile(script: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let script = script.clone();
            std::thread::spawn(move || script(stream));
        }
    });
    address
}

#[test]
fn servers_that_misbehave_are_named_and_bounded() {
    let endless = hostile(|mut stream| while stream.write_all(&[b'a'; 4096]).is_ok() {});
    let ended = run("redis", &endless, &["-u", "1", "-i", "2", "--flow", "pipeline"]);
    assert!(
        ended.out.contains("the delimiter is not within the bytes that were allowed"),
        "{}{}",
        ended.out,
        ended.err
    );
    assert_eq!(ended.number("tcp_connections", "count"), 2.0, "each iteration has a connection of its own");

    let drip = hostile(|mut stream| {
        for byte in b"+OK\r\n".repeat(100) {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
        }
    });
    let ended = run("redis", &drip, &["-u", "1", "-i", "1", "--flow", "read_and_write"]);
    assert!(ended.number("checks", "passes") >= 1.0, "bytes one by one are a reply, too: {}{}", ended.out, ended.err);

    let leaving = hostile(|mut stream| {
        let _ = stream.read(&mut [0; 9]);
        let _ = stream.write_all(b"$100\r\nhalf");
    });
    let ended = run("redis", &leaving, &["-u", "1", "-i", "1", "--flow", "read_and_write"]);
    assert!(
        ended.out.contains("the connection ended too early") || ended.out.contains("reset"),
        "{}{}",
        ended.out,
        ended.err
    );
    assert!(ended.number("tcp_errors", "count") >= 1.0);
}

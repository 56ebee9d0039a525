//! WebSockets against the server of another project, and against one that breaks the rules.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use crate::support::daemon::{Daemon, free_address, is_listening};
use crate::support::program::{Ended, Squall, guest, root};
use crate::support::skip;

/// The package `websockets`, which `cargo xtask test` puts into `target/tools`.
fn server() -> Option<Daemon> {
    let python = root().join("target/tools/websockets/bin/python");
    if !python.is_file() {
        skip("websocket", "websockets is not installed (cargo xtask test does that)");
        return None;
    }
    let address = free_address();
    let mut command = Command::new(python);
    command.arg(root().join("tests/support/websocket_server.py")).arg(address.split_once(':').unwrap().1);
    let server = Daemon::spawn(&mut command, address, tempfile::tempdir().unwrap())?;
    server.until(|| is_listening(server.address()));
    Some(server)
}

fn run(target: &str, options: &[(&str, &str)], more: &[&str]) -> Ended {
    let squall = Squall::new(&["run", &guest("echo"), "--target", target, "-u", "1"]).args(more);
    let pairs: Vec<String> = options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let squall = pairs.iter().fold(squall, |squall, pair| squall.args(&["-e", pair]));
    squall.exporting().run()
}

#[test]
fn messages_are_counted_and_timed() {
    let Some(server) = server() else { return };
    let target = format!("http://{}", server.address());
    let ended = run(&target, &[("MESSAGES", "20")], &["-i", "3"]).expect_code_or_busy(0);
    let number = |metric: &str, value: &str| ended.number(metric, value);
    assert_eq!(number("checks", "value"), 1.0, "{}", ended.out);
    assert_eq!((number("ws_sessions", "count"), number("ws_sessions_failed", "value")), (3.0, 0.0));
    assert_eq!((number("ws_msgs_sent", "count"), number("ws_msgs_received", "count")), (60.0, 60.0));
    assert_eq!(number("ws_response", "count"), 60.0, "each message is answered");
    assert_eq!(number("ws_msg_gap", "count"), 57.0, "between two messages of a connection");
    assert_eq!((number("ws_connecting", "count"), number("ws_session_duration", "count")), (3.0, 3.0));
    assert_eq!(number("ws_ping", "count"), 3.0);
    // A head of 2 bytes and 32 of text; those that are sent have a mask of 4 bytes. Handshakes come on top.
    assert!(number("data_received", "count") > 60.0 * 34.0 && number("data_sent", "count") > 60.0 * 38.0);
    assert!(ended.out.contains("WEBSOCKETS") && ended.out.contains("ws_response"), "{}", ended.out);
    for text in ["http_reqs", "ws_closed_unexpectedly", "ws_inbox_full"] {
        assert!(!ended.out.contains(text), "{text}: there were none\n{}", ended.out);
    }
}

#[test]
fn compressed_and_large_messages_come_back_whole() {
    let Some(server) = server() else { return };
    let target = format!("http://{}", server.address());
    let options = [("MESSAGES", "3"), ("SIZE", "2000000")];
    let plain = run(&target, &options, &["-i", "1"]).expect_code_or_busy(0);
    let compressed = run(&target, &[&options[..], &[("COMPRESS", "1")]].concat(), &["-i", "1"]).expect_code_or_busy(0);
    for ended in [&plain, &compressed] {
        assert_eq!((ended.number("checks", "value"), ended.number("ws_msgs_received", "count")), (1.0, 3.0));
    }
    assert!(plain.number("data_sent", "count") > 6e6 && compressed.number("data_sent", "count") < 1e5);
}

#[test]
fn a_url_may_be_whole_and_thresholds_and_outputs_have_the_numbers() {
    let Some(server) = server() else { return };
    let url = format!("ws://{}/echo", server.address());
    let threshold = "ws_response{name:echo}=max<60000";
    let more = ["-i", "2", "--threshold", threshold, "--out", "csv=all.csv", "--allow", server.address()];
    let ended = run("http://127.0.0.1:9", &[("SOCKET", &url)], &more).expect_code_or_busy(0);
    assert!(ended.out.contains("✓ 'max<60000'"), "{}", ended.out);
    let rows = std::fs::read_to_string(ended.folder().join("all.csv")).unwrap();
    assert!(rows.lines().any(|row| row.starts_with("ws_msgs_sent,") && row.contains(",echo,")), "{rows}");
    let runs = ended.folder().join(".squall/runs").display().to_string();
    let kept = Squall::new(&["report", "last", "--runs-dir", &runs]).run().expect_code(0);
    assert!(kept.out.contains("ws_response"), "{}", kept.out);
}

#[test]
fn refusals_and_faults_of_the_server_are_named() {
    let Some(server) = server() else { return };
    let target = format!("http://{}", server.address());
    let refused = run(&target, &[("SOCKET", "/forbidden")], &["-i", "1"]);
    assert_eq!(refused.number("ws_sessions_failed", "value"), 1.0);
    assert!(
        refused.out.contains("/forbidden: the server answered 403, not 101 Switching Protocols"),
        "{}",
        refused.out
    );
    let fault = run(&target, &[("SOCKET", "/fault")], &["-i", "1"]);
    assert_eq!(fault.number("ws_closed_unexpectedly", "count"), 1.0);
    assert!(fault.out.contains("the server closed it with 1011 \"out of tickets\""), "{}", fault.out);
}

#[test]
fn the_policy_holds_and_what_it_refuses_is_no_session() {
    let ended = run("http://shop.test", &[("SOCKET", "ws://169.254.169.254/latest")], &["-i", "1"]);
    assert!(!ended.out.contains("ws_sessions"), "{}", ended.out);
    assert_eq!(ended.number("http_reqs_refused", "count"), 1.0);
}

/// A server that agrees to any handshake, says something, and waits for the client to leave.
fn misbehaving(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || drop(misbehave(stream, bytes)));
        }
    });
    url
}

fn misbehave(mut stream: TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    use base64::Engine;
    use sha1::{Digest, Sha1};
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    let accept = base64::prelude::BASE64_STANDARD.encode(digest);
    let fields = format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
    stream.write_all(format!("HTTP/1.1 101 Switching Protocols\r\n{fields}").as_bytes())?;
    for _ in 0..10_000 {
        stream.write_all(bytes)?;
    }
    while stream.read(&mut byte)? > 0 {}
    Ok(())
}

#[test]
fn servers_that_break_the_rules_cost_their_session_and_no_more() {
    for (bytes, reason) in [
        (&b"\x81\x85abcdefghi"[..], "a frame of the server is masked"),
        (b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "a message is larger than"),
        (b"\xc1\x03abc", "a message is compressed, which was not agreed on"),
        (b"\x01\x03abc\x81\x03abc", "a message begins before the last one has ended"),
    ] {
        let ended = run(&misbehaving(bytes), &[("MESSAGES", "1")], &["-i", "2"]);
        assert_eq!(ended.number("iterations", "count"), 2.0, "{}", ended.out);
        assert!(ended.out.contains(reason), "{reason}\n{}", ended.out);
        assert_eq!(ended.number("ws_closed_unexpectedly", "count"), 2.0);
    }
}

#[test]
fn a_flood_stays_within_the_user_s_memory() {
    // A ping for each byte that a guest would have to take, and none that it takes.
    let pings =
        run(&misbehaving(b"\x89\x7d"), &[("MESSAGES", "0"), ("IDLE", "1")], &["-i", "1", "--host-memory", "4MiB"]);
    assert_eq!(pings.number("iterations", "count"), 1.0, "{}", pings.out);
    let mut text = b"\x81\x7e\x40\x00".to_vec();
    text.resize(text.len() + 0x4000, b'x');
    let text = text.leak();
    let texts = run(&misbehaving(text), &[("MESSAGES", "0"), ("IDLE", "1")], &["-i", "1", "--host-memory", "4MiB"]);
    assert!(texts.number("ws_inbox_full", "count") >= 1.0, "{}", texts.out);
    assert!(!texts.out.contains("out of memory"), "{}", texts.out);
}

/// A run of a k6 script that finds the server in `HOST`.
fn k6(script: &str, server: &Daemon) -> Ended {
    let host = format!("HOST=ws://{}", server.address());
    let squall = Squall::new(&["run", "script.js", "--compat", "k6", "-i", "1", "-u", "1", "-e", &host]);
    let squall = squall.args(&["--allow", server.address()]);
    std::fs::write(squall.folder().join("script.js"), script).unwrap();
    squall.exporting().run()
}

#[test]
fn a_script_with_k6_ws_runs_unchanged() {
    let Some(server) = server() else { return };
    let script = r"
import ws from 'k6/ws';
import { check } from 'k6';

export const options = { thresholds: { ws_connecting: ['p(95)<60000'], ws_msgs_received: ['count==5'] } };

export default function () {
  let [texts, bytes, pongs, code, ticks] = [0, 0, 0, 0, 0];
  const response = ws.connect(`${__ENV.HOST}/echo`, { tags: { my_tag: 'hello' } }, function (socket) {
    socket.on('open', () => {
      socket.send(1700000000000);
      socket.sendBinary(new Uint8Array([1, 2, 3]).buffer);
      socket.ping();
      socket.setInterval(() => { if (++ticks < 4) socket.send('tick'); }, 10);
    });
    socket.on('message', (text) => { if (text === '1700000000000' || text === 'tick') texts++; });
    socket.on('binaryMessage', (message) => { bytes += message.byteLength; });
    socket.on('pong', () => pongs++);
    socket.on('close', (closed) => { code = closed; });
    socket.on('error', (error) => console.error(error.error()));
    socket.setTimeout(() => socket.close(), 300);
  });
  check(response, { 'status is 101': (response) => response && response.status === 101 && response.headers.Upgrade === 'websocket' });
  check(null, { 'all came': () => texts === 4 && bytes === 3 && pongs === 1 && code === 1001 });
  const refused = ws.connect(`${__ENV.HOST}/forbidden`, null, (socket) => socket.on('error', (error) => { code = error.error(); }));
  check(refused, { 'it says no': (refused) => refused.status === 403 && refused.body === 'no ticket\n' && /403/.test(code) });
}
";
    let ended = k6(script, &server).expect_code_or_busy(0);
    assert_eq!(ended.number("checks", "value"), 1.0, "{}{}", ended.out, ended.err);
    assert_eq!(ended.number("ws_session_duration", "count"), 1.0);
    assert!(ended.number("ws_session_duration", "min") >= 290.0, "{}", ended.out);
}

#[test]
fn a_script_with_k6_websockets_runs_unchanged() {
    let Some(server) = server() else { return };
    let script = r"
import { WebSocket, Blob } from 'k6/experimental/websockets';
import { setTimeout } from 'k6/timers';
import { check } from 'k6';

export default function () {
  const heard = [0, 0, 0];
  let [closed, pongs] = [0, 0];
  heard.forEach((_, id) => {
    const socket = new WebSocket(`${__ENV.HOST}/chat`, null, { headers: { 'X-Token': 't' } });
    check(socket, { 'it is connecting': ({ readyState }) => readyState === 0 });
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      // When all are there.
      setTimeout(() => { socket.send(`member ${id}`); if (id === 0) socket.send(new Blob(['ab'])); }, 200);
      socket.ping();
    });
    socket.onmessage = ({ data }) => { heard[id] += typeof data === 'string' ? 1 : data.byteLength * 10; };
    socket.onpong = () => { pongs++; };
    socket.onclose = ({ code, wasClean }) => { if (code === 3000 && wasClean) closed++; };
    setTimeout(() => socket.close(3000, 'bye'), 500);
  });
  setTimeout(() => check(null, {
    'all heard all': () => heard.every((count) => count === 23),
    'all left': () => closed === 3 && pongs === 3,
  }), 800);
  const nobody = new WebSocket('ws://127.0.0.1:9');
  nobody.onerror = ({ error }) => check(error, { 'why not is said': (error) => error.length > 0 });
}
";
    let ended = k6(script, &server).expect_code_or_busy(0);
    assert_eq!(ended.number("checks", "value"), 1.0, "{}{}", ended.out, ended.err);
    assert_eq!(ended.number("checks", "passes"), 6.0, "{}", ended.out);
    assert_eq!(ended.number("ws_ping", "count"), 3.0);
}

#[test]
fn a_run_that_ends_closes_what_is_open_and_counts_it() {
    let Some(server) = server() else { return };
    let target = format!("http://{}", server.address());
    let more = ["-d", "1s", "--graceful-stop", "0s"];
    let ended = run(&target, &[("IDLE", "60")], &more).expect_code_or_busy(0);
    assert_eq!(ended.number("iterations_interrupted", "count"), 1.0, "{}", ended.out);
    assert_eq!(ended.number("ws_session_duration", "count"), 1.0, "{}", ended.out);
    assert!(ended.number("ws_session_duration", "min") >= 900.0);
}

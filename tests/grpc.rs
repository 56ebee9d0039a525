//! gRPC against grpcio: scenarios in several languages, `squall run grpc://`, thresholds, reports, kept runs.

use crate::support::daemon::Daemon;
use crate::support::grpc_server::{greeter, proto};
use crate::support::program::{Ended, Squall, guest, root};

/// Greetings in each direction of a stream of the example.
const GREETINGS: f64 = 5.0;

fn run(scenario: &str, server: &Daemon, more: &[&str]) -> Ended {
    let target = format!("http://{}", server.address());
    Squall::new(&["run", &guest(scenario), "--target", &target]).args(more).exporting().run()
}

fn call(server: &Daemon, method: &str, more: &[&str]) -> Ended {
    let named = format!("grpc://{}/{method}", server.address());
    Squall::new(&["run", &named, "-c", "2", "-i", "10"]).args(more).exporting().run()
}

#[test]
fn calls_of_every_kind_are_counted_and_timed() {
    let Some(server) = greeter(None) else { return };
    let ended = run("greeter", &server, &["-u", "1", "-i", "28"]).expect_code_or_busy(0);
    let number = |metric: &str, value: &str| ended.number(metric, value);
    assert_eq!(number("checks", "value"), 1.0, "{}", ended.out);
    // By the weights of the flows: 4, 1, 1, 1.
    assert_eq!((number("grpc_reqs", "count"), number("grpc_streams", "count")), (16.0, 12.0));
    assert_eq!(number("grpc_streams_msgs_sent", "count"), 4.0 * (1.0 + GREETINGS + GREETINGS));
    assert_eq!(number("grpc_streams_msgs_received", "count"), 4.0 * (GREETINGS + 1.0 + GREETINGS));
    assert_eq!(number("grpc_req_duration", "count"), 16.0);
    assert_eq!(number("response_time", "count"), 16.0, "streams have no response time");
    assert_eq!((number("grpc_stream_duration", "count"), number("grpc_stream_first_msg", "count")), (12.0, 12.0));
    assert_eq!(number("grpc_stream_msg_gap", "count"), 4.0 * (2.0 * GREETINGS - 2.0));
    assert_eq!(number("grpc_stream_response", "count"), 4.0 * (1.0 + 1.0 + GREETINGS));
    assert_eq!((number("grpc_req_failed", "value"), number("http_reqs", "count")), (0.0, 0.0));
    assert_eq!(number("http_connections", "count"), 1.0, "a user has one connection");
    let parts = ["blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving"];
    let phases: f64 = parts.iter().map(|phase| number(&format!("grpc_req_{phase}"), "avg")).sum();
    assert!((phases - number("response_time", "avg")).abs() < 0.01, "{phases}");
    for text in ["GRPC", "grpc_req_duration", "greeter.v1.Greeter/Hello", "✓ 'rate<0.01'"] {
        assert!(ended.out.contains(text), "{text} is missing:\n{}", ended.out);
    }
}

#[test]
fn one_call_is_made_over_and_over_with_reflection_or_files() {
    let Some(server) = greeter(None) else { return };
    let method = "greeter.v1.Greeter/Hello";
    for more in [&[][..], &["--proto", &proto()]] {
        let ended = call(&server, method, &[more, &["-b", r#"{"name": "Ada"}"#, "-H", "x-a: 1"]].concat());
        let ended = ended.expect_code_or_busy(0);
        assert_eq!((ended.number("grpc_reqs", "count"), ended.number("grpc_req_failed", "value")), (10.0, 0.0));
        assert!(ended.out.contains("requests"), "{}", ended.out);
        assert!(ended.err.contains(&format!("grpc://{}/{method}", server.address())), "{}", ended.err);
    }
    let ended = call(&server, "greeter.v1.Greeter/Many", &["-b", r#"{"name": "Ada", "count": 3}"#]);
    let ended = ended.expect_code_or_busy(0);
    assert_eq!(ended.number("grpc_streams_msgs_received", "count") as u64 % 3, 0);
    assert!(ended.number("grpc_streams", "count") >= 10.0);
}

#[test]
fn a_status_that_is_not_expected_is_a_failure_by_its_name() {
    let Some(server) = greeter(None) else { return };
    let more = ["-b", r#"{"name": "status 14"}"#, "--proto", &proto(), "--summary-mode", "full"];
    let more = [&more[..], &["--threshold", "grpc_req_failed{status:14}=rate<0.5"]].concat();
    let ended = call(&server, "greeter.v1.Greeter/Hello", &more);
    assert_eq!(ended.number("grpc_req_failed", "value"), 1.0);
    assert!(ended.out.contains("gRPC UNAVAILABLE (14)"), "{}", ended.out);
    ended.expect_code(99);
}

#[test]
fn mistakes_are_told_before_the_load_where_they_can_be() {
    let Some(server) = greeter(None) else { return };
    let text = "there is no method greeter.v1.Greeter/hello; there are greeter.v1.Greeter/Hello";
    let ended = call(&server, "greeter.v1.Greeter/hello", &["--proto", &proto()]).expect_code(104);
    assert!(ended.complaint().contains(text), "{}", ended.err);
    let ended = call(&server, "greeter.v1.Greeter/hello", &["--summary-mode", "full"]);
    assert!(ended.code != 0 && ended.err.contains(text), "{}{}", ended.out, ended.err);
    let ended = call(&server, "greeter.v1.Greeter/Hello", &["--proto", &proto(), "-b", r#"{"nam": 1}"#]);
    let text = "the message is not a greeter.v1.HelloRequest: unrecognized field name 'nam'";
    assert!(ended.complaint().contains(text), "{}", ended.err);
    let ended = Squall::new(&["run", "grpc://127.0.0.1:1/x"]).run().expect_code(104);
    assert!(ended.complaint().contains("write grpc://HOST:PORT/package.Service/Method"), "{}", ended.err);
    let ended = Squall::new(&["run", &guest("greeter"), "--proto", &proto()]).run().expect_code(104);
    assert!(ended.complaint().contains("--proto goes with a call"), "{}", ended.err);
}

#[test]
fn a_server_that_is_not_there_ends_the_run() {
    let ended = Squall::new(&["run", "grpc://127.0.0.1:1/pkg.Service/Method", "-c", "60", "-d", "20s"]).run();
    assert_ne!(ended.code, 0, "{}", ended.out);
    assert!(ended.err.contains("no virtual user could start") && ended.err.contains("refused"), "{}", ended.err);
}

#[test]
fn tls_is_agreed_on_and_trusted_as_for_requests() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let Some(server) = greeter(Some((&certificate, &key))) else { return };
    let named = format!("grpcs://{}/greeter.v1.Greeter/Hello", server.address());
    let run = |more: &[&str]| Squall::new(&["run", &named, "-c", "1", "-i", "3"]).args(more).exporting().run();
    let ended = run(&["--cacert", &certificate]).expect_code_or_busy(0);
    assert_eq!(ended.number("grpc_req_failed", "value"), 0.0);
    assert!(ended.number("grpc_req_tls_handshaking", "max") >= 0.0);
    let ended = run(&["--proto", &proto()]);
    assert!(format!("{}{}", ended.out, ended.err).contains("TLS handshake"), "{}{}", ended.out, ended.err);
}

#[test]
fn outputs_and_kept_runs_have_the_tags_of_calls() {
    let Some(server) = greeter(None) else { return };
    let more = ["--proto", &proto(), "--out", "csv=all.csv"];
    let ended = call(&server, "greeter.v1.Greeter/Hello", &more).expect_code_or_busy(0);
    let rows = std::fs::read_to_string(ended.folder().join("all.csv")).unwrap();
    let row = rows.lines().find(|row| row.starts_with("grpc_req_duration,")).expect("a row");
    assert!(row.contains("greeter.v1.Greeter/Hello") && row.contains(",Hello,"), "{row}");
    let runs = ended.folder().join(".squall/runs").display().to_string();
    let kept = Squall::new(&["report", "last", "--runs-dir", &runs]).run().expect_code(0);
    assert!(kept.out.contains("gRPC 10"), "{}", kept.out);
}

/// A run of a k6 script of `tests/k6`, with the greeter's `.proto` file beside it.
fn k6(name: &str, server: &Daemon, more: &[&str]) -> Ended {
    let address = format!("GRPC_ADDR={}", server.address());
    let squall = Squall::new(&["run", "script.js", "--compat", "k6", "--allow", server.address(), "-e", &address]);
    let script = root().join("tests/k6").join(name);
    std::fs::copy(script, squall.folder().join("script.js")).unwrap();
    std::fs::copy(proto(), squall.folder().join("greeter.proto")).unwrap();
    squall.args(more).exporting().run()
}

#[test]
fn a_k6_script_makes_unary_calls() {
    let Some(server) = greeter(None) else { return };
    let ended = k6("grpc_invoke.js", &server, &["-i", "2"]).expect_code_or_busy(0);
    assert_eq!(ended.number("checks", "fails"), 0.0, "{}", ended.out);
    assert_eq!(ended.number("checks", "passes"), 2.0 * 12.0);
    assert_eq!(ended.number("grpc_reqs", "count"), 2.0 * 5.0);
}

#[test]
fn a_k6_script_has_streams_with_handlers() {
    let Some(server) = greeter(None) else { return };
    let ended = k6("grpc_stream.js", &server, &["-i", "2"]).expect_code_or_busy(0);
    assert_eq!(ended.number("checks", "fails"), 0.0, "{}", ended.out);
    assert_eq!(ended.number("checks", "passes"), 2.0 * 3.0, "{}", ended.out);
    assert_eq!(ended.number("grpc_streams", "count"), 2.0 * 3.0);
    assert_eq!(ended.number("grpc_streams_msgs_received", "count"), 2.0 * 6.0);
}

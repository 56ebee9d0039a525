//! HTTP/2 against the server of another project: Node's.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::program::{Ended, Squall, guest};

const PRIOR_KNOWLEDGE: [&str; 2] = ["--http", "2-prior-knowledge"];

/// Node's server, with TLS or without.
struct Node {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Node {
    fn plain() -> Node {
        Node::start("http", |_| Vec::new())
    }

    fn secure() -> Node {
        Node::start("https", |folder| {
            let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
            let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
            fs::write(&key, made.signing_key.serialize_pem()).unwrap();
            fs::write(&certificate, made.cert.pem()).unwrap();
            vec![key, certificate]
        })
    }

    fn start(scheme: &str, files: impl Fn(&Path) -> Vec<std::path::PathBuf>) -> Node {
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("support/http2_server.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .args(files(folder.path()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is installed");
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Node { child, url: format!("{scheme}://127.0.0.1:{}", port.trim()), _folder: folder }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn run(url: &str, arguments: &[&str]) -> Ended {
    Squall::new(&["run", url]).args(arguments).exporting().run()
}

#[test]
fn streams_of_one_connection_are_shared_by_all_users() {
    let node = Node::plain();
    // Five requests must be under way at once, or none is answered.
    let shared = ["-c", "5", "-n", "50", "--shared-connections", "1", "--http", "2-prior-knowledge"];
    let ended = run(&format!("{}/slow", node.url), &shared).expect_code_or_busy(0);
    assert_eq!(ended.number("http_reqs", "count"), 50.0);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0);
    assert_eq!(ended.number("http_connections", "count"), 1.0);
    let own = run(&node.url, &["-c", "5", "-n", "50", "--http", "2-prior-knowledge"]).expect_code_or_busy(0);
    assert_eq!(own.number("http_connections", "count"), 5.0);
}

#[test]
fn tls_agrees_on_http2_unless_told_otherwise() {
    let node = Node::secure();
    let script = "import http from 'k6/http';\n\
        import { check } from 'k6';\n\
        export const options = { iterations: 3 };\n\
        export default () => {\n\
          const response = http.get(`${__ENV.URL}/`);\n\
          check(response, { [`${response.proto} ${response.json('version')}`]: () => true });\n\
        };\n";
    for (version, expected) in [("auto", "HTTP/2.0 2.0"), ("2", "HTTP/2.0 2.0"), ("1.1", "HTTP/1.1 1.1")] {
        let squall = Squall::new(&[
            "run",
            "script.js",
            "--compat",
            "k6",
            "--insecure",
            "--http",
            version,
            "--target",
            &node.url,
        ]);
        let squall = squall.args(&["--env", &format!("URL={}", node.url)]);
        fs::write(squall.folder().join("script.js"), script).unwrap();
        let ended = squall.exporting().run().expect_code_or_busy(0);
        assert!(ended.out.contains(expected), "{version}: {}", ended.out);
    }
}

#[test]
fn a_server_that_goes_away_after_each_response_loses_no_request() {
    let node = Node::plain();
    let ended = run(&format!("{}/goaway", node.url), &["-c", "3", "-n", "60", "--http", "2-prior-knowledge"]);
    let ended = ended.expect_code_or_busy(0);
    assert_eq!(ended.number("http_reqs", "count"), 60.0);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0);
    assert_eq!(ended.number("http_connections", "count"), 60.0);
}

#[test]
fn a_reset_is_a_failure_with_its_reason() {
    let node = Node::plain();
    let ended = run(&format!("{}/reset", node.url), &["-c", "1", "-n", "5", "--http", "2-prior-knowledge"]);
    assert_eq!(ended.number("http_req_failed", "passes"), 5.0);
    assert!(ended.out.contains("reset the stream (INTERNAL_ERROR)"), "{}", ended.out);
    assert_eq!(ended.number("http_connections", "count"), 1.0, "the connection goes on");
}

#[test]
fn a_large_body_goes_through_the_windows() {
    let node = Node::plain();
    let squall = Squall::new(&["run", &format!("{}/echo", node.url), "-c", "2", "-n", "4", "-b", "@body"]);
    fs::write(squall.folder().join("body"), vec![b'x'; 3_000_000]).unwrap();
    let ended = squall.args(&PRIOR_KNOWLEDGE).exporting().run().expect_code_or_busy(0);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0, "{}", ended.out);
    assert!(ended.number("data_sent", "count") > 12_000_000.0);
}

#[test]
fn a_scenario_in_rust_runs_over_http2_and_its_phases_are_kept() {
    let node = Node::plain();
    let ended = Squall::new(&["run", &guest("minimal"), "--target", &node.url, "-u", "2", "-i", "20"]);
    let ended = ended.args(&PRIOR_KNOWLEDGE).exporting().run().expect_code_or_busy(0);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0, "{}", ended.out);
    assert_eq!(ended.number("http_connections", "count"), 2.0);
}

#[test]
fn the_wire_is_shown_as_it_is_spoken() {
    let node = Node::plain();
    let ended = run(&node.url, &["-c", "1", "-n", "1", "--http", "2-prior-knowledge", "--http-debug"]).expect_code(0);
    assert!(ended.err.contains("GET / HTTP/2"), "{}", ended.err);
    assert!(ended.err.contains("HTTP/2 200"), "{}", ended.err);
}

#[test]
fn a_version_that_cannot_be_is_explained() {
    let node = Node::plain();
    let ended = run(&node.url, &["-c", "1", "-n", "2", "--http", "2"]);
    assert!(ended.code != 0);
    let said = format!("{}{}", ended.out, ended.err);
    assert!(said.contains("--http 2-prior-knowledge"), "{said}");
    let ended = run(&node.url, &["-c", "1", "-n", "1", "--http", "4"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("unknown version of HTTP \"4\""), "{}", ended.err);
}

#[test]
fn a_plan_names_the_version_as_a_number() {
    let node = Node::secure();
    let squall = Squall::new(&["run", "plan.yaml"]);
    let plan = format!(
        "component: {}\ntarget: {}\nvus: 1\niterations: 4\nhttp:\n  insecure: true\n  http_version: 2\n",
        guest("minimal"),
        node.url
    );
    fs::write(squall.folder().join("plan.yaml"), plan).unwrap();
    let ended = squall.exporting().run().expect_code_or_busy(0);
    assert_eq!(ended.number("http_req_failed", "passes"), 0.0, "{}", ended.out);
    assert_eq!(ended.number("http_connections", "count"), 1.0);
}

//! Every function that a scenario may import, called in thousands of random sequences with hostile arguments: the run
//! ends as any other, within its time and its memory, and reports no panic.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::caged::{Caged, Mebibytes};
use crate::support::calls::{Contract, guest};
use crate::support::program::Ended;
use crate::support::server::{Reply, Request, Server};

/// The memory of all virtual users together under `--memory-total`, in MiB, and 256 more.
const BUDGET: Mebibytes = Mebibytes(192 + 256);
const RUNS: u64 = 10;
const SEQUENCES: u64 = 1_000;
/// The least progress of a sequence with `wasi:http`.
const OF_WASI: [&str; 4] =
    ["#handle", "outgoing-body.write", "future-incoming-response.get", "incoming-response.consume"];

fn answer(request: &Request) -> Reply {
    match request.path.as_str() {
        "/large" => Reply::ok(&"x".repeat(2 << 20)),
        "/slow" => Reply::ok("slow").after(Duration::from_millis(200)),
        "/round" => Reply::raw("HTTP/1.1 302 x\r\nlocation: /round\r\ncontent-length: 0\r\n\r\n"),
        "/cookies" => {
            Reply::raw("HTTP/1.1 200 x\r\nset-cookie: a=b; Max-Age=999999999999999999999\r\ncontent-length: 0\r\n\r\n")
        }
        "/closed" => Reply::raw(""),
        "/short" => Reply::raw("HTTP/1.1 200 x\r\ncontent-length: 1000\r\n\r\nx").closing(),
        "/gzip" => Reply::raw("HTTP/1.1 200 x\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nxyz"),
        "/500" => Reply::status(500, "no"),
        "/none" => Reply::raw("no HTTP at all\r\n\r\n").closing(),
        _ => Reply::ok("hello"),
    }
}

/// Texts with a meaning for some function.
fn texts(target: &str) -> Vec<String> {
    let authority = target.trim_start_matches("http://");
    let paths = ["/", "/large", "/slow", "/round", "/cookies", "/closed", "/short", "/gzip", "/500", "/none"];
    let own = [
        "http://AUTHORITY/large",
        "http://AUTHORITY/slow",
        "https://AUTHORITY/",
        "http://a@AUTHORITY/%zz",
        "AUTHORITY",
    ];
    let others = [
        "http://127.0.0.1:9/",
        "http://169.254.169.254/latest",
        "http://elsewhere.test/",
        "http://[::1]:9/",
        "ftp://x/",
        "http://",
        "//x",
        "?",
        "GET",
        "POST",
        "HEAD",
        "PUT",
        "G ET",
        "content-length",
        "transfer-encoding",
        "host",
        "cookie",
        "connection",
        "expect",
        "squall-name",
        "user-agent",
        "5",
        "0",
        "-1",
        "chunked",
        "100-continue",
        "gzip",
        "id=7; Path=/; Max-Age=60",
        "a=b; Domain=test; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "a=b; Max-Age=-9999999999999999999",
        "\r\nx: y",
        "\0",
        "\u{e9}\u{202e}\u{10ffff}",
        "##vso[task.complete]",
        "::error::x",
        "users",
        "upload",
        "name",
        "email",
        "SEED",
        "..",
        "/etc/passwd",
        "NaN",
        "status",
        "http_reqs",
        "vu",
        "\u{1b}[31m",
    ];
    let own = own.map(|text| text.replace("AUTHORITY", authority));
    // Repeated, so that requests of `wasi:http`, which need both, make progress.
    let often = [authority, "/"].into_iter().cycle().take(24);
    [authority]
        .into_iter()
        .chain(paths)
        .map(str::to_owned)
        .chain(own)
        .chain(others.into_iter().chain(often).map(str::to_owned))
        .collect()
}

/// A run of the guest under small limits.
fn squall(guest: &[u8], server: &Server, arguments: &[&str]) -> Caged {
    let limits = [
        "--limits",
        "ci",
        "--memory",
        "16MiB",
        "--host-memory",
        "16MiB",
        "--memory-total",
        "192MiB",
        "--timeout",
        "500ms",
        "--max-body-size",
        "1MiB",
        "--max-redirects",
        "3",
    ];
    let data = ["--data", "users=users.csv,policy=random", "--data", "upload=file:users.csv", "--quiet"];
    let squall = Caged::new(&["run", "guest.wasm", "--target", &server.url()]);
    std::fs::write(squall.folder().join("guest.wasm"), guest).unwrap();
    std::fs::write(squall.folder().join("users.csv"), "name,email\nada,ada@example.test\nbob,\n").unwrap();
    squall.within(BUDGET).args(&limits).args(&data).args(arguments).exporting()
}

/// The names of the recorded checks.
fn checks(ended: &Ended) -> BTreeSet<String> {
    let text = std::fs::read_to_string(ended.folder().join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    summary["root_group"]["checks"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn no_sequence_of_calls_does_harm() {
    let server = Server::forgetting(answer);
    let guest = guest(&Contract::load(), &texts(&server.url()));
    for seed in 1..=RUNS {
        let started = Instant::now();
        let (seed, count) = (format!("SEED={seed}"), SEQUENCES.to_string());
        let run = ["-e", &seed, "-u", "16", "-i", &count, "--iteration-timeout", "300ms", "--duration", "60s"];
        let ended = squall(&guest, &server, &run).run();
        let told = format!("-e {seed}: exit code {}\n{}\n{}", ended.code, ended.out, ended.err);
        assert!(!ended.err.contains("internal error") && !ended.err.contains("panicked"), "{told}");
        assert!([0, 98].contains(&ended.code), "{told}");
        assert!(ended.number("iterations", "count") >= SEQUENCES as f64, "{told}");
        assert!(started.elapsed() < Duration::from_secs(120), "{told}");
    }
}

#[test]
fn every_function_of_the_contract_is_called() {
    let server = Server::forgetting(answer);
    let contract = Contract::load();
    let guest = guest(&contract, &texts(&server.url()));
    let tame = ["-e", "TAME=1", "--max-series", "5000", "--iteration-timeout", "300ms"];
    let mut called = BTreeSet::new();
    // The progress of a sequence is random, and smaller on a busy machine: more seeds reach the rest.
    for seed in ["SEED=1", "SEED=2", "SEED=3", "SEED=4"] {
        let load = ["-e", seed, "-u", "16", "-i", "3000"];
        let ended = squall(&guest, &server, &[&tame[..], &load].concat()).run().expect_code_or_busy(0);
        called.append(&mut checks(&ended));
        if missing(&contract, &called).len() <= 1 {
            break;
        }
    }
    // It ends the run.
    let ended = squall(&guest, &server, &[&tame[..], &["-i", "1", "-u", "1", "--flow", "abort"]].concat())
        .run()
        .expect_code(108);
    called.append(&mut checks(&ended));
    let missing = missing(&contract, &called);
    assert!(missing.is_empty(), "the guest does not get to {missing:#?}");
}

/// Functions that a scenario can reach, and that were never called. Functions of WASI without a source of their handles
/// are left out: files, sockets, incoming requests.
fn missing(contract: &Contract, called: &BTreeSet<String>) -> Vec<String> {
    let must = |name: &String| name.starts_with("squall:") || OF_WASI.iter().any(|must| name.ends_with(must));
    contract.names().into_iter().filter(|name| must(name) && !called.contains(name)).collect()
}

//! Mistakes in the user's input: one clear sentence, and the right exit code.

use crate::support::component::{OK, Wat};
use crate::support::program::{Squall, guest};

#[track_caller]
fn complaint_of(arguments: &[&str], code: i32) -> String {
    Squall::new(arguments).run().expect_code(code).complaint().to_owned()
}

#[test]
fn no_such_file() {
    let complaint = complaint_of(&["run", "nowhere.wasm"], 104);
    assert_eq!(
        complaint,
        "nowhere.wasm: no such file or folder: `squall build SOURCE -o nowhere.wasm` makes it of a source, \
         `squall demo --save nowhere.wasm` writes the demo's"
    );
    let complaint = complaint_of(&["run", "my-test"], 104);
    assert_eq!(complaint, "my-test: no such file or folder: `squall new my-test --lang LANGUAGE` makes a project");
    let complaint = complaint_of(&["run", "shop.ts"], 104);
    assert!(complaint.contains("`squall new NAME --lang LANGUAGE` makes a project"), "{complaint}");
}

#[test]
fn not_a_component() {
    let squall = Squall::new(&["run", "notes.wasm"]);
    std::fs::write(squall.folder().join("notes.wasm"), "these are notes").unwrap();
    let ended = squall.run().expect_code(107);
    assert!(ended.complaint().starts_with("notes.wasm: not a WebAssembly component"), "{}", ended.err);
}

#[test]
fn a_core_module_without_metadata() {
    let squall = Squall::new(&["run", "module.wasm"]);
    std::fs::write(squall.folder().join("module.wasm"), b"\0asm\x01\0\0\0").unwrap();
    let ended = squall.run().expect_code(107);
    assert!(ended.complaint().contains("build it for wasm32-wasip2"), "{}", ended.err);
}

#[test]
fn another_world() {
    let squall = Squall::new(&["run", "empty.wasm"]);
    std::fs::write(squall.folder().join("empty.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
    let ended = squall.run().expect_code(107);
    assert!(ended.complaint().contains("does not export \"describe\""), "{}", ended.err);
}

#[test]
fn a_guest_for_a_newer_contract() {
    let squall = Squall::new(&["run", "guest.wasm"]);
    Wat::new(OK)
        .importing("squall:scenario/timing@0.2.0", "now", "(result u64)", "(result i64)")
        .write(squall.folder());
    let ended = squall.run().expect_code(107);
    assert_eq!(
        ended.complaint(),
        "guest.wasm: this component cannot run here: it was built for squall:scenario 0.2.0, this Squall has 0.1.0: \
         update Squall"
    );
}

#[test]
fn a_guest_that_calls_newer_functions_of_the_same_track() {
    let squall = Squall::new(&["run", "guest.wasm"]);
    Wat::new(OK)
        .importing("squall:scenario/timing@0.1.4", "pause", "(result u64)", "(result i64)")
        .write(squall.folder());
    let ended = squall.run().expect_code(107);
    assert!(
        ended.complaint().contains("it calls pause of squall:scenario/timing 0.1.4, which came after 0.1.0"),
        "{}",
        ended.err
    );
}

#[test]
fn a_later_patch_of_the_contract_runs_if_it_uses_nothing_new() {
    let squall = Squall::new(&["run", "guest.wasm", "-i", "3"]);
    Wat::new("(drop (call $now)) (i32.const 200)")
        .importing("squall:scenario/timing@0.1.9", "now", "(result u64)", "(result i64)")
        .write(squall.folder());
    squall.run().expect_code(0);
}

#[test]
fn an_unknown_import() {
    let squall = Squall::new(&["run", "guest.wasm"]);
    Wat::new(OK).importing("acme:secrets/vault@1.0.0", "open", "(result u64)", "(result i64)").write(squall.folder());
    let ended = squall.run().expect_code(107);
    assert!(ended.complaint().contains("it imports acme:secrets/vault@1.0.0"), "{}", ended.err);
}

#[test]
fn a_guest_that_needs_component_model_async() {
    let squall = Squall::new(&["run", "guest.wasm"]);
    Wat::new(OK).importing("wasi:http/client@0.3.0", "send", "(result u64)", "(result i64)").write(squall.folder());
    let ended = squall.run().expect_code(107);
    let complaint = ended.complaint();
    assert!(
        complaint.contains("component-model async, the ABI of WASI 0.3 (it imports wasi:http/client@0.3.0)"),
        "{complaint}"
    );
    assert!(complaint.contains("componentize-qjs: --sync"), "{complaint}");
}

#[test]
fn a_bad_duration() {
    let ended = Squall::new(&["run", "x.wasm", "-d", "1m30"]).run().expect_code(2);
    assert!(ended.err.contains("give a unit"), "{}", ended.err);
}

#[test]
fn a_bad_target() {
    let complaint = complaint_of(&["run", &guest("minimal"), "--target", "ftp://shop.test"], 104);
    assert!(complaint.contains("http://") && complaint.contains("shop.test"), "{complaint}");
}

#[test]
fn a_bad_url() {
    let complaint = complaint_of(&["run", "http://:80/x", "-i", "1", "-c", "1"], 104);
    assert!(complaint.contains("\"http://:80\": empty host"), "{complaint}");
}

#[test]
fn options_that_contradict_each_other() {
    let complaint = complaint_of(&["run", &guest("minimal"), "-s", "1s:1", "-i", "5"], 104);
    assert!(complaint.contains("stages") && complaint.contains("iterations"), "{complaint}");
}

#[test]
fn an_unknown_flow() {
    let complaint = complaint_of(&["run", &guest("shop"), "--flow", "chekout"], 104);
    assert!(complaint.contains("chekout") && complaint.contains("checkout"), "{complaint}");
}

#[test]
fn an_invalid_threshold() {
    let ended = Squall::new(&["run", "x.wasm", "--threshold", "http_req_duration=p(95)<<500"]).run().expect_code(2);
    assert!(ended.err.contains('^'), "{}", ended.err);
}

#[test]
fn a_threshold_that_does_not_fit_its_metric() {
    let complaint = complaint_of(&["run", &guest("minimal"), "--threshold", "http_reqs=p(95)<500"], 104);
    assert!(complaint.contains("a counter has no p(95); it has count and rate"), "{complaint}");
}

#[test]
fn an_export_that_cannot_be_written() {
    let complaint = complaint_of(&["run", &guest("minimal"), "--summary-export", "no/such/folder/x.json"], 104);
    assert!(complaint.starts_with("--summary-export no/such/folder/x.json: No such file"), "{complaint}");
}

#[test]
fn wrk_flags_without_a_url() {
    let complaint = complaint_of(&["run", &guest("minimal"), "-H", "a: b"], 104);
    assert!(complaint.contains("--header goes with a URL"), "{complaint}");
}

#[test]
fn more_virtual_users_than_the_system_allows() {
    let complaint = complaint_of(&["run", &guest("minimal"), "-u", "5000000", "-d", "1s"], 104);
    assert!(complaint.contains("ulimit -n") || complaint.contains("vm.max_map_count"), "{complaint}");
}

#[test]
fn a_port_without_a_server() {
    // Bound and released again: no other program gets it so soon.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/");
    let ended =
        Squall::new(&["run", &url, "-c", "1", "-i", "3", "--summary-mode", "full"]).exporting().run().expect_code(97);
    assert_eq!(ended.number("http_req_failed", "passes"), 3.0);
    assert!(ended.out.contains("connect (flow \"request\"): 3"), "{}", ended.out);
    assert!(ended.out.to_lowercase().contains("refused"), "{}", ended.out);
}

#[test]
fn scripts_of_other_tools_are_answered_with_a_page() {
    for (name, text, page) in [
        ("locustfile.py", "from locust import HttpUser, task\n", "docs/coming-from/locust.md"),
        ("Shop.scala", "import io.gatling.core.Predef._\n", "docs/coming-from/gatling.md"),
        ("ShopSimulation.java", "import io.gatling.javaapi.core.*;\n", "docs/coming-from/gatling.md"),
        ("shop.jmx", "<jmeterTestPlan/>\n", "docs/coming-from/jmeter.md"),
        ("report.lua", "wrk.method = 'POST'\n", "docs/coming-from/wrk-oha.md"),
    ] {
        for command in ["run", "build", "inspect"] {
            let squall = Squall::new(&[command, name]);
            std::fs::write(squall.folder().join(name), text).unwrap();
            let ended = squall.run().expect_code(104);
            assert!(ended.err.contains(page) && ended.err.lines().count() == 1, "{command} {name}: {}", ended.err);
        }
    }
}

#[test]
fn a_rate_of_nothing_is_told_the_least() {
    let ended = Squall::new(&["run", "http://127.0.0.1:1/", "-R", "0"]).run().expect_code(104);
    assert!(ended.err.contains("rate is 0; it must be more than 0, like 0.5/s"), "{}", ended.err);
}

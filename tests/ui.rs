//! `squall ui`: tests that are started from a page, and requests that are refused.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::browser::{Browser, Look};
use crate::support::control::{Answer, ask};
use crate::support::program::{Running, Squall, guest};
use crate::support::server::{Reply, Server};

/// A `squall ui` whose folder has a plan and a component.
struct Page {
    running: Running,
    address: String,
    /// The path of the page, with its secret.
    path: String,
}

impl Page {
    fn open(arguments: &[&str]) -> Page {
        let squall = Squall::new(&["ui", "tests", "--listen", "127.0.0.1:0"]).args(arguments);
        let tests = squall.folder().join("tests");
        std::fs::create_dir(&tests).unwrap();
        std::fs::copy(guest("minimal"), tests.join("minimal.wasm")).unwrap();
        std::fs::write(tests.join("broken.wasm"), "no component").unwrap();
        std::fs::write(tests.join("plan.yaml"), "component: minimal.wasm\nusers: 1\nduration: 10m\n").unwrap();
        std::fs::write(squall.folder().join("outside.yaml"), "component: minimal.wasm\n").unwrap();
        std::os::unix::fs::symlink(squall.folder().join("outside.yaml"), tests.join("link.yaml")).unwrap();
        let mut running = squall.start();
        let said = running.until_said("the page is at http://");
        let url = said.split("http://").nth(1).unwrap().split(' ').next().unwrap();
        let (address, path) = url.split_once('/').unwrap();
        Page { address: address.to_owned(), path: format!("/{path}"), running }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_with(method, path, &format!("host: {0}\r\norigin: http://{0}\r\n", self.address), body)
    }

    fn ask_with(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        ask(&self.address, &format!("{method} {}{path}", self.path), headers, body)
    }

    fn state(&self) -> Value {
        self.ask("GET", "state", "").body
    }

    /// Asks until the latest test is at that stage.
    #[track_caller]
    fn until_stage(&self, stage: &str) -> Value {
        let give_up = Instant::now() + Duration::from_secs(60);
        loop {
            let state = self.state();
            if state["stage"] == stage {
                return state;
            }
            assert!(Instant::now() < give_up, "still {state}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn start(&self, form: &Value) {
        let answer = self.ask("POST", "start", &form.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    #[track_caller]
    fn refused(&self, form: &Value, status: u16) -> String {
        let answer = self.ask("POST", "start", &form.to_string());
        assert_eq!(answer.status, status, "{answer:?}");
        answer.body["error"].as_str().unwrap().to_owned()
    }

    fn stop(&self) {
        let answer = self.ask("PATCH", "run/v1/status", r#"{"stopped": true}"#);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

fn answering() -> Server {
    Server::start(|_| Reply::ok("hello").after(Duration::from_millis(5)))
}

#[test]
fn the_page_lists_the_tests_of_its_folder_alone() {
    let page = Page::open(&[]);
    let answer = page.ask("GET", "", "");
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("x-frame-options: deny") && answer.head.contains("cache-control: no-store"));
    for part in ["value=\"minimal.wasm\"", "value=\"plan.yaml\"", "default-src 'none'", "No runs in"] {
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    }
    assert!(!answer.text.contains("link.yaml") && !answer.text.contains("outside.yaml"), "{}", answer.text);
    for test in ["link.yaml", "../outside.yaml", "/etc/hostname", "--watch", "tests/plan.yaml"] {
        assert!(page.refused(&json!({ "test": test }), 400).contains("is not a test of this folder"), "{test}");
    }
    for (path, status) in [("run/", 404), ("runs/none", 404), ("runs/../../etc", 404), ("other", 404)] {
        assert_eq!(page.ask("GET", path, "").status, status, "{path}");
    }
    page.running.signal("INT");
    page.running.wait().expect_code(105);
}

#[test]
fn other_sites_and_strangers_are_refused() {
    let page = Page::open(&[]);
    let form = json!({ "test": "plan.yaml" }).to_string();
    let host = format!("host: {}\r\n", page.address);
    for (headers, status) in [
        (format!("{host}origin: http://evil.example\r\n"), 403),
        (format!("{host}origin: null\r\n"), 403),
        // Another server on this machine.
        (format!("{host}origin: http://127.0.0.1:1\r\n"), 403),
        // A name of another site that was made to mean this machine.
        ("host: evil.example\r\norigin: http://evil.example\r\n".to_owned(), 403),
        (String::new(), 403),
    ] {
        for (method, path) in [("POST", "start"), ("GET", "state"), ("GET", ""), ("PATCH", "run/v1/status")] {
            let answer = page.ask_with(method, path, &headers, &form);
            // hyper refuses requests without a host itself.
            assert!(answer.status == status || answer.status == 400, "{method} {path} {headers}: {answer:?}");
        }
    }
    let headers = format!("{host}origin: http://{}\r\n", page.address);
    for path in [
        "/",
        "/start",
        "/0123456789abcdef0123456789abcdef/start",
        "//start",
        &format!("{}x/start", page.path.trim_end_matches('/')),
    ] {
        assert_eq!(ask(&page.address, &format!("POST {path}"), &headers, &form).status, 404, "{path}");
    }
    assert_eq!(page.state()["stage"], "idle");
    let answer = page.ask("POST", "start", &"x".repeat(5_000));
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(page.ask("DELETE", "start", "").status, 405);
}

#[test]
fn bad_input_has_the_message_of_run() {
    let page = Page::open(&[]);
    let target = "http://127.0.0.1:9";
    let words = ["run", &guest("minimal"), "--target", target, "--vus=many"];
    let of_run = Squall::new(&words).run().expect_code(2);
    let sentence = page.refused(&json!({ "test": "minimal.wasm", "target": target, "users": "many" }), 400);
    assert!(of_run.err.contains(&sentence) && sentence.contains("'many'"), "{sentence}\n{}", of_run.err);
    let sentence = page.refused(&json!({ "test": "minimal.wasm", "duration": "soon" }), 400);
    assert!(sentence.contains("soon"), "{sentence}");
    assert!(page.refused(&json!({}), 400).contains("choose a test"));
    let both = json!({ "test": "minimal.wasm", "kind": "spike", "users": "2", "rate": "5", "duration": "1s" });
    assert_eq!(page.refused(&both, 400), "users and rate contradict each other; give only one of them");
    // What only shows when the test is made is told when it is.
    page.start(&json!({ "test": "broken.wasm" }));
    let told = page.until_stage("failed");
    let squall = Squall::new(&["run", "tests/broken.wasm"]);
    std::fs::create_dir(squall.folder().join("tests")).unwrap();
    std::fs::write(squall.folder().join("tests/broken.wasm"), "no component").unwrap();
    assert_eq!(squall.run().complaint(), told["sentence"]);
}

#[test]
fn a_test_is_started_changed_and_stopped_and_its_run_is_listed() {
    let server = answering();
    let page = Page::open(&["--", "--threshold", "checks=rate>=0"]);
    let form =
        json!({ "test": "minimal.wasm", "target": server.url(), "users": "2", "kind": "adjustable", "max_users": "9" });
    page.start(&form);
    page.until_stage("running");
    assert!(page.refused(&form, 409).contains("a test goes on already"));
    let dashboard = page.ask("GET", "run/", "");
    assert!(dashboard.status == 200 && dashboard.text.contains("All tests"), "{dashboard:?}");
    let change = page.ask("PATCH", "run/v1/status", r#"{"vus": 5}"#);
    assert_eq!((change.status, &change.body["vus_target"]), (200, &json!(5)));
    let refused = page.ask("PATCH", "run/v1/status", r#"{"vus": 50}"#);
    assert!(refused.status == 409 && refused.text.contains("at most 9 virtual users"), "{refused:?}");
    let update = page.ask("GET", "run/updates", "");
    assert_eq!((&update.body["allowed"], &update.body["ended"]), (&json!("vus"), &json!(false)));
    page.stop();
    let ended = page.until_stage("ended");
    assert_eq!(ended["test"], "minimal.wasm");
    let update = page.ask("GET", "run/updates", "").body;
    assert_eq!((&update["ended"], &update["status"]["vus_target"]), (&json!(true), &json!(5)));
    assert!(update["verdict"].as_str().unwrap().contains("early: stopped"), "{update}");
    let late = page.ask("PATCH", "run/v1/status", r#"{"vus": 6}"#);
    assert!(late.status == 409 && late.text.contains("the run has ended"), "{late:?}");
    let runs = runs(page.running.folder());
    assert_eq!(runs.len(), 1, "{runs:?}");
    let home = page.ask("GET", "", "").text;
    assert!(home.contains(&format!("runs/{}", runs[0])) && home.contains("stopped"), "{home}");
    let report = page.ask("GET", &format!("runs/{}", runs[0]), "");
    assert!(report.status == 200 && report.text.contains("<p class=\"word\">"), "{}", report.text);
    // It can be repeated as it was.
    let again = format!("squall run tests/minimal.wasm --threshold checks=rate&gt;=0 --target={}", server.url());
    assert!(report.text.contains(&again) || report.text.contains("tests/minimal.wasm"), "{}", report.text);
    // The next one, of the plan, which Ctrl-C ends with the page.
    page.start(&json!({ "test": "plan.yaml", "target": server.url() }));
    page.until_stage("running");
    let update = page.ask("GET", "run/updates", "").body;
    assert_eq!(update["allowed"], "stop");
    page.running.signal("INT");
    let ended = page.running.wait().expect_code(105);
    assert_eq!(ended.out.matches("█ TOTAL RESULTS").count(), 2, "{}", ended.out);
}

/// The kept runs.
fn runs(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join(".squall/runs")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with('.')).collect()
}

#[test]
fn a_component_gets_the_load_of_a_type_of_test() {
    let server = answering();
    let page = Page::open(&[]);
    page.start(&json!({ "test": "minimal.wasm", "target": server.url(), "kind": "smoke" }));
    page.until_stage("ended");
    assert!((3..=4).contains(&server.count()), "{} requests of three iterations", server.count());
    page.start(&json!({ "target": server.url(), "users": "1", "duration": "1s" }));
    assert_eq!(page.until_stage("ended")["sentence"], "passed");
}

#[test]
fn options_for_all_tests_are_checked_at_once() {
    let ended = Squall::new(&["ui", ".", "--listen", "127.0.0.1:0", "--", "--no-such"]).run().expect_code(104);
    assert!(ended.err.contains("--no-such"), "{}", ended.err);
    let ended = Squall::new(&["ui", "nowhere", "--listen", "127.0.0.1:0"]).run().expect_code(104);
    assert!(ended.err.contains("the folder of tests") && ended.err.contains("nowhere"), "{}", ended.err);
    let ended = Squall::new(&["ui", "--listen", "0.0.0.0:0"]).run().expect_code(104);
    assert!(ended.err.contains("--listen 0.0.0.0:0") && ended.err.contains("loopback"), "{}", ended.err);
}

#[test]
fn a_browser_starts_a_test_and_sees_its_verdict() {
    let Some(mut browser) = Browser::start() else { return };
    let server = answering();
    let page = Page::open(&[]);
    let url = format!("http://{}{}", page.address, page.path);
    for (width, dark) in [(360, true), (1_280, false)] {
        browser.look(Look { width, dark });
        browser.open(&url);
        let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.value(overflow), 0, "the page is wider than {width} pixels");
        browser.picture(&format!("ui-{width}.png"));
    }
    let fill = |name: &str, value: &str| {
        format!(
            "(() => {{ const it = document.forms[0].elements.{name}; it.value = {value:?}; it.dispatchEvent(new Event('change')); }})()"
        )
    };
    browser.value(&fill("test", "minimal.wasm"));
    browser.value(&fill("users", "many"));
    browser.click("#start button");
    browser.until_true("document.getElementById('start-error').textContent.includes('many')");
    browser.value(&fill("users", "2"));
    browser.value(&fill("target", &server.url()));
    // Longer than the browser takes to look.
    browser.value(&fill("duration", "10m"));
    browser.click("#start button");
    browser.until_true("location.pathname.endsWith('/run/') && document.body?.dataset.state === 'running'");
    browser.picture("ui-run.png");
    browser.click("#stop");
    browser.until_true("document.body?.dataset.state === 'ended'");
    browser.click("#home");
    browser.until_true("document.querySelector('#runs tbody tr .state') !== null");
    browser.until_true("document.getElementById('current-name').textContent === 'minimal.wasm'");
    browser.picture("ui-after.png");
    browser.click("#runs tbody a");
    browser.until_true("location.pathname.includes('/runs/') && document.querySelector('.verdict .word') !== null");
    // The refused form is the only complaint: the browser notes the status 400.
    assert!(browser.complaints().iter().all(|text| text.contains("400")), "{:#?}", browser.complaints());
}

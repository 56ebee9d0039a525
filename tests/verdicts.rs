//! Verdicts on runs, by the expectations of a careful engineer. In each row the exit code, the terminal's verdict, the
//! report in Markdown and the document in JSON must agree.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::support::component::{OK, Wat};
use crate::support::program::{Ended, Squall, root};
use crate::support::server::{Reply, Request, Server};

/// The command to run: `URL` in its arguments stands for the server, `DEAD` for an address without a server.
enum Runs {
    /// One URL.
    Url(&'static str),
    /// A k6 script whose behaviour `-e MODE=..` selects: see [`SCRIPT`].
    Script(&'static str),
    /// A plan for that script, or for another component that it names.
    Plan(&'static str),
    /// A component whose `run` does nothing, with another export.
    Component(fn(Wat) -> Wat),
}

struct Row {
    runs: Runs,
    arguments: &'static [&'static str],
    code: i32,
    /// The verdict in the terminal, the report and the document; `None` if no test was run.
    verdict: Option<&'static str>,
    /// Texts in the output, on either stream.
    says: &'static str,
}

const fn row(
    runs: Runs,
    arguments: &'static [&'static str],
    code: i32,
    verdict: &'static str,
    says: &'static str,
) -> Row {
    Row { runs, arguments, code, verdict: Some(verdict), says }
}

/// A run that does not begin.
const fn refused(runs: Runs, arguments: &'static [&'static str], says: &'static str) -> Row {
    Row { runs, arguments, code: 104, verdict: None, says }
}

/// A threshold on a run of the script.
const fn threshold(threshold: &'static [&'static str; 2], code: i32, says: &'static str) -> Row {
    row(Runs::Script("all"), threshold, code, if code == 0 { "Warning" } else { "Critical" }, says)
}

const T: &str = "--threshold";

/// One iteration makes, in `all`: two tagged requests in groups, one more under a tag of the virtual user, two in a
/// batch; a check that holds twice and one that fails once; and one value of each custom metric except those that are
/// never hit.
const SCRIPT: &str = r"
import http from 'k6/http';
import exec from 'k6/execution';
import { check, group } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const orders = new Counter('orders');
const basket = new Trend('basket');
const drift = new Trend('drift');
const tiny = new Trend('tiny');
const spare = {
  counter: new Counter('spare_counter'), rate: new Rate('spare_rate'), gauge: new Gauge('spare_gauge'), trend: new Trend('spare_trend'),
};

export const options = { vus: 1, iterations: 1, thresholds: { iterations: ['count<100'] } };

export function setup() {
  if (__ENV.MODE === 'abort in setup') exec.test.abort('no data');
  if (__ENV.MODE === 'setup fails') throw new Error('no login');
  http.get('/');
}

export default function () {
  if (__ENV.MODE === 'abort') exec.test.abort('had enough');
  if (__ENV.MODE === 'one request') return void http.get('/one');
  if (__ENV.MODE === 'elsewhere') return void http.get('http://elsewhere.example.test/');
  if (__ENV.MODE !== 'all') return;
  group('main', () => {
    const page = http.get('/a', { tags: { system: 'main' } });
    check(page, { 'is ok': (page) => page.status === 200, 'never holds': () => false }, { kind: 'x' });
    orders.add(1);
    basket.add(5, { part: 'p' });
    group('sub', () => {
      http.get('/b', { tags: { name: 'bee' } });
      orders.add(10, { part: 'q' });
    });
  });
  check(1, { 'is ok': () => true });
  exec.vu.metrics.tags.who = 'me';
  http.get('/c');
  delete exec.vu.metrics.tags.who;
  http.batch([['GET', '/d', null, { tags: { system: 'batch' } }], ['GET', '/e']]);
  for (const value of [-5, -3, -1, 1, 2]) drift.add(value);
  for (const value of [1e-7, 2e-7, 3e-7]) tiny.add(value);
}

export function teardown() {
  if (__ENV.MODE === 'abort in teardown') exec.test.abort('not cleaned up');
  if (__ENV.MODE === 'teardown fails') throw new Error('cannot clean up');
}
";

/// The script, built once for all tests.
fn script() -> &'static PathBuf {
    static SCRIPT_WASM: OnceLock<PathBuf> = OnceLock::new();
    SCRIPT_WASM.get_or_init(|| build("verdicts", SCRIPT))
}

fn build(name: &str, text: &str) -> PathBuf {
    let folder = root().join("target/tmp").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("script.js"), text).unwrap();
    let (source, built) = (folder.join("script.js"), folder.join("script.wasm"));
    let (source, wasm) = (source.display().to_string(), built.display().to_string());
    Squall::new(&["build", &source, "--compat", "k6", "-o", &wasm]).run().expect_code(0);
    built
}

fn server() -> Server {
    Server::start(|request| match request.path.as_str() {
        "/missing" => Reply::status(404, ""),
        "/slow" => Reply::ok("").after(Duration::from_millis(200)),
        _ => Reply::ok("hello"),
    })
}

/// An address without a server.
const DEAD: &str = "http://127.0.0.1:1";

struct Told {
    ended: Ended,
    requests: Vec<Request>,
}

fn run(row: &Row) -> Told {
    let server = server();
    let placed = |text: &str| {
        let text = text.replace("URL", &server.url()).replace("DEAD", DEAD);
        text.replace("SCRIPT", &if text.contains("SCRIPT") { script().display().to_string() } else { String::new() })
    };
    let squall = Squall::new(&["run"]);
    let squall = match row.runs {
        Runs::Url(url) => squall.args(&[&placed(url)]),
        Runs::Script(mode) => {
            squall.args(&[&placed("SCRIPT"), "--target", &server.url(), "-e", &format!("MODE={mode}")])
        }
        Runs::Plan(plan) => {
            fs::write(squall.folder().join("plan.yaml"), placed(plan)).unwrap();
            squall.args(&["plan.yaml"])
        }
        Runs::Component(of) => {
            let component = of(Wat::new(OK)).write(squall.folder());
            squall.args(&[&component, "-i", "1"])
        }
    };
    let arguments: Vec<String> = row.arguments.iter().map(|argument| placed(argument)).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = squall.args(&arguments).args(&["--summary-json", "run.json", "--report", "report.md"]).run();
    Told { ended, requests: server.requests() }
}

/// Fails with the output, unless all parts of it agree with the row.
fn expect(row: &Row) {
    let Told { ended, requests } = run(row);
    let context = format!("{:?}\n--- stdout\n{}\n--- stderr\n{}", row.arguments, ended.out, ended.err);
    assert_eq!(ended.code, row.code, "exit code of {context}");
    assert!(ended.out.contains(row.says) || ended.err.contains(row.says), "{:?} is not in {context}", row.says);
    let Some(verdict) = row.verdict else {
        assert!(requests.is_empty(), "requests were sent: {context}");
        assert!(!ended.out.contains("verdict:"), "a verdict on nothing: {context}");
        return;
    };
    let document: Value = serde_json::from_str(&fs::read_to_string(ended.folder().join("run.json")).unwrap()).unwrap();
    // Other tests run at the same time: a generator that waited for them is only a warning.
    let is_suspect = document["generator"]["health"] == "suspect";
    let verdict = if verdict == "Good" && is_suspect { "Warning" } else { verdict };
    let with_cause = format!("verdict: {verdict}, ");
    let told = ended.out.contains(&format!("verdict: {verdict}\n")) || ended.out.contains(&with_cause);
    assert!(told, "not {verdict}: {context}");
    let report = fs::read_to_string(ended.folder().join("report.md")).unwrap();
    assert!(report.contains(&format!("**Overall status: {verdict}.**")), "not {verdict}: {report}\n{context}");
    assert_eq!(document["verdict"]["status"], verdict.to_lowercase(), "{context}");
    let failed = |line: &Value| line["outcome"] == "failed";
    let any_failed = document["thresholds"].as_array().is_some_and(|lines| lines.iter().any(failed));
    assert!(!any_failed || row.code != 0, "a threshold failed, and the exit code is 0: {context}");
    // An output that cannot be written is not a statement about the run.
    let is_success = row.code <= 1;
    assert_eq!(is_success, ["Good", "Warning"].contains(&verdict), "a row contradicts itself");
}

fn expect_all(rows: &[Row]) {
    rows.iter().for_each(expect);
}

#[test]
fn a_threshold_is_met_or_not() {
    use Runs::Url;
    expect_all(&[
        row(Url("URL/"), &["-i", "2"], 0, "Good", "requests"),
        row(Url("URL/"), &["-i", "2", T, "http_reqs=count==2"], 0, "Good", "✓ 'count==2'"),
        row(Url("URL/"), &["-i", "2", T, "http_reqs=count>2"], 99, "Critical", "1 of 1 thresholds not met"),
        row(Url("URL/"), &["-i", "2", T, "http_req_duration=p(95)<1ns"], 99, "Critical", "✗ 'p(95)<1ns'"),
        row(Url("URL/missing"), &["-i", "2"], 97, "Critical", "not one of 2 requests succeeded"),
        row(Url("URL/missing"), &["-i", "2", T, "http_req_failed=rate<0.01"], 99, "Critical", "✗ 'rate<0.01'"),
        row(Url("URL/missing"), &["-i", "2", T, "http_reqs{status:404}=count==2"], 0, "Warning", "✓ 'count==2'"),
        row(Url("URL/"), &["-i", "2", T, "http_reqs{url:URL/}=count==2"], 0, "Good", "✓ 'count==2'"),
        row(
            Url("URL/"),
            &["-i", "2", T, "http_req_duration{status:500}=p(95)<9s"],
            99,
            "Critical",
            "nothing was measured",
        ),
    ]);
}

#[test]
fn a_threshold_that_cannot_be_evaluated_stops_the_run_before_it_begins() {
    use Runs::{Component, Plan, Script, Url};
    expect_all(&[
        refused(Url("URL/"), &[T, "http_req_duraton=p(95)<1s"], "did you mean \"http_req_duration\"?"),
        refused(Url("URL/"), &[T, "http_reqs{stauts:200}=count>0"], "did you mean \"status\"?"),
        refused(Url("URL/"), &[T, "http_reqs{status:OK}=count>0"], "is not a status"),
        refused(Url("URL/"), &[T, "vus{scenario:default}=max<5"], "have no tags"),
        refused(Url("URL/"), &[T, "iterations{status:200}=count>0"], "have no tag \"status\""),
        refused(Url("URL/"), &[T, "checks=avg>0"], "a rate has no avg"),
        refused(Url("URL/"), &[T, "http_reqs{group:::main}=count>0"], "the group \"::main\""),
        refused(Component(|wat| wat), &[T, "checks{kind:x}=rate>0"], "have no tag \"kind\""),
        refused(Component(|wat| wat), &[T, "iteration_duratoin=avg<1s"], "did you mean \"iteration_duration\"?"),
        refused(Script("all"), &[T, "order=count>0"], "did you mean \"orders\"?"),
        refused(Script("all"), &[T, "nothing_like_it=count>0"], "declares none of that name"),
        refused(Script("all"), &[T, "orders=p(95)<5"], "a counter has no p(95)"),
        refused(Script("all"), &[T, "http_reqs{tls_version:1.3}=count>0"], "have no tag \"tls_version\""),
        refused(Script("all"), &[T, "iterations{kind:x}=count>0"], "have no tag \"kind\""),
        refused(
            Plan("component: SCRIPT\ntarget: URL\nthresholds: { http_req_duraton: p(95)<1s }\n"),
            &[],
            "did you mean \"http_req_duration\"?",
        ),
        refused(
            Plan(
                "component: SCRIPT\ntarget: URL\nscenarios: { a: { vus: 1, iterations: 1, thresholds: { chekcs: rate>0 } } }\n",
            ),
            &[],
            "did you mean \"checks\"?",
        ),
    ]);
}

/// The expectations are k6 1.8.1's results with the same script.
#[test]
fn tags_of_k6_scripts_are_k6s() {
    expect_all(&[
        threshold(&[T, "checks{kind:x}=rate>0.9"], 99, "✗ 'rate>0.9' rate=50"),
        threshold(&[T, "checks{kind:x}=rate==0.5"], 0, "✓ 'rate==0.5'"),
        threshold(&[T, "checks{check:is ok}=rate==1"], 0, "✓ 'rate==1'"),
        threshold(&[T, "checks{check:is ok,kind:x}=rate==1"], 0, "✓ 'rate==1'"),
        threshold(&[T, "checks{check:never holds}=rate>0"], 99, "✗ 'rate>0'"),
        threshold(&[T, "checks{group:::main}=rate==0.5"], 0, "✓ 'rate==0.5'"),
        threshold(&[T, "http_reqs{group:::main}=count==1"], 0, "✓ 'count==1'"),
        threshold(&[T, "http_reqs{group:::main::sub}=count==1"], 0, "✓ 'count==1'"),
        threshold(&[T, "http_reqs{group:::setup}=count==1"], 0, "✓ 'count==1'"),
        threshold(&[T, "http_reqs{system:main}=count==1"], 0, "✓ 'count==1'"),
        threshold(&[T, "http_reqs{system:batch}=count==1"], 0, "✓ 'count==1'"),
        threshold(&[T, "http_reqs{who:me}=count==1"], 0, "✓ 'count==1'"),
        threshold(&[T, "http_reqs{url:bee}=count==1"], 0, "✓ 'count==1'"),
        threshold(&[T, "http_req_duration{system:main,status:200}=avg>0"], 0, "✓ 'avg>0'"),
        threshold(&[T, "orders{part:q}=count==10"], 0, "✓ 'count==10'"),
        threshold(&[T, "orders{group:::main}=count==1"], 0, "✓ 'count==1'"),
        threshold(&[T, "basket{part:p}=avg==5"], 0, "✓ 'avg==5'"),
    ]);
}

#[test]
fn metrics_without_samples_follow_one_rule() {
    expect_all(&[
        threshold(&[T, "spare_counter=count<10"], 0, "✓ 'count<10' count=0"),
        threshold(&[T, "spare_counter=count>0"], 99, "✗ 'count>0' count=0"),
        threshold(&[T, "spare_rate=rate<0.5"], 0, "✓ 'rate<0.5'"),
        threshold(&[T, "spare_rate=rate>0.5"], 99, "✗ 'rate>0.5'"),
        threshold(&[T, "spare_gauge=value<5"], 99, "nothing was measured"),
        threshold(&[T, "spare_trend=avg<5"], 99, "nothing was measured"),
    ]);
}

/// k6 1.8.1 prints for the same values: avg=-1.2 min=-5, and avg=2e-7.
#[test]
fn trends_carry_negative_and_very_small_values() {
    expect_all(&[
        threshold(&[T, "drift=avg==-1.2"], 0, "avg=-1.2"),
        threshold(&[T, "drift=min>-5"], 99, "✗ 'min>-5' min=-5"),
        threshold(&[T, "drift=med==-1"], 0, "✓ 'med==-1'"),
        threshold(&[T, "tiny=avg<1e-7"], 99, "avg=2e-7"),
        threshold(&[T, "tiny=max==3e-7"], 0, "✓ 'max==3e-7'"),
    ]);
}

/// A plan with these demands, besides its load.
macro_rules! plan {
    ($wants:literal) => {
        Runs::Plan(concat!("component: SCRIPT\ntarget: URL\nusers: 1\nenv: { MODE: one request }\n", $wants))
    };
}

#[test]
fn objectives_and_thresholds_of_all_sources_add_up() {
    expect_all(&[
        row(plan!("response_time: { p95: <1m }\n"), &["-i", "2"], 0, "Good", "✓ met"),
        row(plan!("response_time: { p95: <1ns }\n"), &["-i", "2"], 99, "Critical", "✗ not met"),
        // Layers add up: the missed objective still counts.
        row(
            plan!("response_time: { p95: <1ns }\n"),
            &["-i", "2", T, "response_time=p(99)<1m"],
            99,
            "Critical",
            "1 of 3 thresholds not met",
        ),
        // The same bound on the command line replaces it, and the table no longer has the old one.
        row(
            plan!("response_time: { p95: <1ns }\n"),
            &["-i", "2", T, "response_time=p(95)<1m"],
            0,
            "Good",
            "✓ 'p(95)<1m'",
        ),
        row(plan!("response_time: { p95: <1m }\n"), &["-i", "2", T, "response_time=p(95)<1ns"], 99, "Critical", "✗"),
        row(plan!("thresholds: { http_reqs: count>0 }\n"), &["-i", "2", T, "http_reqs=count>9"], 99, "Critical", "✗"),
        row(plan!("thresholds: { http_reqs: count<2 }\n"), &["-i", "5", T, "http_reqs=count>0"], 99, "Critical", "✗"),
        // The script's own threshold holds under both.
        row(plan!("response_time: { p95: <1m }\n"), &["-i", "100"], 99, "Critical", "✗ 'count<100'"),
        row(plan!("throughput: { target_rps: 9000000 }\n"), &["-i", "2"], 0, "Warning", "! below target"),
    ]);
}

#[test]
fn the_end_of_a_run_decides_its_exit_code() {
    use Runs::{Component, Script};
    expect_all(&[
        row(Script("teardown fails"), &[], 107, "Critical", "teardown trapped: cannot clean up"),
        row(Script("teardown fails"), &[T, "iterations=count>9"], 99, "Critical", "cannot clean up"),
        row(Script("setup fails"), &[], 107, "Critical", "setup failed: no login"),
        row(Script("abort"), &[], 108, "Critical", "had enough"),
        row(Script("abort in setup"), &[], 108, "Critical", "no data"),
        row(Script("abort in teardown"), &[], 108, "Critical", "not cleaned up"),
        row(Component(|wat| wat.exporting("teardown", "(unreachable)")), &[], 107, "Critical", "teardown trapped"),
        row(
            Component(|wat| wat.exporting("start", "(unreachable)")),
            &[],
            107,
            "Critical",
            "no virtual user could start",
        ),
        row(
            Script("all"),
            &["-i", "100000", "--abort-on-fail", T, "http_req_duration=p(95)<1ns"],
            99,
            "Critical",
            "stopped early",
        ),
    ]);
}

#[test]
fn a_run_without_any_possible_request_is_not_a_success() {
    use Runs::{Component, Plan, Script, Url};
    let started = std::time::Instant::now();
    expect_all(&[
        row(Url("DEAD/"), &["-i", "2"], 97, "Critical", "not one of 2 requests could be made"),
        row(Url("DEAD/"), &["-i", "2", T, "http_req_failed=rate<0.01"], 99, "Critical", "not one of 2 requests"),
        // All refused by the policy: at full speed that would be millions of iterations.
        row(Script("elsewhere"), &["-d", "10m", T, "iterations=count<1e9"], 97, "Critical", "requests could be made"),
        row(
            Plan(
                "component: SCRIPT\nusers: 1\nduration: 10m\nenv: { MODE: one request }\nthresholds: { iterations: count<1e9 }\n",
            ),
            &[],
            97,
            "Critical",
            "a request cannot be made: \"/\" is only a path, and the run has no target to resolve it against",
        ),
        // Every request was answered, none as expected.
        row(Url("URL/missing"), &["-i", "3"], 97, "Critical", "not one of 3 requests succeeded: status 404"),
        row(Url("URL/missing"), &["-i", "3", T, "http_req_failed=rate<=1"], 0, "Good", "statuses       404: 3"),
        row(
            Url("URL/missing"),
            &["-i", "3", T, "http_req_failed=rate<0.1"],
            99,
            "Critical",
            "1 of 1 thresholds not met",
        ),
        // A scenario without requests is not a failure.
        row(Component(|wat| wat), &[], 0, "Good", "iterations"),
        row(Script("nothing"), &[], 0, "Good", "iterations"),
    ]);
    // Far below the ten minutes of the plan, also on a busy machine.
    assert!(started.elapsed() < Duration::from_secs(300), "it went on for {:?}", started.elapsed());
}

#[test]
fn an_output_that_cannot_be_written_hides_no_verdict() {
    use Runs::Url;
    expect_all(&[
        row(Url("URL/"), &["-i", "2", "--summary-export", "/dev/full"], 1, "Good", "--summary-export /dev/full"),
        row(
            Url("URL/"),
            &["-i", "2", "--summary-export", "/dev/full", T, "http_reqs=count>9"],
            99,
            "Critical",
            "--summary-export /dev/full",
        ),
        row(
            Url("URL/"),
            &["-i", "2", "--summary-export", "/dev/full", T, "http_reqs=count>9"],
            99,
            "Critical",
            "1 of 1 thresholds not met",
        ),
        row(
            Url("URL/"),
            &["-i", "2", "--histogram-log", "/dev/full", T, "http_reqs=count>9"],
            99,
            "Critical",
            "--histogram-log /dev/full",
        ),
    ]);
}

#[test]
fn an_interrupted_run_is_marked_in_every_report() {
    let server = server();
    let url = format!("{}/slow", server.url());
    let squall = Squall::new(&["run", &url, "-c", "1", "-d", "10m", T, "http_reqs=count>100000"]);
    let running = squall.args(&["--summary-json", "run.json", "--report", "report.md"]).start();
    server.until_asked();
    running.signal("INT");
    let ended = running.wait().expect_code(105);
    assert!(
        ended.out.contains("verdict: Critical") && ended.err.contains("1 of 1 thresholds not met"),
        "{}",
        ended.out
    );
    let report = fs::read_to_string(ended.folder().join("report.md")).unwrap();
    assert!(report.contains("**Overall status: Critical.**"), "{report}");
    let document: Value = serde_json::from_str(&fs::read_to_string(ended.folder().join("run.json")).unwrap()).unwrap();
    assert_eq!(
        (&document["verdict"]["status"], &document["run"]["end"]["as_planned"]),
        (&"critical".into(), &false.into())
    );
}

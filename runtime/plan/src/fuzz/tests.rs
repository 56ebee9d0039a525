//! Seeds, and the damage that parsers of this crate get in every test run.

use squall_fuzzing::{Counting, Target};

use crate::{Options, PlanFile};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Plans with something of each kind in them.
const PLANS: [&str; 3] = [
    include_str!("../../../../docs/plan-example.yaml"),
    r#"name: "a\u0041\n"
component: shop.wasm
objectives: [p95 of checkout under 500ms]
stages:
  - 30s:100/s
  - {duration: 1m, target: 50/s}
start_rate: &rate 90/m
arrival: poisson
thresholds:
  'http_req_duration{flow:checkout,status:200}': ['p(99.9)<500', {threshold: 'avg<=1e3', abort_on_fail: true}]
  checks: rate>0.99
weights: {browse: 60, checkout: 25}
think_time: {browse: 1s..3s}
data: {users: {file: users.csv, policy: shuffle, at_end: stop}}
env: {RATE: *rate, TEXT: !!str 5}
http: {request_timeout: 10s, user_agent: "x"}
# A comment.
tags:
  note: |
    a text
     of lines
"#,
    r#"component: shop.wasm
target: http://127.0.0.1:8080
scenarios:
  readers: { users: 20, duration: 30s, weights: { browse: 60, checkout: 40 } }
  buyers:
    executor: constant-arrival-rate
    rate: 5/s
    duration: 20s
    start_time: 10s
    max_vus: 10
    flow: checkout
    thresholds: { http_req_duration: p(95)<500, checks: rate>0.99 }
resource_limits: { cpu_max: 70%, memory_max: 80%, connection_pool: 100 }
monitoring:
  prometheus: { url: http://127.0.0.1:9090, queries: { cpu: "a", memory: "b" } }
  process:    { pid: 1234 }
out: [json=a.json]
"#,
];

const SUGGESTED: &str = r#"{"vus": 10, "duration": "1m30s", "stages": ["30s:100", {"duration": "1m", "target": 5}],
    "thresholds": {"http_req_duration{name:a\u0041}": ["p(95)<500", {"threshold": "rate<0.01", "abortOnFail": true}]},
    "rate": "5/100ms", "env": {"A": "b"}, "tags": {"a": "b"}, "maxVUs": 1e3, "http": {"cacert": null}}"#;

const THRESHOLDS: &[&str] = &[
    "http_req_duration=p(99.9) < 500.5",
    "http_req_duration{flow:browse,name:GET /a?b=c}=avg<=1e3",
    "checks{name:'status is 200'}=rate>0.99",
    "iterations=count>=1000",
];

/// Pieces that mean something to one of the readers.
const PIECES: &[&str] =
    &["&a ", "*a", "!!str", "<<: ", "\n  ", "p(", "rate", "..", "1d", "0.000000001/s", "http://a:b@"];

#[test]
fn plans() {
    Target::new("plan", super::plan).seeds(&PLANS).pieces(PIECES).inputs(3_000).for_a_while();
}

#[test]
fn suggestions() {
    Target::new("suggestion", super::suggestion).seeds(&[SUGGESTED]).pieces(PIECES).inputs(3_000).for_a_while();
}

#[test]
fn thresholds() {
    Target::new("threshold", super::threshold).seeds(THRESHOLDS).pieces(PIECES).inputs(3_000).for_a_while();
}

#[test]
fn values() {
    let seeds = [
        "1d1h1m1.5s",
        "250us",
        "90/m",
        "0.5/s",
        "5/100ms",
        "100",
        "30s:100/s",
        "1s..3s",
        "https://ada:secret@[::1]:81/a%20b/",
        "ramping-vus",
        "users=csv:users.csv,policy=shuffle,at-end=stop,delimiter=tab",
        "browse=60,search=40",
        "30s:10,1m:20",
        "shop.test:443:[fd00::1]:8443",
        "shop.test:443:10.0.0.1,10.0.0.2",
        "10.0.0.1-10.0.0.9,10.1.0.0/28",
        "socks5h://ada:p%40ss@proxy.test:1080",
        ".shop.test,10.0.0.0/8,[::1]:80",
        "ttl=inf,select=random,policy=onlyIPv4",
    ];
    Target::new("values", super::values).seeds(&seeds).pieces(PIECES).for_a_while();
}

#[test]
fn credentials() {
    let seeds =
        ["from \"http://ada:secret@host/a\" to https://bob@other/b@c, not to ada@host", "http://ada:se/cret@host:8/"];
    Target::new("credentials", super::credentials).seeds(&seeds).pieces(&["://", "@", "http://a:b@c"]).for_a_while();
}

#[test]
fn plans_that_nest_or_repeat_without_end_are_refused() {
    let nested = format!("vus: {}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(PlanFile::read(&nested).is_err());
    let laughs = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let below = level - 1;
        text + &format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}]\n")
    });
    assert!(PlanFile::read(&laughs).is_err());
    assert!(Options::from_json(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))).is_err());
}

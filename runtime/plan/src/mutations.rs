//! Plans, suggested plans and thresholds that were damaged, by chance or on purpose: reading one gives an answer, never a
//! panic and never a hang. What `fuzz/` does for hours, for a second; the same damage each time.

use crate::{Options, PlanFile, parse_cli_threshold};

const HOW_MANY: u64 = 10_000;

/// A plan with something of each kind in it.
const PLAN: &str = r#"
version: 1
name: checkout
scenario: shop.wasm
test: stress
objectives: [p95 of checkout under 500ms]
vus: 10
duration: 5m
stages:
  - 30s:100
  - {duration: 1m, target: 50/s}
rate: &rate 90/m
start_rate: *rate
arrival: poisson
thresholds:
  'http_req_duration{flow:checkout,status:200}': ['p(99.9)<500', {threshold: 'avg<=1e3', abort_on_fail: true}]
  checks: rate>0.99
weights: {browse: 60, search: 25}
think_time: {browse: 1s..3s}
data: {users: {file: users.csv, policy: shuffle, at_end: stop}}
env: {PAGES: "3", TEXT: "a\u0041\n"}
http: {request_timeout: 10s, user_agent: "x"}
notes: |
  a text
   of lines
"#;

const SUGGESTED: &str = r#"{"vus": 10, "duration": "1m30s", "stages": ["30s:100", {"duration": "1m", "target": 5}],
    "thresholds": {"http_req_duration{name:a\u0041}": ["p(95)<500", {"threshold": "rate<0.01", "abortOnFail": true}]},
    "rate": "5/100ms", "env": {"A": "b"}, "tags": {"a": "b"}, "maxVUs": 1e3, "http": {"cacert": null}}"#;

const THRESHOLDS: [&str; 4] = [
    "http_req_duration=p(99.9) < 500.5",
    "http_req_duration{flow:browse,name:GET /a?b=c}=avg<=1e3",
    "checks{name:'status is 200'}=rate>0.99",
    "iterations=count>=1_000",
];

/// Pieces that mean something to one of the readers.
const PIECES: [&str; 16] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    "&a ",
    "*a",
    "!!str",
    "<<: ",
    "\"",
    "\\u0000",
    "1e999",
    "-1",
    "99999999999999999999",
    "\n  ",
    "é",
];

/// A damaged copy; the same number gives the same damage.
fn damaged(whole: &str, number: u64) -> String {
    // xorshift (Marsaglia 2003): any sequence will do, as long as it is the same each time.
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % end.max(1) as u64) as usize
    };
    let mut bytes = whole.as_bytes().to_vec();
    for _ in 0..=below(6) {
        let place = below(bytes.len());
        let end = (place + below(24)).min(bytes.len());
        match below(5) {
            0 => bytes.truncate(place),
            1 => drop(bytes.drain(place..end)),
            2 => {
                let piece = bytes[place..end].to_vec();
                for _ in 0..below(40) {
                    bytes.splice(place..place, piece.iter().copied());
                }
            }
            3 => drop(bytes.splice(place..place, PIECES[below(PIECES.len())].bytes())),
            _ if !bytes.is_empty() => bytes[place] = below(256) as u8,
            _ => {}
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn refused<T, E: std::fmt::Debug>(whole: &str, read: impl Fn(&str) -> Result<T, E>) -> usize {
    let answers = (0..HOW_MANY).map(|number| read(&damaged(whole, number)));
    answers.filter_map(Result::err).filter(|error| !format!("{error:?}").is_empty()).count()
}

#[test]
fn damaged_plans_get_an_answer() {
    assert!(refused(PLAN, PlanFile::read) > 2_000);
}

#[test]
fn damaged_suggestions_get_an_answer() {
    assert!(Options::from_json(SUGGESTED).is_ok(), "{:?}", Options::from_json(SUGGESTED));
    assert!(refused(SUGGESTED, Options::from_json) > 2_000);
}

#[test]
fn damaged_thresholds_get_an_answer() {
    for threshold in THRESHOLDS {
        assert!(refused(threshold, parse_cli_threshold) > 2_000, "{threshold}");
    }
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

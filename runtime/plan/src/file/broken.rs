//! Plans that are broken on purpose, one by one, and what each is told: the place, and what was meant.

use super::PlanFile;

/// A good plan in which each of the mistakes below is made; its lines are counted from 1.
const GOOD: &str = "\
component: shop.wasm
target: http://127.0.0.1:8080
type: load
users: 50
duration: 5m
ramp_up: 30s
scenarios:
  - { flow: browse, weight: 60 }
  - { flow: checkout, weight: 40, think_time: 1s..3s, data: users }
data: { users: users.csv }
response_time: { p95: <500ms }
throughput: { min_rps: 100 }
error_rate: <1%
resource_limits: { cpu_max: 70%, connection_pool: 100 }
monitoring:
  prometheus: { url: http://127.0.0.1:9090, queries: { cpu: sum(x) } }
  scrape: [ http://127.0.0.1:9100/metrics ]
thresholds: { checks: rate>0.99 }
";

/// What is written in place of what, where the mistake is told, and a part of what is said.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    // Keys.
    ("duration: 5m", "duratoin: 5m", "5:1", "unknown key \"duratoin\": did you mean \"duration\"?"),
    ("users: 50", "user: 50", "4:1", "did you mean \"users\"?"),
    ("target:", "targt:", "2:1", "did you mean \"target\"?"),
    ("weight: 60", "wieght: 60", "8:21", "a scenario has no \"wieght\": did you mean \"weight\"?"),
    ("{ p95:", "{ p59:", "11:18", "response_time has no \"p59\": did you mean"),
    ("min_rps", "min_rqs", "12:15", "did you mean \"min_rps\"?"),
    ("cpu_max", "cpu", "14:20", "resource_limits has no \"cpu\""),
    ("connection_pool", "conection_pool", "14:34", "did you mean \"connection_pool\"?"),
    ("scrape:", "scrap:", "17:3", "did you mean \"scrape\"?"),
    ("queries:", "query:", "16:45", "prometheus has no \"query\": it has url, queries"),
    ("response_time:", "response_times:", "11:1", "did you mean \"response_time\"?"),
    // Twice.
    ("users: 50", "users: 50\nusers: 60", "5:1", "twice"),
    ("users: 50", "users: 50\nvus: 60", "5:1", "twice"),
    ("weight: 60", "weight: 60, weight: 1", "8:33", "twice"),
    // Types.
    ("users: 50", "users: many", "4:8", "users: "),
    ("users: 50", "users: -5", "4:8", "users: "),
    ("users: 50", "users: 5.5", "4:8", "users: "),
    ("users: 50", "users: [50]", "4:8", "users: "),
    ("users: 50", "users: { a: b }", "4:8", "users: "),
    ("type: load", "type: laod", "3:7", "unknown type of test \"laod\": expected one of load, stress"),
    ("type: load", "type: [load]", "3:7", "type: "),
    ("data: { users: users.csv }", "data: users.csv", "9:61", "there is no data \"users\": add data: { users: FILE }"),
    ("scenarios:\n  - { flow: browse, weight: 60 }", "scenarios:\n  - browse", "8:5", "scenarios: "),
    ("thresholds: { checks: rate>0.99 }", "thresholds: none", "18:13", "thresholds: "),
    ("component: shop.wasm", "component: { a: b }", "1:12", "component: "),
    ("[ http://127.0.0.1:9100/metrics ]", "{ a: b }", "17:11", "monitoring: scrape: write a list of addresses"),
    // Units and numbers.
    ("duration: 5m", "duration: 5 parsecs", "5:11", "duration: "),
    ("duration: 5m", "duration: -5m", "5:11", "duration: "),
    ("ramp_up: 30s", "ramp_up: soon", "6:10", "ramp_up: "),
    ("<500ms", "500ms", "11:23", "\"500ms\" is not a bound: write it with <, like <500ms"),
    ("<500ms", ">500ms", "11:23", "response_time: "),
    ("<500ms", "<fast", "11:23", "response_time: "),
    ("error_rate: <1%", "error_rate: 1%", "13:13", "error_rate: "),
    ("error_rate: <1%", "error_rate: <200%", "13:13", "error_rate: "),
    ("error_rate: <1%", "error_rate: <x", "13:13", "error_rate: "),
    ("min_rps: 100", "min_rps: lots", "12:24", "throughput: "),
    ("cpu_max: 70%", "cpu_max: 170%", "14:29", "cpu_max: \"170%\" is not a share: write 70%, or 0.7"),
    ("cpu_max: 70%", "cpu_max: hot", "14:29", "resource_limits: "),
    ("connection_pool: 100", "connection_pool: few", "14:51", "connection_pool: "),
    ("1s..3s", "3s..1s", "9:47", "ends before it begins: write the shorter time first, 1s..3s"),
    ("1s..3s", "a while", "9:47", "write one as 30s, 1m30s or 500ms"),
    ("weight: 60", "weight: heavy", "8:29", "scenarios: "),
    ("weight: 60", "weight: -1", "8:29", "scenarios: "),
    ("rate>0.99", "rate>>0.99", "18:23", "thresholds: "),
    ("rate>0.99", "p(95", "18:23", "thresholds: "),
    // Contradictions, and what is missing.
    ("data: users }", "data: user }", "9:61", "there is no data \"user\": did you mean \"users\"?"),
    ("ramp_up: 30s", "ramp_up: 10m", "6:1", "ramp"),
    ("component: shop.wasm\n", "", "1:1", "component"),
    ("users: 50\n", "", "3:1", "a load test needs users or a rate"),
    ("users: 50", "users: 50\nrate: 5/s", "5:1", "rate"),
    // YAML itself.
    ("{ flow: browse, weight: 60 }", "{ flow: browse, weight: 60", "10:1", "this is not YAML"),
    ("data: { users: users.csv }", "data: { users: \"users.csv }", "10:16", ""),
    ("users: 50", "\tusers: 50", "3:7", "found a tab"),
    ("users: 50", "  users: 50", "4:8", ""),
    ("  - { flow: checkout", " - { flow: checkout", "9:2", ""),
    ("target:", "target: *nobody\nname:", "2:9", "unknown anchor"),
    ("users: 50", "users: &loop [ *loop ]", "4:16", "stands for itself"),
];

#[test]
fn each_mistake_is_told_where_it_is_and_what_was_meant() {
    PlanFile::read(GOOD).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    assert!(MISTAKES.len() >= 40);
    let mut wrong = Vec::new();
    for (good, bad, place, said) in MISTAKES {
        assert!(GOOD.contains(good), "{good} is not in the plan");
        match PlanFile::read(&GOOD.replacen(good, bad, 1)) {
            Ok(_) => wrong.push(format!("{bad}: taken for good")),
            Err(mistakes) => {
                let first = mistakes[0].to_string();
                if !(first.starts_with(&format!("{place}: ")) && first.contains(said) && mistakes[0].message.len() > 10)
                {
                    wrong.push(format!("{bad}: not at {place} with {said:?}, but {first}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_stress_test_with_others_beside_it_is_refused() {
    let text = "component: a.wasm\nscenarios:\n  a: { type: stress, users: 5 }\n  b: { users: 1, duration: 1m }\n";
    let mistakes = PlanFile::read(text).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    let told = mistakes[0].to_string();
    assert!(told.starts_with("3:8: scenarios: a: a stress test ends where the target gives way"), "{told}");
    assert!(told.contains("give it as the plan's own type"), "{told}");
}

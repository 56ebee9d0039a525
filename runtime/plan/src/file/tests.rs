//! What a planner would notice: that the example means what it says, and that every mistake is found where it is.

use proptest::prelude::*;

use super::*;
use crate::plan::{Defaults, Plan};
use crate::published::expect_page;

/// The example of docs/plan.md.
const EXAMPLE: &str = include_str!("../../../../docs/plan-example.yaml");

fn flows() -> Vec<(String, u32)> {
    ["browse", "search", "checkout", "home"].map(|flow| (flow.to_owned(), 1)).to_vec()
}

fn plan(text: &str, upper: Options) -> Plan {
    let file = PlanFile::read(text).unwrap();
    Plan::resolve(file.under(upper, &flows()), &flows(), Defaults { threads: 1, seed: 1 }).unwrap()
}

fn mistakes(text: &str) -> Vec<String> {
    let wrong = PlanFile::read(&format!("component: a.wasm\n{text}")).unwrap_err();
    wrong.iter().map(ToString::to_string).collect()
}

fn stages(text: &str) -> String {
    plan(&format!("component: a.wasm\n{text}"), Options::default()).scenarios.remove(0).executor.to_string()
}

#[test]
fn the_example_means_what_it_says() {
    let file = PlanFile::read(EXAMPLE).unwrap();
    assert_eq!(file.about.name.as_deref(), Some("Checkout under expected load"));
    assert_eq!(file.about.objectives, ["Handle 500 concurrent users", "p95 under 500 ms"]);
    assert_eq!(file.shape.kind, Some(TestType::Load));
    let objectives: Vec<String> = file.objectives.iter().map(|o| format!("{} {}", o.title, o.threshold)).collect();
    assert_eq!(
        objectives,
        [
            "response time p50 response_time=p(50)<100",
            "response time p95 response_time=p(95)<500",
            "response time p99 response_time=p(99)<1000",
            "throughput, at least http_reqs=rate>=1000",
            "throughput, target http_reqs=rate>=5000",
            "error rate http_req_failed=rate<0.001",
        ]
    );
    assert_eq!(file.watching.limits()[0], ("cpu_max", "70%".to_owned()));
    let plan = plan(EXAMPLE, Options::default());
    assert_eq!(plan.shares(), [0.6, 0.25, 0.15, 0.0]);
    assert_eq!(plan.scenarios[0].executor.max_vus(), 500);
    assert_eq!(plan.flows[1].think_time.map(|time| time.to_string()).as_deref(), Some("1s..3s"));
    // The hope is no threshold: it does not decide whether the test passes.
    assert_eq!(plan.thresholds.len(), 5);
}

#[test]
fn a_plan_says_how_the_target_is_looked_into() {
    let text = "component: a.wasm\nmonitoring:\n  { look_inside: true, trace_share: 5%, otlp_listen: [ 127.0.0.1:9 ], \
                databases: [ postgresql://reader@db/shop ], diagnose: true }";
    let inside = PlanFile::read(text).unwrap().watching.inside;
    assert_eq!((inside.traces, inside.trace_share, inside.diagnose), (Some(true), Some(0.05), Some(true)));
    assert_eq!(inside.otlp_listen, ["127.0.0.1:9"]);
    assert_eq!(inside.databases, ["postgresql://reader@db/shop"]);
    assert_eq!(
        mistakes("monitoring: { databases: db }"),
        ["2:26: monitoring: databases: write a list of addresses: [ postgresql://reader@127.0.0.1/shop ]"]
    );
}

#[test]
fn types_of_tests_shape_the_load() {
    let of =
        |text: &str| match plan(&format!("component: a.wasm\n{text}"), Options::default()).scenarios.remove(0).executor
        {
            crate::Executor::RampingVus { start_vus: 0, stages, .. } => {
                stages.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            crate::Executor::SteppedVus { steps, step_back, .. } => {
                steps.iter().chain([&step_back]).map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            other => panic!("{other}"),
        };
    assert_eq!(of("type: load\nusers: 500\nduration: 15m\nramp_up: 2m\nramp_down: 1m"), "2m:500 12m:500 1m:0");
    assert_eq!(of("type: load\nusers: 100\nduration: 20m"), "2m:100 17m:100 1m:0");
    assert_eq!(of("type: soak\nusers: 20\nduration: 4h\n"), "5m:20 3h55m:20 0s:0");
    assert_eq!(of("type: spike\nusers: 10\nduration: 6m10s\nspike_factor: 4"), "0s:10 2m:10 5s:40 1m:40 5s:10 3m:10");
    let stress = of("type: stress\nusers: 15\nduration: 100s");
    assert_eq!(stress, "8s:2 8s:3 8s:5 8s:6 8s:8 8s:9 8s:11 8s:12 8s:14 8s:15 20s:8");
    assert_eq!(
        stages("type: stress\nrate: 100/s\nduration: 100s"),
        "up to 100/s for 1m40s over 10 steps, then 50/s, up to 1000 VUs"
    );
    assert!(stages("type: smoke").starts_with("1 VU, 3 iterations"), "{}", stages("type: smoke"));
    assert!(stages("type: load\nrate: 100/s\nduration: 1m").contains("/s"));
}

#[test]
fn a_rate_keeps_what_else_is_said_of_it() {
    let text = "rate: 10/s\nduration: 1m\nmax_vus: 20\npre_allocated_vus: 5";
    assert_eq!(stages(text), "10/s for 1m, up to 20 VUs");
}

#[test]
fn an_upper_layer_changes_the_numbers_and_keeps_the_type() {
    let upper = Options { duration: Some(std::time::Duration::from_secs(90)), vus: Some(10), ..Options::default() };
    let executor = plan(EXAMPLE, upper).scenarios.remove(0).executor;
    // Two of fifteen minutes are twelve of ninety seconds.
    assert_eq!(executor.max_vus(), 10);
    match executor {
        crate::Executor::RampingVus { stages, .. } => assert_eq!(stages[0].to_string(), "12s:10"),
        other => panic!("{other}"),
    }
    let whole = Options { iterations: Some(7), vus: Some(1), ..Options::default() };
    assert_eq!(plan(EXAMPLE, whole).load(), "7 iterations by 1 VU, at most 10m");
}

#[test]
fn all_mistakes_are_found_where_they_are() {
    let text = "type: laod\nusers: many\nrampUp: 5 parsecs\nscenarios:\n  - { flow: browse, wieght: 60 }\n  \
                - { flow: search, data: user }\ndata: { users: users.csv }\nresponse_time: { p95: 500ms, p59: <1s }\n\
                error_rate: <0.1%\nthresholds:\n  checks: rate>>0.9\nduratoin: 1m\n";
    let found = mistakes(text);
    let expected = [
        "2:7: type: unknown type of test \"laod\": expected one of load, stress, soak, spike, breakpoint, smoke",
        "3:8: users: ",
        "4:9: ramp_up: ",
        "6:21: scenarios: a scenario has no \"wieght\": did you mean \"weight\"?",
        "7:27: scenarios: there is no data \"user\": did you mean \"users\"?",
        "9:23: response_time: \"500ms\" is not a bound: write it with <, like <500ms",
        "9:30: response_time: response_time has no \"p59\": did you mean \"p50\"?",
        "12:11: thresholds: ",
        "13:1: unknown key \"duratoin\": did you mean \"duration\"?",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} is not {expected}");
    }
}

#[test]
fn no_mistake_steers_a_terminal() {
    let mistakes = mistakes("component: a\n\"b\\e[2J\": 1\nscenarios: {\"c\\e[2J\": {nothing: 1}}");
    assert!(mistakes.len() > 1 && !mistakes.iter().any(|mistake| mistake.contains('\u{1b}')), "{mistakes:?}");
}

#[test]
fn what_contradicts_is_found_where_it_is() {
    let one = |text: &str| mistakes(text).join("; ");
    assert_eq!(one("users: 5\nrate: 10/s"), "3:1: users and rate contradict each other; give only one of them");
    assert!(one("type: load\nusers: 5\nduration: 1m\nramp_up: 2m").starts_with("5:1: the ramps take longer"));
    assert!(one("type: load").starts_with("2:1: a load test needs users or a rate"));
    assert!(one("users: 99999999\nduration: 1s").starts_with("2:1: vus is 99999999"));
    assert!(one("type: breakpoint\nusers: 5").contains("searches for a rate: give min_rate and max_rate"));
    assert!(one("type: breakpoint\nmin_rate: 50/s\nmax_rate: 50/s").starts_with("4:1: the lowest rate, 50/s"));
    assert!(one("type: breakpoint\nprecision: much").contains("write a share"));
    assert!(one("users: 5\nduration: 1m\ntype: load\nmin_rate: 5/s").contains("a load test searches for nothing"));
    assert!(one("users: 5\nvus: 6").starts_with("3:1: users is given twice"));
    assert!(one("target: 'ftp://x'").starts_with("2:1: "));
    assert!(one("a: [").contains("not YAML"));
    assert_eq!(
        PlanFile::read("").unwrap_err()[0].to_string(),
        "1:1: the plan is empty; `squall plan init FILE` writes one to start from"
    );
    assert!(PlanFile::read("users: 5").unwrap_err()[0].message.contains("names no component"));
}

const OWN_LOADS: &str = "component: shop.wasm\ntarget: http://a.test\ngraceful_stop: 5s\nscenarios:\n  readers: { users: 50, \
                         duration: 10m, flow: browse, think_time: { browse: 1s } }\n  buyers:\n    executor: \
                         constant-arrival-rate\n    rate: 10/s\n    duration: 5m\n    startTime: 2m\n    maxVUs: 20\n    exec: \
                         checkout\n    env: { CART: 3 }\n    tags: { team: web }\n    thresholds: { http_req_duration: p(95)<500 }\n  \
                         ramp: { type: load, users: 8, duration: 10m, ramp_up: 1m, component: other.wasm }\n";

#[test]
fn scenarios_by_name_have_loads_of_their_own() {
    let mut file = PlanFile::read(OWN_LOADS).unwrap();
    file.in_folder(Path::new("plans"));
    assert_eq!(file.components(), ["plans/shop.wasm", "plans/other.wasm"]);
    let components = file.components().into_iter().map(|name| crate::plan::Component { name, flows: flows() });
    let options = file.under(Options::default(), &flows());
    let plan = Plan::resolve_for(options, &components.collect::<Vec<_>>(), Defaults { threads: 1, seed: 1 }).unwrap();
    let of = |scenario: &crate::Scenario| {
        let flow = &plan.flows[usize::from(scenario.flow_at(0))].name;
        format!("{} {} {flow}: {} from {:?}", scenario.name, scenario.component, scenario.executor, scenario.start_time)
    };
    assert_eq!(
        plan.scenarios.iter().map(of).collect::<Vec<_>>(),
        [
            "readers 0 browse: 50 VUs for 10m from 0ns",
            "buyers 0 checkout: 10/s for 5m, up to 20 VUs from 120s",
            "ramp 1 browse: up to 8 VUs for 10m over 3 stages from 0ns",
        ]
    );
    assert_eq!(plan.thresholds[0].selector(), "http_req_duration{scenario:buyers}");
    assert_eq!((plan.scenarios[1].env["CART"].as_str(), plan.scenarios[1].tags["team"].as_str()), ("3", "web"));
}

#[test]
fn mistakes_in_scenarios_are_found_where_they_are() {
    let text = "scenarios:\n  a: { vus: many, duration: 1m, flw: x }\n  b: 5\n  c:\n    thresholds:\n      checks: rate>>0\n    \
                start_time: soon\n    data: users\n  d: { type: load, ramp_up: 1s }\n";
    let found = mistakes(text);
    let expected = [
        "3:13: scenarios: a: vus: ",
        "3:33: scenarios: a: a scenario has no \"flw\": did you mean \"flow\"?",
        "4:6: scenarios: b: write a scenario as { vus: 50",
        "7:15: scenarios: c: thresholds: ",
        "8:17: scenarios: c: start_time: ",
        "9:11: scenarios: there is no data \"users\"",
        "10:8: scenarios: d: a load test needs users or a rate",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} is not {expected}");
    }
    let one = |text: &str| mistakes(text).join("; ");
    assert!(
        one("users: 5\nscenarios:\n  a: { vus: 1, duration: 1m }").starts_with("2:1: vus is given beside scenarios")
    );
    assert!(one("scenarios:\n  a: { vus: 0, duration: 1m }").starts_with("3:8: scenario \"a\": vus is 0"));
    assert!(one("scenarios:\n  a b: { vus: 1, duration: 1m }").starts_with("3:3: a scenario is called"));
    assert!(one("scenarios: {}").starts_with("2:12: scenarios: there is none"));
    assert!(one("scenarios:\n  - { flow: a, executor: constant-vus }").contains("write them as a mapping"));
    let lone = PlanFile::read("scenarios:\n  a: { vus: 1, component: a.wasm }\n  b: { vus: 1 }").unwrap_err();
    assert!(lone[0].to_string().starts_with("3:3: scenario \"b\" names no component"), "{}", lone[0]);
    // What only shows once the component is known.
    let file = PlanFile::read("component: a.wasm\nscenarios:\n  a: { vus: 1, duration: 1m, flow: pay }\n").unwrap();
    let options = file.under(Options::default(), &flows());
    let wrong = Plan::resolve(options, &flows(), Defaults { threads: 1, seed: 1 }).unwrap_err();
    assert!(file.locate(&wrong[0]).to_string().starts_with("3:30: scenario \"a\": flow names a flow \"pay\""));
}

#[test]
fn hostile_files_end_in_a_message() {
    for (depth, message) in [(40, "deep in each other"), (50_000, "recursion limit")] {
        let deep = format!("component: a\nenv: {}", "[".repeat(depth));
        let mistake = PlanFile::read(&deep).unwrap_err().remove(0);
        assert!(mistake.line == 2 && mistake.message.contains(message), "{mistake}");
    }
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        laughs.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert!(PlanFile::read(&laughs).unwrap_err().iter().any(|mistake| mistake.message.contains("more values")));
}

/// Two hundred ways of breaking the example, line by line: every one is told with its place, or does no harm.
#[test]
fn broken_plans_get_a_message_with_a_place() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let spoil: [fn(&str) -> String; 14] = [
        |line| line.replacen(':', "", 1),
        |line| line.replacen(": ", ": [", 1),
        |line| line.replacen(": ", ": -7 ", 1),
        |line| format!("x{}", line.trim_start()),
        |line| format!("{line}\n{line}"),
        |line| line.replacen(['}', ']'], "", 1),
        |line| format!("\t{line}"),
        |line| line.replacen(": ", ": {} ", 1),
        |line| line.replacen(": ", ": &a *a ", 1),
        |line| line.replacen(": ", ": \"", 1),
        |line| line.replacen(": ", ": { no: [such, thing] } #", 1),
        |line| line.replacen(['{', '['], "", 1),
        |line| line.replacen(|letter: char| letter.is_ascii_lowercase(), "q", 1),
        |line| format!("{line}: :"),
    ];
    let (mut broken, mut harmless) = (0, 0);
    for number in 0..lines.len() {
        for spoil in spoil {
            let mut text: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            text[number] = spoil(lines[number]);
            match PlanFile::read(&text.join("\n")) {
                Ok(_) => harmless += 1,
                Err(mistakes) => {
                    broken += 1;
                    for mistake in mistakes {
                        assert!((1..=lines.len() + 2).contains(&mistake.line) && mistake.column >= 1, "{mistake}");
                        assert!(mistake.message.len() > 10, "{mistake}");
                    }
                }
            }
        }
    }
    assert!(broken >= 200, "only {broken} were broken, {harmless} were not");
}

#[test]
fn the_schema_and_the_parser_know_the_same_keys() {
    let schema = schema();
    let properties = schema["properties"].as_object().unwrap();
    for name in properties.keys() {
        assert!(super::schema::find(name).is_some(), "no reader knows {name}");
    }
    for name in super::schema::names() {
        assert!(properties.contains_key(name), "the schema lacks {name}");
    }
    expect_page("docs/plan.schema.json", &format!("{schema:#}\n"));
    let reference = include_str!("../../../../docs/plan.md");
    for name in properties.keys() {
        assert!(reference.contains(&format!("`{name}`")), "docs/plan.md lacks {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    /// A cut, a doubled and a changed letter anywhere: no panic, and always a place.
    #[test]
    fn nothing_panics(at in 0..EXAMPLE.len(), letter in "[ -~\n\t]", kind in 0..3) {
        let at = (0..=at).rev().find(|at| EXAMPLE.is_char_boundary(*at)).unwrap_or(0);
        let (before, after) = EXAMPLE.split_at(at);
        let text = match kind {
            0 => before.to_owned(),
            1 => format!("{before}{letter}{after}"),
            _ => format!("{before}{letter}{}", after.get(1..).unwrap_or_default()),
        };
        if let Err(mistakes) = PlanFile::read(&text) {
            prop_assert!(!mistakes.is_empty());
            prop_assert!(mistakes.iter().all(|mistake| mistake.line >= 1 && mistake.column >= 1));
        }
    }
}

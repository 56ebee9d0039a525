use proptest::prelude::*;
use squall_schedule::ArrivalProcess;

use super::*;
use crate::options::Keyed;

const DEFAULTS: Defaults = Defaults { threads: 2, seed: 42 };

fn shop() -> Vec<(String, u32)> {
    [("browse", 60), ("search", 25), ("checkout", 15)].map(|(name, weight)| (name.to_owned(), weight)).to_vec()
}

fn resolve(json: &str) -> Result<Plan, Vec<String>> {
    let options = Options::from_json(json).unwrap();
    Plan::resolve(options, &shop(), DEFAULTS).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

fn weights(plan: &Plan) -> Vec<u32> {
    plan.flows.iter().map(|flow| flow.weight).collect()
}

#[test]
fn the_defaults_of_the_table_are_those_of_plans() {
    let loads = [
        r#"{"iterations": 9}"#,
        r#"{"stages": ["1s:5"]}"#,
        r#"{"rate": "5/s", "duration": "1s"}"#,
        r#"{"stages": ["1s:5/s"]}"#,
    ];
    for load in loads {
        let expected = Plan::resolve(Options::from_json(load).unwrap(), &shop(), DEFAULTS).unwrap();
        for (key, default) in Options::keys().filter_map(|key| Some((key, key.default?))) {
            // It makes an open load of any stages.
            if key.name == "start_rate" && !Options::from_json(load).unwrap().is_open() {
                continue;
            }
            let default = default.replace("VERSION", env!("CARGO_PKG_VERSION"));
            let mut written = Options::default();
            written.read_flag(key, &default).unwrap();
            // What does not go with this load says so; what does changes nothing.
            if let Ok(plan) = Plan::resolve(written.over(Options::from_json(load).unwrap()), &shop(), DEFAULTS) {
                assert_eq!(plan, expected, "{} with {load}", key.name);
            }
        }
    }
}

#[test]
fn defaults() {
    let plan = resolve("{}").unwrap();
    assert_eq!(plan.scenarios[0].name, "default");
    assert_eq!(plan.scenarios[0].executor.max_vus(), 1);
    assert_eq!(plan.scenarios[0].graceful_stop, Duration::from_secs(30));
    assert_eq!(plan.setup_timeout, Duration::from_secs(60));
    assert_eq!(plan.teardown_timeout, Duration::from_secs(60));
    assert_eq!((plan.seed, plan.threads, plan.max_series), (42, 2, 1_000));
    assert_eq!(plan.http.user_agent, "squall/0.1.0");
    assert_eq!((plan.target.clone(), plan.scenarios[0].min_iteration_duration), (None, None));
    assert_eq!(
        (plan.scenarios[0].arrival, plan.warmup, plan.pacing),
        (ArrivalProcess::Constant, Warmup::None, Pacing::Timer)
    );
    assert_eq!(plan.scenarios[0].max_backlog, Duration::from_secs(10));
    assert_eq!(weights(&plan), [60, 25, 15]);
    assert_eq!(plan.shares(), [0.6, 0.25, 0.15]);
}

#[test]
fn what_is_said_is_kept() {
    let plan = resolve(
        r#"{"vus": 50, "duration": "30s", "target": "https://shop.test/", "seed": 7, "threads": 4,
            "env": {"A": "b"}, "tags": {"c": "d"}, "graceful_stop": "0s", "min_iteration_duration": "1s",
            "thresholds": {"http_req_duration{flow:checkout}": ["p(95)<500", "max<1s"]}}"#,
    )
    .unwrap();
    assert_eq!(plan.scenarios[0].executor.to_string(), "50 VUs for 30s");
    assert_eq!(plan.target.unwrap().as_str(), "https://shop.test");
    assert_eq!((plan.seed, plan.threads), (7, 4));
    assert_eq!(plan.env["A"], "b");
    assert_eq!(plan.tags["c"], "d");
    assert_eq!(plan.scenarios[0].graceful_stop, Duration::ZERO);
    assert_eq!(plan.scenarios[0].min_iteration_duration, Some(Duration::from_secs(1)));
    let sources: Vec<&str> = plan.thresholds.iter().map(|t| t.source.as_str()).collect();
    assert_eq!(sources, ["p(95)<500", "max<1s"]);
}

#[test]
fn open_loads_and_how_they_are_measured() {
    let plan = resolve(
        r#"{"rate": "5000/s", "duration": "1m", "max_vus": 200, "arrival": "poisson", "max_backlog": "0s",
            "warmup": "10s", "pacing": "spin"}"#,
    )
    .unwrap();
    assert_eq!(plan.scenarios[0].executor.to_string(), "5000/s for 1m, up to 200 VUs");
    assert_eq!((plan.scenarios[0].arrival, plan.pacing), (ArrivalProcess::Poisson, Pacing::Spin));
    assert_eq!((plan.warmup, plan.scenarios[0].max_backlog), (Warmup::For(Duration::from_secs(10)), Duration::ZERO));
    let warmup = |warmup: &str| resolve(&format!(r#"{{"duration": "30s", "warmup": "{warmup}"}}"#));
    assert_eq!(
        warmup("30s").unwrap_err(),
        [
            "warmup is 30s and the load lasts 30s: nothing would be measured; make the warm-up shorter, or the load longer"
        ]
    );
    assert_eq!(
        warmup("auto").unwrap_err(),
        ["warmup is auto, which takes a load of at least 1m40s, and this one lasts 30s: give a time, like 10s"]
    );
    let auto = resolve(r#"{"duration": "2m", "warmup": "auto"}"#);
    assert_eq!(auto.unwrap().warmup, Warmup::Auto);
    assert_eq!(warmup("0s").unwrap().warmup, Warmup::None);
    assert_eq!(warmup("none").unwrap().warmup, Warmup::None);
}

#[test]
fn flows_can_be_weighed_and_chosen() {
    let plan = resolve(r#"{"weights": {"search": 0, "checkout": 60}}"#).unwrap();
    assert_eq!(weights(&plan), [60, 0, 60]);
    let plan = resolve(r#"{"weights": {"checkout": 0}, "flow": "checkout"}"#).unwrap();
    assert_eq!(weights(&plan), [0, 0, 1]);
    assert_eq!(plan.scenarios[0].flow_at(12), 2);
}

#[test]
fn all_mistakes_at_once_each_a_sentence() {
    let mistakes = resolve(
        r#"{"vus": 0, "duration": "1s", "flow": "pay", "weights": {"serach": 1}, "target": "ftp://shop.test",
            "thresholds": {"http_req_duration": "p(95)<", "m{a": "count>1"},
            "request_timeout": "0s", "threads": 2000, "tags": {"": "x"}}"#,
    )
    .unwrap_err();
    assert_eq!(
        mistakes,
        [
            "vus is 0; it must be at least 1",
            "weights names a flow \"serach\" that does not exist; \
             did you mean \"search\"? (flows: browse, search, checkout)",
            "--flow names a flow \"pay\" that does not exist; use one of browse, search, checkout",
            "the threshold on \"http_req_duration\" cannot be read: a limit is missing: \
             a number such as 500, a time such as 500ms, or for a rate 1%\n    p(95)<\n          ^",
            "the threshold on \"m{a\" cannot be read: \
             a tag needs a value, like {flow:checkout}\n    m{a\n       ^",
            "--target wants http:// or https://: got \"ftp://shop.test\"",
            "threads is 2000; at most 1024 can be asked for",
            "an entry of tags has no name; write it as NAME=VALUE",
            "request_timeout is 0s; it must be longer",
        ]
    );
}

#[test]
fn a_threshold_on_a_flow_that_there_is_not_would_never_fail() {
    assert_eq!(
        resolve(r#"{"thresholds": {"checks{flow:chekout}": "rate>0.9"}}"#).unwrap_err(),
        ["the threshold on \"checks{flow:chekout}\" names a flow \"chekout\" that does not exist; \
          did you mean \"checkout\"? (flows: browse, search, checkout)"]
    );
}

#[test]
fn a_component_without_flows_cannot_run() {
    let mistakes = Plan::resolve(Options::default(), &[], DEFAULTS).unwrap_err();
    assert_eq!(mistakes, [PlanError::Mix(crate::MixError::NoFlows)]);
    let idle = [("browse".to_owned(), 0)];
    let mistakes = Plan::resolve(Options::default(), &idle, DEFAULTS).unwrap_err();
    assert_eq!(mistakes, [PlanError::Mix(crate::MixError::NoWeight)]);
}

fn shop_scenarios() -> Plan {
    resolve(
        r#"{"graceful_stop": "5s", "env": {"A": "all", "B": "all"}, "think_time": {"search": "1s"},
            "thresholds": {"checks": "rate>0.9"},
            "scenarios": {
                "readers": {"executor": "constant-vus", "vus": 50, "duration": "10m", "exec": "browse",
                            "env": {"A": "own"}, "tags": {"team": "web"}},
                "buyers": {"executor": "ramping-arrival-rate", "startRate": 0, "timeUnit": "1m", "startTime": "2m",
                           "preAllocatedVUs": 5, "maxVUs": 20, "gracefulStop": "1s",
                           "stages": [{"duration": "1m", "target": 60}],
                           "weights": {"browse": 0},
                           "thresholds": {"http_req_duration": "p(95)<500", "checks{scenario:readers}": "rate>0.5"}},
                "late": {"iterations": 3, "vus": 3, "max_duration": "30s", "start_time": "11m"}
            }}"#,
    )
    .unwrap()
}

#[test]
fn scenarios_have_loads_of_their_own() {
    let plan = shop_scenarios();
    let named = |index: usize| &plan.scenarios[index];
    let texts: Vec<String> = plan.scenarios.iter().map(|s| format!("{}: {}", s.name, s.executor)).collect();
    assert_eq!(
        texts,
        [
            "readers: 50 VUs for 10m",
            "buyers: up to 60/m for 1m over 1 stage, up to 20 VUs",
            "late: 3 iterations shared by 3 VUs, at most 30s"
        ]
    );
    // Each has all flows of the component; the numbers go on from one scenario to the next.
    assert_eq!(plan.scenarios.iter().map(|s| s.first_flow).collect::<Vec<_>>(), [0, 3, 6]);
    assert_eq!(plan.scenarios.iter().map(|s| s.first_vu).collect::<Vec<_>>(), [0, 50, 70]);
    assert_eq!(weights(&plan), [1, 0, 0, 0, 25, 15, 60, 25, 15]);
    assert_eq!((named(0).flow_at(9), plan.flows[usize::from(named(1).flow_at(0))].name.as_str()), (0, "search"));
    assert_eq!((named(0).graceful_stop, named(1).graceful_stop), (Duration::from_secs(5), Duration::from_secs(1)));
    assert_eq!(
        (named(0).env["A"].as_str(), named(0).env["B"].as_str(), named(1).env["A"].as_str()),
        ("own", "all", "all")
    );
    assert_eq!((named(0).tags["team"].as_str(), named(1).tags.len()), ("web", 0));
    assert!(plan.flows[4].think_time.is_some() && plan.flows[3].think_time.is_none());
    assert_ne!(named(0).seed, named(1).seed);
    let thresholds: Vec<String> = plan.thresholds.iter().map(Threshold::selector).collect();
    assert_eq!(thresholds, ["checks", "checks{scenario:readers}", "http_req_duration{scenario:buyers}"]);
}

#[test]
fn the_whole_of_several_scenarios() {
    let plan = shop_scenarios();
    // Buyers are made before the load begins; those who come late do so when the others have gone.
    assert_eq!((plan.max_vus(), plan.max_vus_of(0), plan.max_vus_of(1), plan.last_vu()), (70, 70, 0, 73));
    assert_eq!((plan.planned_duration(), plan.time_limit()), (None, Duration::from_secs(690)));
    assert_eq!(
        (plan.peak_rate(), plan.planned_iterations(), plan.is_open(), plan.is_level()),
        (None, None, true, false)
    );
    assert_eq!(plan.graceful_stop(), Duration::from_secs(30).min(Duration::from_secs(5)));
    assert_eq!(plan.load(), "3 scenarios for at most 11m30s, up to 70 VUs");
    let rates = resolve(
        r#"{"scenarios": {"a": {"rate": 10, "duration": "10s"}, "b": {"rate": 30, "duration": "10s", "start_time": "5s"},
                          "c": {"rate": 35, "duration": "10s", "start_time": "15s"}}}"#,
    )
    .unwrap();
    assert_eq!((rates.peak_rate(), rates.planned_iterations()), (Some(40.0), Some(750)));
    assert_eq!(rates.planned_duration(), Some(Duration::from_secs(25)));
    let offered = rates.offered_rate().unwrap();
    assert_eq!([1, 7, 12, 20, 26].map(|at| offered.at(Duration::from_secs(at))), [10.0, 40.0, 30.0, 35.0, 0.0]);
    assert!(plan.offered_rate().is_none());
}

#[test]
fn mistakes_in_scenarios_name_them() {
    let wrong = resolve(
        r#"{"vus": 3, "flow": "browse", "weights": {"pay": 1}, "thresholds": {"checks{scenario:reader}": "rate>0"},
            "scenarios": {"readers": {"vus": 0, "duration": "1s", "flow": "brwse"}, "a b": {"component": "b.wasm"},
                          "one": {"executor": "externally-controlled", "vus": 1, "start_time": "1s"}}}"#,
    )
    .unwrap_err();
    let expected = [
        "a scenario is called \"a b\": names are",
        "vus is given beside scenarios, each of which has a load of its own",
        "flow is given beside scenarios",
        "weights names a flow \"pay\" that does not exist",
        "scenario \"readers\": vus is 0; it must be at least 1",
        "scenario \"readers\": flow names a flow \"brwse\" that does not exist; did you mean \"browse\"?",
        "scenario \"a b\": component \"b.wasm\" is not there",
        "scenario \"one\": start_time is later than the beginning",
    ];
    assert_eq!(wrong.len(), expected.len(), "{wrong:#?}");
    for (wrong, expected) in wrong.iter().zip(expected) {
        assert!(wrong.starts_with(expected), "{wrong}\nis not\n{expected}");
    }
    let json =
        r#"{"scenarios": {"a": {"vus": 1, "duration": "1s"}}, "thresholds": {"checks{scenario:other}": "rate>0"}}"#;
    assert!(resolve(json).unwrap_err()[0].contains("names a scenario \"other\" that does not exist; use one of a"));
    let twice = r#"{"scenarios": {"a": {"executor": "externally-controlled", "vus": 1},
                                  "b": {"executor": "externally-controlled", "vus": 1}}}"#;
    assert!(resolve(twice).unwrap_err()[0].starts_with("scenario \"b\": executor is externally-controlled"));
}

#[test]
fn scenarios_and_a_whole_load_take_each_others_place() {
    let scenarios = r#"{"scenarios": {"a": {"vus": 2, "duration": "1m"}, "b": {"vus": 3, "duration": "1m"}},
                        "thresholds": {"checks{scenario:a}": "rate>0", "checks": "rate>0"}}"#;
    let over = |upper: &str, lower: &str| {
        let (upper, lower) = (Options::from_json(upper).unwrap(), Options::from_json(lower).unwrap());
        let plan = Plan::resolve(upper.over(lower), &shop(), DEFAULTS);
        plan.map(|plan| (plan.load(), plan.thresholds.len())).map_err(|mistakes| mistakes[0].to_string())
    };
    assert_eq!(over("{}", scenarios), Ok(("2 scenarios for 1m, up to 5 VUs".to_owned(), 2)));
    // What must hold of a scenario goes with it.
    assert_eq!(over(r#"{"duration": "5s"}"#, scenarios), Ok(("1 VU for 5s".to_owned(), 1)));
    assert_eq!(over(scenarios, r#"{"vus": 9, "stages": ["1m:9"], "flow": "search"}"#).unwrap().0.len(), 31);
    assert!(over(r#"{"vus": 9}"#, scenarios).unwrap_err().starts_with("vus is given beside scenarios"));
}

proptest! {
    #[test]
    fn whatever_is_written_gives_a_plan_or_mistakes(
        vus in prop::option::of(0_u64..200),
        iterations in prop::option::of(0_u64..200),
        duration in prop::option::of(0_u64..100),
        targets in prop::option::of(prop::collection::vec(0_u64..100, 0..4)),
        rate in prop::option::of(0_u64..2_000),
        per_second in any::<bool>(),
        executor in prop::option::of(prop::sample::select(crate::ExecutorKind::ALL.as_slice())),
    ) {
        let seconds = Duration::from_secs(10);
        let stages = targets.map(|targets| {
            let targets = targets.into_iter();
            let level = |target| {
                if per_second { crate::Level::Rate(crate::Rate::every_second(target)) } else { crate::Level::Bare(target) }
            };
            targets.map(|target| crate::StageSpec { duration: seconds, target: level(target) }).collect()
        });
        let options = Options {
            vus,
            iterations,
            duration: duration.map(Duration::from_secs),
            stages,
            rate: rate.map(crate::Level::Bare),
            executor,
            ..Options::default()
        };
        match Plan::resolve(options, &shop(), DEFAULTS) {
            Ok(plan) => {
                prop_assert!(plan.scenarios[0].executor.max_vus() > 0);
                prop_assert!(!plan.scenarios[0].executor.time_limit().is_zero());
                if let Some(executor) = executor {
                    prop_assert_eq!(plan.scenarios[0].executor.kind(), executor);
                }
            }
            Err(mistakes) => prop_assert!(!mistakes.is_empty()),
        }
    }
}

/// The same plan after it has been written and read, as it is for other machines.
#[test]
fn a_plan_survives_its_journey() {
    let json = r#"{
        "target": "http://ada:secret@shop.test/base", "warmup": "1s500ms", "seed": 18446744073709551615,
        "think_time": {"browse": "100ms..1s1ms"}, "thresholds": {"http_req_duration{flow:browse}": ["p(99.9)<500.1"]},
        "data": {"users": {"file": "users.csv", "policy": "once-each"}, "blob": "file:a.bin"},
        "tags": {"team": "web"}, "env": {"KEY": "value"},
        "scenarios": {
            "constant": {"rate": "1000/3s", "duration": "2m", "arrival": "poisson"},
            "ramping": {"start_rate": "0.5/s", "stages": ["7ms1us:90/m", "1m:0/s"], "max_vus": 7},
            "users": {"vus": 3, "duration": "1m", "start_time": "3s", "weights": {"browse": 3, "search": 46}},
            "ramp": {"start_vus": 1, "stages": ["10s:2", "10s:0"]},
            "each": {"executor": "per-vu-iterations", "vus": 2, "iterations": 5},
            "shared": {"executor": "shared-iterations", "vus": 2, "iterations": 5}}}"#;
    let flows = [("browse".to_owned(), 5), ("search".to_owned(), 46)];
    let resolve = |json: &str| {
        let options = Options::from_json(json).unwrap();
        Plan::resolve(options, &flows, Defaults { threads: 3, seed: 1 }).unwrap()
    };
    let stepped = r#"{"executor": "stepped-arrival-rate", "stages": ["3s:20/s", "3s:40/s", "5s:20/s"]}"#;
    let controlled = r#"{"executor": "externally-controlled", "vus": 2, "max_vus": 9}"#;
    for plan in [json, stepped, controlled].map(resolve) {
        let text = serde_json::to_string(&plan).unwrap();
        let read: Plan = serde_json::from_str(&text).unwrap();
        assert_eq!(read, plan);
        assert_eq!(
            read.target.map(|target| target.with_credentials()),
            plan.target.map(|target| target.with_credentials())
        );
    }
}

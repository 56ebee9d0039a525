use proptest::prelude::*;

use super::*;

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
fn defaults() {
    let plan = resolve("{}").unwrap();
    assert_eq!(plan.scenario, "default");
    assert_eq!(plan.executor.max_vus(), 1);
    assert_eq!(plan.graceful_stop, Duration::from_secs(30));
    assert_eq!(plan.setup_timeout, Duration::from_secs(60));
    assert_eq!(plan.teardown_timeout, Duration::from_secs(60));
    assert_eq!((plan.seed, plan.threads, plan.max_series), (42, 2, 1_000));
    assert_eq!(plan.http.user_agent, "squall/0.1.0");
    assert_eq!((plan.target.clone(), plan.min_iteration_duration), (None, None));
    assert_eq!((plan.arrival, plan.warmup, plan.pacing), (ArrivalProcess::Constant, Warmup::None, Pacing::Timer));
    assert_eq!(plan.max_backlog, Duration::from_secs(10));
    assert_eq!(weights(&plan), [60, 25, 15]);
    assert_eq!(plan.mix.shares(), [0.6, 0.25, 0.15]);
}

#[test]
fn what_is_said_is_kept() {
    let plan = resolve(
        r#"{"vus": 50, "duration": "30s", "target": "https://shop.test/", "seed": 7, "threads": 4,
            "env": {"A": "b"}, "tags": {"c": "d"}, "graceful_stop": "0s", "min_iteration_duration": "1s",
            "thresholds": {"http_req_duration{flow:checkout}": ["p(95)<500", "max<1s"]}}"#,
    )
    .unwrap();
    assert_eq!(plan.executor.to_string(), "50 VUs for 30s");
    assert_eq!(plan.target.unwrap().as_str(), "https://shop.test");
    assert_eq!((plan.seed, plan.threads), (7, 4));
    assert_eq!(plan.env["A"], "b");
    assert_eq!(plan.tags["c"], "d");
    assert_eq!(plan.graceful_stop, Duration::ZERO);
    assert_eq!(plan.min_iteration_duration, Some(Duration::from_secs(1)));
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
    assert_eq!(plan.executor.to_string(), "5000/s for 1m, up to 200 VUs");
    assert_eq!((plan.arrival, plan.pacing), (ArrivalProcess::Poisson, Pacing::Spin));
    assert_eq!((plan.warmup, plan.max_backlog), (Warmup::For(Duration::from_secs(10)), Duration::ZERO));
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
    assert_eq!(plan.mix.flow_at(12), 2);
}

#[test]
fn all_mistakes_at_once_each_a_sentence() {
    let mistakes = resolve(
        r#"{"vus": 0, "duration": "1s", "flow": "pay", "weights": {"serach": 1}, "target": "shop.test",
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
            "--target wants http:// or https://: got \"shop.test\"",
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
                prop_assert!(plan.executor.max_vus() > 0);
                prop_assert!(!plan.executor.time_limit().is_zero());
                if let Some(executor) = executor {
                    prop_assert_eq!(plan.executor.kind(), executor);
                }
            }
            Err(mistakes) => prop_assert!(!mistakes.is_empty()),
        }
    }
}

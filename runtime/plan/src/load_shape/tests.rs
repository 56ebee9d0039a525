use super::*;

fn options(json: &str) -> Options {
    Options::from_json(json).unwrap()
}

fn resolved(json: &str) -> Executor {
    resolve(&options(json)).unwrap()
}

fn mistakes(json: &str) -> Vec<String> {
    let mistakes = resolve(&options(json)).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

const TEN_MINUTES: Duration = Duration::from_secs(600);

#[test]
fn nothing_is_one_iteration_of_one_vu() {
    let once = |vus| Executor::PerVuIterations { vus, iterations: 1, max_duration: TEN_MINUTES };
    assert_eq!(resolved("{}"), once(1));
    assert_eq!(resolved(r#"{"vus": 10}"#), once(10));
}

#[test]
fn the_options_imply_the_executor() {
    assert_eq!(resolved(r#"{"duration": "30s"}"#), Executor::ConstantVus { vus: 1, duration: Duration::from_secs(30) });
    assert_eq!(
        resolved(r#"{"iterations": 10, "vus": 2}"#),
        Executor::SharedIterations { vus: 2, iterations: 10, max_duration: TEN_MINUTES }
    );
    // With iterations a duration is how long they may take.
    assert_eq!(resolved(r#"{"iterations": 10, "duration": "5s"}"#).time_limit(), Duration::from_secs(5));
    let ramp = |start_vus| Executor::RampingVus {
        start_vus,
        stages: vec![Stage { duration: Duration::from_secs(30), target: 10 }],
        graceful_ramp_down: Duration::from_secs(30),
    };
    assert_eq!(resolved(r#"{"stages": ["30s:10"]}"#), ramp(1));
    assert_eq!(resolved(r#"{"stages": ["30s:10"], "vus": 4}"#), ramp(4));
    assert_eq!(resolved(r#"{"stages": ["30s:10"], "vus": 4, "start_vus": 0}"#), ramp(0));
}

#[test]
fn an_executor_can_be_asked_for() {
    assert_eq!(
        resolved(r#"{"executor": "per-vu-iterations", "vus": 9, "iterations": 3, "max_duration": "1m"}"#),
        Executor::PerVuIterations { vus: 9, iterations: 3, max_duration: Duration::from_secs(60) }
    );
    for kind in ExecutorKind::ALL {
        let key = match kind {
            ExecutorKind::ConstantVus => r#""duration": "1s""#,
            ExecutorKind::RampingVus | ExecutorKind::RampingArrivalRate => r#""stages": ["1s:1"]"#,
            ExecutorKind::SteppedVus | ExecutorKind::SteppedArrivalRate => r#""stages": ["1s:2", "1s:1"]"#,
            ExecutorKind::ConstantArrivalRate => r#""rate": 1, "duration": "1s""#,
            ExecutorKind::ExternallyControlled => r#""vus": 1"#,
            _ => r#""iterations": 1"#,
        };
        let json = format!(r#"{{"executor": "{kind}", {key}, "graceful_ramp_down": "0s"}}"#);
        assert_eq!(resolved(&json).kind(), kind);
    }
}

#[test]
fn contradictions_and_gaps_are_named() {
    for (json, expected) in [
        (
            r#"{"stages": ["1s:1"], "iterations": 1}"#,
            "stages and iterations contradict each other; give only one of them",
        ),
        (
            r#"{"stages": ["1s:1"], "duration": "1s"}"#,
            "stages and duration contradict each other; give only one of them",
        ),
        (
            r#"{"iterations": 1, "duration": "1s", "max_duration": "1s"}"#,
            "duration and max_duration contradict each other; give only one of them",
        ),
        (
            r#"{"iterations": 10, "vus": 50}"#,
            "the number of iterations (10) must be at least the number of VUs (50); \
             ask for fewer VUs or more iterations",
        ),
        (r#"{"executor": "constant-vus"}"#, "constant-vus needs duration; give it, like 30s"),
        (r#"{"stages": []}"#, "ramping-vus needs stages; give it, like 30s:100"),
        (
            r#"{"executor": "constant-vus", "duration": "1s", "stages": ["1s:1"]}"#,
            "constant-vus has no use for stages; leave it out, or use another executor",
        ),
        (r#"{"start_vus": 3}"#, "per-vu-iterations has no use for start_vus; leave it out, or use another executor"),
        (
            r#"{"stages": ["1s:0"], "start_vus": 0}"#,
            "neither start_vus nor the target of any stage is more than 0; give one of them VUs",
        ),
        (r#"{"stages": ["0s:5"]}"#, "the duration of all stages is 0s; it must be longer"),
        (
            r#"{"stages": ["200d:5", "200d:5"]}"#,
            "the duration of all stages is 9600h; at most 366 days (366d) can be asked for",
        ),
        (
            r#"{"stages": ["1s:10000001"]}"#,
            "the greatest target of a stage is 10000001; at most 10000000 can be asked for",
        ),
        (r#"{"duration": "0s"}"#, "duration is 0s; it must be longer"),
        (r#"{"vus": 10000001}"#, "vus is 10000001; at most 10000000 can be asked for"),
    ] {
        assert_eq!(mistakes(json), [expected], "{json}");
    }
    let many = vec![r#""1s:1""#; MAX_STAGES + 1].join(",");
    assert_eq!(
        mistakes(&format!(r#"{{"stages": [{many}]}}"#)),
        ["the number of stages is 1001; at most 1000 can be asked for"]
    );
}

#[test]
fn all_mistakes_at_once() {
    assert_eq!(mistakes(r#"{"stages": ["1s:1"], "iterations": 1, "duration": "1s"}"#).len(), 2);
    assert_eq!(mistakes(r#"{"vus": 0, "iterations": 0, "max_duration": "0s"}"#).len(), 3);
}

use super::super::resolve;
use super::*;

fn resolved(json: &str) -> Executor {
    resolve(&Options::from_json(json).unwrap()).unwrap()
}

fn mistakes(json: &str) -> Vec<String> {
    let mistakes = resolve(&Options::from_json(json).unwrap()).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

/// The VUs to begin with, and at most.
fn vus(json: &str) -> (u64, u64) {
    match resolved(json) {
        Executor::ConstantArrivalRate { pre_allocated_vus, max_vus, .. }
        | Executor::RampingArrivalRate { pre_allocated_vus, max_vus, .. } => (pre_allocated_vus, max_vus),
        Executor::ExternallyControlled { vus, max_vus, .. } => (vus, max_vus),
        closed => panic!("{closed} is closed"),
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_rate_implies_arrivals() {
    let constant =
        |text| Executor::ConstantArrivalRate { rate: rate(text), duration: MINUTE, pre_allocated_vus: 20, max_vus: 50 };
    for (json, text) in [
        (r#"{"rate": 1000, "duration": "1m", "pre_allocated_vus": 20, "max_vus": 50}"#, "1000/s"),
        (r#"{"rate": 90, "timeUnit": "1m", "duration": "1m", "preAllocatedVUs": 20, "maxVUs": 50}"#, "90/m"),
        (r#"{"rate": "0.5/s", "duration": "1m", "vus": 20, "max_vus": 50}"#, "0.5/s"),
    ] {
        assert_eq!(resolved(json), constant(text), "{json}");
    }
    let ramp = |start, targets: [&str; 2]| Executor::RampingArrivalRate {
        start_rate: rate(start),
        stages: targets.map(|target| RateStage { duration: MINUTE, target: rate(target) }).to_vec(),
        pre_allocated_vus: 10,
        max_vus: 20,
    };
    let vus = r#""preAllocatedVUs": 10, "maxVUs": 20"#;
    for (json, expected) in [
        (r#""stages": ["1m:60/m", "1m:0"]"#, ramp("0", ["1/s", "0"])),
        (r#""executor": "ramping-arrival-rate", "stages": ["1m:60", "1m:0"]"#, ramp("0", ["60/s", "0"])),
        (
            r#""startRate": 30, "timeUnit": "1m", "stages": [{"target": 60, "duration": "1m"}, "1m:2/s"]"#,
            ramp("30/m", ["60/m", "2/s"]),
        ),
    ] {
        assert_eq!(resolved(&format!("{{{json}, {vus}}}")), expected, "{json}");
    }
}

#[test]
fn what_is_controlled_from_outside_may_be_open_or_closed() {
    let control = |vus, max_vus, rate, duration| Executor::ExternallyControlled { vus, max_vus, rate, duration };
    for (json, expected) in [
        (r#""vus": 5"#, control(5, 5, None, None)),
        (r#""vus": 5, "max_vus": 9, "duration": "1m""#, control(5, 9, None, Some(MINUTE))),
        (r#""rate": 2, "time_unit": "1m""#, control(10, 10, Some(rate("2/m")), None)),
        (r#""rate": "9/s", "pre_allocated_vus": 3, "max_vus": 4"#, control(3, 4, Some(rate("9/s")), None)),
    ] {
        assert_eq!(resolved(&format!(r#"{{"executor": "externally-controlled", {json}}}"#)), expected, "{json}");
    }
}

#[test]
fn vus_that_nobody_asked_for_follow_the_rate() {
    for (json, expected) in [
        // A few for a low rate; iterations of 100 ms to begin with, of 10 s at most; an end to both.
        (r#""rate": 1"#, (10, 10)),
        (r#""rate": 500"#, (50, 5_000)),
        (r#""rate": 5000"#, (500, 10_000)),
        (r#""rate": 1000000"#, (1_000, 10_000)),
        // What is asked for is given.
        (r#""rate": 500, "max_vus": 20"#, (20, 20)),
        (r#""rate": 500, "vus": 6000"#, (6_000, 6_000)),
        (r#""rate": 500, "pre_allocated_vus": 20000"#, (20_000, 20_000)),
        (r#""rate": 500, "vus": 1, "max_vus": 2"#, (1, 2)),
    ] {
        assert_eq!(vus(&format!(r#"{{"duration": "1m", {json}}}"#)), expected, "{json}");
    }
    assert_eq!(vus(r#"{"stages": ["1m:500/s", "1m:9/s"]}"#), (50, 5_000));
}

#[test]
fn contradictions_and_gaps_are_named() {
    for (json, expected) in [
        (r#"{"rate": 5}"#, "constant-arrival-rate needs duration; give it, like 30s"),
        (
            r#"{"executor": "constant-arrival-rate", "duration": "1s"}"#,
            "constant-arrival-rate needs rate; give it, like 100/s",
        ),
        (r#"{"executor": "ramping-arrival-rate"}"#, "ramping-arrival-rate needs stages; give it, like 30s:100/s"),
        (r#"{"rate": 0, "duration": "1s"}"#, "rate is 0; it must be more than 0, like 0.5/s"),
        (r#"{"rate": "20000/ms", "duration": "1s"}"#, "rate is 20000/ms; at most 10000000/s can be asked for"),
        (r#"{"rate": 5, "iterations": 5}"#, "rate and iterations contradict each other; give only one of them"),
        (r#"{"rate": 5, "stages": ["1s:1/s"]}"#, "rate and stages contradict each other; give only one of them"),
        (
            r#"{"rate": 5, "duration": "1s", "vus": 1, "pre_allocated_vus": 1}"#,
            "vus and pre_allocated_vus contradict each other; give only one of them",
        ),
        (
            r#"{"rate": "5/s", "time_unit": "1m", "duration": "1s"}"#,
            "time_unit and the unit that the rate has contradict each other; give only one of them",
        ),
        (r#"{"rate": 5, "time_unit": "0s", "duration": "1s"}"#, "time_unit is 0s; it must be longer"),
        (
            r#"{"rate": 5, "duration": "1s", "vus": 30, "max_vus": 20}"#,
            "max_vus (20) is less than vus (30); allow more VUs at most, or ask for fewer to begin with",
        ),
        (
            r#"{"executor": "externally-controlled", "vus": 30, "max_vus": 20}"#,
            "max_vus (20) is less than vus (30); allow more VUs at most, or ask for fewer to begin with",
        ),
        (
            r#"{"stages": ["30s:100", "1m:50/s"]}"#,
            "the stages mix a number of VUs (30s:100) and a rate (1m:50/s); \
             give all of them a unit, like 30s:100/s, or none of them",
        ),
        (
            r#"{"executor": "ramping-vus", "stages": ["1m:50/s"]}"#,
            "the stage 1m:50/s is a rate, which ramping-vus has no use for; \
             leave out its unit, or use ramping-arrival-rate",
        ),
        (
            r#"{"stages": ["1s:0/s"]}"#,
            "neither start_rate nor the target of any stage is more than 0; give one of them a rate",
        ),
        (r#"{"stages": ["0s:5/s"]}"#, "the duration of all stages is 0s; it must be longer"),
        (
            r#"{"vus": 5, "duration": "1s", "max_vus": 9}"#,
            "constant-vus has no use for max_vus; leave it out, or use another executor",
        ),
        (
            r#"{"executor": "externally-controlled", "pre_allocated_vus": 9}"#,
            "externally-controlled has no use for pre_allocated_vus; leave it out, or use another executor",
        ),
    ] {
        assert_eq!(mistakes(json), [expected], "{json}");
    }
    assert_eq!(mistakes(r#"{"rate": 0, "iterations": 1, "executor": "constant-arrival-rate"}"#).len(), 3);
}

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::published::expect_page;

fn json(text: &str) -> Options {
    Options::from_json(text).unwrap()
}

/// The message alone: the place is of no interest to most tests.
fn mistake(text: &str) -> String {
    match Options::from_json(text) {
        Err(OptionsError::Json { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

fn environment(variables: &[(&str, &str)]) -> Result<Options, OptionsError> {
    let variables = variables.iter();
    from_environment(variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

#[test]
fn snake_case_and_k6s_names_mean_the_same() {
    let snake = json(
        r#"{"start_vus": 5, "graceful_stop": "5s", "graceful_ramp_down": "1s", "max_duration": "1m",
            "setup_timeout": "2s", "teardown_timeout": "3s", "min_iteration_duration": "4s",
            "no_connection_reuse": true, "discard_response_bodies": true, "user_agent": "me",
            "insecure": true, "max_redirects": 0, "batch_per_origin": 3, "rate": "5/s", "time_unit": "1m",
            "start_rate": 3, "pre_allocated_vus": 4, "max_vus": 5, "max_backlog": "6s"}"#,
    );
    let camel = json(
        r#"{"startVUs": 5, "gracefulStop": "5s", "gracefulRampDown": "1s", "maxDuration": "1m",
            "setupTimeout": "2s", "teardownTimeout": "3s", "minIterationDuration": "4s",
            "noConnectionReuse": true, "discardResponseBodies": true, "userAgent": "me",
            "insecureSkipTLSVerify": true, "maxRedirects": 0, "batchPerHost": 3, "rate": "5/s", "timeUnit": "1m",
            "startRate": 3, "preAllocatedVUs": 4, "maxVUs": 5, "maxBacklog": "6s"}"#,
    );
    assert_eq!(snake, camel);
    assert_eq!(snake.start_vus, Some(5));
    assert_eq!(snake.http.max_redirects, Some(0));
    let apart = json(r#"{"http": {"insecure": true}, "user_agent": "me"}"#);
    assert_eq!(apart.http.insecure, Some(true));
    assert_eq!(apart.http.user_agent.as_deref(), Some("me"));
}

#[test]
fn every_key_is_read() {
    // A wrong value is refused by every key that is read, whatever it wants.
    for key in Options::keys() {
        let text = format!(r#"{{"{}": [[]]}}"#, key.name);
        let message = mistake(&text);
        assert!(message.starts_with(&format!("{}: ", key.name)), "{message}");
    }
}

#[test]
fn thresholds_as_k6_writes_them() {
    let options = json(
        r#"{"thresholds": {
            "http_req_failed": ["rate<0.01"],
            "http_req_duration": "p(95)<500",
            "checks": [{"threshold": "rate>0.9", "abortOnFail": true, "delayAbortEval": "10s"}]
        }}"#,
    );
    let thresholds = options.thresholds.unwrap();
    assert_eq!(thresholds["http_req_failed"], ["rate<0.01".into()]);
    assert_eq!(thresholds["http_req_duration"], ["p(95)<500".into()]);
    let abort = &thresholds["checks"][0];
    assert!(abort.abort_on_fail);
    assert_eq!(abort.delay_abort_eval, Duration::from_secs(10));
}

#[test]
fn null_says_nothing_and_scalars_are_text() {
    let null = json(r#"{"vus": null, "stages": null, "env": null, "http": null, "cacert": null}"#);
    assert_eq!(null, Options::default());
    let env = json(r#"{"env": {"A": "x", "B": 3, "C": true}, "vus": 10.0}"#);
    assert_eq!(env.env["B"], "3");
    assert_eq!(env.env["C"], "true");
    assert_eq!(env.vus, Some(10));
}

#[test]
fn mistakes_name_the_key() {
    for (text, message) in [
        (r#"{"durration": "1s"}"#, r#"unknown key "durration": did you mean "duration"?"#),
        (r#"{"gracefullStop": "1s"}"#, r#"unknown key "gracefullStop": did you mean "graceful_stop"?"#),
        (r#"{"duration": "30"}"#, r#"duration: "30" has no unit; give a unit: 30s"#),
        (r#"{"duration": 30}"#, r#"duration: "30" has no unit; give a unit: 30s"#),
        (r#"{"vus": "ten"}"#, r#"vus: invalid type: string "ten", expected a whole number of at least 0"#),
        (r#"{"vus": -1}"#, "vus: invalid value: integer `-1`, expected a whole number of at least 0"),
        (r#"{"vus": 1.5}"#, "vus: invalid value: floating point `1.5`, expected a whole number of at least 0"),
        (r#"{"max_redirects": 4294967296}"#, "max_redirects: 4294967296 is too large"),
        (
            r#"{"executor": "constant"}"#,
            "executor: unknown executor \"constant\": \
             use one of constant-vus, ramping-vus, per-vu-iterations, shared-iterations, \
             constant-arrival-rate, ramping-arrival-rate, stepped-vus, stepped-arrival-rate, externally-controlled",
        ),
        (r#"{"vus": 1, "vus": 2}"#, "vus is given twice"),
        (r#"{"startVUs": 1, "start_vus": 2}"#, "start_vus is given twice"),
        (r#"{"http": {"insecur": true}}"#, r#"http: unknown key "insecur": did you mean "insecure"?"#),
        (r#"{"stages": [{"duration": "1s"}]}"#, "stages: a stage has no target: add the number of VUs at its end"),
        (r#"{"rate": "fast"}"#, "rate: \"fast\" is not a rate; write one as 1000/s, 90/m or 0.5/s"),
        (
            r#"{"rate": true}"#,
            "rate: invalid type: boolean `true`, expected a whole number of at least 0, or a rate, like \"1000/s\"",
        ),
        (r#"{"arrival": "poison"}"#, "arrival: unknown arrival process \"poison\": did you mean \"poisson\"?"),
        (r#"{"pacing": "lazy"}"#, "pacing: unknown pacing \"lazy\": use timer or spin"),
        (r#"{"warmup": "30"}"#, r#"warmup: "30" has no unit; give a unit: 30s"#),
        ("[]", "invalid type: sequence, expected an object of options"),
    ] {
        assert_eq!(mistake(text), message, "{text}");
    }
    assert!(mistake(r#"{"banana": 1}"#).starts_with(r#"unknown key "banana": known are vus, duration"#));
}

#[test]
fn mistakes_name_the_place() {
    let error = Options::from_json("{\n  \"vus\": true\n}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "vus: invalid type: boolean `true`, expected a whole number of at least 0 (line 2, column 13)"
    );
}

#[test]
fn the_environment_is_a_layer() {
    let options = environment(&[
        ("SQUALL_VUS", "50"),
        ("SQUALL_DURATION", "1m30s"),
        ("SQUALL_STAGES", "30s:10, 1m:20"),
        ("SQUALL_EXECUTOR", "ramping-vus"),
        ("SQUALL_TARGET", "http://shop.test"),
        ("SQUALL_SEED", "18446744073709551615"),
        ("SQUALL_INSECURE", "1"),
        ("SQUALL_CACERT", "/a/b.pem"),
        ("SQUALL_WEIGHTS", "browse=60,search=40"),
        ("SQUALL_TAGS", "team=shop"),
        ("SQUALL_RATE", "0.5/s"),
        ("SQUALL_MAX_VUS", "9"),
        ("SQUALL_ARRIVAL", "poisson"),
        ("SQUALL_PACING", "spin"),
        ("SQUALL_WARMUP", "auto"),
        ("SQUALL_ITERATIONS", ""),
        ("SQUALL_SDK_SECRET", "theirs"),
        ("SQUALL_ENV", "theirs"),
        ("VUS", "7"),
    ])
    .unwrap();
    let stages = vec!["30s:10".parse().unwrap(), "1m:20".parse().unwrap()];
    let weights = [("browse", 60), ("search", 40)].map(|(flow, weight)| (flow.to_owned(), weight));
    let expected = Options {
        vus: Some(50),
        duration: Some(Duration::from_secs(90)),
        stages: Some(stages),
        executor: Some(ExecutorKind::RampingVus),
        target: Some("http://shop.test".to_owned()),
        seed: Some(u64::MAX),
        rate: Some("0.5/s".parse().unwrap()),
        max_vus: Some(9),
        arrival: Some(ArrivalProcess::Poisson),
        pacing: Some(Pacing::Spin),
        warmup: Some(Warmup::Auto),
        weights: Some(BTreeMap::from(weights)),
        tags: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
        http: HttpOptions { insecure: Some(true), cacert: Some("/a/b.pem".into()), ..HttpOptions::default() },
        ..Options::default()
    };
    assert_eq!(options, expected);
}

#[test]
fn mistakes_in_the_environment_name_the_variable() {
    for (variable, value, message) in [
        ("SQUALL_VUS", "ten", r#"SQUALL_VUS: invalid value: string "ten", expected a whole number of at least 0"#),
        ("SQUALL_DURATION", "30", r#"SQUALL_DURATION: "30" has no unit; give a unit: 30s"#),
        ("SQUALL_INSECURE", "maybe", r#"SQUALL_INSECURE: "maybe" is neither true nor false"#),
        ("SQUALL_TAGS", "team", r#"SQUALL_TAGS: "team" has no =; write name=value,name=value"#),
        (
            "SQUALL_STAGES",
            "30s",
            r#"SQUALL_STAGES: "30s" is not a stage; write a duration and a number of VUs: 30s:100"#,
        ),
    ] {
        let error = environment(&[(variable, value)]).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn the_upper_layer_wins_and_maps_are_merged() {
    let upper = json(
        r#"{"target": "http://a", "env": {"A": "1"}, "tags": {"t": "1"}, "weights": {"x": 1},
            "thresholds": {"m": "count>1"}, "insecure": false}"#,
    );
    let lower = json(
        r#"{"target": "http://b", "seed": 7, "env": {"A": "2", "B": "2"}, "weights": {"x": 2, "y": 2},
            "thresholds": {"m": ["count>2", "rate>2"], "n": "count>2"}, "insecure": true, "user_agent": "u"}"#,
    );
    let expected = json(
        r#"{"target": "http://a", "seed": 7, "env": {"A": "1", "B": "2"}, "tags": {"t": "1"},
            "weights": {"x": 1, "y": 2}, "thresholds": {"m": ["count>1", "rate>2"], "n": "count>2"},
            "insecure": false, "user_agent": "u"}"#,
    );
    assert_eq!(upper.over(lower), expected);
}

#[test]
fn the_load_shape_is_one_thing() {
    for (upper, lower, expected) in [
        // A new shape drops the lower one...
        (r#"{"iterations": 10}"#, r#"{"stages": ["30s:10"], "start_vus": 3}"#, r#"{"iterations": 10}"#),
        (r#"{"duration": "5s"}"#, r#"{"iterations": 9, "max_duration": "1h"}"#, r#"{"duration": "5s"}"#),
        (r#"{"stages": ["30s:9"]}"#, r#"{"duration": "1m", "executor": "constant-vus"}"#, r#"{"stages": ["30s:9"]}"#),
        // ...but keeps its number of VUs, as far as it makes sense.
        (r#"{"duration": "5s"}"#, r#"{"vus": 9, "duration": "1m"}"#, r#"{"vus": 9, "duration": "5s"}"#),
        (r#"{"iterations": 20}"#, r#"{"vus": 9, "duration": "1m"}"#, r#"{"vus": 9, "iterations": 20}"#),
        (r#"{"iterations": 3}"#, r#"{"vus": 9, "duration": "1m"}"#, r#"{"vus": 3, "iterations": 3}"#),
        (
            r#"{"iterations": 3, "executor": "per-vu-iterations"}"#,
            r#"{"vus": 9}"#,
            r#"{"vus": 9, "iterations": 3, "executor": "per-vu-iterations"}"#,
        ),
        (r#"{"stages": ["30s:9"]}"#, r#"{"vus": 9, "duration": "1m"}"#, r#"{"stages": ["30s:9"]}"#),
        // A number of VUs alone changes just that, or takes the place of stages.
        (r#"{"vus": 5}"#, r#"{"vus": 9, "duration": "1m"}"#, r#"{"vus": 5, "duration": "1m"}"#),
        (r#"{"vus": 5}"#, r#"{"stages": ["30s:10"]}"#, r#"{"vus": 5}"#),
        // A rate is a shape of its own...
        (
            r#"{"rate": 5, "duration": "1s"}"#,
            r#"{"stages": ["30s:10"], "start_vus": 3}"#,
            r#"{"rate": 5, "duration": "1s"}"#,
        ),
        (
            r#"{"rate": 5, "duration": "1s"}"#,
            r#"{"vus": 9, "iterations": 8, "duration": "1h"}"#,
            r#"{"rate": 5, "duration": "1s", "vus": 9}"#,
        ),
        (r#"{"iterations": 7}"#, r#"{"rate": 5, "duration": "1s", "max_vus": 9}"#, r#"{"iterations": 7}"#),
        (
            r#"{"stages": ["1s:5/s"]}"#,
            r#"{"rate": 5, "time_unit": "1m", "duration": "1s", "pre_allocated_vus": 9}"#,
            r#"{"stages": ["1s:5/s"]}"#,
        ),
        (
            r#"{"rate": "5/s"}"#,
            r#"{"stages": ["1s:5"], "time_unit": "1m", "start_rate": 3, "executor": "ramping-arrival-rate"}"#,
            r#"{"rate": "5/s"}"#,
        ),
        // ...to which a duration belongs: each of them can be changed alone.
        (
            r#"{"rate": 5}"#,
            r#"{"rate": 9, "time_unit": "1m", "duration": "1m", "max_vus": 9, "executor": "externally-controlled"}"#,
            r#"{"rate": 5, "duration": "1m", "executor": "externally-controlled"}"#,
        ),
        (r#"{"rate": 5}"#, r#"{"vus": 9, "duration": "1m"}"#, r#"{"rate": 5, "vus": 9, "duration": "1m"}"#),
        (r#"{"rate": 5}"#, r#"{"iterations": 9, "duration": "1m"}"#, r#"{"rate": 5}"#),
        (
            r#"{"duration": "1s"}"#,
            r#"{"rate": 9, "time_unit": "1m", "duration": "1m"}"#,
            r#"{"rate": 9, "time_unit": "1m", "duration": "1s"}"#,
        ),
        (r#"{"duration": "1s", "vus": 3}"#, r#"{"rate": 9, "duration": "1m"}"#, r#"{"duration": "1s", "vus": 3}"#),
        // A number of VUs is how many there are for a rate to begin with, and at most as many as there may be.
        (
            r#"{"vus": 5}"#,
            r#"{"rate": 9, "duration": "1m", "pre_allocated_vus": 2, "max_vus": 3}"#,
            r#"{"vus": 5, "rate": 9, "duration": "1m", "max_vus": 5}"#,
        ),
        (r#"{"vus": 5}"#, r#"{"stages": ["1m:9/s"]}"#, r#"{"vus": 5, "stages": ["1m:9/s"]}"#),
        (
            r#"{"max_vus": 5}"#,
            r#"{"rate": 9, "duration": "1m", "pre_allocated_vus": 20}"#,
            r#"{"rate": 9, "duration": "1m", "pre_allocated_vus": 5, "max_vus": 5}"#,
        ),
        (
            r#"{"rate": 9, "duration": "1m", "pre_allocated_vus": 20}"#,
            r#"{"vus": 9}"#,
            r#"{"rate": 9, "duration": "1m", "pre_allocated_vus": 20}"#,
        ),
        (r#"{"graceful_stop": "5s"}"#, r#"{"stages": ["30s:10"]}"#, r#"{"graceful_stop": "5s", "stages": ["30s:10"]}"#),
    ] {
        assert_eq!(json(upper).over(json(lower)), json(expected), "{upper} over {lower}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,40}", near in "[{}\\[\\]\":,a-z0-9 ]{0,40}") {
        let _ = Options::from_json(&text);
        let _ = Options::from_json(&near);
        for key in Options::keys() {
            let variable = format!("SQUALL_{}", key.name.to_uppercase());
            let _ = environment(&[(&variable, &text)]);
            let _ = environment(&[(&variable, &near)]);
        }
    }
}

#[test]
fn the_reference_is_the_published_one() {
    expect_page("docs/options.md", &options_reference());
}

#[test]
fn every_option_is_described() {
    for key in Options::keys() {
        assert!(key.help.trim().ends_with('.') || key.help.contains("`."), "{}: {:?}", key.name, key.help);
        let schema = key.schema();
        assert!(schema["description"].as_str().is_some_and(|text| !text.is_empty()), "{}", key.name);
    }
}

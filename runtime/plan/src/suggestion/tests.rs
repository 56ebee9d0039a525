//! Every key is in the table, and is held to what the table says of it.

use serde_json::{Value, json};

use super::*;
use crate::options::Keyed;
use squall_schedule::limits::MAX_DURATION;

const MACHINE: Machine = Machine { cores: 4 };

fn options(json: &Value) -> Options {
    Options::from_json(&json.to_string()).unwrap()
}

/// What is permitted of `{key: value}` beneath what the user says.
fn permitted(key: &str, value: &Value, users: &Value) -> Result<Options, Vec<String>> {
    permit(options(&json!({ key: value })), &options(users), MACHINE)
}

fn known_keys() -> Vec<&'static str> {
    Options::keys().map(|key| key.name).chain(ScenarioOptions::keys().map(|key| key.name)).collect()
}

#[test]
fn every_key_is_in_the_table_once() {
    let in_table: Vec<&str> = TABLE.iter().map(|rule| rule.key).collect();
    for key in known_keys() {
        let count = in_table.iter().filter(|listed| **listed == key).count();
        assert_eq!(count, 1, "who may set {key:?} up to what? Say so in the table of suggestion.rs");
    }
    for key in in_table {
        assert!(known_keys().contains(&key), "{key} is in the table, and is no key");
    }
}

/// A value of each key that is free; a new key needs one here.
fn example(key: &str) -> Value {
    match key {
        "vus" | "iterations" | "start_vus" | "pre_allocated_vus" | "max_vus" | "connection_pool" | "seed" => {
            json!(1_000_000)
        }
        "duration" | "max_duration" | "time_unit" | "start_time" | "min_iteration_duration" => json!("366d"),
        "rate" | "start_rate" => json!("10000000/s"),
        "stages" => json!([{ "duration": "366d", "target": 10_000_000 }]),
        "executor" => json!("constant-vus"),
        "arrival" => json!("poisson"),
        "warmup" => json!("1h"),
        "pacing" => json!("spin"),
        "flow" => json!("main"),
        "weights" => json!({ "main": 1_000_000 }),
        "think_time" => json!({ "main": "366d" }),
        "no_connection_reuse" | "discard_response_bodies" => json!(true),
        other => panic!("{other} has no example"),
    }
}

#[test]
fn what_is_free_passes_as_it_is() {
    for rule in TABLE.iter().filter(|rule| matches!(rule.allowance, Allowance::Free)) {
        let value = example(rule.key);
        let suggested = if rule.key == "start_time" {
            json!({ "scenarios": { "a": { "vus": 1, "start_time": value } } })
        } else {
            json!({ rule.key: value })
        };
        let suggested = options(&suggested);
        assert_ne!(suggested, Options::default(), "{}", rule.key);
        assert_eq!(permit(suggested.clone(), &Options::default(), MACHINE), Ok(suggested), "{}", rule.key);
    }
}

#[test]
fn a_time_goes_up_to_the_default_and_further_only_where_the_user_goes() {
    let mut seen = 0;
    for rule in TABLE {
        let Allowance::Time { most, field } = rule.allowance else { continue };
        seen += 1;
        let (key, most) = (rule.key, most());
        let text = |time: Duration| json!(HumanDuration(time).to_string());
        assert!(permitted(key, &text(most), &json!({})).is_ok(), "{key}");
        assert!(permitted(key, &text(most / 2), &json!({})).is_ok(), "{key}");
        let breaches = permitted(key, &json!("366d"), &json!({})).unwrap_err();
        let most_text = HumanDuration(most);
        let asked = HumanDuration(MAX_DURATION);
        let expected = format!(
            "{key} is {asked}, and a component may suggest at most {most_text}; if it is meant, add {}{asked}",
            rule.option
        );
        assert_eq!(breaches, [expected]);
        // What the user says counts, in both directions.
        for users in [most / 2, most * 2] {
            let mut permitted = permitted(key, &json!("366d"), &json!({ key: text(users) })).unwrap();
            assert_eq!(*field(&mut permitted), Some(users), "{key}");
        }
    }
    assert_eq!(seen, 7);
}

#[test]
fn a_scenario_of_a_suggestion_keeps_to_the_whole_run_s() {
    for key in ["graceful_stop", "graceful_ramp_down", "max_backlog"] {
        let suggested = json!({ "scenarios": { "a": { "vus": 1, "duration": "1s", key: "366d" } } });
        let breaches = permit(options(&suggested), &Options::default(), MACHINE).unwrap_err();
        assert!(breaches[0].starts_with(&format!("scenario \"a\": {key} is 8784h")), "{breaches:?}");
        let permitted = permit(options(&suggested), &options(&json!({ key: "5s" })), MACHINE).unwrap();
        let own = &permitted.scenarios.unwrap()[0].own;
        let times = [own.graceful_stop, own.graceful_ramp_down, own.max_backlog];
        assert_eq!(times.into_iter().flatten().collect::<Vec<_>>(), [Duration::from_secs(5)], "{key}");
    }
    let tags: serde_json::Map<String, Value> = (0..33).map(|number| (format!("t{number}"), json!("x"))).collect();
    let suggested = json!({ "scenarios": { "a": { "vus": 1, "duration": "1s", "tags": tags } } });
    let breaches = permit(options(&suggested), &Options::default(), MACHINE).unwrap_err();
    assert_eq!(breaches, ["scenario \"a\": tags has 33 entries, and a component may suggest at most 32"]);
}

#[test]
fn a_number_goes_up_to_its_bound() {
    let mut seen = 0;
    for rule in TABLE {
        let Allowance::Count { most, of } = rule.allowance else { continue };
        seen += 1;
        let (key, most) = (rule.key, most(MACHINE));
        assert!(permitted(key, &json!(most), &json!({})).is_ok(), "{key}");
        let breaches = permitted(key, &json!(most + 1), &json!({})).unwrap_err();
        assert!(breaches[0].contains(&format!("at most {most}")), "{breaches:?}");
        assert!(breaches[0].ends_with(&format!("add {}{}", rule.option, most + 1)), "{breaches:?}");
        // Of what the user says, the suggestion is no part any more.
        let users = options(&json!({ key: 2 }));
        let merged = users.clone().over(permit(options(&json!({ key: most + 1 })), &users, MACHINE).unwrap());
        assert_eq!(of(&merged), Some(2), "{key}");
    }
    assert_eq!(seen, 4);
}

#[test]
fn certificates_are_checked_unless_the_user_says_otherwise() {
    let breaches = permitted("insecure", &json!(true), &json!({})).unwrap_err();
    assert_eq!(breaches, ["insecure is true: only who runs a scenario may say that; if it is meant, add --insecure"]);
    assert!(permitted("insecureSkipTLSVerify", &json!(true), &json!({})).is_err());
    assert!(permitted("http", &json!({ "insecure": true }), &json!({})).is_err());
    assert!(permitted("insecure", &json!(false), &json!({})).is_ok());
    for users in [true, false] {
        let users = options(&json!({ "insecure": users }));
        let merged = users.clone().over(permit(options(&json!({ "insecure": true })), &users, MACHINE).unwrap());
        assert_eq!(merged.http.insecure, users.http.insecure);
    }
}

#[test]
fn neither_a_target_nor_a_file_nor_a_component_is_chosen() {
    let mut seen = 0;
    for rule in TABLE {
        if !matches!(rule.allowance, Allowance::Never(_) | Allowance::Overruled(_)) {
            continue;
        }
        seen += 1;
        let suggested = match rule.key {
            "component" => json!({ "scenarios": { "a": { "component": "evil.wasm", "vus": 1 } } }),
            "data" => json!({ "data": { "users": "/etc/passwd" } }),
            "target" => json!({ "target": "http://a.test" }),
            key => json!({ key: "/etc/shadow" }),
        };
        let breaches = permit(options(&suggested), &Options::default(), MACHINE).unwrap_err();
        assert!(breaches[0].contains("only who runs a scenario may say that"), "{breaches:?}");
        // A file is refused whatever the user names: another file is not that one.
        let users = match rule.key {
            "component" => json!({}),
            "data" => json!({ "data": { "products": "products.csv" } }),
            "target" => continue,
            key => json!({ key: "own.pem" }),
        };
        assert!(permit(options(&suggested), &options(&users), MACHINE).is_err(), "{}", rule.key);
    }
    assert_eq!(seen, 4);
    let breaches = permitted("target", &json!("http://a.test"), &json!({})).unwrap_err();
    assert!(breaches[0].ends_with("if it is meant, add --target http://a.test"), "{breaches:?}");
    let overruled = permitted("target", &json!("http://a.test"), &json!({ "target": "http://b.test" })).unwrap();
    assert_eq!(overruled.target, None);
    // How data is taken may be suggested; from where, not.
    assert!(permitted("data", &json!({ "users": { "policy": "shuffle" } }), &json!({})).is_ok());
}

#[test]
fn texts_are_few_and_short() {
    let mut seen = 0;
    for rule in TABLE {
        let key = rule.key;
        match &rule.allowance {
            Allowance::Texts { most, .. } => {
                seen += 1;
                let map = |entries: usize, name: usize, value: usize| {
                    let entry = |number: usize| (format!("{number:0>name$}"), json!("v".repeat(value)));
                    Value::Object((0..entries).map(entry).collect())
                };
                assert!(permitted(key, &map(most.entries, 4, 4), &json!({})).is_ok(), "{key}");
                assert!(permitted(key, &map(1, most.name, most.value), &json!({})).is_ok(), "{key}");
                for (map, part) in [
                    (map(most.entries + 1, 4, 4), "entries"),
                    (map(1, most.name + 1, 4), "a name of"),
                    (map(1, 4, most.value + 1), "a value of"),
                ] {
                    let breaches = permitted(key, &map, &json!({ key: { "own": "x" } })).unwrap_err();
                    assert!(breaches[0].starts_with(key) && breaches[0].contains(part), "{breaches:?}");
                }
            }
            Allowance::Text { most, .. } => {
                seen += 1;
                assert!(permitted(key, &json!("x".repeat(*most)), &json!({})).is_ok(), "{key}");
                assert!(permitted(key, &json!("x".repeat(most + 1)), &json!({})).is_err(), "{key}");
            }
            Allowance::Entries { most, .. } => {
                seen += 1;
                let map = |entries: usize| -> Value {
                    Value::Object((0..entries).map(|number| (format!("c{number}"), json!(["rate>0"]))).collect())
                };
                assert!(permitted(key, &map(*most), &json!({})).is_ok(), "{key}");
                assert!(permitted(key, &map(most + 1), &json!({})).is_err(), "{key}");
            }
            _ => {}
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn every_kind_of_allowance_has_its_test() {
    // Keys of mappings are held to account one by one; for each other kind there is a test above, which counts its keys.
    let groups = TABLE.iter().filter(|rule| matches!(rule.allowance, Allowance::Keys)).map(|rule| rule.key);
    assert_eq!(groups.collect::<Vec<_>>(), ["scenarios", "http"]);
    let free = TABLE.iter().filter(|rule| matches!(rule.allowance, Allowance::Free)).count();
    assert_eq!(TABLE.len(), 2 + free + 7 + 4 + 1 + 4 + 4);
}

#[test]
fn the_documented_table_is_this_one() {
    let docs = include_str!("../../../../docs/security.md");
    let table = markdown();
    assert!(docs.contains(&table), "docs/security.md must have this table:\n{table}");
}

/// The table of `docs/security.md`, in Markdown.
fn markdown() -> String {
    let mut text = "| key | a component may suggest | beyond that |\n| --- | --- | --- |\n".to_owned();
    for rule in TABLE.iter().filter(|rule| !matches!(rule.allowance, Allowance::Free | Allowance::Keys)) {
        let beyond = match rule.option.trim_end_matches([' ', '=']) {
            "a plan file" => "a plan file".to_owned(),
            option => format!("`{option}`"),
        };
        text.push_str(&format!("| `{}` | {} | {beyond} |\n", rule.key, described(&rule.allowance)));
    }
    let free = TABLE.iter().filter(|rule| matches!(rule.allowance, Allowance::Free));
    let free: Vec<String> = free.map(|rule| format!("`{}`", rule.key)).collect();
    format!("{text}| {} | whatever a plan may say | - |\n", free.join(", "))
}

fn described(allowance: &Allowance) -> String {
    match allowance {
        Allowance::Free => "whatever a plan may say".to_owned(),
        Allowance::Keys => "its keys, each as it stands here".to_owned(),
        Allowance::Never(_) => "nothing".to_owned(),
        Allowance::Overruled(_) => "nothing, unless you name another, which counts".to_owned(),
        Allowance::Off(_) => "`false`".to_owned(),
        Allowance::Time { most, .. } => format!("up to {}", HumanDuration(most())),
        Allowance::Count { most, .. } if most(Machine { cores: 1 }) != most(Machine { cores: 2 }) => {
            "as many as there are processor cores".to_owned()
        }
        Allowance::Count { most, .. } => format!("up to {}", most(MACHINE)),
        Allowance::Entries { most, .. } => format!("{most} entries"),
        Allowance::Texts { most: TextLimits { entries, name, value }, .. } => {
            format!("{entries} entries, with names of {name} bytes and values of {value} bytes")
        }
        Allowance::Text { most, .. } => format!("{most} bytes"),
    }
}

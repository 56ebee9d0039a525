//! Every key is in the table, and is held to what the table says of it.

use std::time::Duration;

use serde_json::{Value, json};
use squall_schedule::limits::MAX_DURATION;
use squall_schedule::{HumanDuration, parse_duration};

use super::*;
use crate::options::Keyed;
use crate::options::allowance::{Allowance, TextLimits};
use crate::published::expect_table;

const MACHINE: Machine = Machine { cores: 4 };

fn options(json: &Value) -> Options {
    Options::from_json(&json.to_string()).unwrap()
}

/// What is permitted of `{key: value}` beneath what the user says.
fn permitted(key: &str, value: &Value, users: &Value) -> Result<Options, Vec<String>> {
    permit(options(&json!({ key: value })), &options(users), MACHINE)
}

/// Every key, those that only scenarios have included; `flow` once.
fn keys() -> Vec<&'static Key> {
    let of_scenarios = ScenarioOptions::keys().filter(|key| Options::keys().all(|known| known.name != key.name));
    Options::keys().chain(of_scenarios).collect()
}

/// The default of a key, as a time.
fn default_time(key: &Key) -> Duration {
    parse_duration(key.default.unwrap()).unwrap()
}

/// The most that a component may suggest of a number.
fn most_of_number(key: &Key) -> Option<u64> {
    match key.allowance {
        Allowance::UpTo(most) => Some(most),
        Allowance::UpToCores => Some(MACHINE.cores as u64),
        Allowance::UpToDefault if key.kind.kind == "whole number" => key.default.unwrap().parse().ok(),
        _ => None,
    }
}

fn is_bounded_time(key: &Key) -> bool {
    matches!(key.allowance, Allowance::UpToDefault) && key.kind.kind == "time"
}

/// A value of each key that is free; a new key needs one here.
fn example(key: &str) -> Value {
    match key {
        "vus" | "iterations" | "start_vus" | "pre_allocated_vus" | "max_vus" | "shared_connections" | "max_streams"
        | "seed" => {
            json!(1_000_000)
        }
        "duration" | "max_duration" | "time_unit" | "start_time" | "min_iteration_duration" => json!("366d"),
        "rate" | "start_rate" => json!("10000000/s"),
        "stages" => json!([{ "duration": "366d", "target": 10_000_000 }]),
        "executor" => json!("constant-vus"),
        "arrival" => json!("poisson"),
        "warmup" => json!("1h"),
        "pacing" => json!("spin"),
        "http_version" => json!("2-prior-knowledge"),
        "flow" => json!("main"),
        "weights" => json!({ "main": 1_000_000 }),
        "think_time" => json!({ "main": "366d" }),
        "no_connection_reuse"
        | "no_vu_connection_reuse"
        | "discard_response_bodies"
        | "no_tls_resumption"
        | "no_tcp_nodelay" => {
            json!(true)
        }
        "tls_min" | "tls_max" => json!("1.3"),
        "tls_ciphers" => json!(["TLS_AES_128_GCM_SHA256"]),
        "dns" => json!({ "ttl": "1s", "select": "random", "policy": "onlyIPv4" }),
        "connect_rate" => json!("1/h"),
        other => panic!("{other} has no example"),
    }
}

#[test]
fn free_keys_pass_unchanged() {
    let is_free = |key: &&&Key| matches!(key.allowance, Allowance::Freely);
    for key in keys().iter().filter(is_free).filter(|key| !["scenarios", "http"].contains(&key.name)) {
        let (name, value) = (key.name, example(key.name));
        let suggested = match name {
            "start_time" => json!({ "scenarios": { "a": { "vus": 1, "start_time": value } } }),
            _ => json!({ name: value }),
        };
        let suggested = options(&suggested);
        assert_ne!(suggested, Options::default(), "{name}");
        assert_eq!(permit(suggested.clone(), &Options::default(), MACHINE), Ok(suggested), "{name}");
    }
}

#[test]
fn a_time_goes_up_to_the_default_and_further_only_where_the_user_goes() {
    let times: Vec<&Key> = keys().into_iter().filter(|key| is_bounded_time(key)).collect();
    assert_eq!(times.len(), 7);
    for key in times {
        let (name, most) = (key.name, default_time(key));
        let text = |time: Duration| json!(HumanDuration(time).to_string());
        assert!(permitted(name, &text(most), &json!({})).is_ok(), "{name}");
        assert!(permitted(name, &text(most / 2), &json!({})).is_ok(), "{name}");
        let breaches = permitted(name, &json!("366d"), &json!({})).unwrap_err();
        let (most_text, asked) = (HumanDuration(most), HumanDuration(MAX_DURATION));
        let added = match (key.flag, key.variable()) {
            (Some(flag), _) => format!("--{} {asked}", flag.long),
            (None, variable) => format!("{}={asked}", variable.unwrap()),
        };
        let expected =
            format!("{name} is {asked}, and a component may suggest at most {most_text}; if it is meant, add {added}");
        assert_eq!(breaches, [expected]);
        // What the user says counts, in both directions.
        for users in [most / 2, most * 2] {
            let permitted = permitted(name, &json!("366d"), &json!({ name: text(users) })).unwrap();
            assert_eq!(permitted.said(), [(name.to_owned(), HumanDuration(users).to_string())], "{name}");
        }
    }
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
    let numbers: Vec<(&Key, u64)> = keys().into_iter().filter_map(|key| Some((key, most_of_number(key)?))).collect();
    assert_eq!(numbers.len(), 4);
    for (key, most) in numbers {
        let name = key.name;
        assert!(permitted(name, &json!(most), &json!({})).is_ok(), "{name}");
        let breaches = permitted(name, &json!(most + 1), &json!({})).unwrap_err();
        assert!(breaches[0].contains(&format!("at most {most}")), "{breaches:?}");
        assert!(breaches[0].ends_with(&(most + 1).to_string()), "{breaches:?}");
        // Of what the user says, the suggestion is no part any more.
        let users = options(&json!({ name: 2 }));
        let merged = users.clone().over(permit(options(&json!({ name: most + 1 })), &users, MACHINE).unwrap());
        assert_eq!(merged.said(), [(name.to_owned(), "2".to_owned())], "{name}");
    }
}

#[test]
fn certificates_are_checked_unless_the_user_says_otherwise() {
    let breaches = permitted("insecure", &json!(true), &json!({})).unwrap_err();
    assert_eq!(breaches, ["insecure is true: only the user may say that; if it is meant, add --insecure"]);
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
    for (suggested, users) in [
        (json!({ "scenarios": { "a": { "component": "evil.wasm", "vus": 1 } } }), json!({})),
        // A file is refused whatever the user names: another file is not that one.
        (json!({ "data": { "users": "/etc/passwd" } }), json!({ "data": { "products": "products.csv" } })),
        (json!({ "cacert": "/etc/shadow" }), json!({ "cacert": "own.pem" })),
        (json!({ "target": "http://a.test" }), json!({})),
        (json!({ "cert": "/home/ada/ada.pem" }), json!({ "cert": "own.pem" })),
        (json!({ "tlsAuth": [{ "cert": "/home/ada/ada.pem" }] }), json!({ "cert": "own.pem" })),
        (json!({ "tlsAuth": [{ "cert": "-----BEGIN X", "key": "/home/ada/ada.key" }] }), json!({})),
        (json!({ "tlsAuth": [{ "cert": "-----BEGIN X", "password": "env:HOME" }] }), json!({})),
        // Nor is the way to the target.
        (json!({ "hosts": { "shop.test": "10.0.0.1" } }), json!({ "hosts": { "other.test": "10.0.0.2" } })),
        (json!({ "connect_to": ["shop.test:80:10.0.0.1:80"] }), json!({})),
        (json!({ "proxy": "http://a.test:1" }), json!({ "proxy": "http://b.test:1" })),
        (json!({ "no_proxy": "*" }), json!({ "proxy": "http://b.test:1" })),
        (json!({ "unix_socket": "/run/docker.sock" }), json!({})),
        (json!({ "local_ips": "10.0.0.1" }), json!({})),
        (json!({ "dns": { "ttl": "0" } }), json!({})),
    ] {
        for users in [json!({}), users] {
            let breaches = permit(options(&suggested), &options(&users), MACHINE).unwrap_err();
            assert!(breaches[0].contains("only the user may say that"), "{breaches:?}");
        }
    }
    let never = keys().into_iter().filter(|key| matches!(key.allowance, Allowance::Never)).map(|key| key.name);
    assert_eq!(
        never.collect::<Vec<_>>(),
        [
            "accept_bottleneck",
            "data",
            "insecure",
            "cacert",
            "cert",
            "key",
            "cert_password",
            "client_certificates",
            "tls_server_name",
            "hosts",
            "connect_to",
            "proxy",
            "no_proxy",
            "unix_socket",
            "local_ips",
            "tcp_keepalive",
            "component",
        ]
    );
    let breaches = permitted("target", &json!("http://a.test"), &json!({})).unwrap_err();
    assert!(breaches[0].ends_with("if it is meant, add --target http://a.test"), "{breaches:?}");
    let overruled = permitted("target", &json!("http://a.test"), &json!({ "target": "http://b.test" })).unwrap();
    assert_eq!(overruled.target, None);
    let breaches = permitted("hosts", &json!({ "shop.test:443": "10.0.0.1:8443" }), &json!({})).unwrap_err();
    assert!(breaches[0].ends_with("if it is meant, add --resolve shop.test:443:10.0.0.1:8443"), "{breaches:?}");
    let users = json!({ "hosts": { "shop.test": "10.0.0.2" } });
    assert_eq!(permitted("hosts", &json!({ "shop.test": "10.0.0.1" }), &users), Ok(Options::default()));
    // A certificate that the component brings itself is its own.
    let own = json!([{ "domains": ["shop.test"], "cert": "-----BEGIN X", "key": "-----BEGIN Y" }]);
    assert!(permitted("tlsAuth", &own, &json!({})).is_ok());
    // How data is taken may be suggested; from where, not.
    assert!(permitted("data", &json!({ "users": { "policy": "shuffle" } }), &json!({})).is_ok());
}

#[test]
fn texts_are_few_and_short() {
    let mut seen = 0;
    for key in keys() {
        let name = key.name;
        match key.allowance {
            Allowance::Texts(most) => {
                seen += 1;
                let map = |entries: usize, name: usize, value: usize| {
                    let entry = |number: usize| (format!("{number:0>name$}"), json!("v".repeat(value)));
                    Value::Object((0..entries).map(entry).collect())
                };
                assert!(permitted(name, &map(most.entries, 4, 4), &json!({})).is_ok(), "{name}");
                assert!(permitted(name, &map(1, most.name, most.value), &json!({})).is_ok(), "{name}");
                for (map, part) in [
                    (map(most.entries + 1, 4, 4), "entries"),
                    (map(1, most.name + 1, 4), "a name of"),
                    (map(1, 4, most.value + 1), "a value of"),
                ] {
                    let breaches = permitted(name, &map, &json!({ name: { "own": "x" } })).unwrap_err();
                    assert!(breaches[0].starts_with(name) && breaches[0].contains(part), "{breaches:?}");
                }
            }
            Allowance::Bytes(most) => {
                seen += 1;
                assert!(permitted(name, &json!("x".repeat(most)), &json!({})).is_ok(), "{name}");
                assert!(permitted(name, &json!("x".repeat(most + 1)), &json!({})).is_err(), "{name}");
            }
            Allowance::Entries(most) => {
                seen += 1;
                let map = |entries: usize| -> Value {
                    Value::Object((0..entries).map(|number| (format!("c{number}"), json!(["rate>0"]))).collect())
                };
                assert!(permitted(name, &map(most), &json!({})).is_ok(), "{name}");
                assert!(permitted(name, &map(most + 1), &json!({})).is_err(), "{name}");
            }
            _ => {}
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_documented_table_is_this_one() {
    expect_table("docs/security.md", &markdown());
}

/// The table of `docs/security.md`, in Markdown.
fn markdown() -> String {
    let mut text = "| key | a component may suggest | beyond that |\n| --- | --- | --- |\n".to_owned();
    let (free, bounded): (Vec<&Key>, Vec<&Key>) =
        keys().into_iter().partition(|key| matches!(key.allowance, Allowance::Freely));
    for key in bounded {
        let beyond = match (key.flag, key.variable()) {
            (Some(flag), _) => format!("`--{}`", flag.long),
            (None, Some(variable)) => format!("`{variable}`"),
            (None, None) => "a plan file".to_owned(),
        };
        text.push_str(&format!("| `{}` | {} | {beyond} |\n", key.name, described(key)));
    }
    let free = free.iter().filter(|key| !["scenarios", "http"].contains(&key.name));
    let free: Vec<String> = free.map(|key| format!("`{}`", key.name)).collect();
    format!("{text}| {} | whatever a plan may say | - |\n", free.join(", "))
}

fn described(key: &Key) -> String {
    match (key.allowance, key.name) {
        (Allowance::Never, "insecure") => "`false`".to_owned(),
        (Allowance::Never, "client_certificates") => "certificates and keys as text, but no file".to_owned(),
        (Allowance::Never, "hosts") => "nothing, unless you place the same hosts, which counts".to_owned(),
        (Allowance::Never, "data") => "how rows are handed out, but no file".to_owned(),
        (Allowance::Never, _) => "nothing".to_owned(),
        (Allowance::Freely, _) => "whatever a plan may say".to_owned(),
        (Allowance::Overruled, _) => "nothing, unless you name another, which counts".to_owned(),
        (Allowance::UpToDefault, _) => format!("up to {}", key.default.unwrap()),
        (Allowance::UpTo(most), _) => format!("up to {most}"),
        (Allowance::UpToCores, _) => "as many as there are processor cores".to_owned(),
        (Allowance::Entries(most), _) => format!("{most} entries"),
        (Allowance::Texts(TextLimits { entries, name, value }), _) => {
            format!("{entries} entries, with names of {name} bytes and values of {value} bytes")
        }
        (Allowance::Bytes(most), _) => format!("{most} bytes"),
    }
}

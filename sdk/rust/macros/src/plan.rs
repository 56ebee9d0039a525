//! The keys of `scenario!` that suggest a plan, turned into the JSON object of `description.plan`.
//!
//! Shapes and words are checked here, because a typo found by the compiler is cheaper than one found by the run. The
//! host judges the values' meaning (the syntax of thresholds, combinations of keys).

mod json;
mod keys;
mod values;
mod words;

use proc_macro2::Ident;
use syn::Result;
use syn::parse::ParseStream;

/// The plan's keys in the order in which they were written, each with its value as JSON.
#[derive(Default)]
pub(crate) struct Plan {
    entries: values::Entries,
}

impl Plan {
    /// Reads the value of a plan key; `false` if there is no such key.
    pub(crate) fn parse_key(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<bool> {
        let Some(key) = values::find_key(key, keys::of_plan()) else { return Ok(false) };
        self.entries.push((key.name.to_owned(), values::parse_value(key, input)?));
        Ok(true)
    }

    /// The plan as a JSON object; empty without a suggestion.
    pub(crate) fn to_json(&self) -> String {
        if self.entries.is_empty() {
            return String::new();
        }
        json::object(&self.entries)
    }
}

/// The end of a message about an unknown key: the one that was meant, or all of them. `others` are those besides the
/// plan's.
pub(crate) fn advise_on_key(key: &str, others: &[&str]) -> String {
    let known: Vec<&str> = others.iter().copied().chain(keys::of_plan().map(|key| key.name)).collect();
    words::advise(key, &known)
}

#[cfg(test)]
mod tests {
    use crate::grammar::Scenario;

    fn plan(source: &str) -> Result<String, String> {
        syn::parse_str::<Scenario>(&format!("flows: {{ a }}, {source}"))
            .map(|scenario| scenario.plan.to_json())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn plan_keys_become_json() {
        assert_eq!(plan("").as_deref(), Ok(""));
        assert_eq!(
            plan(r#"vus: 10, duration: "1m30s", executor: "constant-vus""#).as_deref(),
            Ok(r#"{"vus":10,"duration":"1m30s","executor":"constant-vus"}"#)
        );
        assert_eq!(
            plan(r#"stages: [{ duration: "30s", target: 100 }, { target: 0, duration: "500ms" },]"#).as_deref(),
            Ok(r#"{"stages":[{"duration":"30s","target":100},{"duration":"500ms","target":0}]}"#)
        );
        assert_eq!(
            plan(r#"rate: "90/m", max_vus: 20, stages: [{ duration: "30s", target: "100/s" }]"#).as_deref(),
            Ok(r#"{"rate":"90/m","max_vus":20,"stages":[{"duration":"30s","target":"100/s"}]}"#)
        );
    }

    #[test]
    fn thresholds_take_one_expression_or_several() {
        assert_eq!(
            plan(r#"thresholds: { checks: "rate>0.99", "http_req_duration{name:\"x\"}": ["p(95)<500", "max<2000"] }"#)
                .as_deref(),
            Ok(r#"{"thresholds":{"checks":["rate>0.99"],"http_req_duration{name:\"x\"}":["p(95)<500","max<2000"]}}"#)
        );
    }

    #[test]
    fn data_is_named_and_its_file_is_not() {
        assert_eq!(
            plan(r#"data: { users, "my-orders": { policy: "once-each", at_end: "stop" } }"#).as_deref(),
            Ok(r#"{"data":{"users":{},"my-orders":{"policy":"once-each","at_end":"stop"}}}"#)
        );
    }

    #[test]
    fn every_key_that_may_be_suggested_becomes_json() {
        let source = r#"
            vus: 10, duration: "30s", iterations: 100, stages: [{ duration: "10s", target: 5 }], executor: "ramping-vus",
            max_duration: "5m", graceful_stop: "10s", graceful_ramp_down: "5s", start_vus: 1, rate: "90/m",
            time_unit: "1m", start_rate: 5, pre_allocated_vus: 20, max_vus: 200, arrival: "poisson", max_backlog: "2s",
            warmup: "auto", pacing: "spin", flow: "a", weights: { a: 3, "b-c": 0 }, think_time: { a: "1s..3s" },
            scenarios: {
                browsing: {
                    executor: "constant-arrival-rate", rate: 10, duration: "1m", flow: "a", start_time: "5s",
                    env: { KIND: "guest" }, tags: { team: "web" }, thresholds: { checks: "rate>0.9" },
                },
                idle: {},
            },
            thresholds: { checks: "rate>0.99" }, target: "http://localhost:8080", env: { KEY: "value" },
            data: { users: { policy: "shuffle", at_end: "stop" } }, tags: { release: "1.2" }, seed: 7, threads: 2,
            setup_timeout: "20s", teardown_timeout: "30s", min_iteration_duration: "1s", max_series: 500,
            insecure: false, request_timeout: "5s", connect_timeout: "2s", max_redirects: 0,
            no_connection_reuse: true, discard_response_bodies: true, user_agent: "mine/1", shared_connections: 8,
            http_version: "2", max_streams: 50, batch_per_origin: 4, no_vu_connection_reuse: true, tls_min: "1.2",
            tls_max: "1.3", tls_ciphers: "A,B", no_tls_resumption: true, dns: "ttl=30s", connect_rate: "500",
            no_tcp_nodelay: true,
        "#;
        let json = concat!(
            r#"{"vus":10,"duration":"30s","iterations":100,"stages":[{"duration":"10s","target":5}],"#,
            r#""executor":"ramping-vus","max_duration":"5m","graceful_stop":"10s","graceful_ramp_down":"5s","#,
            r#""start_vus":1,"rate":"90/m","time_unit":"1m","start_rate":5,"pre_allocated_vus":20,"max_vus":200,"#,
            r#""arrival":"poisson","max_backlog":"2s","warmup":"auto","pacing":"spin","flow":"a","#,
            r#""weights":{"a":3,"b-c":0},"think_time":{"a":"1s..3s"},"scenarios":{"browsing":{"#,
            r#""executor":"constant-arrival-rate","rate":10,"duration":"1m","flow":"a","start_time":"5s","#,
            r#""env":{"KIND":"guest"},"tags":{"team":"web"},"thresholds":{"checks":["rate>0.9"]}},"idle":{}},"#,
            r#""thresholds":{"checks":["rate>0.99"]},"target":"http://localhost:8080","env":{"KEY":"value"},"#,
            r#""data":{"users":{"policy":"shuffle","at_end":"stop"}},"tags":{"release":"1.2"},"seed":7,"threads":2,"#,
            r#""setup_timeout":"20s","teardown_timeout":"30s","min_iteration_duration":"1s","max_series":500,"#,
            r#""insecure":false,"request_timeout":"5s","connect_timeout":"2s","max_redirects":0,"#,
            r#""no_connection_reuse":true,"discard_response_bodies":true,"user_agent":"mine/1","shared_connections":8,"#,
            r#""http_version":"2","max_streams":50,"batch_per_origin":4,"no_vu_connection_reuse":true,"tls_min":"1.2","#,
            r#""tls_max":"1.3","tls_ciphers":"A,B","no_tls_resumption":true,"dns":"ttl=30s","connect_rate":"500","#,
            r#""no_tcp_nodelay":true}"#,
        );
        assert_eq!(plan(source).as_deref(), Ok(json));
        for key in super::keys::of_plan() {
            assert!(source.contains(&format!("{}: ", key.name)), "{} is not in the test's plan", key.name);
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (source, part) in [
            (r#"duration: "30 seconds""#, "is not a duration"),
            (r#"duration: """#, "is not a duration"),
            (r#"duration: 30"#, "expected string literal"),
            (r#"vus: "ten""#, "expected a whole number"),
            (r#"vus: -1"#, "expected a whole number"),
            (r#"stages: [{ duration: "30s" }]"#, "a stage has"),
            (r#"stages: [{ vus: 3 }]"#, "a stage has"),
            (r#"thresholds: { checks: "rate" }"#, "compares nothing"),
            (r#"thresholds: { a: "rate<1", a: "rate<2" }"#, "given twice: list its expressions"),
            (r#"data: { a, a }"#, "given twice"),
            (r#"data: { a: { file: "x.csv" } }"#, "the file is named by the user"),
            (r#"data: { a: { policy: "shufle" } }"#, "did you mean `shuffle`?"),
            (r#"executor: "constant-vu""#, "unknown executor `constant-vu`: did you mean `constant-vus`?"),
            (r#"arrival: "normal""#, "expected `constant` or `poisson`"),
            (r#"warmup: "soon""#, "write a duration, `none` or `auto`"),
            (r#"insecure: 1"#, "expected boolean literal"),
            (r#"weights: { a: "many" }"#, "expected a whole number"),
            (r#"think_time: { a: "1s..never" }"#, "is not a think time"),
            (r#"think_time: "1s""#, "expected curly braces"),
            (r#"scenarios: { x: { pacing: "spin" } }"#, "a scenario has no key `pacing`"),
            (r#"scenarios: { x: { start: "1s" } }"#, "a scenario has no key `start`"),
            (r#"scenarios: { x: { vus: 1, vus: 2 } }"#, "given twice"),
            (r#"max_backlogs: "1s""#, "did you mean `max_backlog`?"),
            (r#"cacert: "ca.pem""#, "unknown key `cacert`"),
        ] {
            let error = plan(source).expect_err(source);
            assert!(error.contains(part), "{source}: {error}");
        }
    }
}

//! A check of requests and answers against an excerpt of a published specification.

use hyper::Method;
use serde_json::Value;

use crate::server::{FakeAnswer, FakeRequest};

/// Operations with their paths, parameters, content types and bodies.
#[derive(Clone, Debug)]
pub struct Contract(Value);

impl Contract {
    /// That of Azure DevOps, version 7.1.
    ///
    /// # Panics
    /// If it is not JSON.
    pub fn azure() -> Contract {
        let json = serde_json::from_str(include_str!("azure/contract.json"));
        Contract(json.unwrap_or_else(|error| panic!("the contract is not JSON: {error}")))
    }

    /// The breaches of a request, and of the answer if it is 200.
    pub fn check(&self, request: &FakeRequest, answer: Option<&FakeAnswer>) -> Vec<String> {
        let path = request.segments.join("/");
        let Some(operation) = self.operation(request) else { return vec![format!("no such operation: {path}")] };
        let mut breaches = self.check_query(operation, request);
        breaches.extend(self.check_body(operation, request));
        if let Some(answer) = answer.filter(|answer| answer.status == 200) {
            // Half an answer is a fault, not a breach.
            let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if !json.is_null() {
                breaches.extend(self.check_answer(operation["response"].as_str().unwrap_or_default(), &json));
            }
        }
        breaches.into_iter().map(|breach| format!("{} {path}: {breach}", request.method)).collect()
    }

    fn operation(&self, request: &FakeRequest) -> Option<&Value> {
        let operations = self.0["operations"].as_array()?;
        operations.iter().find(|operation| {
            let pattern: Vec<&str> = operation["path"].as_str().unwrap_or_default().split('/').collect();
            operation["method"].as_str() == Some(request.method.as_str())
                && pattern.len() == request.segments.len()
                && pattern.iter().zip(&request.segments).all(|(pattern, segment)| is_match(pattern, segment))
        })
    }

    fn check_query(&self, operation: &Value, request: &FakeRequest) -> Vec<String> {
        let known = |name: &str, list: &str| strings(&operation[list]).contains(&name);
        let mut breaches = Vec::new();
        for required in strings(&operation["required"]) {
            if request.query(required).is_none() {
                breaches.push(format!("lacks {required}"));
            }
        }
        for (name, value) in &request.query {
            if !known(name, "query") {
                breaches.push(format!("unknown parameter {name}"));
            }
            let allowed = strings(&self.0["values"][name]);
            if !allowed.is_empty() && !allowed.contains(&value.as_str()) {
                breaches.push(format!("{name} is {value}"));
            }
        }
        if request.query("api-version") != self.0["version"].as_str() {
            breaches.push("another api-version".to_owned());
        }
        breaches
    }

    fn check_body(&self, operation: &Value, request: &FakeRequest) -> Vec<String> {
        let content_type = request.header("content-type");
        let consumes = operation["consumes"].as_str().unwrap_or_default();
        if content_type != consumes {
            return vec![format!("content type {content_type:?}, not {consumes:?}")];
        }
        let body = request.json();
        match operation["body"].as_str() {
            None if request.body.is_empty() && request.method == Method::GET => Vec::new(),
            None => vec!["a body".to_owned()],
            Some("stream") => Vec::new(),
            Some("JsonPatchDocument") => match body.as_array() {
                Some(operations) => operations.iter().flat_map(|one| self.check_operation(one)).collect(),
                None => vec!["the patch is not an array".to_owned()],
            },
            Some(name) => self.check_object(name, &body),
        }
    }

    fn check_operation(&self, operation: &Value) -> Vec<String> {
        let mut breaches = self.check_object("JsonPatchOperation", operation);
        let op = operation["op"].as_str().unwrap_or_default();
        if !strings(&self.0["values"]["op"]).contains(&op) {
            breaches.push(format!("op {op:?}"));
        }
        if !operation["path"].as_str().unwrap_or_default().starts_with('/') || operation["value"].is_null() {
            breaches.push(format!("an operation without path or value: {operation}"));
        }
        breaches
    }

    fn check_answer(&self, response: &str, json: &Value) -> Vec<String> {
        match response.strip_prefix("list:") {
            Some(name) => match json["value"].as_array() {
                Some(list) if json["count"].as_u64() == Some(list.len() as u64) => {
                    list.iter().filter(|one| !one.is_null()).flat_map(|one| self.check_object(name, one)).collect()
                }
                _ => vec!["the answer is not a list with its count".to_owned()],
            },
            None => self.check_object(response, json),
        }
    }

    /// Each property is known, and has its type.
    fn check_object(&self, name: &str, json: &Value) -> Vec<String> {
        let Some(object) = json.as_object() else { return vec![format!("{name} is not an object: {json}")] };
        let properties = &self.0["types"][name];
        let breach = |(key, value): (&String, &Value)| match properties[key].as_str() {
            Some(kind) if is_kind(value, kind) => None,
            Some(kind) => Some(format!("{name}.{key} is not of type {kind}: {value}")),
            None => Some(format!("{name} has no property {key}")),
        };
        object.iter().filter_map(breach).collect()
    }
}

fn is_match(pattern: &str, segment: &str) -> bool {
    match pattern {
        "{id}" => segment.parse::<u32>().is_ok(),
        "${type}" => segment.len() > 1 && segment.starts_with('$'),
        pattern if pattern.starts_with('{') => !segment.is_empty(),
        pattern => pattern == segment,
    }
}

fn is_kind(value: &Value, kind: &str) -> bool {
    let all = |of: fn(&Value) -> bool| value.as_array().is_some_and(|list| list.iter().all(of));
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "strings" => all(Value::is_string),
        "integers" => all(Value::is_u64),
        "objects" => all(Value::is_object),
        _ => true,
    }
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

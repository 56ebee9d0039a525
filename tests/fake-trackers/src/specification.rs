//! A check of requests and answers against an excerpt of a published specification.

use serde_json::Value;

use crate::server::{FakeAnswer, FakeRequest};

/// Operations with their queries, bodies and answers.
#[derive(Clone, Debug)]
pub(crate) struct Specification(Value);

impl Specification {
    /// The specification in this JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    pub fn new(json: &str) -> Specification {
        Specification(serde_json::from_str(json).unwrap_or_else(|error| panic!("not JSON: {error}")))
    }

    /// The breaches of a request without the segments before its API, and of its answer.
    pub fn check(&self, segments: &[&str], request: &FakeRequest, answer: Option<&FakeAnswer>) -> Vec<String> {
        let path = segments.join("/");
        let Some(operation) = self.operation(request, segments) else {
            return vec![format!("no such operation: {} {path}", request.method)];
        };
        let mut breaches = check_query(operation, request);
        breaches.extend(check_body(operation, request));
        breaches.extend(answer.into_iter().flat_map(|answer| check_answer(operation, answer)));
        breaches.into_iter().map(|breach| format!("{} {path}: {breach}", request.method)).collect()
    }

    fn operation(&self, request: &FakeRequest, segments: &[&str]) -> Option<&Value> {
        self.0["operations"].as_array()?.iter().find(|operation| {
            let pattern: Vec<&str> = operation["path"].as_str().unwrap_or_default().split('/').collect();
            operation["method"].as_str() == Some(request.method.as_str())
                && pattern.len() == segments.len()
                && pattern.iter().zip(segments).all(|(pattern, segment)| pattern.starts_with('{') || pattern == segment)
        })
    }
}

fn check_query(operation: &Value, request: &FakeRequest) -> Vec<String> {
    let breach = |(name, value): &(String, String)| match operation["query"][name].as_array() {
        None => Some(format!("unknown parameter {name}")),
        Some(allowed) if allowed.is_empty() || allowed.iter().any(|one| one.as_str() == Some(value)) => None,
        Some(_) => Some(format!("{name} is {value}")),
    };
    request.query.iter().filter_map(breach).collect()
}

fn check_body(operation: &Value, request: &FakeRequest) -> Vec<String> {
    let Some(properties) = operation["body"].as_object() else {
        let is_empty = request.body.is_empty();
        return if is_empty { Vec::new() } else { vec!["a body".to_owned()] };
    };
    if !request.header("content-type").starts_with("application/json") {
        return vec!["the body is not JSON".to_owned()];
    }
    let body = request.json();
    let Some(object) = body.as_object() else { return vec!["the body is not an object".to_owned()] };
    let breach = |(name, value): (&String, &Value)| match properties.get(name).and_then(Value::as_array) {
        None => Some(format!("unknown property {name}")),
        Some(kinds) if kinds.iter().any(|kind| is_kind(value, kind.as_str().unwrap_or_default())) => None,
        Some(_) => Some(format!("{name} is {value}")),
    };
    let mut breaches: Vec<String> = object.iter().filter_map(breach).collect();
    let required = operation["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    breaches.extend(required.filter(|name| !object.contains_key(*name)).map(|name| format!("lacks {name}")));
    breaches
}

/// An answer that is a success has a documented status, and the documented properties. Half of one is a fault.
fn check_answer(operation: &Value, answer: &FakeAnswer) -> Vec<String> {
    let status = u64::from(answer.status);
    if !(200..300).contains(&status) {
        return Vec::new();
    }
    let is_documented = operation["statuses"].as_array().into_iter().flatten().any(|one| one.as_u64() == Some(status));
    let mut breaches = if is_documented { Vec::new() } else { vec![format!("answers {status}")] };
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let entries = json.as_array().map_or_else(|| std::slice::from_ref(&json), Vec::as_slice);
    for entry in entries.iter().filter(|entry| entry.is_object()) {
        let required = operation["answer"].as_array().into_iter().flatten().filter_map(Value::as_str);
        breaches
            .extend(required.filter(|name| entry.get(name).is_none()).map(|name| format!("answers without {name}")));
    }
    breaches
}

fn is_kind(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, Method};
    use serde_json::json;

    use super::*;

    fn request(method: Method, query: &[(&str, &str)], body: &str) -> FakeRequest {
        let mut headers = HeaderMap::new();
        headers.extend([(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"))]);
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        FakeRequest { method, segments: Vec::new(), query, headers, body: body.to_owned().into() }
    }

    #[test]
    fn breaches_are_seen() {
        let specification = Specification::new(include_str!("github/specification.json"));
        let path = ["repos", "acme", "shop", "issues"];
        let check = |request: &FakeRequest, answer| specification.check(&path, request, answer);
        let fine = request(Method::GET, &[("state", "all"), ("labels", "x")], "");
        assert_eq!(check(&fine, None), Vec::<String>::new());
        let place = "GET repos/acme/shop/issues";
        let strange = request(Method::GET, &[("state", "opened"), ("label", "x")], "");
        assert_eq!(
            check(&strange, None),
            [format!("{place}: state is opened"), format!("{place}: unknown parameter label")]
        );
        let post = request(Method::POST, &[], r#"{"labels":"a","weight":1}"#);
        assert_eq!(check(&post, None).len(), 3);
        let answer = FakeAnswer::json(200, &json!([{ "number": 1 }]));
        assert!(check(&fine, Some(&answer)).iter().any(|breach| breach.ends_with("answers without title")));
        assert!(check(&post, Some(&answer)).iter().any(|breach| breach.ends_with("answers 200")));
        assert_eq!(specification.check(&["repos"], &fine, None), ["no such operation: GET repos"]);
    }
}

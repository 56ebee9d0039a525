//! What an answer of a service means: success, refusal with its sentence, or half an answer. The statuses are those
//! that GitHub, GitLab and Jira share; the remedies are each service's own.

use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use serde_json::Value;

use crate::error::TrackerError;
use crate::transport::{HttpAnswer, HttpRequest, plain_message};

/// A service in sentences.
#[derive(Debug)]
pub(crate) struct Service {
    /// Its name: `GitHub`.
    pub name: &'static str,
    /// What to do about a refused token.
    pub new_token: &'static str,
    /// What to do about a missing permission.
    pub permission: &'static str,
    /// What to do if the project is not found.
    pub missing: &'static str,
}

impl Service {
    /// The JSON of an answer to a read.
    ///
    /// # Errors
    /// If it is anything but 200 with JSON.
    pub fn read_json(&self, request: &HttpRequest, answer: &HttpAnswer) -> Result<Value, TrackerError> {
        if answer.status != StatusCode::OK {
            return Err(self.refuse(request, answer));
        }
        if is_page(answer) {
            return Err(self.sign_in(request, answer));
        }
        answer.json().ok_or_else(|| self.strange(request))
    }

    /// The JSON of an answer to a write: only success with whole JSON is one.
    ///
    /// # Errors
    /// Refused, changed, or unclear if it is a success without a whole answer.
    pub fn read_written(&self, request: &HttpRequest, answer: &HttpAnswer) -> Result<Value, TrackerError> {
        self.check_done(request, answer)?;
        answer.json().filter(Value::is_object).ok_or_else(|| self.half(request))
    }

    /// Whether a write whose answer has nothing to tell was done.
    ///
    /// # Errors
    /// If it was not, or that is unclear.
    pub fn check_done(&self, request: &HttpRequest, answer: &HttpAnswer) -> Result<(), TrackerError> {
        match answer.status {
            _ if is_page(answer) && answer.status.is_success() => Err(self.sign_in(request, answer)),
            status if status.is_success() => Ok(()),
            _ => Err(self.refuse(request, answer)),
        }
    }

    /// A write that was answered with half an answer.
    pub fn half(&self, request: &HttpRequest) -> TrackerError {
        TrackerError::unclear(format!("{} answered {} with half an answer", self.name, request.place()))
    }

    /// A read that was answered with something else.
    pub fn strange(&self, request: &HttpRequest) -> TrackerError {
        let (name, place) = (self.name, request.place());
        TrackerError::refused(format!("{name} answered {place} in a form that is not its own: check the address"))
    }

    fn sign_in(&self, request: &HttpRequest, answer: &HttpAnswer) -> TrackerError {
        let (name, place, status) = (self.name, request.place(), answer.status.as_u16());
        let new_token = self.new_token;
        TrackerError::token_refused(format!(
            "{name} answered {place} with a page for people ({status}): the token is wrong or has expired; {new_token}"
        ))
    }

    /// The sentence for an answer that is no success.
    pub fn refuse(&self, request: &HttpRequest, answer: &HttpAnswer) -> TrackerError {
        let (name, place, status) = (self.name, request.place(), answer.status.as_u16());
        let message = message(answer);
        let detail = if message.is_empty() { String::new() } else { format!(": {message}") };
        match status {
            401 => {
                let new_token = self.new_token;
                TrackerError::token_refused(format!("{name} refuses the token ({place}: 401{detail}); {new_token}"))
            }
            403 => {
                let permission = self.permission;
                TrackerError::refused(format!(
                    "the token is not allowed to do this ({place}: 403{detail}); {permission}"
                ))
            }
            404 => {
                let missing = self.missing;
                TrackerError::refused(format!("{name} has no such project or item ({place}: 404{detail}); {missing}"))
            }
            408 => TrackerError::unclear(format!("{name} has waited for too long ({place}: 408{detail})")),
            409 | 412 => TrackerError::changed(format!("the item was changed by another ({place}: {status}{detail})")),
            410 => TrackerError::refused(format!(
                "the item was deleted, or issues are disabled ({place}: 410{detail}); enable them in the \
                 project's settings"
            )),
            300..=399 => TrackerError::refused(format!(
                "{name} answers {place} elsewhere ({status}), which is not followed; {}",
                self.missing
            )),
            400 | 413 | 422 => TrackerError::refused(format!(
                "{name} does not accept the request ({place}: {status}{detail}); a rule of the project may forbid it"
            )),
            _ => TrackerError::refused(format!("{name} answered {status} to {place}{detail}")),
        }
    }
}

fn is_page(answer: &HttpAnswer) -> bool {
    let content_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.starts_with("text/html")
}

/// What services say in an error's body, as plain text: `message` and `errors` (GitHub), `message` or `error`, which
/// may be objects (GitLab), `errorMessages` and `errors` (Jira).
fn message(answer: &HttpAnswer) -> String {
    let json = answer.json().unwrap_or_default();
    let parts = ["message", "error", "error_description", "errorMessages", "errors"];
    let parts = parts.iter().map(|part| describe(&json[*part], 0)).filter(|part| !part.is_empty());
    plain_message(&parts.collect::<Vec<_>>().join("; "))
}

/// JSON as words. Not deep, since a server may nest without an end.
fn describe(json: &Value, depth: usize) -> String {
    const DEEPEST: usize = 4;
    let join = |parts: Vec<String>, separator: &str| {
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(separator)
    };
    match json {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(list) if depth < DEEPEST => join(list.iter().map(|one| describe(one, depth + 1)).collect(), "; "),
        Value::Object(object) if depth < DEEPEST => {
            join(object.iter().map(|(key, value)| format!("{key} {}", describe(value, depth + 1))).collect(), ", ")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::HeaderMap;

    use super::*;

    #[test]
    fn each_service_is_understood() {
        let said = |body: &'static str| {
            let (headers, body) = (HeaderMap::new(), Bytes::from_static(body.as_bytes()));
            message(&HttpAnswer { status: StatusCode::UNPROCESSABLE_ENTITY, headers, body })
        };
        let github =
            r#"{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing"}]}"#;
        assert_eq!(said(github), "Validation Failed; code missing, field title, resource Issue");
        assert_eq!(said(r#"{"message":{"title":["is too long"]}}"#), "title is too long");
        assert_eq!(said(r#"{"error":"insufficient_scope"}"#), "insufficient_scope");
        let jira = r#"{"errorMessages":["No project."],"errors":{"summary":"Specify a summary."}}"#;
        assert_eq!(said(jira), "No project.; summary Specify a summary.");
        assert_eq!(said("<html>"), "");
    }
}

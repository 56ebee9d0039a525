//! What an answer of the service means: success, refusal with its sentence, or half an answer.

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, LOCATION};
use serde_json::Value;

use super::NAME;
use crate::error::TrackerError;
use crate::transport::{HttpAnswer, HttpRequest, plain_message};

const NEW_TOKEN: &str = "create one with the scope Work Items (read & write), and set it in the environment";

/// The JSON of an answer to a read.
///
/// # Errors
/// If it is anything but 200 with JSON.
pub(super) fn read_json(request: &HttpRequest, answer: &HttpAnswer) -> Result<Value, TrackerError> {
    if answer.status != StatusCode::OK || is_page(answer) {
        return Err(refuse(request, answer));
    }
    let json = answer.json().filter(Value::is_object);
    json.ok_or_else(|| {
        TrackerError::refused(format!("{NAME} answered {} with half an answer: push again", request.place()))
    })
}

/// The id in the answer to a write: only 200 with JSON that has one is a success.
///
/// # Errors
/// Refused, changed, or unclear if it is 200 without a whole answer.
pub(super) fn read_written(request: &HttpRequest, answer: &HttpAnswer) -> Result<String, TrackerError> {
    if answer.status != StatusCode::OK || is_page(answer) {
        return Err(refuse(request, answer));
    }
    let id = answer.json().and_then(|json| json["id"].as_u64());
    id.map(|id| id.to_string())
        .ok_or_else(|| TrackerError::unclear(format!("{NAME} answered {} with half an answer", request.place())))
}

/// The service answers HTML where it wants people to sign in.
fn is_page(answer: &HttpAnswer) -> bool {
    let content_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.starts_with("text/html")
}

/// The sentence for an answer that is no success.
fn refuse(request: &HttpRequest, answer: &HttpAnswer) -> TrackerError {
    let place = request.place();
    let message = message(answer);
    let detail = if message.is_empty() { String::new() } else { format!(": {message}") };
    let status = answer.status.as_u16();
    match status {
        301..=308 if !leads_to_sign_in(answer) => TrackerError::refused(format!(
            "{NAME} answered {place} with a redirect ({status} to {}), and the token is not sent elsewhere: correct the \
             address",
            plain_message(location(answer))
        )),
        200 | 203 | 301..=308 => TrackerError::token_refused(format!(
            "{NAME} answered {place} with its sign-in page ({status}): the token is wrong or has expired; {NEW_TOKEN}"
        )),
        401 => TrackerError::token_refused(format!("{NAME} refuses the token ({place}: 401{detail}); {NEW_TOKEN}")),
        403 => TrackerError::refused(format!(
            "the token is not allowed to do this ({place}: 403{detail}); give its owner, or the project's Build Service, \
             the permission to edit work items in this area"
        )),
        404 => TrackerError::refused(format!(
            "{NAME} has no such project, type or item ({place}: 404{detail}); check the address, and whether the token's \
             owner may see it"
        )),
        409 | 412 => TrackerError::changed(format!("the item was changed by another ({place}: {status}{detail})")),
        400 if type_key(answer) == "RuleValidationException" => TrackerError::refused(format!(
            "a rule of the project refuses the item ({place}: 400{detail}); give the field a value, or change the rule"
        )),
        400..=499 => {
            TrackerError::refused(format!("{NAME} refuses {place} ({status}{detail}); correct it and push again"))
        }
        _ => TrackerError::unclear(format!("{NAME} answered {place} with {status}{detail}")),
    }
}

fn location(answer: &HttpAnswer) -> &str {
    answer.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A redirect without a proper location is taken for one, too: a new token is the likelier remedy.
fn leads_to_sign_in(answer: &HttpAnswer) -> bool {
    let location = location(answer).to_ascii_lowercase();
    location.is_empty() || location.contains("signin")
}

fn type_key(answer: &HttpAnswer) -> String {
    answer.json().and_then(|json| Some(json["typeKey"].as_str()?.to_owned())).unwrap_or_default()
}

fn message(answer: &HttpAnswer) -> String {
    let json = answer.json().unwrap_or_default();
    plain_message(json["message"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::HeaderMap;
    use hyper::header::HeaderValue;
    use url::Url;

    use super::*;
    use crate::error::ErrorKind;

    fn answer(status: u16, location: Option<&'static str>, body: &'static str) -> HttpAnswer {
        let headers = location.map(|location| (LOCATION, HeaderValue::from_static(location)));
        let status = StatusCode::from_u16(status).unwrap();
        HttpAnswer { status, headers: HeaderMap::from_iter(headers), body: Bytes::from_static(body.as_bytes()) }
    }

    fn refuse_with(answer: &HttpAnswer) -> TrackerError {
        refuse(&HttpRequest::get(Url::parse("https://dev.azure.com/acme/Shop/_apis?x=1").unwrap()), answer)
    }

    #[test]
    fn a_redirect_is_to_the_page_to_sign_in_or_elsewhere() {
        let sign_in = answer(302, Some("https://app.vssps.visualstudio.com/_signin?x"), "");
        assert_eq!(refuse_with(&sign_in).kind, ErrorKind::TokenRefused);
        let moved = refuse_with(&answer(301, Some("https://dev.azure.com/new/Shop"), ""));
        assert_eq!(moved.kind, ErrorKind::Refused);
        let sentence = "Azure DevOps answered GET https://dev.azure.com/acme/Shop/_apis with a redirect (301 to \
                        https://dev.azure.com/new/Shop), and the token is not sent elsewhere: correct the address";
        assert_eq!(moved.message, sentence);
    }

    #[test]
    fn each_status_has_its_kind() {
        let kinds = [
            (400, ErrorKind::Refused),
            (401, ErrorKind::TokenRefused),
            (403, ErrorKind::Refused),
            (404, ErrorKind::Refused),
            (409, ErrorKind::Changed),
            (412, ErrorKind::Changed),
            (418, ErrorKind::Refused),
            (201, ErrorKind::Unclear),
            (500, ErrorKind::Unclear),
        ];
        for (status, kind) in kinds {
            assert_eq!(refuse_with(&answer(status, None, "")).kind, kind, "{status}");
        }
    }

    #[test]
    fn texts_of_the_service_are_plain() {
        let hostile = answer(400, None, r#"{"message": "\u001b[2J##vso[task.complete result=Succeeded]\nnext"}"#);
        let message = refuse_with(&hostile).message;
        assert!(!message.contains('\u{1b}') && !message.contains("##vso["), "{message}");
    }
}

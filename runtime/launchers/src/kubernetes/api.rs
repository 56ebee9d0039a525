//! One exchange with the API of Kubernetes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Request, StatusCode};
use serde_json::Value;
use squall_plain_http::{Trust, connect_trusting, pause, within};
use url::Url;

use crate::LaunchError;

/// For an exchange: connecting, sending, and the whole answer.
const LIMIT: Duration = Duration::from_secs(30);
/// A list of a thousand pods has some MiB.
const LARGEST: usize = 64 << 20;
/// Tries of a request that is not answered. All requests may be repeated: creations are by name.
const TRIES: u32 = 4;

/// The methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    /// With a merge patch.
    Patch,
    Delete,
}

/// A request.
pub struct Exchange {
    pub method: Method,
    pub url: Url,
    pub body: Option<String>,
    /// The service account's.
    pub token: String,
}

/// An answer. The body is null if it is not JSON.
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// Sends a request until it is answered.
///
/// # Errors
/// If it is not.
pub fn send(trust: &Trust, exchange: &Exchange, first_pause: Duration) -> Result<Answer, LaunchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| LaunchError::setting(format!("no thread for requests ({error}): free memory")))?;
    runtime.block_on(send_repeatedly(trust, exchange, first_pause))
}

async fn send_repeatedly(trust: &Trust, exchange: &Exchange, first_pause: Duration) -> Result<Answer, LaunchError> {
    let mut problem = String::new();
    for attempt in 0..TRIES {
        if attempt > 0 {
            pause(first_pause * 2_u32.pow(attempt - 1)).await;
        }
        match within(LIMIT, send_once(trust, exchange)).await {
            Some(Ok(answer)) if answer.status == 429 || answer.status >= 500 => {
                problem = format!("status {}", answer.status);
            }
            Some(Ok(answer)) => return Ok(answer),
            Some(Err(failure)) => problem = failure,
            None => problem = format!("no answer within {} s", LIMIT.as_secs()),
        }
    }
    let place = squall_plain_http::authority(&exchange.url);
    Err(LaunchError::unclear(format!(
        "the API of Kubernetes at {place} did not answer in {TRIES} tries ({problem}): try again later"
    )))
}

async fn send_once(trust: &Trust, exchange: &Exchange) -> Result<Answer, String> {
    let request = prepare(exchange)?;
    let mut response = squall_plain_http::send(connect_trusting(&exchange.url, trust).await?, request).await?;
    let mut body = BytesMut::new();
    while let Some(piece) = response.next().await? {
        if body.len() + piece.len() > LARGEST {
            return Err(format!("the answer is larger than {LARGEST} bytes"));
        }
        body.extend_from_slice(&piece);
    }
    let body = serde_json::from_slice(&body);
    match (response.head.status, body) {
        // An answer that claims success has the object.
        (status, Err(_)) if status.is_success() => Err("an answer that is not JSON".to_owned()),
        (status, body) => Ok(Answer { status: StatusCode::as_u16(&status), body: body.unwrap_or_default() }),
    }
}

fn prepare(exchange: &Exchange) -> Result<Request<Full<Bytes>>, String> {
    let body = exchange.body.clone().map(Bytes::from).unwrap_or_default();
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = match exchange.method {
        Method::Get => hyper::Method::GET,
        Method::Post => hyper::Method::POST,
        Method::Patch => hyper::Method::PATCH,
        Method::Delete => hyper::Method::DELETE,
    };
    let path = squall_plain_http::path(&exchange.url);
    *request.uri_mut() = path.parse().map_err(|_| "the address has no path that can be sent".to_owned())?;
    let mut token = HeaderValue::from_str(&format!("Bearer {}", exchange.token));
    token.iter_mut().for_each(|token| token.set_sensitive(true));
    let headers = request.headers_mut();
    headers.extend(squall_plain_http::headers(&exchange.url)?);
    headers.insert(AUTHORIZATION, token.map_err(|_| "the service account's token cannot be sent".to_owned())?);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if exchange.body.is_some() {
        let is_patch = exchange.method == Method::Patch;
        let content = if is_patch { "application/merge-patch+json" } else { "application/json" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
    }
    Ok(request)
}

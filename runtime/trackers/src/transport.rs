//! Requests to a tracker. Reads are repeated when an answer is lost. Writes are repeated only if they surely had no
//! effect, and otherwise reported as unclear.

use std::net::IpAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use squall_plain_http::{authority, connect, pause, within};
use url::{Host, Url};

use crate::error::TrackerError;
use crate::patience::Patience;

/// The longest text of a server in a sentence, in characters.
const LONGEST_MESSAGE: usize = 300;

/// A client, as a rule with a token.
#[derive(Clone, Debug)]
pub struct HttpClient {
    /// The tracker's name, for sentences: `Azure DevOps`.
    name: &'static str,
    /// The header that carries the token. `None` where the address itself is the secret.
    credentials: Option<(HeaderName, HeaderValue)>,
    patience: Patience,
}

/// A request.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// `GET`, `POST`...
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// `Content-Type` and the body.
    pub body: Option<(&'static str, Bytes)>,
    /// Further headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The outcome of one exchange.
enum Exchange {
    Answer(HttpAnswer),
    /// No byte was sent.
    NotSent(String),
    /// The request was sent, and its answer is lost.
    Lost(String),
}

impl HttpClient {
    /// A client that sends these credentials, by default as [`AUTHORIZATION`].
    pub fn new(name: &'static str, credentials: (Option<HeaderName>, HeaderValue), patience: Patience) -> HttpClient {
        let (header, value) = credentials;
        HttpClient { name, credentials: Some((header.unwrap_or(AUTHORIZATION), value)), patience }
    }

    /// A client for addresses that are secrets: its sentences have their scheme and host only.
    pub fn for_secret_urls(name: &'static str, patience: Patience) -> HttpClient {
        HttpClient { name, credentials: None, patience }
    }

    /// The request in sentences.
    pub(crate) fn place(&self, request: &HttpRequest) -> String {
        match self.credentials {
            Some(_) => request.place(),
            None => format!("{} {}://{}", request.method, request.url.scheme(), authority(&request.url)),
        }
    }

    /// How long the tracker is waited for.
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    /// Sends a request that has no effect: as often as the patience allows if the answer is lost, or is 429 or 5xx.
    ///
    /// # Errors
    /// If there was no other answer. Surely nothing was done.
    pub async fn read(&self, request: &HttpRequest) -> Result<HttpAnswer, TrackerError> {
        let mut problem = String::new();
        for attempt in 0..self.patience.tries.max(1) {
            let mut wait = self.patience.pause_after(attempt);
            match self.exchange(request).await {
                Exchange::Answer(answer) if answer.is_busy() || answer.status.is_server_error() => {
                    wait = answer.retry_after().unwrap_or(wait);
                    problem = format!("{}{}", answer.status.as_u16(), detail(&answer));
                }
                Exchange::Answer(answer) if answer.is_half_json() => problem = "half an answer".to_owned(),
                Exchange::Answer(answer) => return Ok(answer),
                Exchange::NotSent(lost) | Exchange::Lost(lost) => problem = lost,
            }
            self.wait(attempt, wait).await;
        }
        let place = self.place(request);
        let tries = self.patience.tries.max(1);
        Err(TrackerError::refused(format!(
            "{} did not answer {place} in {tries} tries ({problem}): push again later",
            self.name
        )))
    }

    /// Sends a request that has an effect. It is repeated only if it surely had none: no connection, 429,
    /// or a 403 that limits requests.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) if it surely had no effect,
    /// [`ErrorKind::Unclear`](crate::ErrorKind::Unclear) if the answer was lost or is 5xx.
    pub async fn write(&self, request: &HttpRequest) -> Result<HttpAnswer, TrackerError> {
        let mut problem = String::new();
        let place = self.place(request);
        for attempt in 0..self.patience.tries.max(1) {
            let mut wait = self.patience.pause_after(attempt);
            match self.exchange(request).await {
                Exchange::Answer(answer) if answer.is_busy() => {
                    wait = answer.retry_after().unwrap_or(wait);
                    let status = answer.status.as_u16();
                    problem = format!("{} limits requests ({status}){}", self.name, detail(&answer));
                }
                Exchange::Answer(answer) if answer.status.is_server_error() => {
                    let status = answer.status.as_u16();
                    let detail = detail(&answer);
                    return Err(TrackerError::unclear(format!("{} answered {status} to {place}{detail}", self.name)));
                }
                Exchange::Answer(answer) => return Ok(answer),
                Exchange::NotSent(lost) => problem = format!("{}: {lost}", self.name),
                Exchange::Lost(lost) => {
                    return Err(TrackerError::unclear(format!(
                        "the answer of {} to {place} was lost: {lost}",
                        self.name
                    )));
                }
            }
            self.wait(attempt, wait).await;
        }
        let tries = self.patience.tries.max(1);
        Err(TrackerError::refused(format!("{problem}; {place} was not done in {tries} tries: push again later")))
    }

    /// Pauses, unless this was the last try.
    async fn wait(&self, attempt: u32, wait: Duration) {
        if attempt + 1 < self.patience.tries {
            pause(wait.min(self.patience.longest_pause)).await;
        }
    }

    async fn exchange(&self, request: &HttpRequest) -> Exchange {
        let late = || format!("no answer within {}", seconds(self.patience.exchange));
        let prepared = match self.prepare(request) {
            Ok(prepared) => prepared,
            Err(problem) => return Exchange::NotSent(problem),
        };
        let stream = match within(self.patience.exchange, connect(&request.url)).await {
            Some(Ok(stream)) => stream,
            Some(Err(problem)) => return Exchange::NotSent(format!("{problem}; check the address and the network")),
            None => return Exchange::NotSent(format!("no connection within {}", seconds(self.patience.exchange))),
        };
        let answer = async {
            let response = squall_plain_http::send(stream, prepared).await?;
            receive(response, self.patience.largest_answer).await
        };
        match within(self.patience.exchange, answer).await {
            Some(Ok(answer)) => Exchange::Answer(answer),
            Some(Err(problem)) => Exchange::Lost(problem),
            None => Exchange::Lost(late()),
        }
    }

    fn prepare(&self, request: &HttpRequest) -> Result<Request<Full<Bytes>>, String> {
        check_base(&request.url)?;
        let path = squall_plain_http::path(&request.url);
        let body = request.body.as_ref().map(|(_, body)| body.clone()).unwrap_or_default();
        let mut prepared = Request::new(Full::new(body));
        *prepared.method_mut() = request.method.clone();
        *prepared.uri_mut() = path.parse().map_err(|_| "the address has no path that can be sent".to_owned())?;
        let headers = prepared.headers_mut();
        headers.extend(squall_plain_http::headers(&request.url)?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some((content_type, _)) = request.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        headers.extend(request.headers.iter().cloned());
        if let Some((name, value)) = self.credentials.clone() {
            headers.insert(name, value);
        }
        Ok(prepared)
    }
}

impl HttpRequest {
    /// A request without a body.
    pub fn get(url: Url) -> HttpRequest {
        HttpRequest { method: Method::GET, url, body: None, headers: Vec::new() }
    }

    /// A request with JSON of this content type.
    pub fn json(method: Method, url: Url, content_type: &'static str, body: &Value) -> HttpRequest {
        let body = Some((content_type, Bytes::from(body.to_string())));
        HttpRequest { method, url, body, headers: Vec::new() }
    }

    /// `POST https://dev.azure.com/acme/...`, without the query: for sentences.
    pub fn place(&self) -> String {
        let url = &self.url;
        format!("{} {}://{}{}", self.method, url.scheme(), authority(url), url.path())
    }
}

impl HttpAnswer {
    /// The body as JSON, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether it claims to be JSON and is not.
    fn is_half_json(&self) -> bool {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        self.status == StatusCode::OK && content_type.starts_with("application/json") && self.json().is_none()
    }

    /// Whether it asks to come again later. GitHub says so by a 403, too, which differs from a refusal by its headers.
    fn is_busy(&self) -> bool {
        let is_limit = || self.headers.contains_key(RETRY_AFTER) || self.header("x-ratelimit-remaining") == Some("0");
        self.status == StatusCode::TOO_MANY_REQUESTS || (self.status == StatusCode::FORBIDDEN && is_limit())
    }

    /// The pause that the server asks for, in seconds; not as a date, which would need a clock.
    fn retry_after(&self) -> Option<Duration> {
        let seconds: f64 = self.header("retry-after")?.trim().parse().ok()?;
        (0.0..=86_400.0).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Whether a token may be sent there: over TLS, or to this machine.
///
/// # Errors
/// If it would be sent in the clear.
pub fn check_base(url: &Url) -> Result<(), String> {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" if url.host().is_some() => Ok(()),
        "http" if is_here => Ok(()),
        _ => Err(format!(
            "{}://{} has no TLS, and the token is not sent without: use https",
            url.scheme(),
            authority(url)
        )),
    }
}

/// A server's text for a sentence: one line, not steering its reader, not too long.
pub fn plain_message(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(LONGEST_MESSAGE).collect();
    squall_metrics::plain(&short).into_owned()
}

/// What trackers say in an error's body: `message` (Azure DevOps, GitHub, GitLab), `errorMessages` (Jira).
fn detail(answer: &HttpAnswer) -> String {
    let json = answer.json().unwrap_or_default();
    let text = json["message"].as_str().or(json["errorMessages"][0].as_str()).or(json["error"].as_str());
    text.map_or_else(String::new, |text| format!(": {}", plain_message(text)))
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

async fn receive(mut response: squall_plain_http::PlainResponse, largest: usize) -> Result<HttpAnswer, String> {
    let mut body = BytesMut::new();
    while let Some(piece) = response.next().await? {
        if body.len() + piece.len() > largest {
            return Err(format!("the answer is larger than {largest} bytes"));
        }
        body.extend_from_slice(&piece);
    }
    let headers = std::mem::take(&mut response.head.headers);
    Ok(HttpAnswer { status: response.head.status, headers, body: body.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_over_tls_or_to_this_machine_only() {
        for fine in ["https://dev.azure.com/a/", "http://127.0.0.1:8080/", "http://localhost/", "http://[::1]:1/"] {
            assert_eq!(check_base(&Url::parse(fine).unwrap()), Ok(()), "{fine}");
        }
        for clear in ["http://dev.azure.com/", "http://localhost.evil.com/", "http://10.0.0.1/", "ftp://127.0.0.1/"] {
            assert!(check_base(&Url::parse(clear).unwrap()).unwrap_err().contains("use https"), "{clear}");
        }
    }

    #[test]
    fn texts_of_servers_are_plain_and_short() {
        assert_eq!(plain_message("a\n##vso[task.complete]\u{1b}[2J"), "a # #vso[task.complete]\u{fffd}[2J");
        assert_eq!(plain_message(&"x".repeat(5000)).len(), LONGEST_MESSAGE);
    }

    #[test]
    fn a_403_that_limits_requests_is_not_a_refusal() {
        let is_busy = |name: &'static str, value: &'static str| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            HttpAnswer { status: StatusCode::FORBIDDEN, headers, body: Bytes::new() }.is_busy()
        };
        assert!(is_busy("retry-after", "60") && is_busy("x-ratelimit-remaining", "0"));
        assert!(!is_busy("x-ratelimit-remaining", "4999"));
    }

    #[test]
    fn a_secret_address_is_not_in_sentences() {
        let request = HttpRequest::get(Url::parse("https://hooks.slack.com/services/T0/B0/s3cret?sig=s3cret").unwrap());
        let client = HttpClient::for_secret_urls("the webhook", Patience::default());
        assert_eq!(client.place(&request), "GET https://hooks.slack.com");
    }

    #[test]
    fn only_sane_pauses_are_honoured() {
        let answer = |value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(value).unwrap())]);
            HttpAnswer { status: StatusCode::TOO_MANY_REQUESTS, headers, body: Bytes::new() }.retry_after()
        };
        assert_eq!(answer("12"), Some(Duration::from_secs(12)));
        for strange in ["-1", "NaN", "1e99", "", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(answer(strange), None, "{strange}");
        }
    }
}

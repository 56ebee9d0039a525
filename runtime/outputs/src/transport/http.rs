//! Sends by POST, over HTTP/1.1. Nothing here is measured, so each request has its own connection.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, StatusCode};
use squall_plain_http::{PlainResponse, connect, within};
use url::Url;

use super::Failure;

/// The time limit of a request, from the name look-up to the end of the response; k6's.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(5);
/// The most of a response that is read: its beginning has the error.
const MOST_OF_AN_ANSWER: usize = 4 * 1024;

pub(crate) struct HttpPost {
    url: Url,
    headers: HeaderMap,
}

impl HttpPost {
    /// Sends to this URL, whose user and password go into a header, with these headers.
    ///
    /// # Errors
    /// If a header cannot be sent.
    pub fn to(url: &Url, headers: &[(&str, &str)]) -> Result<HttpPost, String> {
        let mut all = squall_plain_http::headers(url)?;
        if let Some(credentials) = squall_plain_http::credentials(url) {
            all.insert(AUTHORIZATION, header_value(&credentials)?);
        }
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).map_err(|_| format!("\"{name}\" is not the name of a header"))?;
            all.insert(name, header_value(value)?);
        }
        Ok(HttpPost { url: url.clone(), headers: all })
    }

    pub async fn send(&self, body: &Bytes) -> Result<(), Failure> {
        let exchanged = within(EXCHANGE_TIMEOUT, self.exchange(body.clone())).await;
        let no_answer = || Err(format!("no answer in {}s", EXCHANGE_TIMEOUT.as_secs()));
        let (status, answer) = exchanged.unwrap_or_else(no_answer).map_err(Failure::Passing)?;
        if status.is_success() {
            return Ok(());
        }
        let said = answer.lines().next().unwrap_or_default().trim();
        let problem = format!("the answer is {status}{}{said}", if said.is_empty() { "" } else { ": " });
        // The server is busy, or down, by the specifications of remote write and OTLP. Other errors are permanent.
        let may_pass = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        Err(if may_pass { Failure::Passing(problem) } else { Failure::Final(problem) })
    }

    async fn exchange(&self, body: Bytes) -> Result<(StatusCode, String), String> {
        let request = Request::post(squall_plain_http::path(&self.url)).body(Full::new(body));
        let mut request = request.map_err(|error| error.to_string())?;
        *request.headers_mut() = self.headers.clone();
        let answer = squall_plain_http::send(connect(&self.url).await?, request).await?;
        Ok((answer.head.status, beginning(answer).await))
    }
}

/// The beginning of an answer, as far as it comes.
async fn beginning(mut answer: PlainResponse) -> String {
    let mut body = BytesMut::new();
    while body.len() < MOST_OF_AN_ANSWER {
        match answer.next().await {
            Ok(Some(data)) => body.extend_from_slice(&data),
            Ok(None) | Err(_) => break,
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

fn header_value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "the value of a header has invalid characters".to_owned())
}

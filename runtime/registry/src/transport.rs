//! One HTTP exchange with a registry, with a time limit for each step.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::CONTENT_LENGTH;
use hyper::{HeaderMap, Request, StatusCode};
use squall_plain_http::{authority, connect};
use url::Url;

use crate::error::RegistryError;

/// The longest silence of a registry.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes per second. A slower upload is given up.
const SLOWEST_UPLOAD: u64 = 16 << 10;

/// A registry's response.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The outcome of a request.
pub(crate) enum Exchanged {
    Answer(Answer),
    /// The response is larger than the limit; the rest was not read.
    TooLarge(usize),
}

/// Sends a request, and reads at most `limit` bytes of the response.
pub(crate) async fn exchange(
    url: &Url,
    request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<Exchanged, RegistryError> {
    let answered = answer_to(url, request, limit).await;
    answered.map_err(|problem| RegistryError::Unreachable { host: authority(url), problem })
}

async fn answer_to(url: &Url, mut request: Request<Full<Bytes>>, limit: usize) -> Result<Exchanged, String> {
    let path = squall_plain_http::path(url);
    *request.uri_mut() = path.parse().map_err(|_| format!("{path} is not a path"))?;
    request.headers_mut().extend(squall_plain_http::headers(url)?);
    let stream = within(PATIENCE, connect(url)).await?;
    // Sending a large file takes time.
    let patience = PATIENCE + Duration::from_secs(request.body().size_hint().lower() / SLOWEST_UPLOAD);
    receive(within(patience, squall_plain_http::send(stream, request)).await?, limit).await
}

async fn receive(mut answer: squall_plain_http::PlainResponse, limit: usize) -> Result<Exchanged, String> {
    let announced = answer.head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Ok(Exchanged::TooLarge(limit));
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or_default());
    while let Some(data) = within(PATIENCE, answer.next()).await? {
        if body.len() + data.len() > limit {
            return Ok(Exchanged::TooLarge(limit));
        }
        body.extend_from_slice(&data);
    }
    let headers = std::mem::take(&mut answer.head.headers);
    Ok(Exchanged::Answer(Answer { status: answer.head.status, headers, body: body.freeze() }))
}

async fn within<T>(patience: Duration, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = || Err(format!("no answer in {}s", patience.as_secs()));
    squall_plain_http::within(patience, work).await.unwrap_or_else(late)
}

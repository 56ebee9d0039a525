//! One HTTP exchange with an exporter or a Prometheus.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::Request;
use hyper::header::{ACCEPT, AUTHORIZATION};
use squall_plain_http::{PlainResponse, connect, within};
use url::Url;

/// Limit for a whole answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Maximum number of bytes read: the exporter of a large machine sends some megabytes.
const LARGEST: usize = 32 << 20;

/// The status and the text at an address; or the reason for their absence, as part of a sentence.
pub(crate) async fn get(url: &Url, accept: &str) -> Result<(u16, String), String> {
    let late = || Err(format!("no answer in {}s", PATIENCE.as_secs()));
    within(PATIENCE, exchange(url, accept)).await.unwrap_or_else(late)
}

async fn exchange(url: &Url, accept: &str) -> Result<(u16, String), String> {
    let mut request = Request::get(squall_plain_http::path(url)).header(ACCEPT, accept);
    if let Some(credentials) = squall_plain_http::credentials(url) {
        request = request.header(AUTHORIZATION, credentials);
    }
    let mut request = request.body(Full::<Bytes>::default()).map_err(|error| error.to_string())?;
    request.headers_mut().extend(squall_plain_http::headers(url)?);
    let answer = squall_plain_http::send(connect(url).await?, request).await?;
    let status = answer.head.status.as_u16();
    Ok((status, String::from_utf8_lossy(&receive(answer).await?).into_owned()))
}

async fn receive(mut answer: PlainResponse) -> Result<Bytes, String> {
    let mut body = BytesMut::new();
    while let Some(data) = answer.next().await? {
        if body.len() + data.len() > LARGEST {
            return Err(format!("its answer is larger than {LARGEST} bytes"));
        }
        body.extend_from_slice(&data);
    }
    Ok(body.freeze())
}

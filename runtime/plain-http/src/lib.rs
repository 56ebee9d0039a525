//! One HTTP exchange with a server beside the test: a registry, a database, an exporter.
//!
//! Nothing here is measured, so each exchange has a connection of its own, and problems are parts of sentences. This
//! crate must not know its callers' purposes, and the path of a measured request must not use it.

mod connect;
mod timeout;

pub use connect::{Stream, Trust, connect, connect_trusting};
pub use timeout::{pause, within};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderValue, USER_AGENT};
use hyper::http::response::Parts;
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::task::JoinHandle;
use url::{Position, Url};

/// The beginning of an answer, and the rest as it comes. The connection ends with it.
pub struct PlainResponse {
    /// Status and headers.
    pub head: Parts,
    body: Incoming,
    connection: JoinHandle<hyper::Result<()>>,
}

/// Sends a request.
///
/// # Errors
/// If the other side does not answer as HTTP/1.1 has it.
pub async fn send(stream: Box<dyn Stream>, request: Request<Full<Bytes>>) -> Result<PlainResponse, String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| describe(&error))?;
    let connection = tokio::spawn(connection);
    match sender.send_request(request).await {
        Ok(response) => {
            let (head, body) = response.into_parts();
            Ok(PlainResponse { head, body, connection })
        }
        Err(error) => {
            connection.abort();
            Err(describe(&error))
        }
    }
}

impl PlainResponse {
    /// The next piece of the body.
    ///
    /// # Errors
    /// If it does not come as it should.
    pub async fn next(&mut self) -> Result<Option<Bytes>, String> {
        while let Some(frame) = self.body.frame().await {
            if let Ok(data) = frame.map_err(|error| describe(&error))?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

impl Drop for PlainResponse {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// The headers of each request to this URL: host, one exchange per connection, and the user agent.
///
/// # Errors
/// If the host cannot be sent.
pub fn headers(url: &Url) -> Result<HeaderMap, String> {
    let host = HeaderValue::from_str(&authority(url)).map_err(|_| "this is not a host".to_owned())?;
    let agent = HeaderValue::from_static(concat!("squall/", env!("CARGO_PKG_VERSION")));
    Ok(HeaderMap::from_iter([(HOST, host), (CONNECTION, HeaderValue::from_static("close")), (USER_AGENT, agent)]))
}

/// The request's path and query.
pub fn path(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

/// The host, and the port if it is not the scheme's own.
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The value of `Authorization` for `https://name:password@host/`: the two are sent as written (RFC 7617).
pub fn credentials(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

/// An error with its cause.
fn describe(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("the exchange failed: {error}{cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_name_and_a_password_are_sent_as_written() {
        assert_eq!(credentials(&url("http://host/")), None);
        // The example of RFC 7617.
        let sent = credentials(&url("http://Aladdin:open%20sesame@host/")).unwrap();
        assert_eq!(sent, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(credentials(&url("http://ada@host/")).unwrap(), "Basic YWRhOg==");
        assert_eq!(credentials(&url("http://:%FF@host/")).unwrap(), "Basic Ov8=");
    }

    #[test]
    fn the_host_has_its_port_where_it_is_not_the_usual_one() {
        assert_eq!(authority(&url("https://a:443/x")), "a");
        assert_eq!(authority(&url("http://[::1]:9090/x")), "[::1]:9090");
        assert_eq!(headers(&url("http://a:9090/x")).unwrap()[HOST], "a:9090");
    }

    #[test]
    fn path_and_query_are_asked_for() {
        assert_eq!(path(&url("http://a/b?c=d#e")), "/b?c=d");
        assert_eq!(path(&url("http://a")), "/");
    }
}

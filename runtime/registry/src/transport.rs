//! One HTTP exchange with a registry: connect, TLS, send, receive. Nothing here is measured, so each request has a
//! connection of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::error::RegistryError;

/// How long a registry may say nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes a second. An upload that is slower is given up.
const SLOWEST_UPLOAD: u64 = 16 << 10;

/// What a registry answered.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Sends a request, and takes at most `limit` bytes of an answer.
pub(crate) async fn exchange(
    url: &Url,
    mut request: Request<Full<Bytes>>,
    limit: usize,
) -> Result<Answer, RegistryError> {
    let host = authority(url);
    let failed = |problem: String| RegistryError::Unreachable { host: host.clone(), problem };
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    *request.uri_mut() = path.parse().map_err(|_| failed(format!("{path} is no path")))?;
    let headers = request.headers_mut();
    headers.insert(HOST, host.parse().map_err(|_| failed("this is no host".to_owned()))?);
    headers.insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
    headers.insert(USER_AGENT, hyper::header::HeaderValue::from_static(concat!("squall/", env!("CARGO_PKG_VERSION"))));

    let stream = within(connect(url)).await.and_then(|connected| connected).map_err(failed)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(told(&error)))?;
    let connection = tokio::spawn(connection);
    // Sending a large file takes its time.
    let patience = PATIENCE + Duration::from_secs(request.body().size_hint().lower() / SLOWEST_UPLOAD);
    let sent = at_most(patience, sender.send_request(request)).await.map_err(failed)?;
    let response = sent.map_err(|error| failed(told(&error)))?;
    let answer = receive(response, limit).await.map_err(failed);
    connection.abort();
    answer
}

async fn receive(response: Response<Incoming>, limit: usize) -> Result<Answer, String> {
    let (head, mut incoming) = response.into_parts();
    let mut body = BytesMut::new();
    while let Some(frame) = within(incoming.frame()).await? {
        if let Ok(data) = frame.map_err(|error| told(&error))?.into_data() {
            if body.len() + data.len() > limit {
                return Err(format!("its answer is larger than {limit} bytes"));
            }
            body.extend_from_slice(&data);
        }
    }
    Ok(Answer { status: head.status, headers: head.headers, body: body.freeze() })
}

async fn connect(url: &Url) -> Result<Box<dyn Stream>, String> {
    let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let stream = TcpStream::connect((name.as_str(), port)).await.map_err(|error| format!("cannot connect: {error}"))?;
    if url.scheme() == "http" {
        return Ok(Box::new(stream));
    }
    let server = ServerName::try_from(name).map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(Arc::new(tls()?)).connect(server, stream).await;
    Ok(Box::new(stream.map_err(|error| format!("TLS: {error}"))?))
}

/// TLS with the authorities that the system trusts (or `SSL_CERT_FILE` and `SSL_CERT_DIR` name).
fn tls() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth())
}

/// The host, and the port if it is not the scheme's own.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[expect(clippy::disallowed_methods, reason = "nothing is measured here, and a few milliseconds do not matter")]
async fn at_most<T>(patience: Duration, work: impl Future<Output = T>) -> Result<T, String> {
    tokio::time::timeout(patience, work).await.map_err(|_| format!("no answer in {}s", patience.as_secs()))
}

async fn within<T>(work: impl Future<Output = T>) -> Result<T, String> {
    at_most(PATIENCE, work).await
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("the exchange failed: {error}{cause}")
}

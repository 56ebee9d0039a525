//! By POST, over HTTP/1.1. Nothing here is measured, so each request has a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONNECTION, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::Failure;
use crate::patience::within;

/// How long a request may take, from the look-up of the name to the end of the answer; k6's.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of an answer is read: what is wrong is said at its beginning.
const MOST_OF_AN_ANSWER: usize = 4 * 1024;

pub(crate) struct HttpPost {
    url: Url,
    headers: HeaderMap,
    tls: Option<TlsConnector>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl HttpPost {
    /// To this URL, whose user and password go into a header, with these headers.
    ///
    /// # Errors
    /// If a header cannot be sent, or TLS not be had.
    pub fn to(url: &Url, headers: &[(&str, &str)]) -> Result<HttpPost, String> {
        let mut all = HeaderMap::new();
        if let Some(authorization) = authorization(url) {
            all.insert(AUTHORIZATION, header_value(&authorization)?);
        }
        all.insert(HOST, header_value(&authority(url))?);
        all.insert(CONNECTION, HeaderValue::from_static("close"));
        all.insert(USER_AGENT, HeaderValue::from_static(concat!("squall/", env!("CARGO_PKG_VERSION"))));
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).map_err(|_| format!("\"{name}\" is no name of a header"))?;
            all.insert(name, header_value(value)?);
        }
        let tls = if url.scheme() == "https" { Some(tls()?) } else { None };
        Ok(HttpPost { url: url.clone(), headers: all, tls })
    }

    pub async fn send(&self, body: &Bytes) -> Result<(), Failure> {
        let exchanged = within(PATIENCE, self.exchange(body.clone())).await;
        let no_answer = || Err(format!("no answer in {}s", PATIENCE.as_secs()));
        let (status, answer) = exchanged.unwrap_or_else(no_answer).map_err(Failure::Passing)?;
        if status.is_success() {
            return Ok(());
        }
        let said = answer.lines().next().unwrap_or_default().trim();
        let problem = format!("the answer is {status}{}{said}", if said.is_empty() { "" } else { ": " });
        // The server is busy, or away: as remote write's specification and OTLP's have it. All else will be no better later.
        let may_pass = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        Err(if may_pass { Failure::Passing(problem) } else { Failure::Final(problem) })
    }

    async fn exchange(&self, body: Bytes) -> Result<(StatusCode, String), String> {
        let path = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut request = Request::post(path).body(Full::new(body)).map_err(|error| error.to_string())?;
        *request.headers_mut() = self.headers.clone();
        let stream = self.connect().await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| told(&error))?;
        let connection = tokio::spawn(connection);
        let exchanged = async {
            let response = sender.send_request(request).await.map_err(|error| told(&error))?;
            let status = response.status();
            Ok((status, beginning(response.into_body()).await))
        };
        let answer = exchanged.await;
        connection.abort();
        answer
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, String> {
        let name = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = self.url.port_or_known_default().unwrap_or(80);
        let stream = TcpStream::connect((name.as_str(), port)).await;
        let stream = stream.map_err(|error| format!("cannot connect: {error}"))?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let server = ServerName::try_from(name).map_err(|error| error.to_string())?;
        Ok(Box::new(tls.connect(server, stream).await.map_err(|error| format!("TLS: {error}"))?))
    }
}

/// The beginning of an answer, as far as it comes.
async fn beginning(mut incoming: Incoming) -> String {
    let mut body = BytesMut::new();
    while body.len() < MOST_OF_AN_ANSWER {
        match incoming.frame().await {
            Some(Ok(frame)) => body.extend_from_slice(frame.data_ref().map_or(&[][..], |data| &data[..])),
            Some(Err(_)) | None => break,
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

fn authorization(url: &Url) -> Option<String> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password) = (decoded(url.username()), decoded(url.password().unwrap_or_default()));
    (!user.is_empty()).then(|| format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

fn header_value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| "a header holds what no header can hold".to_owned())
}

/// The host, and the port if it is not the scheme's own.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// TLS with the authorities that the system trusts (or `SSL_CERT_FILE` and `SSL_CERT_DIR` name).
fn tls() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// An error with its cause.
fn told(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("the exchange failed: {error}{cause}")
}

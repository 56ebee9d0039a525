//! One HTTP exchange with an exporter or a Prometheus. Nothing here is measured, so each has a connection of its own.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, HOST, USER_AGENT};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

/// How long an answer may take, all in all.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most of an answer that is read: an exporter of a large machine says some megabytes.
const LARGEST: usize = 32 << 20;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The status and the text behind an address; or, as part of a sentence, why there is none.
pub(crate) async fn get(url: &Url, accept: &str) -> Result<(u16, String), String> {
    within(PATIENCE, exchange(url, accept)).await
}

async fn exchange(url: &Url, accept: &str) -> Result<(u16, String), String> {
    let host = url.host_str().unwrap_or_default();
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut request = Request::get(path)
        .header(HOST, authority)
        .header(CONNECTION, "close")
        .header(ACCEPT, accept)
        .header(USER_AGENT, concat!("squall/", env!("CARGO_PKG_VERSION")));
    if let Some(credentials) = credentials(url) {
        request = request.header(AUTHORIZATION, credentials);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| error.to_string())?;
    let stream = connect(url).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| told(&error))?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| told(&error))?;
    let status = response.status().as_u16();
    let body = receive(response.into_body()).await;
    connection.abort();
    Ok((status, String::from_utf8_lossy(&body?).into_owned()))
}

async fn receive(mut incoming: Incoming) -> Result<Bytes, String> {
    let mut body = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        if let Ok(data) = frame.map_err(|error| told(&error))?.into_data() {
            if body.len() + data.len() > LARGEST {
                return Err(format!("its answer is larger than {LARGEST} bytes"));
            }
            body.extend_from_slice(&data);
        }
    }
    Ok(body.freeze())
}

async fn connect(url: &Url) -> Result<Box<dyn Stream>, String> {
    let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    let stream = TcpStream::connect((name.as_str(), port)).await.map_err(|error| format!("cannot connect: {error}"))?;
    if url.scheme() == "http" {
        return Ok(Box::new(stream));
    }
    let server = ServerName::try_from(name).map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(tls()?).connect(server, stream).await;
    Ok(Box::new(stream.map_err(|error| format!("TLS: {error}"))?))
}

/// TLS with the authorities that the system trusts (or `SSL_CERT_FILE` and `SSL_CERT_DIR` name), read once.
fn tls() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: LazyLock<Result<Arc<ClientConfig>, String>> = LazyLock::new(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| error.to_string())?;
        Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
    });
    CONFIG.clone()
}

/// `https://name:password@host/`: what the user wrote is what is sent.
fn credentials(url: &Url) -> Option<String> {
    let (name, password) = (url.username(), url.password().unwrap_or_default());
    if name.is_empty() && password.is_empty() {
        return None;
    }
    let plain = |text: &str| percent_decoded(text);
    Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", plain(name), plain(password)))))
}

/// What a browser makes of `%40`: addresses cannot hold every letter as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.filter(|_| first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[expect(clippy::disallowed_methods, reason = "nothing is measured here, and a few milliseconds do not matter")]
async fn within<T>(patience: Duration, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = |_| format!("no answer in {}s", patience.as_secs());
    tokio::time::timeout(patience, work).await.map_err(late)?
}

/// An error with its cause.
fn told(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("the exchange failed: {error}{cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_password_are_sent_as_written() {
        let credentials = |address: &str| credentials(&Url::parse(address).unwrap());
        assert_eq!(credentials("http://host/"), None);
        // The example of RFC 7617.
        let sent = credentials("http://Aladdin:open%20sesame@host/").unwrap();
        assert_eq!(sent, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}

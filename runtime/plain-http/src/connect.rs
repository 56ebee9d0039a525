//! Connections: TCP, and TLS with the authorities that the system trusts.

use std::sync::{Arc, LazyLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

/// A connection, with or without TLS.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The authorities that a server's certificate is to come from.
#[derive(Clone, Debug)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// The authorities of a PEM file, and no others.
    ///
    /// # Errors
    /// If it has none.
    pub fn in_pem(pem: &[u8]) -> Result<Trust, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).filter_map(Result::ok));
        if roots.is_empty() {
            return Err("no certificate in PEM".to_owned());
        }
        configure(roots).map(Trust)
    }
}

/// Connects to a URL's host; with TLS unless its scheme is `http`.
///
/// # Errors
/// If no server answers, or the system does not trust its certificate.
pub async fn connect(url: &Url) -> Result<Box<dyn Stream>, String> {
    connect_by(url, tls).await
}

/// Connects as [`connect`] does, but trusts these authorities only.
///
/// # Errors
/// If no server answers, or its certificate comes from another authority.
pub async fn connect_trusting(url: &Url, trust: &Trust) -> Result<Box<dyn Stream>, String> {
    connect_by(url, || Ok(Arc::clone(&trust.0))).await
}

async fn connect_by(
    url: &Url,
    tls: impl FnOnce() -> Result<Arc<ClientConfig>, String>,
) -> Result<Box<dyn Stream>, String> {
    let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
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
        configure(roots)
    });
    CONFIG.clone()
}

fn configure(roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

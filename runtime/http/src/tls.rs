//! TLS: the trusted certificates, settled once for a run. Its threads share them, so that sessions are resumed across
//! threads.

mod given;
mod identity;
mod offer;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, HandshakeKind, ProtocolVersion, RootCertStore, SignatureScheme};
use thiserror::Error;
use tracing::{debug, enabled};

use crate::config::TlsConfig;
use crate::url::Origin;
use given::TrustGiven;
use identity::Identity;
use offer::Offer;

/// Why TLS cannot be set up.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TlsError {
    /// The file of authorities cannot be used.
    #[error("--cacert {}: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// The defect.
        reason: String,
    },
    /// A certificate of the client's own cannot be used.
    #[error("{0}")]
    ClientCertificate(String),
    /// The versions or the cipher suites cannot be offered.
    #[error("{0}")]
    Offer(String),
}

/// The TLS settings of a run. Cheap to clone; clones share their sessions.
#[derive(Clone)]
pub struct SharedTls(Arc<Inner>);

struct Inner {
    insecure: bool,
    extra_roots: Vec<CertificateDer<'static>>,
    offer: Offer,
    /// Certificates of the client's own.
    identities: Vec<Identity>,
    /// One for each identity, and one without. Made when first needed: reading the system's authorities takes
    /// milliseconds that plain HTTP need not spend.
    clients: Vec<OnceLock<Result<Clients, String>>>,
    /// The name to send instead of the host's.
    server_name: Option<ServerName<'static>>,
}

/// The settings as rustls has them, for each choice of protocols.
struct Clients {
    http1: Arc<rustls::ClientConfig>,
    http2: Arc<rustls::ClientConfig>,
    either: Arc<rustls::ClientConfig>,
    http3: Arc<rustls::ClientConfig>,
    bare: Arc<rustls::ClientConfig>,
}

/// The protocols that a server may choose from (ALPN, RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alpn {
    Http1,
    Http2,
    Either,
    /// Over QUIC.
    Http3,
    /// Nothing is offered.
    Nothing,
}

impl fmt::Debug for SharedTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SharedTls").field("insecure", &self.0.insecure).finish_non_exhaustive()
    }
}

impl SharedTls {
    /// Settings as configured. The file of authorities is read here, the system's authorities when first needed.
    pub fn build(config: &TlsConfig) -> Result<SharedTls, TlsError> {
        let extra_roots = match &config.ca_file {
            Some(path) => read_certificates(path)?,
            None => Vec::new(),
        };
        let offer = Offer::new(config).map_err(TlsError::Offer)?;
        let identities: Result<Vec<Identity>, _> = config.identities.iter().map(Identity::load).collect();
        let identities = identities.map_err(TlsError::ClientCertificate)?;
        let server_name = config.server_name.clone().map(ServerName::try_from).transpose();
        let server_name = server_name.map_err(|_| TlsError::Offer("--tls-server-name is not a name".to_owned()))?;
        let clients = (0..=identities.len()).map(|_| OnceLock::new()).collect();
        let insecure = config.insecure;
        Ok(SharedTls(Arc::new(Inner { insecure, extra_roots, offer, identities, clients, server_name })))
    }

    /// The settings for a host, as rustls has them.
    pub(crate) fn client_for(&self, host: &str, alpn: Alpn) -> Result<Arc<rustls::ClientConfig>, String> {
        let Inner { identities, clients, offer, .. } = &*self.0;
        if alpn == Alpn::Http3 && !offer.is_for_quic() {
            return Err("QUIC needs TLS 1.3 with TLS_AES_128_GCM_SHA256 (see --tls-max and --tls-ciphers)".to_owned());
        }
        let place = identities.iter().position(|identity| identity.is_for(host));
        let clients = &clients[place.map_or(0, |place| place + 1)];
        let identity = place.map(|place| &identities[place]);
        let make =
            || self.0.make_client(identity).map(|client| self.0.offers_of(client)).map_err(|error| error.to_string());
        let clients = clients.get_or_init(make).as_ref().map_err(Clone::clone)?;
        Ok(Arc::clone(match alpn {
            Alpn::Http1 => &clients.http1,
            Alpn::Http2 => &clients.http2,
            Alpn::Either => &clients.either,
            Alpn::Http3 => &clients.http3,
            Alpn::Nothing => &clients.bare,
        }))
    }

    /// The name to send to a host, and to look for in its certificate.
    pub(crate) fn server_name(&self, host: &str) -> Result<ServerName<'static>, String> {
        match &self.0.server_name {
            Some(name) => Ok(name.clone()),
            None => ServerName::try_from(host.to_owned()).map_err(|error| error.to_string()),
        }
    }
}

impl Inner {
    /// The same for each choice of protocols. They share their sessions over TCP: the protocol is agreed on anew when one is
    /// resumed. Sessions over QUIC are of another kind.
    fn offers_of(&self, client: rustls::ClientConfig) -> Clients {
        let with = |protocols: &[&[u8]], client: &rustls::ClientConfig| {
            let mut client = client.clone();
            client.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            Arc::new(client)
        };
        let mut over_quic = client.clone();
        if self.offer.resumes {
            over_quic.resumption = Resumption::default();
        }
        Clients {
            http1: with(&[b"http/1.1"], &client),
            http2: with(&[b"h2"], &client),
            either: with(&[b"h2", b"http/1.1"], &client),
            http3: with(&[b"h3"], &over_quic),
            bare: with(&[], &client),
        }
    }

    /// The one place where settings for rustls are made.
    fn make_client(&self, identity: Option<&Identity>) -> Result<rustls::ClientConfig, rustls::Error> {
        let provider = Arc::new(self.offer.provider());
        let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(&self.offer.versions)?;
        let builder = match (self.insecure, &*self.extra_roots) {
            (true, _) => builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustAnyone(provider))),
            (false, []) => builder.with_root_certificates(self.roots()),
            (false, given) => {
                let usual = WebPkiServerVerifier::builder_with_provider(self.roots().into(), provider).build();
                let usual = usual.map_err(|error| rustls::Error::General(error.to_string()))?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustGiven::new(usual, given)))
            }
        };
        let mut client = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder.with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())?,
        };
        if !self.offer.resumes {
            client.resumption = Resumption::disabled();
        }
        Ok(client)
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        // Unreadable certificates of the system are skipped: a server that needs one will be refused by name.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.extra_roots.iter().cloned());
        roots
    }
}

/// Reports what client and server have agreed on, to the diagnostic log.
pub(crate) fn report_handshake(origin: &Origin, connection: &rustls::ClientConnection) {
    if !enabled!(tracing::Level::DEBUG) {
        return;
    }
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        _ => "1.2",
    };
    let cipher = connection.negotiated_cipher_suite().map(offer::name_of).unwrap_or_default();
    let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
    debug!(origin = origin.authority, version, cipher, resumed, "TLS handshake");
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |reason: String| TlsError::CaFile { path: path.to_owned(), reason };
    let text = read_bounded(path).map_err(|error| wrong(error.to_string()))?;
    certificates(&text).map_err(wrong)
}

/// The certificates of a text in PEM; else a part of a sentence.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| format!("this is not PEM: {error}"))?;
    if certificates.is_empty() {
        return Err("there is no certificate in it (PEM is expected: -----BEGIN CERTIFICATE-----)".to_owned());
    }
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|error| error.to_string())?;
    }
    Ok(certificates)
}

/// The contents of a file, at most as many bytes as all authorities of the world could take: some files have no end.
fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    const LARGEST: u64 = 16 << 20;
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Accepts any certificate, for `insecure`. Signatures are not looked at either.
#[derive(Debug)]
struct TrustAnyone(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &str) -> String {
        let config = TlsConfig { ca_file: Some(path.into()), ..TlsConfig::default() };
        SharedTls::build(&config).unwrap_err().to_string()
    }

    #[test]
    fn a_file_that_is_no_certificate_is_named() {
        assert_eq!(refusal("/no/such/file"), "--cacert /no/such/file: No such file or directory (os error 2)");
        assert!(refusal("/dev/null").contains("no certificate in it"));
        assert!(refusal("/dev/zero").contains("no certificate in it"));
        assert!(refusal("/").starts_with("--cacert /: Is a directory"));
    }
}

//! TLS: the trusted certificates, settled once for a run. Its threads share them, so that sessions are resumed across
//! threads.

mod given;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use thiserror::Error;

use crate::config::TlsConfig;
use given::TrustGiven;

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
}

/// The TLS settings of a run. Cheap to clone; clones share their sessions.
#[derive(Clone)]
pub struct SharedTls(Arc<Inner>);

struct Inner {
    insecure: bool,
    extra_roots: Vec<CertificateDer<'static>>,
    /// Made when first needed: reading the system's authorities takes milliseconds that plain HTTP need not spend.
    client: OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
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
        Ok(SharedTls(Arc::new(Inner { insecure: config.insecure, extra_roots, client: OnceLock::new() })))
    }

    /// The settings as rustls has them.
    pub(crate) fn client(&self) -> Result<Arc<rustls::ClientConfig>, String> {
        self.0.client.get_or_init(|| self.0.make_client().map_err(|error| error.to_string())).clone()
    }
}

impl Inner {
    fn make_client(&self) -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions()?;
        let builder = match (self.insecure, &*self.extra_roots) {
            (true, _) => builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustAnyone(provider))),
            (false, []) => builder.with_root_certificates(self.roots()),
            (false, given) => {
                let usual = WebPkiServerVerifier::builder_with_provider(self.roots().into(), provider).build();
                let usual = usual.map_err(|error| rustls::Error::General(error.to_string()))?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustGiven::new(usual, given)))
            }
        };
        let mut client = builder.with_no_client_auth();
        client.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(client))
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        // Unreadable certificates of the system are skipped: a server that needs one will be refused by name.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.extra_roots.iter().cloned());
        roots
    }
}

fn read_certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |reason: String| TlsError::CaFile { path: path.clone(), reason };
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
fn read_bounded(path: &PathBuf) -> std::io::Result<Vec<u8>> {
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
        let config = TlsConfig { insecure: false, ca_file: Some(path.into()) };
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

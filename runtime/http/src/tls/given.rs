//! Servers whose own certificate is one that the user gave, as made by `openssl req -x509` with its defaults: an
//! authority's certificate (`CA:TRUE`) that signs only itself, with its host in the common name alone. rustls does not
//! accept an authority as a server; curl and browsers do if the user gave it. So does this verifier, for exactly the
//! certificates given, and after the same checks.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use webpki::EndEntityCert;

/// Accepts what `usual` accepts, and servers that have one of the given certificates.
#[derive(Debug)]
pub(super) struct TrustGiven {
    usual: Arc<WebPkiServerVerifier>,
    given: Vec<CertificateDer<'static>>,
}

impl TrustGiven {
    pub(super) fn new(usual: Arc<WebPkiServerVerifier>, given: &[CertificateDer<'static>]) -> TrustGiven {
        TrustGiven { usual, given: given.to_vec() }
    }
}

impl ServerCertVerifier for TrustGiven {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let usual = self.usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match usual {
            Err(error) if is_about_trust_or_name(&error) && self.given.contains(end_entity) => {
                match names(end_entity, server_name) {
                    true => Ok(ServerCertVerified::assertion()),
                    false => Err(CertificateError::NotValidForName.into()),
                }
            }
            usual => usual,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

/// Whether the issuer or the name was the only reason to refuse a certificate. Its validity is checked before either,
/// so an expired one is refused for that.
fn is_about_trust_or_name(error: &Error) -> bool {
    let Error::InvalidCertificate(reason) = error else { return false };
    match reason {
        CertificateError::UnknownIssuer
        | CertificateError::NotValidForName
        | CertificateError::NotValidForNameContext { .. } => true,
        CertificateError::Other(other) => {
            matches!(other.0.downcast_ref::<webpki::Error>(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}

/// Whether a certificate is for that host: by its alternative names or, where it has none, by its common name.
fn names(certificate: &CertificateDer<'_>, host: &ServerName<'_>) -> bool {
    let Ok(parsed) = EndEntityCert::try_from(certificate) else { return false };
    match parsed.verify_is_valid_for_subject_name(host) {
        Ok(()) => true,
        Err(webpki::Error::CertNotValidForName(context)) if context.presented.is_empty() => {
            common_name(parsed.subject()).is_some_and(|name| is_same_host(name, host))
        }
        Err(_) => false,
    }
}

fn is_same_host(name: &str, host: &ServerName<'_>) -> bool {
    match host {
        ServerName::IpAddress(address) => name.parse::<IpAddr>().is_ok_and(|named| named == IpAddr::from(*address)),
        _ => name.eq_ignore_ascii_case(&host.to_str()),
    }
}

/// The common name of a subject, as DER has it: the object identifier 2.5.4.3, a kind of string, its length, and the text.
fn common_name(subject: &[u8]) -> Option<&str> {
    const IDENTIFIER: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
    let place = subject.windows(IDENTIFIER.len()).rposition(|bytes| bytes == IDENTIFIER)?;
    let [_, length, text @ ..] = &subject[place + IDENTIFIER.len()..] else { return None };
    std::str::from_utf8(text.get(..usize::from(*length))?).ok()
}

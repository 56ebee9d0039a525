//! What a client offers in a handshake: versions, cipher suites, and whether it resumes sessions.

use rustls::crypto::{CryptoProvider, ring};
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, SupportedProtocolVersion};

use crate::config::{TlsConfig, TlsVersion};

/// A choice that rustls can make.
#[derive(Debug)]
pub(super) struct Offer {
    /// At least one.
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
    /// At least one.
    suites: Vec<rustls::SupportedCipherSuite>,
    pub(super) resumes: bool,
}

impl Offer {
    /// The choice that was configured; the error is a sentence for users.
    pub(super) fn new(config: &TlsConfig) -> Result<Offer, String> {
        let lowest = config.lowest.unwrap_or(TlsVersion::Tls12);
        let highest = config.highest.unwrap_or(TlsVersion::Tls13);
        let all = [(TlsVersion::Tls13, &TLS13), (TlsVersion::Tls12, &TLS12)];
        let within = all.into_iter().filter(|(version, _)| (lowest..=highest).contains(version));
        let mut versions: Vec<_> = within.map(|(_, version)| version).collect();
        if versions.is_empty() {
            return Err("--tls-min is a later version than --tls-max".to_owned());
        }
        let known = ring::default_provider().cipher_suites;
        let mut suites = Vec::new();
        for name in &config.cipher_suites {
            let suite = known.iter().find(|suite| name_of(**suite).eq_ignore_ascii_case(name));
            let suite = suite.copied().ok_or_else(|| {
                let names: Vec<String> = known.iter().map(|suite| name_of(*suite)).collect();
                format!(
                    "--tls-ciphers: {name:?} is not a cipher suite that can be spoken; there are {}",
                    names.join(", ")
                )
            })?;
            suites.push(suite);
        }
        if suites.is_empty() {
            suites = known;
        }
        versions.retain(|version| suites.iter().any(|suite| suite.version().version == version.version));
        if versions.is_empty() {
            return Err("--tls-ciphers: none of these is one of a version of TLS that may be spoken".to_owned());
        }
        Ok(Offer { versions, suites, resumes: !config.no_resumption })
    }

    /// Whether QUIC can be spoken: it needs TLS 1.3, and begins with one suite of it (RFC 9001, section 5.2).
    pub(super) fn is_for_quic(&self) -> bool {
        let speaks = self.versions.iter().any(|version| version.version == TLS13.version);
        speaks && self.suites.iter().any(|suite| suite.suite() == CipherSuite::TLS13_AES_128_GCM_SHA256)
    }

    /// ring, with these cipher suites.
    pub(super) fn provider(&self) -> CryptoProvider {
        CryptoProvider { cipher_suites: self.suites.clone(), ..ring::default_provider() }
    }
}

/// The name of a cipher suite in the registry of IANA, as curl, Go and k6 have it.
pub(crate) fn name_of(suite: rustls::SupportedCipherSuite) -> String {
    format!("{:?}", suite.suite()).replace("TLS13_", "TLS_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(
        lowest: Option<TlsVersion>,
        highest: Option<TlsVersion>,
        suites: &[&str],
    ) -> Result<(usize, usize), String> {
        let cipher_suites = suites.iter().map(|name| (*name).to_owned()).collect();
        let offer = Offer::new(&TlsConfig { lowest, highest, cipher_suites, ..TlsConfig::default() })?;
        Ok((offer.versions.len(), offer.provider().cipher_suites.len()))
    }

    #[test]
    fn versions_and_suites_are_chosen_together() {
        const OF_12: &str = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        let all = ring::default_provider().cipher_suites.len();
        assert_eq!(offer(None, None, &[]), Ok((2, all)));
        assert_eq!(offer(Some(TlsVersion::Tls13), None, &[]), Ok((1, all)));
        assert_eq!(offer(None, Some(TlsVersion::Tls12), &[]), Ok((1, all)));
        assert_eq!(offer(None, None, &["tls_aes_128_gcm_sha256", OF_12]), Ok((2, 2)));
        // With suites of one version alone, only that is spoken.
        assert_eq!(offer(None, None, &[OF_12]), Ok((1, 1)));
    }

    #[test]
    fn an_offer_of_nothing_is_refused() {
        let refusal = |lowest, highest, suites: &[&str]| offer(lowest, highest, suites).unwrap_err();
        assert!(refusal(Some(TlsVersion::Tls13), Some(TlsVersion::Tls12), &[]).contains("later"));
        let unknown = refusal(None, None, &["TLS_RSA_WITH_RC4_128_SHA"]);
        assert!(
            unknown.contains("\"TLS_RSA_WITH_RC4_128_SHA\" is not") && unknown.contains("TLS_AES_256_GCM_SHA384"),
            "{unknown}"
        );
        assert!(refusal(None, Some(TlsVersion::Tls12), &["TLS_AES_128_GCM_SHA256"]).contains("none of these"));
    }
}

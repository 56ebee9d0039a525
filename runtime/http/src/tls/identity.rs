//! Certificates of the client's own, and the hosts that they are shown to.

use std::borrow::Cow;
use std::fmt;

use p12_keystore::KeyStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{certificates, read_bounded};
use crate::config::{ClientIdentity, Material, Password};

/// A certificate, those that vouch for it, and its key.
pub(super) struct Identity {
    hosts: Vec<String>,
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Identity").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads the files. The error is a sentence for users, without anything of their content.
    pub(super) fn load(config: &ClientIdentity) -> Result<Identity, String> {
        let hosts = config.hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        let certificate = read(&config.certificate)?;
        let wrong = |material: &Material, reason: String| format!("{}: {reason}", name_of(material));
        if !is_pem(&certificate) {
            let password = config.password.as_ref().map_or("", |Password(password)| password);
            let (chain, key) =
                read_pkcs12(&certificate, password).map_err(|reason| wrong(&config.certificate, reason))?;
            return Identity { hosts, chain, key }.checked(&config.certificate);
        }
        let chain = certificates(&certificate).map_err(|reason| wrong(&config.certificate, reason))?;
        let key_material = config.key.as_ref().unwrap_or(&config.certificate);
        let key_text = if config.key.is_some() { read(key_material)? } else { certificate };
        let key = read_key(&key_text).map_err(|reason| wrong(key_material, reason))?;
        Identity { hosts, chain, key }.checked(key_material)
    }

    /// Whether it is shown to that host. `*` stands for one label, or for several, as in k6.
    pub(super) fn is_for(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let fits = |pattern: &String| match pattern.strip_prefix('*') {
            Some(ending) => host.len() > ending.len() && host.ends_with(ending),
            None => *pattern == host,
        };
        self.hosts.is_empty() || self.hosts.iter().any(fits)
    }

    /// Whether the key is one that can be used, and belongs to the certificate.
    fn checked(self, key: &Material) -> Result<Identity, String> {
        let provider = rustls::crypto::ring::default_provider();
        match rustls::sign::CertifiedKey::from_der(self.chain.clone(), self.key.clone_key(), &provider) {
            Ok(_) => Ok(self),
            Err(error) => Err(format!("{}: the key cannot be used with this certificate: {error}", name_of(key))),
        }
    }
}

/// A certificate, those that vouch for it, and its key.
type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The first key of a PKCS#12 file, and its certificates.
fn read_pkcs12(bytes: &[u8], password: &str) -> Result<ChainAndKey, String> {
    let store = KeyStore::from_pkcs12(bytes, password).map_err(|error| {
        format!("this is neither PEM nor PKCS#12, or the password (--cert-password) is wrong: {error}")
    })?;
    let (_, found) = store.private_key_chain().ok_or("there is no private key in it")?;
    let chain = found.chain().iter().map(|one| CertificateDer::from(one.as_der().to_vec())).collect();
    Ok((chain, PrivatePkcs8KeyDer::from(found.key().to_vec()).into()))
}

fn name_of(material: &Material) -> String {
    match material {
        Material::File(path) => format!("the client certificate or key in {}", path.display()),
        Material::Pem(_) => "the client certificate or key in PEM".to_owned(),
    }
}

fn read(material: &Material) -> Result<Cow<'_, [u8]>, String> {
    match material {
        Material::Pem(text) => Ok(Cow::Borrowed(text.as_bytes())),
        Material::File(path) => {
            read_bounded(path).map(Cow::Owned).map_err(|error| format!("{}: {error}", name_of(material)))
        }
    }
}

fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(PEM_BEGIN.len()).any(|part| part == PEM_BEGIN)
}

const PEM_BEGIN: &[u8] = b"-----BEGIN ";

/// The private key of a text in PEM: PKCS#8, PKCS#1 or SEC1.
fn read_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    let contains = |part: &[u8]| pem.windows(part.len()).any(|found| found == part);
    if contains(b"BEGIN ENCRYPTED PRIVATE KEY") || contains(b"Proc-Type: 4,ENCRYPTED") {
        return Err("the key is encrypted: write it without a password (openssl pkey -in FILE -out OTHER)".to_owned());
    }
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|_| "there is no private key in it (PEM is expected: -----BEGIN PRIVATE KEY-----)".to_owned())
}

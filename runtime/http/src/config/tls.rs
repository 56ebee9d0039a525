//! What a client shows of itself in a TLS handshake, and the versions that it speaks.

use std::fmt;
use std::path::PathBuf;

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// A certificate of the client's own, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// Hosts that it is shown to: names, or groups of names such as `*.shop.test`; all, if there are none.
    pub hosts: Vec<String>,
    /// The certificate and those that vouch for it: PEM, or PKCS#12 with the key.
    pub certificate: Material,
    /// The key in PEM; it is beside the certificate, if not given.
    pub key: Option<Material>,
    /// The password of a PKCS#12 file.
    pub password: Option<Password>,
}

/// Where a certificate or a key is.
#[derive(Clone, PartialEq, Eq)]
pub enum Material {
    /// In a file.
    File(PathBuf),
    /// Here, as text in PEM.
    Pem(String),
}

/// The path, but not the text.
impl fmt::Debug for Material {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Material::File(path) => path.fmt(formatter),
            Material::Pem(_) => formatter.write_str("PEM"),
        }
    }
}

/// A text that is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("hidden")
    }
}

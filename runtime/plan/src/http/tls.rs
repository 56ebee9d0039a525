//! What a plan says about TLS, beside the certificates to trust: client certificates, versions, ciphers.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::HttpOptions;
use crate::PlanError;

/// What is settled about TLS; see [`HttpOptions`] for what each means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsPlan {
    /// The client's own certificates; the first that is for a host is shown to it.
    pub certificates: Vec<PlannedCertificate>,
    /// The lowest version; 1.2 unless said otherwise.
    pub lowest: TlsVersion,
    /// The highest version; 1.3 unless said otherwise.
    pub highest: TlsVersion,
    /// The cipher suites to offer; all, if there are none.
    pub ciphers: Vec<String>,
    /// The name to send and to look for, instead of the host's.
    pub server_name: Option<String>,
    /// Whether each handshake is a full one.
    pub no_resumption: bool,
}

impl Default for TlsPlan {
    fn default() -> TlsPlan {
        TlsPlan {
            certificates: Vec::new(),
            lowest: TlsVersion::Tls12,
            highest: TlsVersion::Tls13,
            ciphers: Vec::new(),
            server_name: None,
            no_resumption: false,
        }
    }
}

/// A certificate of the client's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCertificate {
    /// Hosts that it is shown to; all, if there are none.
    #[serde(default, alias = "domains")]
    pub hosts: Vec<String>,
    /// The certificate.
    pub cert: CertificateText,
    /// Its key; it is beside the certificate, if not given.
    #[serde(default)]
    pub key: Option<CertificateText>,
    /// Where the password of a PKCS#12 file comes from.
    #[serde(default)]
    pub password: Option<PasswordSource>,
}

/// A certificate of the client's own, whose password may have been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCertificate {
    /// Hosts that it is shown to; all, if there are none.
    pub hosts: Vec<String>,
    /// The certificate.
    pub cert: CertificateText,
    /// Its key; it is beside the certificate, if not given.
    pub key: Option<CertificateText>,
    /// The password of a PKCS#12 file.
    pub password: Option<PlannedPassword>,
}

/// A password: where it comes from, until the caller of the plan has read it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlannedPassword {
    /// It is to be read from there.
    At(PasswordSource),
    /// The password itself, for machines that connect, not for readers.
    Read(String),
}

impl fmt::Debug for PlannedPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlannedPassword::At(source) => source.fmt(formatter),
            PlannedPassword::Read(_) => formatter.write_str("hidden"),
        }
    }
}

impl From<ClientCertificate> for PlannedCertificate {
    fn from(ClientCertificate { hosts, cert, key, password }: ClientCertificate) -> PlannedCertificate {
        PlannedCertificate { hosts, cert, key, password: password.map(PlannedPassword::At) }
    }
}

/// A certificate or a key: in a file, or as text in PEM.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum CertificateText {
    /// In this file.
    File(PathBuf),
    /// This text.
    Pem(String),
}

impl CertificateText {
    /// The file, if it is in one.
    pub fn file(&self) -> Option<&PathBuf> {
        match self {
            CertificateText::File(path) => Some(path),
            CertificateText::Pem(_) => None,
        }
    }
}

impl From<String> for CertificateText {
    fn from(text: String) -> CertificateText {
        if text.contains("-----BEGIN ") { CertificateText::Pem(text) } else { CertificateText::File(text.into()) }
    }
}

impl From<CertificateText> for String {
    fn from(text: CertificateText) -> String {
        match text {
            CertificateText::File(path) => path.to_string_lossy().into_owned(),
            CertificateText::Pem(text) => text,
        }
    }
}

/// The path, but not the text.
impl fmt::Display for CertificateText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CertificateText::File(path) => path.display().fmt(formatter),
            CertificateText::Pem(_) => formatter.write_str("PEM"),
        }
    }
}

impl fmt::Debug for CertificateText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Where a password comes from. It is never typed, for others can read what is typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum PasswordSource {
    /// `env:NAME`: a variable of the environment.
    Variable(String),
    /// `@FILE`: a file, without the line feed at its end.
    File(PathBuf),
    /// Anything else, which may be a password. It is not kept, and refused when the plan is made: readers of texts repeat
    /// what they refuse.
    Typed,
}

impl FromStr for PasswordSource {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<PasswordSource, Infallible> {
        Ok(match (text.strip_prefix("env:"), text.strip_prefix('@')) {
            (Some(variable), _) if !variable.is_empty() => PasswordSource::Variable(variable.to_owned()),
            (_, Some(file)) if !file.is_empty() => PasswordSource::File(file.into()),
            _ => PasswordSource::Typed,
        })
    }
}

impl From<String> for PasswordSource {
    fn from(text: String) -> PasswordSource {
        let Ok(source) = text.parse();
        source
    }
}

impl From<PasswordSource> for String {
    fn from(source: PasswordSource) -> String {
        source.to_string()
    }
}

impl fmt::Display for PasswordSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PasswordSource::Variable(variable) => write!(formatter, "env:{variable}"),
            PasswordSource::File(path) => write!(formatter, "@{}", path.display()),
            PasswordSource::Typed => formatter.write_str("***"),
        }
    }
}

impl fmt::Debug for PasswordSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A version of TLS that can be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    Tls13,
}

impl FromStr for TlsVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<TlsVersion, String> {
        match text {
            "1.2" | "tls1.2" => Ok(TlsVersion::Tls12),
            "1.3" | "tls1.3" => Ok(TlsVersion::Tls13),
            _ => Err(format!("{text:?} is not a version that can be spoken: write 1.2 or 1.3")),
        }
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            TlsVersion::Tls12 => "1.2",
            TlsVersion::Tls13 => "1.3",
        })
    }
}

impl TlsPlan {
    pub(super) fn resolve(options: &HttpOptions) -> (TlsPlan, Option<PlanError>) {
        let mut certificates = options.client_certificates.clone();
        let mut mistake = None;
        match &options.cert {
            Some(cert) => certificates.push(ClientCertificate {
                hosts: Vec::new(),
                cert: CertificateText::File(cert.clone()),
                key: options.key.clone().map(CertificateText::File),
                password: options.cert_password.clone(),
            }),
            None if options.key.is_some() || options.cert_password.is_some() => {
                let text = "--key and --cert-password belong to a certificate: add --cert FILE";
                mistake = Some(PlanError::Tls { key: "key", text });
            }
            None => {}
        }
        if certificates.iter().any(|one| one.password == Some(PasswordSource::Typed)) {
            let text =
                "--cert-password: a password is not typed, where others can read it: write env:VARIABLE or @FILE";
            mistake = Some(PlanError::Tls { key: "cert_password", text });
        }
        let plan = TlsPlan::default();
        let lowest = options.tls_min.unwrap_or(plan.lowest);
        let highest = options.tls_max.unwrap_or(plan.highest);
        if lowest > highest {
            mistake = Some(PlanError::Tls { key: "tls_min", text: "--tls-min is a later version than --tls-max" });
        }
        let plan = TlsPlan {
            certificates: certificates.into_iter().map(PlannedCertificate::from).collect(),
            lowest,
            highest,
            ciphers: options.tls_ciphers.clone().unwrap_or_default(),
            server_name: options.tls_server_name.clone(),
            no_resumption: options.no_tls_resumption.unwrap_or(false),
        };
        (plan, mistake)
    }

    /// Every file that it names.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let materials = self.certificates.iter().flat_map(|one| std::iter::once(&one.cert).chain(&one.key));
        materials.filter_map(CertificateText::file)
    }

    /// The same, to be changed.
    pub fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.certificates.iter_mut().flat_map(|one| files_of(&mut one.cert, &mut one.key))
    }

    /// Reads the passwords by `read`.
    ///
    /// # Errors
    /// The first that it returns.
    pub fn read_passwords<E>(&mut self, read: impl Fn(&PasswordSource) -> Result<String, E>) -> Result<(), E> {
        for password in self.certificates.iter_mut().filter_map(|one| one.password.as_mut()) {
            if let PlannedPassword::At(source) = password {
                *password = PlannedPassword::Read(read(source)?);
            }
        }
        Ok(())
    }
}

impl ClientCertificate {
    /// Files that it names are meant from this folder.
    pub(crate) fn in_folder(&mut self, folder: &Path) {
        files_of(&mut self.cert, &mut self.key).for_each(|file| *file = folder.join(&*file));
        if let Some(PasswordSource::File(file)) = &mut self.password {
            *file = folder.join(&*file);
        }
    }
}

fn files_of<'a>(
    cert: &'a mut CertificateText,
    key: &'a mut Option<CertificateText>,
) -> impl Iterator<Item = &'a mut PathBuf> {
    std::iter::once(cert).chain(key).filter_map(|text| match text {
        CertificateText::File(path) => Some(path),
        CertificateText::Pem(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(json: &str) -> (TlsPlan, Option<String>) {
        let (plan, mistake) = TlsPlan::resolve(&crate::Options::from_json(json).unwrap().http);
        (plan, mistake.map(|mistake| mistake.to_string()))
    }

    #[test]
    fn certificates_of_hosts_go_before_the_one_for_all() {
        let (plan, mistake) = resolved(
            r#"{"cert": "all.pem", "key": "all.key", "tlsAuth": [
                {"domains": ["a.test"], "cert": "-----BEGIN CERTIFICATE-----\n", "key": "a.key"}]}"#,
        );
        assert_eq!(mistake, None);
        let shown: Vec<String> =
            plan.certificates.iter().map(|one| format!("{:?} {:?} {:?}", one.hosts, one.cert, one.key)).collect();
        assert_eq!(shown, [r#"["a.test"] PEM Some(a.key)"#, "[] all.pem Some(all.key)"]);
        let files: Vec<String> = plan.files().map(|file| file.display().to_string()).collect();
        assert_eq!(files, ["a.key", "all.pem", "all.key"]);
        let again: TlsPlan = serde_json::from_value(serde_json::to_value(&plan).unwrap()).unwrap();
        assert_eq!(again, plan);
    }

    #[test]
    fn contradictions_are_named() {
        assert!(resolved(r#"{"key": "a.key"}"#).1.unwrap().contains("--cert FILE"));
        assert!(resolved(r#"{"tls_min": 1.3, "tls_max": "tls1.2"}"#).1.unwrap().contains("later version"));
        assert_eq!(resolved(r#"{"tls_min": "1.2", "tls_max": 1.3}"#).1, None);
    }

    #[test]
    fn a_password_is_not_written_down() {
        for json in [
            r#"{"cert": "a.p12", "cert_password": "hunter2"}"#,
            r#"{"tlsAuth": [{"cert": "a.p12", "password": "hunter2"}]}"#,
        ] {
            assert!(resolved(json).1.unwrap().contains("write env:VARIABLE or @FILE"), "{json}");
            assert!(!format!("{:?}", crate::Options::from_json(json).unwrap()).contains("hunter2"), "{json}");
        }
        for text in ["env:P", "@p.txt"] {
            assert_eq!(text.parse::<PasswordSource>().unwrap().to_string(), text);
        }
    }
}

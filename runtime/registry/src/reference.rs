//! References to artifacts: `oci://REGISTRY/NAME:TAG`, `oci://REGISTRY/NAME@sha256:...`, or both.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use crate::digest::Digest;

const SCHEME: &str = "oci://";

/// The name of an artifact in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    host: String,
    name: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// A text that is not a reference.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{text:?} names nothing in a registry: {problem}; write oci://REGISTRY/NAME:TAG or oci://REGISTRY/NAME@sha256:..."
)]
pub struct ReferenceError {
    text: String,
    problem: String,
}

impl Reference {
    /// Whether a text is intended as a reference.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// The registry: host, and port if one was given.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host without its port.
    pub fn host_name(&self) -> &str {
        let name = match self.host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => &self.host,
        };
        name.trim_start_matches('[').trim_end_matches(']')
    }

    /// Whether the registry is on this machine.
    pub fn is_loopback(&self) -> bool {
        let name = self.host_name();
        name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The repository's name in the registry.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tag; `None` if only a digest was given.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest that it is pinned to.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The name to request a manifest by: the digest, else the tag.
    pub(crate) fn manifest_name(&self) -> &str {
        self.digest.as_ref().map(Digest::as_str).or(self.tag.as_deref()).unwrap_or("latest")
    }

    /// The place of the signatures of the artifact with this digest.
    pub(crate) fn signatures(&self, digest: &Digest) -> Reference {
        Reference { tag: Some(format!("sha256-{}.sig", digest.hex())), digest: None, ..self.clone() }
    }

    /// The same reference, pinned to a digest.
    pub fn pinned(&self, digest: &Digest) -> Reference {
        Reference { digest: Some(digest.clone()), ..self.clone() }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    /// Parses a reference, with or without `oci://`.
    fn from_str(text: &str) -> Result<Reference, ReferenceError> {
        let wrong = |problem: &str| ReferenceError { text: text.to_owned(), problem: problem.to_owned() };
        let place = text.strip_prefix(SCHEME).unwrap_or(text);
        let (host, rest) = place.split_once('/').ok_or_else(|| wrong("the name after the registry is missing"))?;
        if !is_host(host) {
            return Err(wrong("it does not begin with a registry's host, such as ghcr.io or localhost:5000"));
        }
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse::<Digest>().map_err(|problem| wrong(&problem))?)),
            None => (rest, None),
        };
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (rest, None),
        };
        if !name.split('/').all(is_component) || name.len() > 255 {
            return Err(wrong(
                "a name has lower-case letters, digits, and single . _ - between them, in parts after /",
            ));
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(wrong("a tag has up to 128 letters, digits, . _ and -, and begins with none of . and -"));
        }
        let tag = match (tag, &digest) {
            (None, None) => Some("latest".to_owned()),
            (tag, _) => tag.map(str::to_owned),
        };
        Ok(Reference { host: host.to_owned(), name: name.to_owned(), tag, digest })
    }
}

/// Distinguishes a host from a name as Docker does: it has a dot or a port, or is `localhost`.
fn is_host(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed) && (text.contains(['.', ':']) || text == "localhost")
}

fn is_component(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().last()) else {
        return false;
    };
    inner(first)
        && inner(last)
        && !text.contains("..")
        && text.bytes().all(|byte| inner(byte) || b"._-".contains(&byte))
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || b".-".contains(&byte))
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}/{}", self.host, self.name)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_written_as_it_was_read() {
        let digest = Digest::of(b"");
        for text in [
            "oci://ghcr.io/shop/browse:1.2".to_owned(),
            "oci://localhost:5000/a/b-c/d_e:v1".to_owned(),
            format!("oci://[::1]:5000/shop@{digest}"),
            format!("oci://127.0.0.1:5000/shop:1@{digest}"),
        ] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn without_tag_and_digest_it_is_the_latest() {
        let reference: Reference = "ghcr.io/shop".parse().unwrap();
        assert_eq!(reference.to_string(), "oci://ghcr.io/shop:latest");
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let loopback = |text: &str| text.parse::<Reference>().unwrap().is_loopback();
        assert!(loopback("localhost:5000/a") && loopback("127.3.2.1/a") && loopback("[::1]:5000/a"));
        assert!(!loopback("10.0.0.1:5000/a") && !loopback("localhost.example.org/a"));
    }

    #[test]
    fn mistakes_are_reported() {
        for (text, part) in [
            ("oci://shop", "name after the registry is missing"),
            ("oci://shop/browse:1", "registry's host"),
            ("oci://ghcr.io/Shop:1", "lower-case"),
            ("oci://ghcr.io/../x:1", "lower-case"),
            ("oci://ghcr.io/shop:-1", "a tag has"),
            ("oci://ghcr.io/shop@sha256:12", "not a digest"),
            ("oci://user@ghcr.io/shop:1", "registry's host"),
        ] {
            let error = text.parse::<Reference>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}

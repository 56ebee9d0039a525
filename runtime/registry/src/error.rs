//! Errors between Squall and a registry, each with its remedy.

use std::io;

use thiserror::Error;

use crate::digest::Digest;
use crate::key::KeyError;

/// The reasons why a push or pull failed.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// The registry does not answer, not in time, or not as a registry.
    #[error("{host}: {problem}")]
    Unreachable {
        /// The asked host.
        host: String,
        /// The problem.
        problem: String,
    },
    /// The registry refuses access.
    #[error("{reference}: the registry does not allow it ({status}){}; {}", detail(.message), advice(*.known, .host))]
    Unauthorised {
        /// The requested artifact.
        reference: String,
        /// The registry.
        host: String,
        /// The status: 401 or 403.
        status: u16,
        /// The registry's message.
        message: String,
        /// Whether credentials were sent.
        known: bool,
    },
    /// There is no such artifact.
    #[error("{reference}: the registry has no such artifact{}", detail(.message))]
    NotFound {
        /// The requested artifact.
        reference: String,
        /// The registry's message.
        message: String,
    },
    /// The registry refused a request.
    #[error("{reference}: the registry answered {status} to {method} {path}{}", detail(.message))]
    Refused {
        /// The requested artifact.
        reference: String,
        /// The status.
        status: u16,
        /// The request.
        method: String,
        /// The request's path.
        path: String,
        /// The registry's message.
        message: String,
    },
    /// It is larger than the limit.
    #[error(
        "{reference}: it is larger than {}, the most that a component may have: raise it with --max-component-size",
        size(*.most)
    )]
    TooLarge {
        /// The requested artifact.
        reference: String,
        /// The limit in bytes.
        most: u64,
    },
    /// It is not a Wasm artifact.
    #[error("{reference}: this is not a Wasm artifact: {problem}")]
    NotWasm {
        /// The requested artifact.
        reference: String,
        /// The reason.
        problem: String,
    },
    /// The bytes do not have the expected digest.
    #[error("{what} has another digest than it must have: expected {expected}, got {actual}; do not run it")]
    WrongDigest {
        /// The manifest, or a blob.
        what: String,
        /// The expected digest.
        expected: Digest,
        /// The received bytes' digest.
        actual: Digest,
    },
    /// It has no signature by a trusted key.
    #[error(
        "{reference}: {}none is by a key that --verify-key names; do not run it, or have it signed: squall sign {reference} --key FILE",
        match .signatures {
            0 => "it has no signatures, so ".to_owned(),
            1 => "it has one signature, and ".to_owned(),
            more => format!("of its {more} signatures "),
        }
    )]
    NotSigned {
        /// The artifact, with its digest.
        reference: String,
        /// The number of signatures by other keys.
        signatures: usize,
    },
    /// It could not be signed.
    #[error("cannot sign: {0}")]
    Key(#[from] KeyError),
    /// It is not in the cache, and `--offline` is set.
    #[error("{reference}: not in the cache, and --offline asks no registry; pull it once without --offline")]
    NotCached {
        /// The requested artifact.
        reference: String,
    },
    /// There are no usable credentials, although Docker's configuration names some.
    #[error("credentials for {host}: {problem}")]
    Credentials {
        /// The registry.
        host: String,
        /// The reason.
        problem: String,
    },
    /// The operating system refuses to start.
    #[error("cannot talk to a registry: {0}")]
    System(io::Error),
}

/// Bytes in the largest unit that divides them, as options take them.
fn size(bytes: u64) -> String {
    let unit = [(1 << 20, "MiB"), (1 << 10, "KiB")].into_iter().find(|(unit, _)| bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// The printable part of a registry's message: untrusted text that goes to a terminal.
pub(crate) fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

fn detail(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

fn advice(known: bool, host: &str) -> String {
    if known {
        format!("the credentials for {host} in Docker's configuration are wrong, or not allowed to do this")
    } else {
        format!("there are no credentials for {host} in Docker's configuration: log in with `docker login {host}`")
    }
}

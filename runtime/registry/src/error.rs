//! What can go wrong between here and a registry, said so that one knows what to do.

use std::io;

use thiserror::Error;

use crate::digest::Digest;
use crate::key::KeyError;

/// Why something could not be pushed or pulled.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// Nobody answers, or not in time, or not as a registry does.
    #[error("{host}: {problem}")]
    Unreachable {
        /// Who was asked.
        host: String,
        /// What happened.
        problem: String,
    },
    /// The registry does not let us.
    #[error("{reference}: the registry does not allow it ({status}){}; {}", detail(.message), advice(*.known, .host))]
    Unauthorised {
        /// What was asked for.
        reference: String,
        /// The registry.
        host: String,
        /// The status: 401 or 403.
        status: u16,
        /// What the registry said.
        message: String,
        /// Whether it was told who we are.
        known: bool,
    },
    /// There is no such thing.
    #[error("{reference}: the registry has no such artifact{}", detail(.message))]
    NotFound {
        /// What was asked for.
        reference: String,
        /// What the registry said.
        message: String,
    },
    /// The registry did not do what it was asked.
    #[error("{reference}: the registry answered {status} to {method} {path}{}", detail(.message))]
    Refused {
        /// What was asked for.
        reference: String,
        /// The status.
        status: u16,
        /// The request.
        method: String,
        /// Where to.
        path: String,
        /// What the registry said.
        message: String,
    },
    /// There is more of it than is taken.
    #[error(
        "{reference}: it is larger than {}, the most that a component may have: raise it with --max-component-size",
        size(*.most)
    )]
    TooLarge {
        /// What was asked for.
        reference: String,
        /// How many bytes are taken.
        most: u64,
    },
    /// It is something else.
    #[error("{reference}: this is not a Wasm artifact: {problem}")]
    NotWasm {
        /// What was asked for.
        reference: String,
        /// What it is instead.
        problem: String,
    },
    /// The bytes are not those that were asked for.
    #[error("{what} has another digest than it must have: expected {expected}, got {actual}; do not run it")]
    WrongDigest {
        /// The manifest, or a blob.
        what: String,
        /// What was asked for.
        expected: Digest,
        /// What came.
        actual: Digest,
    },
    /// Nobody whom we trust has signed it.
    #[error(
        "{reference}: {}none is by a key that --verify-key names; do not run it, or have it signed: squall sign {reference} --key FILE",
        match .signatures {
            0 => "it has no signatures, so ".to_owned(),
            1 => "it has one signature, and ".to_owned(),
            more => format!("of its {more} signatures "),
        }
    )]
    NotSigned {
        /// What is not signed, with its digest.
        reference: String,
        /// How many signatures there are, by others.
        signatures: usize,
    },
    /// It could not be signed.
    #[error("cannot sign: {0}")]
    Key(#[from] KeyError),
    /// Only the cache may be asked, and it has not got it.
    #[error("{reference}: not in the cache, and --offline asks no registry; pull it once without --offline")]
    NotCached {
        /// What was asked for.
        reference: String,
    },
    /// The credentials that Docker's configuration names cannot be had.
    #[error("credentials for {host}: {problem}")]
    Credentials {
        /// The registry.
        host: String,
        /// Why not.
        problem: String,
    },
    /// The operating system does not let us begin.
    #[error("cannot talk to a registry: {0}")]
    System(io::Error),
}

/// Bytes in the largest unit that leaves them whole, as options take them.
fn size(bytes: u64) -> String {
    let unit = [(1 << 20, "MiB"), (1 << 10, "KiB")].into_iter().find(|(unit, _)| bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// A registry's words, as far as they are shown: they go to a terminal, and come from a stranger.
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

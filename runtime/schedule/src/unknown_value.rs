//! What is wrong with a word that should have been one of a few.

use thiserror::Error;

use crate::did_you_mean::nearest;

/// There is no such word among those that an option knows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown {what} {written:?}: {}", instead(written, known))]
pub struct UnknownChoice {
    what: &'static str,
    written: String,
    known: &'static [&'static str],
}

impl UnknownChoice {
    /// `written` is not one of the `known` values of `what`.
    pub fn new(what: &'static str, written: &str, known: &'static [&'static str]) -> UnknownChoice {
        UnknownChoice { what, written: written.to_owned(), known }
    }
}

fn instead(written: &str, known: &[&str]) -> String {
    match nearest(written, known.iter().copied()) {
        Some(meant) => format!("did you mean {meant:?}?"),
        None => format!("use {}", known.join(" or ")),
    }
}

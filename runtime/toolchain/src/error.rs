//! Why a project cannot be made, or a source not built.

use std::fmt::Display;
use std::path::Path;

use thiserror::Error;

/// A sentence for the user: what is wrong, where, and what to do about it.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct BuildError(String);

impl BuildError {
    pub(crate) fn new(sentence: impl Into<String>) -> BuildError {
        BuildError(sentence.into())
    }

    /// About a file or folder.
    pub(crate) fn at(path: &Path, problem: impl Display) -> BuildError {
        BuildError(format!("{}: {problem}", path.display()))
    }
}

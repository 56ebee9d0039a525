//! Everything that can be wrong with kept runs, in words for their user.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a run cannot be kept, found or read.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No run of that name.
    #[error("no run \"{0}\": give a run's name or its beginning, a tag, \"last\" or \"last~1\" (squall runs list)")]
    Unknown(String),
    /// Several runs begin with that.
    #[error("\"{name}\" is the beginning of {count} runs: give more of the name (squall runs list)")]
    Ambiguous {
        /// What was given.
        name: String,
        /// How many runs begin with it.
        count: usize,
    },
    /// A run ended before anything was measured.
    #[error("run {0} has no measurements: it ended before its first second was over")]
    Empty(String),
    /// Nothing to merge.
    #[error("nothing to merge: name at least one run")]
    NothingToMerge,
    /// The same metric is of two kinds in runs that should be merged.
    #[error("the runs cannot be merged: {0}")]
    Clash(String),
    /// A tag that could be mistaken for something else.
    #[error(
        "\"{0}\" cannot be a tag: use letters, digits, '-', '_', '.' and '/'; and neither \"last\" nor a run's name"
    )]
    BadTag(String),
}

impl HistoryError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> HistoryError {
        let path = path.into();
        move |source| HistoryError::File { path, source }
    }
}

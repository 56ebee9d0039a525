//! What is wrong with the data that a plan names.

use std::path::PathBuf;

use thiserror::Error;

use super::policy::EndlessPolicy;

/// One mistake about one feed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DataError {
    /// The scenario says that it needs data that was not given.
    #[error("the scenario needs data that is not given: add --data {name}={file}")]
    NotGiven {
        /// What the scenario calls it.
        name: String,
        /// What to write for the file: a table's alone, or with `file:` before it.
        file: &'static str,
    },
    /// A name that is none.
    #[error("{0:?} is not a name for data: use letters, digits, '-', '_' and '.'")]
    Name(String),
    /// The file's name does not say what is in it.
    #[error(
        "--data {name}: the name of {} does not say what is in it; write --data {name}=FORMAT:{} with csv, tsv, json or \
         ndjson, or with file for bytes that are sent as they are",
        file.display(),
        file.display()
    )]
    Format {
        /// The feed.
        name: String,
        /// The file.
        file: PathBuf,
    },
    /// A delimiter for something that has none.
    #[error("--data {0}: only CSV has a delimiter")]
    Delimiter(String),
    /// A policy for a file that has no rows.
    #[error("--data {0}: a file that is sent as it is has no rows: policy and at-end say nothing about it")]
    PolicyOfFile(String),
    /// The policy has no such end.
    #[error("--data {name}: {source}")]
    Contradiction {
        /// The feed.
        name: String,
        /// What does not fit.
        source: EndlessPolicy,
    },
}

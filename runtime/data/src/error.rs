//! Errors in data files, in opening a feed, and in taking a row. Each is a sentence for the user.

use std::path::{Path, PathBuf};

use squall_plan::{EndlessPolicy, Policy};
use thiserror::Error;

/// Why a file cannot be loaded.
#[derive(Debug, Error)]
#[error("--data {name}={}{}: {reason}", file.display(), place(*line))]
pub struct LoadError {
    name: String,
    file: PathBuf,
    /// Counted from 1.
    line: Option<u64>,
    reason: String,
}

fn place(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line}"))
}

impl LoadError {
    pub(crate) fn new(name: &str, file: &Path, wrong: Wrong) -> LoadError {
        LoadError { name: name.to_owned(), file: file.to_owned(), line: wrong.line, reason: wrong.reason }
    }
}

/// A mistake in a file, and its position.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Counted from 1.
    pub(crate) line: Option<u64>,
    pub(crate) reason: String,
}

impl Wrong {
    pub(crate) fn in_line(line: u64, reason: impl Into<String>) -> Wrong {
        Wrong { line: Some(line), reason: reason.into() }
    }

    pub(crate) fn somewhere(reason: impl Into<String>) -> Wrong {
        Wrong { line: None, reason: reason.into() }
    }
}

impl From<String> for Wrong {
    fn from(reason: String) -> Wrong {
        Wrong::somewhere(reason)
    }
}

impl From<std::io::Error> for Wrong {
    fn from(error: std::io::Error) -> Wrong {
        Wrong::somewhere(error.to_string())
    }
}

/// Why data cannot be opened.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// There is no `--data` of this name.
    #[error("there is no data {wanted:?}: give it with --data {wanted}={kind}{}", list_names(known_names))]
    NotGiven {
        /// The requested name.
        wanted: String,
        /// The form of its value: `FILE`, or `file:FILE`.
        kind: &'static str,
        /// The given names.
        known_names: Vec<String>,
    },
    /// A file of the script's cannot be opened.
    #[error("open({name:?}): {reason}")]
    Unreadable {
        /// The script's name for it.
        name: String,
        /// The reason.
        reason: String,
    },
    /// Rows are requested from a file that was given to be sent unchanged.
    #[error("data {0:?} was given as file:, to be sent unchanged: it has no rows")]
    NoRows(String),
    /// A table is requested as a file to send unchanged.
    #[error("data {0:?} was given as a table: to send the file unchanged, give it with --data {0}=file:FILE")]
    NoBlob(String),
    /// The policy does not allow this end.
    #[error("data {name:?}: {source}")]
    Contradiction {
        /// The feed.
        name: String,
        /// The contradiction.
        source: EndlessPolicy,
    },
    /// There are fewer rows than virtual users that want rows of their own.
    #[error(
        "data {name:?} has {rows} rows, and {} needs one for each of up to {vus} virtual users: give more rows, or fewer \
         virtual users",
        Policy::UniquePerVu
    )]
    TooFewRows {
        /// The feed.
        name: String,
        /// Number of its rows.
        rows: u64,
        /// Maximum number of virtual users.
        vus: u64,
    },
}

fn list_names(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" (given are {})", names.join(", ")) }
}

/// The reason why there is no row.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TakeError {
    /// All rows have been taken, and that is to be an error.
    #[error("data {0:?} is exhausted: all of its rows have been taken")]
    Exhausted(String),
    /// Only virtual users have rows of their own.
    #[error("data {0:?}: with unique-per-vu only virtual users have rows, setup and teardown have none")]
    NotAUser(String),
}

/// There is no column of that name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("there is no column {wanted:?}: the columns are {columns}")]
pub struct UnknownColumn {
    wanted: String,
    columns: String,
}

/// The most columns that an error names.
const MOST_NAMED: usize = 20;

impl UnknownColumn {
    pub(crate) fn new<'a>(wanted: &str, columns: impl ExactSizeIterator<Item = &'a str>) -> UnknownColumn {
        let more = columns.len().saturating_sub(MOST_NAMED);
        let mut columns = columns.take(MOST_NAMED).collect::<Vec<_>>().join(", ");
        if more > 0 {
            columns.push_str(&format!(" and {more} more"));
        }
        UnknownColumn { wanted: wanted.to_owned(), columns }
    }
}

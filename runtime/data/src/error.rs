//! What can be wrong with data: with a file, with opening a feed, and with taking a row. Each is a sentence for the user.

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

/// What is wrong in a file, and where.
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
    /// Nobody has given it.
    #[error("there is no data {wanted:?}: give it with --data {wanted}={kind}{}", known(known_names))]
    NotGiven {
        /// What was asked for.
        wanted: String,
        /// How its file is written: `FILE`, or `file:FILE`.
        kind: &'static str,
        /// What there is.
        known_names: Vec<String>,
    },
    /// A file of the script's cannot be opened.
    #[error("open({name:?}): {reason}")]
    Unreadable {
        /// What the script calls it.
        name: String,
        /// Why.
        reason: String,
    },
    /// Rows are asked of a file that was given to be sent as it is.
    #[error("data {0:?} was given as file:, to be sent as it is: it has no rows")]
    NoRows(String),
    /// A table is to be sent as it is.
    #[error("data {0:?} was given as a table: to send the file as it is, give it with --data {0}=file:FILE")]
    NoBlob(String),
    /// The policy has no such end.
    #[error("data {name:?}: {source}")]
    Contradiction {
        /// The feed.
        name: String,
        /// What does not fit.
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
        /// How many rows it has.
        rows: u64,
        /// How many virtual users there may be.
        vus: u64,
    },
}

fn known(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" (given are {})", names.join(", ")) }
}

/// Why there is no row.
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

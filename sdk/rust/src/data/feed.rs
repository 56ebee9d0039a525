//! Tables, and taking rows from them.

use std::str::FromStr;
use std::sync::OnceLock;

use super::{Blob, Error};
use crate::host;

/// The order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// One after the other; all virtual users take from the same order.
    Sequential,
    /// Any, drawn for each virtual user; the same ones again with the same `--seed`.
    Random,
    /// All in a random order, each once before any comes again; all virtual users take from it.
    Shuffle,
    /// Each virtual user has its own rows.
    UniquePerVu,
    /// Each row at most once in the whole run.
    OnceEach,
}

/// The behaviour after the last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AtEnd {
    /// The first one again.
    Recycle,
    /// The end of the run, as planned.
    Stop,
    /// An error.
    Error,
}

/// A table that the run was given (`--data users=users.csv`). Lives in a static; the host is asked for it once per
/// virtual user, when it is first used.
#[derive(Debug)]
pub struct Feed {
    name: &'static str,
    policy: Option<Policy>,
    at_end: Option<AtEnd>,
    handle: OnceLock<host::Feed>,
}

impl Feed {
    /// The feed of that name. Rows come one after the other, and the first follows the last, unless somebody says
    /// otherwise.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Feed { name, policy: None, at_end: None, handle: OnceLock::new() }
    }

    /// The order of rows, unless the user of the scenario chooses otherwise.
    #[must_use]
    pub const fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The behaviour after the last row, unless the user of the scenario chooses otherwise.
    #[must_use]
    pub const fn at_end(mut self, at_end: AtEnd) -> Self {
        self.at_end = Some(at_end);
        self
    }

    /// Takes the next row.
    ///
    /// # Errors
    ///
    /// When the run was not given the data, or no row is left ([`Error::Exhausted`]). If that is to end the run, the
    /// run is ending, and an iteration that returns the error does not count as failed.
    pub fn next(&self) -> Result<Row, Error> {
        let exhausted = || Error::Exhausted(format!("data {:?} is exhausted, and the run ends", self.name));
        self.host()?.next()?.map(|inner| Row { inner }).ok_or_else(exhausted)
    }

    /// The row at that index, from 0, whatever the policy; `None` beyond the last.
    ///
    /// # Errors
    ///
    /// When the run was not given the data.
    pub fn at(&self, index: u64) -> Result<Option<Row>, Error> {
        Ok(self.host()?.at(index).map(|inner| Row { inner }))
    }

    /// The number of rows: at least one.
    ///
    /// # Errors
    ///
    /// When the run was not given the data.
    pub fn length(&self) -> Result<u64, Error> {
        Ok(self.host()?.length())
    }

    /// The names of the columns, in their order.
    ///
    /// # Errors
    ///
    /// When the run was not given the data.
    pub fn columns(&self) -> Result<Vec<String>, Error> {
        Ok(self.host()?.columns())
    }

    fn host(&self) -> Result<&host::Feed, Error> {
        if let Some(handle) = self.handle.get() {
            return Ok(handle);
        }
        let handle = host::Feed::open(self.name, self.policy, self.at_end)?;
        Ok(self.handle.get_or_init(|| handle))
    }
}

/// A row. The host holds it until this is dropped; only requested values are copied.
#[derive(Debug)]
pub struct Row {
    inner: host::Row,
}

impl Row {
    /// Its index in the file, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.inner.index()
    }

    /// The value in the column of that name. Other values of JSON are returned as JSON: `42`, `true`, `null`, `[1,2]`.
    ///
    /// # Errors
    ///
    /// When there is no such column, or the row is a JSON object without that field: see [`find`](Row::find).
    pub fn get(&self, column: &str) -> Result<String, Error> {
        let missing = || Error::Other(format!("a row has no {column:?}, which others have"));
        self.find(column)?.ok_or_else(missing)
    }

    /// As [`get`](Row::get); `None` if the row is a JSON object without that field.
    ///
    /// # Errors
    ///
    /// When there is no such column in any row.
    pub fn find(&self, column: &str) -> Result<Option<String>, Error> {
        self.inner.get(column)
    }

    /// The value in the column of that name, read as a number or whatever else can be read: `row.parse::<u64>("age")?`.
    ///
    /// # Errors
    ///
    /// As [`get`](Row::get), and when it cannot be read.
    pub fn parse<T: FromStr>(&self, column: &str) -> Result<T, Error> {
        let text = self.get(column)?;
        text.trim().parse().map_err(|_| Error::Other(format!("a value of the column {column:?} cannot be read")))
    }

    /// All names and values, in the order of the columns.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        self.inner.fields()
    }

    /// The whole row as a JSON object, in text: a body to send, for instance.
    #[must_use]
    pub fn text(&self) -> String {
        self.inner.json()
    }

    /// The value in the column of that name, to be sent as a body without entering the scenario.
    ///
    /// # Errors
    ///
    /// As [`get`](Row::get).
    pub fn blob(&self, column: &str) -> Result<Blob, Error> {
        self.inner.blob(column).map(Blob::held)
    }
}

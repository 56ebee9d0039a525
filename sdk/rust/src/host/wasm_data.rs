//! Data of the real host: the component's imports.

use crate::bindings::scenario::squall::scenario::data;
use crate::data::{AtEnd, Error, Policy};

pub(crate) use crate::bindings::scenario::squall::scenario::data::Blob;

#[derive(Debug)]
pub(crate) struct Feed(data::Feed);

impl Feed {
    pub(crate) fn open(name: &str, policy: Option<Policy>, at_end: Option<AtEnd>) -> Result<Self, Error> {
        let policy = policy.map(|policy| match policy {
            Policy::Sequential => data::Policy::Sequential,
            Policy::Random => data::Policy::Random,
            Policy::Shuffle => data::Policy::Shuffle,
            Policy::UniquePerVu => data::Policy::UniquePerVu,
            Policy::OnceEach => data::Policy::OnceEach,
        });
        let at_end = at_end.map(|at_end| match at_end {
            AtEnd::Recycle => data::AtEnd::Recycle,
            AtEnd::Stop => data::AtEnd::Stop,
            AtEnd::Error => data::AtEnd::Error,
        });
        Ok(Feed(data::Feed::open(name, policy, at_end)?))
    }

    pub(crate) fn length(&self) -> u64 {
        self.0.length()
    }

    pub(crate) fn columns(&self) -> Vec<String> {
        self.0.columns()
    }

    pub(crate) fn next(&self) -> Result<Option<Row>, Error> {
        Ok(self.0.next()?.map(Row))
    }

    pub(crate) fn at(&self, index: u64) -> Option<Row> {
        self.0.at(index).map(Row)
    }
}

#[derive(Debug)]
pub(crate) struct Row(data::Row);

impl Row {
    pub(crate) fn index(&self) -> u64 {
        self.0.index()
    }

    pub(crate) fn get(&self, column: &str) -> Result<Option<String>, Error> {
        Ok(self.0.get(column)?)
    }

    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        self.0.fields()
    }

    pub(crate) fn json(&self) -> String {
        self.0.json()
    }

    pub(crate) fn blob(&self, column: &str) -> Result<Blob, Error> {
        Ok(self.0.blob(column)?)
    }
}

pub(crate) fn open_blob(name: &str) -> Result<Blob, Error> {
    Ok(data::Blob::open(name)?)
}

impl From<data::Error> for Error {
    fn from(error: data::Error) -> Self {
        match error {
            data::Error::NotGiven(text) => Error::NotGiven(text),
            data::Error::UnknownColumn(text) => Error::UnknownColumn(text),
            data::Error::Exhausted(text) => Error::Exhausted(text),
            data::Error::Other(text) => Error::Other(text),
        }
    }
}

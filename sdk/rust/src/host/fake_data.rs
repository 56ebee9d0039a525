//! Data of a native test: the rows and files that the test gave to its host.

use crate::data;
use crate::testing::{Rows, State};

/// Rows come in their order, whatever the policy, so that a test knows them.
#[derive(Debug)]
pub(crate) struct Feed {
    name: String,
    at_end: data::AtEnd,
}

impl Feed {
    pub(crate) fn open(
        name: &str,
        policy: Option<data::Policy>,
        at_end: Option<data::AtEnd>,
    ) -> Result<Self, data::Error> {
        let usual = if policy == Some(data::Policy::OnceEach) { data::AtEnd::Stop } else { data::AtEnd::Recycle };
        if !State::with(|state| state.feeds.contains_key(name)) {
            return Err(data::Error::NotGiven(format!("the test host has no data {name:?}: add Host::feed")));
        }
        Ok(Feed { name: name.to_owned(), at_end: at_end.unwrap_or(usual) })
    }

    pub(crate) fn length(&self) -> u64 {
        self.with(|feed| feed.rows.len() as u64)
    }

    pub(crate) fn columns(&self) -> Vec<String> {
        self.with(|feed| feed.columns.clone())
    }

    pub(crate) fn next(&self) -> Result<Option<Row>, data::Error> {
        let taken = self.with(|feed| {
            feed.taken += 1;
            feed.taken - 1
        });
        let length = self.length();
        if taken < length {
            return Ok(self.at(taken));
        }
        match self.at_end {
            data::AtEnd::Recycle => Ok(self.at(taken % length)),
            data::AtEnd::Stop => Ok(None),
            data::AtEnd::Error => Err(data::Error::Exhausted(format!("data {:?} is exhausted", self.name))),
        }
    }

    pub(crate) fn at(&self, index: u64) -> Option<Row> {
        let row = self.with(|feed| feed.rows.get(index as usize).cloned())?;
        Some(Row { feed: self.name.clone(), index, columns: self.columns(), values: row })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Rows) -> T) -> T {
        State::with(|state| work(state.feeds.entry(self.name.clone()).or_default()))
    }
}

#[derive(Debug)]
pub(crate) struct Row {
    feed: String,
    index: u64,
    columns: Vec<String>,
    values: Vec<String>,
}

impl Row {
    pub(crate) fn index(&self) -> u64 {
        self.index
    }

    pub(crate) fn get(&self, column: &str) -> Result<Option<String>, data::Error> {
        match self.columns.iter().position(|known| known == column) {
            Some(place) => Ok(self.values.get(place).cloned()),
            None => Err(data::Error::UnknownColumn(format!(
                "data {:?}: there is no column {column:?}: the columns are {}",
                self.feed,
                self.columns.join(", ")
            ))),
        }
    }

    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        self.columns.iter().cloned().zip(self.values.iter().cloned()).collect()
    }

    pub(crate) fn json(&self) -> String {
        let member = |(name, value): (String, String)| format!("{}:{}", quoted(&name), quoted(&value));
        format!("{{{}}}", self.fields().into_iter().map(member).collect::<Vec<_>>().join(","))
    }

    pub(crate) fn blob(&self, column: &str) -> Result<Blob, data::Error> {
        Ok(Blob(self.get(column)?.unwrap_or_default().into_bytes()))
    }
}

fn quoted(text: &str) -> String {
    let escape = |letter: char| match letter {
        '"' | '\\' => format!("\\{letter}"),
        control if control < ' ' => format!("\\u{:04x}", u32::from(control)),
        other => other.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

#[derive(Debug)]
pub(crate) struct Blob(pub(super) Vec<u8>);

pub(crate) fn open_blob(name: &str) -> Result<Blob, data::Error> {
    let bytes = State::with(|state| state.blobs.get(name).cloned());
    let missing = || data::Error::NotGiven(format!("the test host has no file {name:?}: add Host::blob"));
    bytes.map(Blob).ok_or_else(missing)
}

impl Blob {
    pub(crate) fn length(&self) -> u64 {
        self.0.len() as u64
    }

    pub(crate) fn read(&self, offset: u64, length: u32) -> Vec<u8> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        rest[..rest.len().min(length as usize)].to_vec()
    }
}

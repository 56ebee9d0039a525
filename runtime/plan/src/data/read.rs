//! Reading what a user wrote about a feed: `users.csv,policy=shuffle` on the command line and in files, or in files an
//! object with a key for each part.

use std::fmt;
use std::path::PathBuf;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use squall_schedule::UnknownChoice;
use thiserror::Error;

use super::{DataFormat, DataOptions};
use crate::options::{Key, Keyed, KeyedVisitor, read_word};

/// Why `--data` cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DataOptionError {
    /// There is no name, or nothing behind it.
    #[error("write NAME=FILE, as in users=users.csv or upload=file:big.bin")]
    NoFile,
    /// A part behind the file is no setting.
    #[error("{0:?} is not a setting of data: write policy=.., at-end=.. or delimiter=.. behind the file")]
    Setting(String),
    /// A setting has a value that it cannot have.
    #[error(transparent)]
    Choice(#[from] UnknownChoice),
    /// A delimiter that is none.
    #[error("the delimiter {0:?} is none: write one ASCII character, or tab")]
    Delimiter(String),
}

/// Reads `NAME=[FORMAT:]FILE[,policy=POLICY][,at-end=END][,delimiter=CHARACTER]`.
///
/// # Errors
/// When a part of it cannot be read.
pub fn parse_cli_data(text: &str) -> Result<(String, DataOptions), DataOptionError> {
    match text.split_once('=') {
        Some((name, rest)) if !name.is_empty() => Ok((name.to_owned(), read_text(rest)?)),
        _ => Err(DataOptionError::NoFile),
    }
}

/// Everything behind the name.
fn read_text(text: &str) -> Result<DataOptions, DataOptionError> {
    let (file, settings) = text.split_once(',').map_or((text, None), |(file, settings)| (file, Some(settings)));
    let (format, file) = match file.split_once(':') {
        // What is no format is a part of the file's name.
        Some((format, rest)) if DataFormat::named(format).is_some() => (DataFormat::named(format), rest),
        _ => (None, file),
    };
    if file.is_empty() {
        return Err(DataOptionError::NoFile);
    }
    let mut options = DataOptions { file: Some(PathBuf::from(file)), format, ..DataOptions::default() };
    for setting in settings.into_iter().flat_map(|settings| settings.split(',')) {
        match setting.split_once('=') {
            Some(("policy", policy)) => options.policy = Some(policy.parse()?),
            Some(("at-end" | "at_end", at_end)) => options.at_end = Some(at_end.parse()?),
            Some(("delimiter", delimiter)) => options.delimiter = Some(read_delimiter(delimiter)?),
            _ => return Err(DataOptionError::Setting(setting.to_owned())),
        }
    }
    Ok(options)
}

fn read_delimiter(text: &str) -> Result<u8, DataOptionError> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        // A quote or the end of a line already means something else.
        &[byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(byte),
        _ => Err(DataOptionError::Delimiter(text.to_owned())),
    }
}

const DATA_KEYS: &[Key] = &[
    Key::new("file", &[]),
    Key::new("format", &[]),
    Key::new("delimiter", &[]),
    Key::new("policy", &[]),
    Key::new("at_end", &["at-end", "atEnd"]),
];

impl Keyed for DataOptions {
    fn keys() -> impl Iterator<Item = &'static Key> {
        DATA_KEYS.iter()
    }

    fn set<'de, D: Deserializer<'de>>(&mut self, key: &str, value: D) -> Result<(), D::Error> {
        match key {
            "file" => self.file = Option::deserialize(value)?,
            "format" => self.format = read_word(value)?,
            "delimiter" => {
                let text: Option<String> = Option::deserialize(value)?;
                self.delimiter = text.map(|text| read_delimiter(&text)).transpose().map_err(de::Error::custom)?;
            }
            "policy" => self.policy = read_word(value)?,
            "at_end" => self.at_end = read_word(value)?,
            _ => debug_assert!(false, "{key} is a known key that is not read"),
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for DataOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DataOptions, D::Error> {
        deserializer.deserialize_any(TextOrObject)
    }
}

struct TextOrObject;

impl<'de> Visitor<'de> for TextOrObject {
    type Value = DataOptions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file, as in \"users.csv,policy=shuffle\", or an object with file, policy and at_end")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DataOptions, E> {
        read_text(text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DataOptions, A::Error> {
        KeyedVisitor::default().visit_map(map)
    }
}

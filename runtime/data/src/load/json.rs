//! JSON: an array of objects, or an object a line. A string is kept as its text, anything else as written.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{BYTE_ORDER_MARK, finish, not_utf8, text};
use crate::error::Wrong;
use crate::row::Kind;
use crate::table::{NamedField, Table, TableBuilder};

pub(super) fn read_array(input: impl Read + 'static) -> Result<Table, Wrong> {
    let mut bytes = Vec::new();
    text::reader(input)?.read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        Wrong::in_line(1 + valid.iter().filter(|byte| **byte == b'\n').count() as u64, not_utf8())
    })?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    let mut table = TableBuilder::new(Vec::new(), text.len());
    let mut json = serde_json::Deserializer::from_str(text);
    let read = json.deserialize_any(Rows(&mut table)).and_then(|()| json.end());
    read.map_err(|error| Wrong::in_line(error.line() as u64, in_words(&error)))?;
    finish(table)
}

pub(super) fn read_lines(input: impl Read + 'static, size: usize) -> Result<Table, Wrong> {
    let mut table = TableBuilder::new(Vec::new(), size);
    let mut reader = BufReader::new(text::reader(input)?);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let text = std::str::from_utf8(&line).map_err(|_| Wrong::in_line(number, not_utf8()))?;
        let text = if number == 1 { text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text) } else { text };
        if text.trim().is_empty() {
            continue;
        }
        let row: Row<'_> = serde_json::from_str(text).map_err(|error| Wrong::in_line(number, in_words(&error)))?;
        let fields = row.fields().map_err(|error| Wrong::in_line(number, in_words(&error)))?;
        table.push_named(&fields).map_err(|reason| Wrong::in_line(number, reason))?;
    }
    finish(table)
}

/// The error's text without its position, which is reported separately.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

/// Takes the objects of an array into a table, one by one.
struct Rows<'t>(&'t mut TableBuilder);

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<Row<'_>>()? {
            self.0.push_named(&row.fields().map_err(A::Error::custom)?).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// An object, its values as written.
struct Row<'a>(Vec<(String, &'a RawValue)>);

impl Row<'_> {
    fn fields(&self) -> Result<Vec<NamedField>, serde_json::Error> {
        let field = |(name, value): &(String, &RawValue)| {
            let written = value.get();
            let (kind, text) = match written.starts_with('"') {
                true => (Kind::Text, serde_json::from_str::<String>(written)?.into()),
                false => (Kind::Json, written.into()),
            };
            Ok(NamedField { name: name.as_str().into(), kind, text })
        };
        self.0.iter().map(field).collect()
    }
}

impl<'de> Deserialize<'de> for Row<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Row<'de>, D::Error> {
        deserializer.deserialize_map(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, as in {\"name\": \"ada\"}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            fields.push((name, map.next_value()?));
        }
        Ok(Row(fields))
    }
}

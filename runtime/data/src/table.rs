//! Rows in one piece of memory: all values one after the other, and the start of each row.

use std::collections::HashMap;

use bytes::Bytes;

use crate::error::UnknownColumn;
use crate::row::{Fields, Kind, Value, write};

/// A table that never changes. Rows are counted from 0.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Box<[Box<str>]>,
    bytes: Bytes,
    /// The start of each row, and the end of the last one.
    starts: Box<[u64]>,
}

impl Table {
    /// Number of rows.
    pub fn length(&self) -> u64 {
        self.starts.len() as u64 - 1
    }

    /// The names of the columns, in their order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(AsRef::as_ref)
    }

    /// The value in a column; `None` if the row has no value there.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn get(&self, row: u64, column: &str) -> Result<Option<Value<'_>>, UnknownColumn> {
        Ok(self.find(row, column)?.map(|(kind, place)| self.value(kind, place)))
    }

    /// The value in a column, sharing the table's memory; `None` if the row has no value there.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn bytes(&self, row: u64, column: &str) -> Result<Option<Bytes>, UnknownColumn> {
        Ok(self.find(row, column)?.map(|(_, place)| self.bytes.slice(place)))
    }

    /// The names and values that a row has, in the order of the columns.
    pub fn fields(&self, row: u64) -> impl Iterator<Item = (&str, Value<'_>)> {
        self.columns.iter().zip(self.row(row)).filter_map(|(column, field)| {
            let (kind, place) = field?;
            Some((column.as_ref(), self.value(kind, place)))
        })
    }

    /// A row as a JSON object.
    pub fn json(&self, row: u64) -> String {
        let mut json = String::from("{");
        for (column, value) in self.fields(row) {
            if json.len() > 1 {
                json.push(',');
            }
            push_quoted(&mut json, column);
            json.push(':');
            match value.kind {
                Kind::Text => push_quoted(&mut json, value.text),
                Kind::Json => json.push_str(value.text),
            }
        }
        json.push('}');
        json
    }

    /// Memory of the table, in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.starts)
    }

    fn find(&self, row: u64, column: &str) -> Result<Option<(Kind, std::ops::Range<usize>)>, UnknownColumn> {
        let place = self.columns.iter().position(|known| **known == *column);
        let place = place.ok_or_else(|| UnknownColumn::new(column, self.columns()))?;
        Ok(self.row(row).nth(place).flatten())
    }

    fn row(&self, row: u64) -> Fields<'_> {
        let start = |row: u64| self.starts.get(row as usize).copied().unwrap_or(self.bytes.len() as u64) as usize;
        Fields::of(&self.bytes, start(row)..start(row + 1))
    }

    fn value(&self, kind: Kind, place: std::ops::Range<usize>) -> Value<'_> {
        // It was text when it was written.
        Value { kind, text: std::str::from_utf8(&self.bytes[place]).unwrap_or_default() }
    }
}

fn push_quoted(json: &mut String, text: &str) {
    match serde_json::to_string(text) {
        Ok(quoted) => json.push_str(&quoted),
        // Text can always be written.
        Err(_) => json.push_str("null"),
    }
}

/// A value with the name of its column.
#[derive(Debug)]
pub(crate) struct NamedField {
    pub(crate) name: Box<str>,
    pub(crate) kind: Kind,
    pub(crate) text: Box<str>,
}

/// The most columns that a table may have.
pub(crate) const MOST_COLUMNS: usize = 10_000;
/// The most that the values of a table may take, in bytes. Each row has a place for each column, so that a short file can come
/// to much.
const LARGEST_TABLE: usize = 4 << 30;

pub(crate) fn too_many_columns(columns: usize) -> String {
    format!("there are {columns} columns: at most {MOST_COLUMNS} can be read")
}

/// A table while its file is read.
#[derive(Debug)]
pub(crate) struct TableBuilder {
    columns: Vec<Box<str>>,
    /// The place of each column, by its name.
    places: HashMap<Box<str>, usize>,
    bytes: Vec<u8>,
    starts: Vec<u64>,
    largest: usize,
}

impl TableBuilder {
    /// With room for a file of `file_size` bytes: values take about as much as their file.
    pub(crate) fn new(columns: Vec<Box<str>>, file_size: usize) -> TableBuilder {
        let places = columns.iter().enumerate().map(|(place, column)| (column.clone(), place)).collect();
        let bytes = Vec::with_capacity(file_size);
        TableBuilder { columns, places, bytes, starts: vec![0], largest: LARGEST_TABLE }
    }

    /// Adds a row of text, one value for each column.
    pub(crate) fn push_texts<'a>(&mut self, values: impl Iterator<Item = &'a str>) -> Result<(), String> {
        values.for_each(|text| write(&mut self.bytes, Some(Value { kind: Kind::Text, text })));
        self.end_row()
    }

    /// Adds a row of names and values; a name that is new becomes a column.
    pub(crate) fn push_named(&mut self, fields: &[NamedField]) -> Result<(), String> {
        let places: Vec<usize> = fields.iter().map(|field| self.place_of(&field.name)).collect();
        if self.columns.len() > MOST_COLUMNS {
            return Err(too_many_columns(self.columns.len()));
        }
        let mut row: Vec<Option<&NamedField>> = vec![None; self.columns.len()];
        // A name that comes twice means its last value, as nearly everywhere.
        places.into_iter().zip(fields).for_each(|(place, field)| row[place] = Some(field));
        for field in row {
            write(&mut self.bytes, field.map(|field| Value { kind: field.kind, text: &field.text }));
        }
        self.end_row()
    }

    fn place_of(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.columns.push(name.into());
        self.places.insert(name.into(), self.columns.len() - 1);
        self.columns.len() - 1
    }

    fn end_row(&mut self) -> Result<(), String> {
        self.starts.push(self.bytes.len() as u64);
        if self.bytes.len() > self.largest {
            return Err(format!("the rows take more than {} MiB, the most that data may have", self.largest >> 20));
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.starts.len() == 1
    }

    pub(crate) fn finish(mut self) -> Table {
        self.bytes.shrink_to_fit();
        Table { columns: self.columns.into(), bytes: self.bytes.into(), starts: self.starts.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_columns_do_not_make_much_of_little() {
        let mut table = TableBuilder { largest: 1 << 20, ..TableBuilder::new(Vec::new(), 0) };
        let field = |name: usize| NamedField { name: name.to_string().into(), kind: Kind::Text, text: "".into() };
        let wide: Vec<NamedField> = (0..MOST_COLUMNS).map(field).collect();
        table.push_named(&wide).unwrap();
        // Ten thousand bytes a row, of which the file has two or three.
        let error = (0..1_000).find_map(|_| table.push_named(&[]).err());
        assert_eq!(error.unwrap(), "the rows take more than 1 MiB, the most that data may have");
        assert!(table.push_named(&[field(MOST_COLUMNS)]).unwrap_err().contains("10001 columns"));
    }
}

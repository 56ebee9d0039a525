//! CSV as RFC 4180 has it, with a line of column names first.

use std::collections::HashSet;
use std::io::Read;

use csv::{ErrorKind, Position, Reader, ReaderBuilder, StringRecord};

use super::quotes::Quotes;
use super::{finish, not_utf8, text};
use crate::error::Wrong;
use crate::table::{MOST_COLUMNS, Table, TableBuilder, too_many_columns};

/// Bytes read in one step.
const READ_SIZE: usize = 256 * 1024;

pub(super) fn read(input: impl Read + 'static, size: usize, delimiter: u8) -> Result<Table, Wrong> {
    // The crate skips a byte order mark, and empty lines.
    let file = Quotes::new(text::reader(input)?, delimiter);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).buffer_capacity(READ_SIZE).from_reader(file);
    let read = read_table(&mut reader, size);
    // An error after an unclosed quote is a consequence of it.
    let before = read.as_ref().err().and_then(|wrong| wrong.line).map_or(u64::MAX, |line| line + 1);
    reader.get_ref().check(before)?;
    read
}

fn read_table(reader: &mut Reader<impl Read>, size: usize) -> Result<Table, Wrong> {
    let columns = columns(reader.headers().map_err(in_words)?)?;
    let mut table = TableBuilder::new(columns, size);
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(in_words)? {
        table.push_texts(record.iter())?;
    }
    finish(table)
}

fn columns(header: &StringRecord) -> Result<Vec<Box<str>>, Wrong> {
    if header.is_empty() {
        return Err(Wrong::somewhere("it is empty: CSV begins with a line of column names"));
    }
    let columns: Vec<Box<str>> = header.iter().map(Box::from).collect();
    if columns.len() > MOST_COLUMNS {
        return Err(Wrong::in_line(1, too_many_columns(columns.len())));
    }
    let mut known = HashSet::new();
    match columns.iter().find(|column| !known.insert(*column)) {
        Some(column) => Err(Wrong::in_line(1, format!("two columns are named {column:?}"))),
        None => Ok(columns),
    }
}

fn in_words(error: csv::Error) -> Wrong {
    let line = |position: &Option<Position>| position.as_ref().map(Position::line);
    match error.into_kind() {
        ErrorKind::Io(error) => error.into(),
        ErrorKind::Utf8 { pos, .. } => Wrong { line: line(&pos), reason: not_utf8().to_owned() },
        ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let (fields, columns) = (counted(len, "field"), counted(expected_len, "column"));
            let reason = format!("{fields} where the first line names {columns}");
            Wrong { line: line(&pos), reason }
        }
        other => Wrong::somewhere(format!("it cannot be read as CSV: {other:?}")),
    }
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

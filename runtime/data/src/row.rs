//! The encoding of one row in a table's bytes: for each column a header (length and kind, in as few bytes as possible)
//! and the value. A field of a CSV file costs one byte besides its text.

use std::ops::Range;

/// Kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// JSON other than a string.
    Json,
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// The value's kind.
    pub kind: Kind,
    /// A string's text, or JSON.
    pub text: &'a str,
}

/// The two low bits of a header.
const MISSING: u64 = 0;
const TEXT: u64 = 1;
const JSON: u64 = 2;

/// Appends a field.
pub(crate) fn write(bytes: &mut Vec<u8>, value: Option<Value<'_>>) {
    let (kind, text) = match value {
        None => (MISSING, ""),
        Some(Value { kind: Kind::Text, text }) => (TEXT, text),
        Some(Value { kind: Kind::Json, text }) => (JSON, text),
    };
    let mut header = (text.len() as u64) << 2 | kind;
    // Seven bits a byte, the lowest first; the eighth is set if more follow.
    while header >= 0x80 {
        bytes.push(header as u8 | 0x80);
        header >>= 7;
    }
    bytes.push(header as u8);
    bytes.extend_from_slice(text.as_bytes());
}

/// The fields of a row, one for each column that was known when it was read: kind, and where the value is.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    place: usize,
    end: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(bytes: &'a [u8], row: Range<usize>) -> Fields<'a> {
        Fields { bytes, place: row.start, end: row.end.min(bytes.len()) }
    }
}

impl Iterator for Fields<'_> {
    /// `None` for a field that the row does not have.
    type Item = Option<(Kind, Range<usize>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut header, mut shift) = (0u64, 0);
        loop {
            if self.place >= self.end {
                return None;
            }
            let byte = self.bytes[self.place];
            self.place += 1;
            header |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        let value = self.place..self.place + (header >> 2) as usize;
        self.place = value.end;
        Some(match header & 3 {
            TEXT => Some((Kind::Text, value)),
            JSON => Some((Kind::Json, value)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_rows_are_read_back() {
        let long = "x".repeat(20_000);
        let values = [
            Some(Value { kind: Kind::Text, text: "ada" }),
            None,
            Some(Value { kind: Kind::Json, text: "42" }),
            Some(Value { kind: Kind::Text, text: "" }),
            Some(Value { kind: Kind::Text, text: &long }),
        ];
        let mut bytes = b"before".to_vec();
        values.iter().for_each(|value| write(&mut bytes, *value));
        let row = 6..bytes.len();
        bytes.extend_from_slice(b"after");
        let fields: Vec<_> = Fields::of(&bytes, row).collect();
        let read = fields.iter().map(|field| {
            field
                .as_ref()
                .map(|(kind, place)| Value { kind: *kind, text: std::str::from_utf8(&bytes[place.clone()]).unwrap() })
        });
        assert_eq!(read.collect::<Vec<_>>(), values);
    }

    #[test]
    fn a_short_field_costs_one_byte_more() {
        let mut bytes = Vec::new();
        write(&mut bytes, Some(Value { kind: Kind::Text, text: "ada" }));
        assert_eq!(bytes.len(), 4);
    }
}

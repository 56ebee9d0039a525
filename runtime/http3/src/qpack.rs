//! QPACK, the header compression of HTTP/3 ([RFC 9204](https://www.rfc-editor.org/rfc/rfc9204)), without a dynamic table:
//! fields are entries of the static table, or literals.

mod static_table;

use std::error::Error;
use std::fmt;

use squall_http2::hpack::string::{self, Sent};
use squall_http2::hpack::{HpackError, integer};

use static_table::{FIELDS, Match};

/// The rule that a header block breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QpackError {
    /// An integer or a string is malformed.
    Malformed(HpackError),
    /// The block refers to a dynamic table, which was not announced.
    DynamicTable,
    /// The static table has no entry of that index.
    UnknownIndex,
}

impl fmt::Display for QpackError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QpackError::Malformed(error) => error.fmt(formatter),
            QpackError::DynamicTable => formatter.write_str("a header block refers to a table that was not announced"),
            QpackError::UnknownIndex => formatter.write_str("a header block refers to an entry that no table has"),
        }
    }
}

impl Error for QpackError {}

impl From<HpackError> for QpackError {
    fn from(error: HpackError) -> QpackError {
        QpackError::Malformed(error)
    }
}

/// Whether a field may be compressed by others on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Each hop may put it into a table.
    Public,
    /// It must stay a literal (section 4.5.4): its value could be guessed from lengths.
    Secret,
}

/// Begins a block: it needs no entry of a dynamic table (section 4.5.1).
pub fn begin(block: &mut Vec<u8>) {
    block.extend_from_slice(&[0, 0]);
}

/// Appends a field, whose name is in lower case.
pub fn write(block: &mut Vec<u8>, name: &[u8], value: &[u8], secrecy: Secrecy) {
    let is_secret = secrecy == Secrecy::Secret;
    match static_table::find(name, value) {
        Match::Field(index) if !is_secret => return integer::write(block, 6, 0xc0, index),
        Match::Field(index) | Match::Name(index) => {
            integer::write(block, 4, 0x50 | u8::from(is_secret) << 5, index);
        }
        Match::Nothing => string::write(block, 3, 0x20 | u8::from(is_secret) << 4, name),
    }
    string::write(block, 7, 0, value);
}

/// Decodes a whole block and passes each field to `take`, in order, until `take` refuses one.
///
/// # Errors
/// The block is malformed; or, as `Ok(Err(_))`, what `take` refused it with.
pub fn read<E>(block: &[u8], mut take: impl FnMut(&[u8], &[u8]) -> Result<(), E>) -> Result<Result<(), E>, QpackError> {
    let mut input = block;
    if integer::read(&mut input, 8)? != 0 {
        return Err(QpackError::DynamicTable);
    }
    // The base: without a dynamic table it is of no use.
    integer::read(&mut input, 7)?;
    let mut room = Vec::new();
    while let Some(first) = input.first() {
        let taken = match first.leading_zeros() {
            0 => {
                let (name, value) = entry(&mut input, first & 0x40 != 0, 6)?;
                take(name, value)
            }
            1 => {
                let (name, _) = entry(&mut input, first & 0x10 != 0, 4)?;
                let value = Sent::read(&mut input, 7)?;
                room.resize(value.room(), 0);
                take(name, value.decode(&mut room)?)
            }
            2 => {
                let (name, value) = (Sent::read(&mut input, 3)?, Sent::read(&mut input, 7)?);
                room.resize(name.room() + value.room(), 0);
                let (of_name, of_value) = room.split_at_mut(name.room());
                take(name.decode(of_name)?, value.decode(of_value)?)
            }
            _ => return Err(QpackError::DynamicTable),
        };
        if taken.is_err() {
            return Ok(taken);
        }
    }
    Ok(Ok(()))
}

/// The entry of the static table whose index comes next.
fn entry(input: &mut &[u8], is_static: bool, bits: u32) -> Result<(&'static [u8], &'static [u8]), QpackError> {
    if !is_static {
        return Err(QpackError::DynamicTable);
    }
    let index = integer::read(input, bits)?;
    FIELDS.get(index).copied().ok_or(QpackError::UnknownIndex)
}

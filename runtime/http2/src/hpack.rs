//! HPACK, the header compression of HTTP/2 ([RFC 7541](https://www.rfc-editor.org/rfc/rfc7541)).
//!
//! Both ends of a connection keep a table of fields that were sent before. A field in the table is sent as its index,
//! so a block of fields can be read only after all earlier blocks of the connection, in order.
//!
//! A connection that has sent no field yet holds no memory of the heap.

mod decoder;
mod encoder;
mod huffman;
pub mod integer;
mod static_table;
pub mod string;
mod table;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;

pub use decoder::Decoder;
pub use encoder::{Encoder, Indexing};

/// Size of a dynamic table before any setting, in bytes (RFC 9113, section 6.5.2).
const DEFAULT_TABLE_SIZE: usize = 4096;

/// The rule that a header block breaks. The decoder is out of step with its peer from then on, so the connection must
/// end with a `COMPRESSION_ERROR` (RFC 9113, section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HpackError {
    /// The block ends within a field.
    Truncated,
    /// An integer exceeds 32 bits (section 5.1).
    IntegerTooLarge,
    /// A string contains Huffman's end-of-string symbol (section 5.2).
    EndOfString,
    /// A string ends with other bits than up to seven ones (section 5.2).
    Padding,
    /// No entry of the tables has this index (section 2.3.3).
    UnknownIndex,
    /// A size update exceeds the announced table size (section 6.3).
    TableTooLarge,
    /// A size update follows a field (section 4.2).
    LateSizeUpdate,
}

impl fmt::Display for HpackError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            HpackError::Truncated => "a header block ends within a field",
            HpackError::IntegerTooLarge => "an integer of a header block exceeds 32 bits",
            HpackError::EndOfString => "a compressed string contains the end-of-string symbol",
            HpackError::Padding => "a compressed string is not padded with up to seven ones",
            HpackError::UnknownIndex => "a header block refers to an entry that no table has",
            HpackError::TableTooLarge => "a header block enlarges the dynamic table beyond the announced size",
            HpackError::LateSizeUpdate => "a header block resizes the dynamic table after its first field",
        })
    }
}

impl Error for HpackError {}

//! Requests as bytes.

use crate::frame::{kind, write_header};
use crate::qpack;

/// Appends a HEADERS frame with the fields that `write_fields` writes, by [`qpack::write`].
pub fn write_head(output: &mut Vec<u8>, write_fields: impl FnOnce(&mut Vec<u8>)) {
    let mut block = Vec::new();
    qpack::begin(&mut block);
    write_fields(&mut block);
    write_header(output, kind::HEADERS, block.len());
    output.extend_from_slice(&block);
}

/// Appends a DATA frame.
pub fn write_data(output: &mut Vec<u8>, data: &[u8]) {
    write_header(output, kind::DATA, data.len());
    output.extend_from_slice(data);
}

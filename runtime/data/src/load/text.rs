//! The text of a file: UTF-8, or UTF-16 with a byte order mark (as spreadsheets export "Unicode text").

use std::io::{Cursor, Read};

use crate::error::Wrong;

/// The file as UTF-8, if it is text of either kind.
pub(super) fn reader(mut file: impl Read + 'static) -> Result<Box<dyn Read>, Wrong> {
    let mut beginning = Vec::new();
    file.by_ref().take(4).read_to_end(&mut beginning)?;
    match beginning[..] {
        [0xFF, 0xFE, ..] => decoded(beginning, file, u16::from_le_bytes),
        [0xFE, 0xFF, ..] => decoded(beginning, file, u16::from_be_bytes),
        _ if beginning.contains(&0) => Err(Wrong::in_line(1, not_marked())),
        _ => Ok(Box::new(Cursor::new(beginning).chain(file))),
    }
}

fn decoded(mut bytes: Vec<u8>, mut rest: impl Read, unit: fn([u8; 2]) -> u16) -> Result<Box<dyn Read>, Wrong> {
    rest.read_to_end(&mut bytes)?;
    let (units, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    // The mark is not part of the text.
    for character in char::decode_utf16(units.iter().skip(1).map(|pair| unit(*pair))) {
        text.push(character.map_err(|_| not_utf16(&text))?);
    }
    if !odd.is_empty() {
        return Err(not_utf16(&text));
    }
    Ok(Box::new(Cursor::new(text.into_bytes())))
}

fn not_utf16(before: &str) -> Wrong {
    let line = 1 + before.matches('\n').count() as u64;
    Wrong::in_line(line, "this is not UTF-16 text, though it begins with the byte order mark of one")
}

fn not_marked() -> &'static str {
    "this is not UTF-8 text; it looks like UTF-16 without a byte order mark: convert the file, as with iconv -f utf-16le -t utf-8"
}

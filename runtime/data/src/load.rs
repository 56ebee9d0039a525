//! Reading files into tables: one file for each format.

mod csv;
mod input;
mod json;
mod quotes;
#[cfg(test)]
mod tests;
mod text;

use std::io::Read;
use std::path::Path;

use squall_plan::DataFormat;

use crate::error::Wrong;
use crate::table::{Table, TableBuilder};

pub(crate) use input::Input;

/// May begin a text file, and is not part of the text.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Reads a file of that format.
pub(crate) fn table(file: &Path, format: DataFormat) -> Result<Table, Wrong> {
    let input = Input::open(file)?;
    let size = input.size();
    table_of(input, size, format)
}

/// Reads an open input of about `size` bytes.
pub(crate) fn table_of(input: impl Read + 'static, size: usize, format: DataFormat) -> Result<Table, Wrong> {
    match format {
        DataFormat::Csv { delimiter } => csv::read(input, size, delimiter),
        DataFormat::Json => json::read_array(input),
        DataFormat::NdJson => json::read_lines(input, size),
        DataFormat::File => Err(Wrong::somewhere("a file that is sent unchanged has no rows")),
    }
}

fn finish(table: TableBuilder) -> Result<Table, Wrong> {
    if table.is_empty() { Err(Wrong::somewhere("there are no rows in it")) } else { Ok(table.finish()) }
}

fn not_utf8() -> &'static str {
    "this is not UTF-8 text: convert the file, as with iconv -f latin1 -t utf-8"
}

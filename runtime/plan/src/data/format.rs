//! What can be in a file of data.

use std::path::Path;

use serde::{Deserialize, Serialize};
use squall_schedule::UnknownChoice;

/// What a file of data holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DataFormat {
    /// `csv`, `tsv`: lines of fields (RFC 4180), the first of which names the columns.
    Csv {
        /// What stands between the fields: an ASCII character.
        delimiter: u8,
    },
    /// `json`: an array of objects.
    Json,
    /// `ndjson`, `jsonl`: an object a line.
    NdJson,
    /// `file`: bytes that are sent as they are.
    File,
}

impl DataFormat {
    const NAMES: &[&str] = &["csv", "tsv", "json", "ndjson", "file"];

    /// What the extension of the file's name says.
    pub(super) fn of(file: &Path) -> Option<DataFormat> {
        let extension = file.extension()?.to_str()?.to_ascii_lowercase();
        // `file` is how a user says that the extension does not matter.
        DataFormat::named(&extension).filter(|format| *format != DataFormat::File)
    }

    /// The format of that name.
    pub(super) fn named(name: &str) -> Option<DataFormat> {
        match name {
            "csv" => Some(DataFormat::Csv { delimiter: b',' }),
            "tsv" => Some(DataFormat::Csv { delimiter: b'\t' }),
            "json" => Some(DataFormat::Json),
            "ndjson" | "jsonl" => Some(DataFormat::NdJson),
            "file" => Some(DataFormat::File),
            _ => None,
        }
    }
}

impl std::str::FromStr for DataFormat {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<DataFormat, UnknownChoice> {
        DataFormat::named(text).ok_or_else(|| UnknownChoice::new("format", text, DataFormat::NAMES))
    }
}

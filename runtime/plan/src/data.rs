//! The data that a test brings for its scenario: `--data users=users.csv,policy=shuffle`. Must not read files: it only says
//! which, what is in them, and who gets which row.

mod error;
mod format;
mod policy;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use error::DataError;
pub use format::DataFormat;
pub use policy::{AtEnd, EndlessPolicy, Policy};
pub use read::{DataOptionError, parse_cli_data};

/// What one layer says about one feed; everything optional.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataOptions {
    /// Where the data is. Only a user says so: a component that could name files could read them.
    pub file: Option<PathBuf>,
    /// What the file holds; by its extension unless said otherwise.
    pub format: Option<DataFormat>,
    /// What stands between the fields of a CSV file: an ASCII character.
    pub delimiter: Option<u8>,
    /// Which row comes next.
    pub policy: Option<Policy>,
    /// What follows the last row.
    pub at_end: Option<AtEnd>,
}

impl DataOptions {
    /// This layer laid over a lower one, which speaks where this one is silent. A file brings its own format and
    /// delimiter.
    pub fn over(self, lower: DataOptions) -> DataOptions {
        let (format, delimiter) = match self.file {
            Some(_) => (self.format, self.delimiter),
            None => (self.format.or(lower.format), self.delimiter.or(lower.delimiter)),
        };
        DataOptions {
            file: self.file.or(lower.file),
            format,
            delimiter,
            policy: self.policy.or(lower.policy),
            at_end: self.at_end.or(lower.at_end),
        }
    }
}

/// One feed, or one file that is sent as it is, settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedData {
    /// What the scenario calls it.
    pub name: String,
    /// Where the data is.
    pub file: PathBuf,
    /// What the file holds.
    pub format: DataFormat,
    /// Which row comes next; the scenario's choice where there is none.
    pub policy: Option<Policy>,
    /// What follows the last row; the scenario's choice where there is none.
    pub at_end: Option<AtEnd>,
}

/// Settles every feed.
pub(crate) fn resolve(options: &BTreeMap<String, DataOptions>) -> Result<Vec<PlannedData>, Vec<DataError>> {
    let mut planned = Vec::new();
    let mut mistakes = Vec::new();
    for (name, options) in options {
        match resolve_one(name, options) {
            Ok(data) => planned.push(data),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(planned) } else { Err(mistakes) }
}

fn resolve_one(name: &str, options: &DataOptions) -> Result<PlannedData, DataError> {
    let named = || name.to_owned();
    if !is_name(name) {
        return Err(DataError::Name(named()));
    }
    let hint = if options.format == Some(DataFormat::File) { "file:FILE" } else { "FILE" };
    let file = options.file.clone().ok_or_else(|| DataError::NotGiven { name: named(), file: hint })?;
    let format = match options.format {
        Some(format) => format,
        None => DataFormat::of(&file).ok_or_else(|| DataError::Format { name: named(), file: file.clone() })?,
    };
    let format = match (format, options.delimiter) {
        (format, None) => format,
        (DataFormat::Csv { .. }, Some(delimiter)) => DataFormat::Csv { delimiter },
        (_, Some(_)) => return Err(DataError::Delimiter(named())),
    };
    if format == DataFormat::File && (options.policy.is_some() || options.at_end.is_some()) {
        return Err(DataError::PolicyOfFile(named()));
    }
    if let (Some(policy), Some(at_end)) = (options.policy, options.at_end) {
        policy.check_end(at_end).map_err(|source| DataError::Contradiction { name: named(), source })?;
    }
    Ok(PlannedData { name: named(), file, format, policy: options.policy, at_end: options.at_end })
}

/// Letters, digits, `-`, `_` and `.`: a name that needs no quotes anywhere.
fn is_name(name: &str) -> bool {
    let allowed = |letter: char| letter.is_alphanumeric() || ['-', '_', '.'].contains(&letter);
    !name.is_empty() && name.chars().all(allowed)
}

//! From which run on a history counts: a change that was meant is accepted, with a reason, and is then the new normal.

use std::io::Write;

use serde::{Deserialize, Serialize};
use squall_files::append;

use crate::error::HistoryError;
use crate::reading::{from_json, read_text};
use crate::store::Store;

/// A line of `accepted.ndjson`, which only grows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Acceptance {
    /// The first run of the new normal. None takes all acceptances back.
    pub run: Option<String>,
    /// Why.
    pub reason: String,
    /// When it was accepted, in UTC.
    pub at: String,
}

impl Store {
    /// Notes from which run on history counts.
    pub fn accept(&self, acceptance: &Acceptance) -> Result<(), HistoryError> {
        let path = self.root().join("accepted.ndjson");
        let damaged =
            |error: serde_json::Error| HistoryError::Damaged { path: path.clone(), reason: error.to_string() };
        let mut line = serde_json::to_string(acceptance).map_err(damaged)?;
        line.push('\n');
        let mut file = append(&path).map_err(HistoryError::file(&path))?;
        file.write_all(line.as_bytes()).map_err(HistoryError::file(path))
    }

    /// The acceptances that hold, in the order in which they were made. A run need not be there any more.
    pub fn acceptances(&self) -> Result<Vec<Acceptance>, HistoryError> {
        let path = self.root().join("accepted.ndjson");
        let text = read_text(&path)?.unwrap_or_default();
        let mut holding = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let reason = |error| format!("line {}: {error}", number + 1);
            let acceptance: Acceptance =
                from_json(line).map_err(|error| HistoryError::Damaged { path: path.clone(), reason: reason(error) })?;
            if acceptance.run.is_none() {
                holding.clear();
            } else {
                holding.push(acceptance);
            }
        }
        Ok(holding)
    }
}

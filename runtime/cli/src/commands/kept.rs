//! The document of a kept run, or of a file that `--summary-json` wrote.

use std::path::Path;

use squall_history::Store;
use squall_report::Document;
use squall_session::kept_document;

use crate::error::CliError;

/// A run's name, and its document.
pub fn read_document(named: &str, store: &Store) -> Result<(String, Document), CliError> {
    if !is_file(named) {
        let run = store.find(named)?;
        let document = kept_document(&run, &run.totals()?)?;
        return Ok((run.id, document));
    }
    let unreadable = |sentence: String| CliError::options(vec![format!("{named}: {sentence}")]);
    let text = std::fs::read_to_string(named).map_err(|error| unreadable(error.to_string()))?;
    let document = Document::from_json(&text).map_err(unreadable)?;
    Ok((document.run.began.clone(), document))
}

/// Whether a summary's file is named, and not a run.
pub fn is_file(named: &str) -> bool {
    Path::new(named).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}

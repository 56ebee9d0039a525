//! `squall findings`: the causes of slow responses that a run found, with their evidence.

use std::path::Path;

use squall_findings::Findings;
use squall_report::{Document, findings_text};
use squall_session::kept_document;

use crate::args::history::FindingsArgs;
use crate::error::CliError;
use crate::exit;
use crate::stdout::print;
use crate::style::summary_style;

/// Prints them.
pub fn findings(arguments: &FindingsArgs) -> Result<u8, CliError> {
    let findings = read(arguments)?;
    let text = if arguments.json {
        // Texts, numbers and lists always are JSON.
        format!("{}\n", serde_json::to_string_pretty(&findings).unwrap_or_default())
    } else {
        findings_text(&findings, summary_style(false))
    };
    print(&text)?;
    Ok(exit::PASSED)
}

fn read(arguments: &FindingsArgs) -> Result<Findings, CliError> {
    let named = &arguments.run;
    let unreadable = |sentence: String| CliError::options(vec![format!("{named}: {sentence}")]);
    let document = if Path::new(named).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
        let text = std::fs::read_to_string(named).map_err(|error| unreadable(error.to_string()))?;
        Document::from_json(&text).map_err(unreadable)?
    } else {
        let run = arguments.store.open().find(named)?;
        kept_document(&run, &run.totals()?)?
    };
    document.findings.ok_or_else(|| unreadable("the target was not looked into: run it with --look-inside".to_owned()))
}

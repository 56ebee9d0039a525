//! `squall findings`: the causes of slow responses that a run found, with their evidence.

use squall_findings::Findings;
use squall_report::findings_text;

use crate::args::history::FindingsArgs;
use crate::commands::kept::read_document;
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
    let (_, document) = read_document(named, &arguments.store.open())?;
    let not_looked = format!("{named}: the target was not looked into: run it with --look-inside");
    document.findings.ok_or_else(|| CliError::options(vec![not_looked]))
}

//! `squall report`: the summary of a kept run, as it was when it ended; of one that was killed, as far as it came. And
//! reports as files, of kept runs and of what `--summary-json` wrote.

use std::path::Path;

use squall_report::{Detail, Document, Summary};
use squall_session::{OpenFile, claim_standard_output, kept_document, print_as, trend_to};

use crate::args::history::ReportArgs;
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;
use crate::style::summary_style;

/// Prints the summary, or writes reports.
pub fn report(arguments: &ReportArgs) -> Result<u8, CliError> {
    if arguments.report.is_empty() {
        return summary(arguments);
    }
    claim_standard_output(arguments.report.iter().map(|file| ("--report", file.path.as_path())))?;
    let document = document(arguments)?;
    for file in &arguments.report {
        OpenFile::create("--report", &file.path)?.write(print_as(file.form, &document, None))?;
    }
    Ok(exit::PASSED)
}

/// Whether a summary's file is named, and not a run.
fn is_file(named: &str) -> bool {
    Path::new(named).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"))
}

/// What was reported of the run when it ended, with its history up to it.
fn document(arguments: &ReportArgs) -> Result<Document, CliError> {
    let named = &arguments.run;
    let unreadable = |sentence: String| CliError::options(vec![format!("{named}: {sentence}")]);
    if is_file(named) {
        let text = std::fs::read_to_string(named).map_err(|error| unreadable(error.to_string()))?;
        return Document::from_json(&text).map_err(unreadable);
    }
    let store = arguments.store.open();
    let run = store.find(named)?;
    let mut document = kept_document(&run, &run.totals()?)?;
    document.trend = trend_to(&store, &run.id, &print_status);
    Ok(document)
}

fn summary(arguments: &ReportArgs) -> Result<u8, CliError> {
    if is_file(&arguments.run) {
        let hint = format!("{}: say with --report FILE where a report of it goes", arguments.run);
        return Err(CliError::options(vec![hint]));
    }
    let run = arguments.store.open().find(&arguments.run)?;
    let totals = run.totals()?;
    if run.end.is_none() {
        print_status(&format!(
            "run {} did not end, or goes on: this is what was measured in {}",
            run.id,
            span(&totals)
        ));
    }
    let document = kept_document(&run, &totals)?;
    let detail = if arguments.full { Detail::Full } else { Detail::Compact };
    print(&Summary { document: &document, detail, style: summary_style(false) }.render())?;
    Ok(exit::PASSED)
}

fn span(totals: &squall_metrics::Totals) -> String {
    squall_report::duration(totals.elapsed)
}

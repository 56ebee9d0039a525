//! `squall report`: the summary of a kept run, as it was when it ended; of one that was killed, as far as it came. And
//! reports as files, of kept runs and of what `--summary-json` wrote. Of several runs, one report of them all.

use squall_metrics::Totals;
use squall_report::{CombinedReport, Detail, Document, NamedRun, Summary};
use squall_session::{
    OpenFile, ReportForm, claim_standard_output, implemented_by, kept_document, print_as, print_combined_as, trend_to,
};

use crate::args::history::ReportArgs;
use crate::commands::kept::{is_file, read_document};
use crate::error::CliError;
use crate::exit;
use crate::stderr::print_status;
use crate::stdout::print;
use crate::style::summary_style;

/// What a report is of.
enum Reported {
    One(Box<Document>),
    Several(CombinedReport),
}

/// Prints the summary, or writes reports.
pub fn report(arguments: &ReportArgs) -> Result<u8, CliError> {
    if arguments.report.is_empty() {
        print(&reported(arguments)?.summary(arguments))?;
        return Ok(exit::PASSED);
    }
    claim_standard_output(arguments.report.iter().map(|file| ("--report", file.path.as_path())))?;
    let reported = reported(arguments)?;
    for file in &arguments.report {
        OpenFile::create("--report", &file.path)?.write(reported.print_as(file.form))?;
    }
    Ok(exit::PASSED)
}

impl Reported {
    fn print_as(&self, form: ReportForm) -> String {
        match self {
            Reported::One(document) => print_as(form, document, None),
            Reported::Several(report) => print_combined_as(form, report),
        }
    }

    fn summary(&self, arguments: &ReportArgs) -> String {
        let detail = if arguments.full { Detail::Full } else { Detail::Compact };
        let style = summary_style(false);
        match self {
            Reported::One(document) => Summary { document, detail, style }.render(),
            Reported::Several(report) => report.render(detail, style),
        }
    }
}

fn reported(arguments: &ReportArgs) -> Result<Reported, CliError> {
    match arguments.runs.as_slice() {
        [only] => Ok(Reported::One(Box::new(named_run(arguments, only)?.document))),
        several => {
            let runs = several.iter().map(|named| named_run(arguments, named)).collect::<Result<Vec<_>, _>>()?;
            Ok(Reported::Several(CombinedReport::new(runs)))
        }
    }
}

/// What was reported of the run when it ended, with its history up to it.
fn named_run(arguments: &ReportArgs, named: &str) -> Result<NamedRun, CliError> {
    if is_file(named) && arguments.report.is_empty() {
        let hint = format!("{named}: say with --report FILE where a report of it goes");
        return Err(CliError::options(vec![hint]));
    }
    if is_file(named) {
        let (_, document) = read_document(named, &arguments.store.open())?;
        return Ok(NamedRun { name: named.to_owned(), document });
    }
    let store = arguments.store.open();
    let run = store.find(named)?;
    let totals = run.totals()?;
    if run.end.is_none() {
        print_status(&format!(
            "run {} did not end, or goes on: this is what was measured in {}",
            run.id,
            span(&totals)
        ));
    }
    let mut document = kept_document(&run, &totals)?;
    if !arguments.report.is_empty() {
        document.trend = trend_to(&store, &run.id, &print_status);
        document.implemented = implemented_by(&store, &run.id, &document, &print_status);
    }
    Ok(NamedRun { name: run.id, document })
}

fn span(totals: &Totals) -> String {
    squall_report::duration(totals.elapsed)
}

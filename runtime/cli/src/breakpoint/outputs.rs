//! The files that a search writes: opened before it begins.

use squall_report::{BreakpointReport, search_page};

use crate::args::OutputArgs;
use crate::error::CliError;
use crate::files::OpenFile;
use crate::reporting::args::Form;

/// The files that the command line asks for.
pub struct Outputs(Vec<(Form, OpenFile)>);

impl Outputs {
    /// Opens them all.
    pub fn open(output: &OutputArgs) -> Result<Outputs, CliError> {
        let arguments = &output.reports;
        if let Some(report) = arguments.report.iter().find(|report| matches!(report.form, Form::Junit | Form::Ctrf)) {
            let path = report.path.display();
            let text =
                format!("--report {path}: a search is reported as a page (.html), Markdown (.md) or JSON (.json)");
            return Err(CliError::Options(vec![text]));
        }
        let json = arguments.summary_json.iter().map(|path| (Form::Json, "--summary-json", path));
        let reports = arguments.report.iter().map(|report| (report.form, "--report", &report.path));
        let open = |(form, option, path): (Form, &'static str, &std::path::PathBuf)| {
            OpenFile::create(option, path).map(|file| (form, file))
        };
        json.chain(reports).map(open).collect::<Result<_, _>>().map(Outputs)
    }

    /// Writes them all.
    pub fn write(self, report: &BreakpointReport) -> Result<(), CliError> {
        self.0.into_iter().try_for_each(|(form, file)| match form {
            Form::Html => file.write(&search_page(report)),
            Form::Markdown => file.write(&report.to_markdown()),
            _ => file.write(&report.to_json()),
        })
    }
}

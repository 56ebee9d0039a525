//! The files that a search writes: opened before it begins.

use squall_report::{BreakpointReport, search_page};

use crate::error::Error;
use crate::files::OpenFile;
use crate::reports::ReportForm;
use crate::settings::OutputSettings;

/// The files that the command line asks for.
pub struct Outputs(Vec<(ReportForm, OpenFile)>);

impl Outputs {
    /// Opens them all.
    pub fn open(output: &OutputSettings) -> Result<Outputs, Error> {
        let settings = &output.reports;
        if let Some(report) =
            settings.files.iter().find(|report| matches!(report.form, ReportForm::Junit | ReportForm::Ctrf))
        {
            let path = report.path.display();
            let text =
                format!("--report {path}: a search is reported as a page (.html), Markdown (.md) or JSON (.json)");
            return Err(Error::Options(vec![text]));
        }
        let json = settings.summary_json.iter().map(|path| (ReportForm::Json, "--summary-json", path));
        let reports = settings.files.iter().map(|report| (report.form, "--report", &report.path));
        let open = |(form, option, path): (ReportForm, &'static str, &std::path::PathBuf)| {
            OpenFile::create(option, path).map(|file| (form, file))
        };
        json.chain(reports).map(open).collect::<Result<_, _>>().map(Outputs)
    }

    /// Writes them all.
    pub fn write(self, report: &BreakpointReport) -> Result<(), Error> {
        self.0.into_iter().try_for_each(|(form, file)| match form {
            ReportForm::Html => file.write(search_page(report)),
            ReportForm::Markdown => file.write(report.to_markdown()),
            _ => file.write(report.to_json()),
        })
    }
}

//! Reports: which are written, and where they go. docs/reports.md and docs/ci.md.
//!
//! All of them are printed from one `Document` (squall-report); this module knows files and the environment.

mod ci;
mod form;
mod interim;

use squall_report::{
    CombinedReport, Document, combined_ctrf_report, combined_junit_report, combined_page, ctrf_report, html_report,
    junit_report, markdown_report,
};

use crate::console::Console;
use crate::error::Error;
use crate::files::OpenFile;
use crate::settings::ReportSettings;
use ci::CiSystem;

pub use form::{ReportFile, ReportForm};
pub(crate) use interim::{Interim, every};

/// The reports that are wanted, their files open.
pub(crate) struct Reports {
    files: Vec<(ReportForm, OpenFile)>,
    baseline: Option<Document>,
    ci: Option<CiSystem>,
}

impl Reports {
    /// Opens all files, so that hours of measuring cannot end in "permission denied".
    ///
    /// # Errors
    /// If one cannot be opened, or the earlier run cannot be read.
    pub fn open(settings: &ReportSettings) -> Result<Reports, Error> {
        // First what is read: a file that is to be compared with may also be the one that is written.
        let baseline = settings.baseline.as_deref().map(form::read_baseline).transpose()?;
        let summary = settings.summary_json.iter().map(|path| (ReportForm::Json, "--summary-json", path));
        let reports = settings.files.iter().map(|report| (report.form, "--report", &report.path));
        let open = |(form, option, path): (ReportForm, &'static str, &std::path::PathBuf)| {
            OpenFile::create(option, path).map(|file| (form, file))
        };
        let files = summary.chain(reports).map(open).collect::<Result<_, _>>()?;
        Ok(Reports { files, baseline, ci: CiSystem::of(settings.ci, |name| std::env::var(name).ok()) })
    }

    /// Writes the files anew while the run goes on.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write_so_far(&mut self, document: &Document) -> Result<(), Error> {
        let baseline = self.baseline.as_ref();
        let mut files = self.files.iter_mut().filter(|(_, file)| file.can_be_rewritten());
        files.try_for_each(|(form, file)| file.rewrite(&print_as(*form, document, baseline)))
    }

    /// Whether anything is written, or a CI system told.
    pub fn are_wanted(&self) -> bool {
        self.has_files() || self.ci.is_some()
    }

    /// Whether there are any files.
    pub fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// Writes them all; `export` is k6's summary.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(mut self, document: &Document, export: &str, console: &dyn Console) -> Result<(), Error> {
        let baseline = self.baseline.as_ref();
        self.files.iter_mut().try_for_each(|(form, file)| file.rewrite(&print_as(*form, document, baseline)))?;
        match self.ci {
            Some(system) => {
                let markdown = markdown_report(document, self.baseline.as_ref());
                system.hand_over(document, &markdown, export, console)
            }
            None => Ok(()),
        }
    }
}

/// Several runs in one form.
pub fn print_combined_as(form: ReportForm, report: &CombinedReport) -> String {
    match form {
        ReportForm::Html => combined_page(report),
        ReportForm::Markdown => report.to_markdown(),
        ReportForm::Junit => combined_junit_report(report),
        ReportForm::Ctrf => combined_ctrf_report(report),
        ReportForm::Json => report.to_json(),
    }
}

/// The document in one form.
pub fn print_as(form: ReportForm, document: &Document, baseline: Option<&Document>) -> String {
    match form {
        ReportForm::Html => html_report(document),
        ReportForm::Markdown => markdown_report(document, baseline),
        ReportForm::Junit => junit_report(document),
        ReportForm::Ctrf => ctrf_report(document),
        ReportForm::Json => document.to_json(),
    }
}

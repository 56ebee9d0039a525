//! What can be typed about reports.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use squall_report::Document;

use crate::error::CliError;

/// Which reports are written.
#[derive(Debug, Default, Args)]
pub struct ReportFileArgs {
    /// Write a report to this file, in the form that its ending says: .html (a page with charts), .md (Markdown),
    /// .xml (JUnit), .ctrf.json (Common Test Report Format), .json (as --summary-json); give several.
    #[arg(long, value_name = "FILE")]
    pub report: Vec<ReportFile>,
    /// Write everything that is reported to this file as JSON, histograms included (docs/summary.schema.json).
    #[arg(long, value_name = "FILE")]
    pub summary_json: Option<PathBuf>,
    /// Also report this often while the run goes on: the summary, and the files of --report and --summary-json, as far as
    /// it has come; 0 for only at the end. [default: 30m in plans of type soak]
    #[arg(long, value_name = "TIME", value_parser = crate::values::parse_time)]
    pub report_every: Option<std::time::Duration>,
    /// In Markdown reports, show what changed since the run whose --summary-json this is.
    #[arg(long, value_name = "FILE")]
    pub report_baseline: Option<PathBuf>,
    /// Tell this CI system what it can show beside the job. [default: the one that the environment names]
    #[arg(long, value_name = "SYSTEM", default_value = "auto", hide_default_value = true)]
    pub ci: Ci,
}

/// A report, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// Its form.
    pub form: Form,
    /// Its file.
    pub path: PathBuf,
}

/// A form of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A page with charts.
    Html,
    /// Markdown.
    Markdown,
    /// JUnit's XML.
    Junit,
    /// The Common Test Report Format.
    Ctrf,
    /// Everything, for machines.
    Json,
}

/// A CI system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Ci {
    /// The one that the environment names, if it names one.
    #[default]
    Auto,
    /// GitHub Actions: the step's summary, and annotations.
    Github,
    /// GitLab CI: JUnit, metrics and load performance, as files for `artifacts:reports`.
    Gitlab,
    /// Azure Pipelines: a summary, test results and issues.
    Azure,
    /// None.
    None,
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<ReportFile, String> {
        let name = text.to_ascii_lowercase();
        let forms = [
            (".html", Form::Html),
            (".htm", Form::Html),
            (".md", Form::Markdown),
            (".xml", Form::Junit),
            (".ctrf.json", Form::Ctrf),
            (".json", Form::Json),
        ];
        let form = forms.iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, form)| *form);
        let form = form.ok_or("its ending must say its form: .html, .md, .xml (JUnit), .ctrf.json or .json")?;
        Ok(ReportFile { form, path: PathBuf::from(text) })
    }
}

/// Reads an earlier run.
///
/// # Errors
/// If there is none in that file.
pub fn read_baseline(path: &Path) -> Result<Document, CliError> {
    const OPTION: &str = "--report-baseline";
    let text = std::fs::read_to_string(path).map_err(|source| CliError::File {
        option: OPTION,
        path: path.to_owned(),
        source,
    })?;
    Document::from_json(&text)
        .map_err(|sentence| CliError::Options(vec![format!("{OPTION} {}: {sentence}", path.display())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_form() {
        let form = |text: &str| text.parse::<ReportFile>().map(|report| report.form);
        assert_eq!(form("out/r.HTML"), Ok(Form::Html));
        assert_eq!(form("r.md"), Ok(Form::Markdown));
        assert_eq!(form("junit.xml"), Ok(Form::Junit));
        assert_eq!(form("r.ctrf.json"), Ok(Form::Ctrf));
        assert_eq!(form("r.json"), Ok(Form::Json));
        assert!(form("report.pdf").unwrap_err().contains(".html, .md, .xml"));
    }
}

//! The forms of reports: by the ending of a file's name.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use squall_report::Document;

use crate::error::Error;

/// A report, and where it goes. The name `-` is standard output: `-.html` as a page, `-` alone as Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// Its form.
    pub form: ReportForm,
    /// Its file.
    pub path: PathBuf,
}

/// A form of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportForm {
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

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<ReportFile, String> {
        let name = text.to_ascii_lowercase();
        if name == "-" {
            return Ok(ReportFile { form: ReportForm::Markdown, path: PathBuf::from(text) });
        }
        let forms = [
            (".html", ReportForm::Html),
            (".htm", ReportForm::Html),
            (".md", ReportForm::Markdown),
            (".xml", ReportForm::Junit),
            (".ctrf.json", ReportForm::Ctrf),
            (".json", ReportForm::Json),
        ];
        let form = forms.iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, form)| *form);
        let form = form.ok_or("its ending must say its form: .html, .md, .xml (JUnit), .ctrf.json or .json")?;
        Ok(ReportFile { form, path: PathBuf::from(if name.starts_with("-.") { "-" } else { text }) })
    }
}

/// Reads the summary of an earlier run.
///
/// # Errors
/// If there is none in that file.
pub(super) fn read_baseline(path: &Path) -> Result<Document, Error> {
    const OPTION: &str = "--report-baseline";
    let text = std::fs::read_to_string(path).map_err(|source| Error::File {
        option: OPTION,
        path: path.to_owned(),
        source,
    })?;
    Document::from_json(&text)
        .map_err(|sentence| Error::Options(vec![format!("{OPTION} {}: {sentence}", path.display())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_form() {
        let form = |text: &str| text.parse::<ReportFile>().map(|report| report.form);
        assert_eq!(form("out/r.HTML"), Ok(ReportForm::Html));
        assert_eq!(form("r.md"), Ok(ReportForm::Markdown));
        assert_eq!(form("junit.xml"), Ok(ReportForm::Junit));
        assert_eq!(form("r.ctrf.json"), Ok(ReportForm::Ctrf));
        assert_eq!(form("r.json"), Ok(ReportForm::Json));
        let to_standard_output = |text: &str| text.parse::<ReportFile>().map(|report| report.path == Path::new("-"));
        assert_eq!((form("-"), to_standard_output("-")), (Ok(ReportForm::Markdown), Ok(true)));
        assert_eq!((form("-.xml"), to_standard_output("-.xml")), (Ok(ReportForm::Junit), Ok(true)));
        assert_eq!(to_standard_output("./-.xml"), Ok(false));
        assert!(form("report.pdf").unwrap_err().contains(".html, .md, .xml"));
    }
}

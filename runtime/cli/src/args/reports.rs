//! What can be typed about reports.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use squall_session::{CiChoice, ReportFile, ReportSettings};

use squall_plan::parse_typed_duration;

use crate::args::headings;

/// Which reports are written.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::OUTPUTS)]
pub struct ReportFileArgs {
    /// Write a report: .html, .md, .xml (JUnit), .json
    ///
    /// The ending says the form: .html (a page with charts), .md (Markdown), .xml (JUnit), .ctrf.json (Common Test Report
    /// Format), .json (as --summary-json). Give several.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub report: Vec<ReportFile>,
    /// Write all that is reported as JSON
    ///
    /// Histograms included: docs/summary.schema.json.
    #[arg(long, value_name = "FILE")]
    pub summary_json: Option<PathBuf>,
    /// Also report this often while the run goes on: the summary, and the files of --report and --summary-json, as far as
    /// it has come; 0 for only at the end. [default: 30m in plans of type soak]
    #[arg(long, value_name = "TIME", value_parser = parse_typed_duration)]
    pub report_every: Option<Duration>,
    /// In Markdown reports, show what changed since the run whose --summary-json this is.
    #[arg(long, value_name = "FILE")]
    pub report_baseline: Option<PathBuf>,
    /// Tell this CI system what it can show beside the job. [default: the one that the environment names]
    #[arg(long, value_name = "SYSTEM", default_value = "auto", hide_default_value = true)]
    pub ci: Ci,
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

impl Ci {
    fn choice(self) -> CiChoice {
        match self {
            Ci::Auto => CiChoice::Auto,
            Ci::Github => CiChoice::Github,
            Ci::Gitlab => CiChoice::Gitlab,
            Ci::Azure => CiChoice::Azure,
            Ci::None => CiChoice::None,
        }
    }
}

impl ReportFileArgs {
    /// The same for the session.
    pub fn settings(&self) -> ReportSettings {
        ReportSettings {
            files: self.report.clone(),
            summary_json: self.summary_json.clone(),
            every: self.report_every,
            baseline: self.report_baseline.clone(),
            ci: self.ci.choice(),
        }
    }
}

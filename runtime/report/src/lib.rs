//! What a run looks like: one record, made once from the totals, and one file for each form of output that prints it.
//!
//! Must not know how anything was measured, nor whether it is a terminal that shows it.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod agents;
mod breakpoint;
mod causes;
mod ci;
mod combined;
mod command_line;
mod ctrf;
mod document;
mod export;
#[cfg(test)]
mod fixture;
mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod histogram_log;
mod html;
mod implemented;
mod junit;
mod markdown;
mod objectives;
mod progress;
mod style;
mod summary;
mod table;
mod test_cases;
mod trend;
mod wording;

pub use breakpoint::{
    BreakpointReport, Cause, LawLine, RateLine, ScalingLines, SearchAnswer, SearchEnd, SearchRange, Spread,
    TrialFigures, TrialLine, TrialOutcome, trial_heading, trial_line,
};
pub use causes::findings_text;
pub use ci::{azure_commands, github_annotations, github_summary, openmetrics};
pub use combined::{CombinedReport, NamedRun};
pub use command_line::{shown_command, without_secrets};
pub use ctrf::{combined_ctrf_report, ctrf_report};
pub use document::{
    Breakdown, CheckLine, Distribution, Document, Ending, ErrorLine, FlowLine, Issue, Machine, Metric, PlanRecord,
    PlannedRun, Remark, RequestLine, RunFacts, RunRecord, ScenarioLine, ScriptCost, TargetSeries, TargetSource,
    ThresholdLine, TransactionLine, Unit, Values, Verdict,
};
pub use export::summary_export;
pub use format::{bytes, count, duration, per_second, percent};
pub use histogram_log::histogram_log;
pub use html::{LiveUpdate, app_page, combined_page, html_report, live_page, search_page, trend_page};
pub use implemented::Implemented;
pub use junit::{combined_junit_report, junit_report};
pub use markdown::{escaped as escaped_markdown, markdown_report};
pub use objectives::ObjectiveRecord;
pub use progress::{ProgressFigures, elapsed_and_left, progress_line};
pub use style::Style;
pub use summary::{Detail, Rehearsal, Summary};
pub use table::{Align, table};
pub use trend::{Accepted, Change, ChangeKind, Level, Trend, TrendFigure, TrendRun, Week};
pub use wording::{missed_limits, missed_thresholds, no_success};

//! What can be typed about kept runs.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use squall_history::Store;
use squall_plan::parse_typed_duration;
use squall_session::{KeepSettings, ReportFile};

use crate::args::headings;
use crate::values::parse_share;

/// Whether, and as what, a run is kept.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = headings::OUTPUTS)]
pub struct KeepArgs {
    /// Do not keep this run.
    #[arg(long)]
    pub no_save: bool,
    /// Give the kept run a tag; give several. What has a tag is never pruned.
    #[arg(long, value_name = "TAG", conflicts_with = "no_save")]
    pub save_as: Vec<String>,
    #[command(flatten)]
    pub store: StoreArgs,
}

impl KeepArgs {
    /// The same for the session.
    pub fn settings(&self) -> KeepSettings {
        KeepSettings { enabled: !self.no_save, tags: self.save_as.clone(), store: self.store.open() }
    }
}

/// Where runs are.
#[derive(Clone, Debug, Args)]
pub struct StoreArgs {
    /// Where runs are kept.
    #[arg(long, value_name = "FOLDER", default_value = ".squall/runs")]
    pub runs_dir: PathBuf,
}

impl Default for StoreArgs {
    fn default() -> StoreArgs {
        StoreArgs { runs_dir: PathBuf::from(".squall/runs") }
    }
}

impl StoreArgs {
    /// The runs there.
    pub fn open(&self) -> Store {
        Store::at(&self.runs_dir)
    }
}

/// `squall runs`.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub action: RunsAction,
}

/// What to do with kept runs.
#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// List them, the latest last.
    List(ListArgs),
    /// Show what a run was, and how it ended.
    Show(ShowArgs),
    /// Write a run for other programs.
    Export(ExportArgs),
    /// Give a run a tag, or take it away.
    Tag(TagArgs),
    /// Remove old runs that have no tag.
    Prune(PruneArgs),
}

/// `squall runs list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// As JSON, a line for each run.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `squall runs show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The run: its name or the beginning of it, a tag, last, or last~1.
    #[arg(default_value = "last")]
    pub run: String,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `squall runs export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The run.
    #[arg(default_value = "last")]
    pub run: String,
    /// json: all of it; csv: a line for each second; hlog: an HdrHistogram log.
    #[arg(long, value_name = "FORM", default_value = "json")]
    pub format: ExportFormat,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// The forms in which a run leaves.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ExportFormat {
    Json,
    Csv,
    Hlog,
}

/// `squall runs tag`.
#[derive(Debug, Args)]
pub struct TagArgs {
    /// The run.
    pub run: String,
    /// The tag.
    pub tag: String,
    /// Take it away.
    #[arg(short, long)]
    pub delete: bool,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `squall runs prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Keep the latest N runs.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub keep: usize,
    /// Spare runs that are not older than this.
    #[arg(long, value_name = "TIME", value_parser = parse_typed_duration, default_value = "0s")]
    pub older_than: Duration,
    /// Only say which would go.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `squall report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run, or a file that --summary-json wrote; several make one report of them all.
    #[arg(value_name = "RUN", default_value = "last")]
    pub runs: Vec<String>,
    /// Every phase and every name.
    #[arg(long, conflicts_with = "report")]
    pub full: bool,
    /// Write a report of it to this file instead, in the form that its ending says, as with `squall run`; give several.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub report: Vec<ReportFile>,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `squall findings`.
#[derive(Debug, Args)]
pub struct FindingsArgs {
    /// The run, or a file that --summary-json wrote.
    #[arg(value_name = "RUN", default_value = "last")]
    pub run: String,
    /// Print them as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `squall merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The runs, or tags (all runs that have them).
    #[arg(required = true)]
    pub runs: Vec<String>,
    /// Give the result a tag; give several.
    #[arg(long, value_name = "TAG")]
    pub save_as: Vec<String>,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `squall compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// What went before, and what is judged: runs, or tags (all runs that have it), several with commas between them.
    /// With --baseline only what is judged. [default: last]
    #[arg(value_name = "RUNS", num_args = 0..=2)]
    pub runs: Vec<String>,
    /// What went before: a run, or a tag.
    #[arg(long, value_name = "RUNS")]
    pub baseline: Option<String>,
    /// The least change that matters: 5%.
    #[arg(long, value_name = "SHARE", value_parser = parse_share, default_value = "5%")]
    pub min_effect: f64,
    /// Make N new runs of each side, with the command line of its latest run, and compare those.
    #[arg(long, value_name = "N")]
    pub repeat: Option<usize>,
    /// With --repeat: take turns (A B B A A B ...), so that what changes with time hits both sides alike.
    #[arg(long, requires = "repeat")]
    pub interleave: bool,
    /// As JSON, for machines.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `squall trend`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct TrendArgs {
    /// Change what counts as normal.
    #[command(subcommand)]
    pub action: Option<TrendAction>,
    /// The history of which run: those of the same scenario, target and load.
    #[arg(default_value = "last")]
    pub run: String,
    /// Exit with 99 if the latest change is a regression.
    #[arg(long)]
    pub gate: bool,
    /// Write the trend to this file, in the form that its ending says: .html (a page with charts) or .json; give several.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub report: Vec<TrendFile>,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// A trend, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrendFile {
    /// A page with charts.
    Html(PathBuf),
    /// Everything, for machines.
    Json(PathBuf),
}

impl TrendFile {
    /// Its file; `-` is standard output.
    pub fn path(&self) -> &Path {
        match self {
            TrendFile::Html(path) | TrendFile::Json(path) => path,
        }
    }
}

impl FromStr for TrendFile {
    type Err = String;

    fn from_str(text: &str) -> Result<TrendFile, String> {
        let name = text.to_ascii_lowercase();
        let path = PathBuf::from(if name.starts_with("-.") { "-" } else { text });
        match name.rsplit_once('.') {
            Some((_, "html" | "htm")) => Ok(TrendFile::Html(path)),
            Some((_, "json")) => Ok(TrendFile::Json(path)),
            _ => Err("its ending must say its form: .html or .json (-.json is standard output)".to_owned()),
        }
    }
}

/// What counts as normal.
#[derive(Debug, Subcommand)]
pub enum TrendAction {
    /// A change was meant: history counts from this run on.
    Accept(AcceptArgs),
    /// Take back what was accepted: all history counts.
    Reset(ResetArgs),
}

/// `squall trend accept`.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// The first run of the new normal.
    pub run: String,
    /// Why the change is right.
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub store: StoreArgs,
}

/// `squall trend reset`.
#[derive(Debug, Args)]
pub struct ResetArgs {
    /// Why.
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub store: StoreArgs,
}

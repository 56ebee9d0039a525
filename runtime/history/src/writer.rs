//! Keeps a run while it goes on, so that what was measured outlives the program.
//!
//! Each second is appended to `seconds.ndjson`, and what was seen of the target in it to `target.ndjson`. The totals, series by series, replace `totals.json` in one step (write
//! beside, rename), each second as long as that takes little time, and more rarely if it takes more: with many series,
//! the writer shall not become a load of its own.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use squall_files::append;
use squall_metrics::{Clock, Nanos, Totals};

use crate::error::HistoryError;
use crate::format::{EndInfo, RunInfo, Snapshot};
use crate::snapshot::{second_line, snapshot};
use crate::target::target_line;

/// Totals are written when this many times as long has passed as writing them took: at most a fiftieth of the time.
const REST: u64 = 50;

/// Writes one run.
#[derive(Debug)]
pub struct RunWriter {
    id: String,
    folder: PathBuf,
    seconds: File,
    /// There is none unless the target is watched.
    target: Option<File>,
    readings: u64,
    clock: Clock,
    last_second: Option<Nanos>,
    next_totals: Nanos,
}

impl RunWriter {
    pub(crate) fn begin(folder: PathBuf, id: String, info: &RunInfo) -> Result<RunWriter, HistoryError> {
        let create = fs::DirBuilder::new().mode(0o700).recursive(true).create(&folder);
        create.map_err(HistoryError::file(&folder))?;
        replace(&folder, "run.json", info)?;
        let seconds = appended(&folder, "seconds.ndjson")?;
        Ok(RunWriter {
            id,
            folder,
            seconds,
            target: None,
            readings: 0,
            clock: Clock::start(),
            last_second: None,
            next_totals: Nanos::ZERO,
        })
    }

    /// The run's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Keeps what was measured up to now. To be called once a second.
    pub fn measured(&mut self, totals: &Totals) -> Result<(), HistoryError> {
        self.append_second(totals)?;
        self.append_target(totals)?;
        let began = self.clock.now();
        if began < self.next_totals {
            return Ok(());
        }
        replace(&self.folder, "totals.json", &snapshot(totals))?;
        let took = self.clock.now().since(began);
        self.next_totals = began + Nanos(took.0.saturating_mul(REST));
        Ok(())
    }

    /// Keeps what was reported of the run, as JSON: what that says is not this crate's to know.
    pub fn summary(&self, summary: &str) -> Result<(), HistoryError> {
        replace_text(&self.folder, "summary.json", summary)
    }

    /// Keeps the whole, and how it ended.
    pub fn end(mut self, totals: &Totals, end: &EndInfo) -> Result<(), HistoryError> {
        self.append_second(totals)?;
        self.append_target(totals)?;
        self.write_end(&snapshot(totals), end)
    }

    pub(crate) fn write_end(self, totals: &Snapshot, end: &EndInfo) -> Result<(), HistoryError> {
        replace(&self.folder, "totals.json", totals)?;
        self.seconds.sync_all().map_err(HistoryError::file(self.folder.join("seconds.ndjson")))?;
        replace(&self.folder, "end.json", end)
    }

    pub(crate) fn append_target(&mut self, totals: &Totals) -> Result<(), HistoryError> {
        let watched = &totals.watched;
        if watched.taken() == self.readings || watched.latest().is_empty() {
            return Ok(());
        }
        self.readings = watched.taken();
        let path = self.folder.join("target.ndjson");
        let mut text = String::new();
        for reading in watched.latest() {
            text.push_str(&json(&target_line(reading), &path)?);
            text.push('\n');
        }
        let file = match &mut self.target {
            Some(file) => file,
            none => none.insert(appended(&self.folder, "target.ndjson")?),
        };
        file.write_all(text.as_bytes()).map_err(HistoryError::file(path))
    }

    fn append_second(&mut self, totals: &Totals) -> Result<(), HistoryError> {
        let Some(second) = totals.history.latest().filter(|second| Some(second.at) > self.last_second) else {
            return Ok(());
        };
        self.last_second = Some(second.at);
        self.append(&second_line(second))
    }

    pub(crate) fn append(&mut self, line: &crate::format::SecondLine) -> Result<(), HistoryError> {
        let path = self.folder.join("seconds.ndjson");
        let mut text = json(line, &path)?;
        text.push('\n');
        self.seconds.write_all(text.as_bytes()).map_err(HistoryError::file(path))
    }
}

/// A file that grows line by line.
fn appended(folder: &Path, name: &str) -> Result<File, HistoryError> {
    let path = folder.join(name);
    append(&path).map_err(HistoryError::file(path))
}

/// Puts a file in the place of the one that is there, if any: a reader finds the one or the other, whole.
pub(crate) fn replace(folder: &Path, name: &str, contents: &impl Serialize) -> Result<(), HistoryError> {
    replace_text(folder, name, &json(contents, &folder.join(name))?)
}

fn replace_text(folder: &Path, name: &str, text: &str) -> Result<(), HistoryError> {
    let path = folder.join(name);
    squall_files::replace(&path, text.as_bytes()).map_err(HistoryError::file(path))
}

fn json(contents: &impl Serialize, path: &Path) -> Result<String, HistoryError> {
    serde_json::to_string(contents)
        .map_err(|error| HistoryError::Damaged { path: path.to_owned(), reason: error.to_string() })
}

//! The files that a run writes: opened before it begins, so that hours of measuring cannot end in "permission denied".

use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::reports::Reports;
use crate::settings::OutputSettings;

/// The files that the command line asks for.
pub(crate) struct Files {
    /// `--summary-export`.
    pub summary_export: Option<OpenFile>,
    /// `--histogram-log`.
    pub histogram_log: Option<OpenFile>,
    /// `--report`, `--summary-json`, `--ci`.
    pub reports: Reports,
}

/// A file that can be written.
pub struct OpenFile {
    option: &'static str,
    path: PathBuf,
    file: File,
}

impl Files {
    /// Opens them all.
    pub fn open(output: &OutputSettings) -> Result<Files, Error> {
        Ok(Files {
            summary_export: open("--summary-export", output.summary_export.as_deref())?,
            histogram_log: open("--histogram-log", output.histogram_log.as_deref())?,
            reports: Reports::open(&output.reports)?,
        })
    }
}

impl OpenFile {
    /// Makes the file that an option names, empty.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(option: &'static str, path: &Path) -> Result<OpenFile, Error> {
        let path = path.to_owned();
        match File::create(&path) {
            Ok(file) => Ok(OpenFile { option, path, file }),
            Err(source) => Err(Error::File { option, path, source }),
        }
    }

    /// Writes all of it in place of what was written before.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn rewrite(&mut self, text: &str) -> Result<(), Error> {
        let file = &mut self.file;
        // Shortened only when the new text is there, so that a reader who comes in between finds something.
        let written =
            file.rewind().and_then(|()| file.write_all(text.as_bytes())).and_then(|()| file.set_len(text.len() as u64));
        written.map_err(|source| Error::File { option: self.option, path: self.path.clone(), source })
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(mut self, text: &str) -> Result<(), Error> {
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|source| Error::File { option: self.option, path: self.path, source })
    }
}

fn open(option: &'static str, path: Option<&Path>) -> Result<Option<OpenFile>, Error> {
    path.map(|path| OpenFile::create(option, path)).transpose()
}

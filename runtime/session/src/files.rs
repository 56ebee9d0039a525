//! The files that a run writes: opened before it begins, so that hours of measuring cannot end in "permission denied".

use std::fs::File;
use std::io::{ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::reports::Reports;
use crate::settings::OutputSettings;
use crate::standard_output::{is_standard_output, open_standard_output};

/// The files that the command line asks for.
pub(crate) struct Files {
    /// `--summary-export`.
    pub summary_export: Option<OpenFile>,
    /// `--histogram-log`.
    pub histogram_log: Option<OpenFile>,
    /// `--report`, `--summary-json`, `--ci`.
    pub reports: Reports,
}

/// A file that can be written; `-` is standard output.
pub struct OpenFile {
    option: &'static str,
    path: PathBuf,
    file: File,
    is_standard_output: bool,
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
        let is_standard_output = is_standard_output(&path);
        match if is_standard_output { open_standard_output() } else { File::create(&path) } {
            Ok(file) => Ok(OpenFile { option, path, file, is_standard_output }),
            Err(source) => Err(Error::File { option, path, source }),
        }
    }

    /// Whether it can be written now, and again later.
    pub fn can_be_rewritten(&self) -> bool {
        !self.is_standard_output
    }

    /// Writes all of it in place of what was written before.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn rewrite(&mut self, text: &str) -> Result<(), Error> {
        if self.is_standard_output {
            return self.append(text);
        }
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
    pub fn write(mut self, content: impl AsRef<[u8]>) -> Result<(), Error> {
        self.append(content)
    }

    fn append(&mut self, content: impl AsRef<[u8]>) -> Result<(), Error> {
        match self.file.write_all(content.as_ref()) {
            // A reader of standard output that has seen enough is no error.
            Err(error) if self.is_standard_output && error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|source| Error::File { option: self.option, path: self.path.clone(), source }),
        }
    }
}

fn open(option: &'static str, path: Option<&Path>) -> Result<Option<OpenFile>, Error> {
    path.map(|path| OpenFile::create(option, path)).transpose()
}

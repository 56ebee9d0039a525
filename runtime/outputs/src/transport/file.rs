//! Into a file, which is made before the run begins; compressed if its name ends in `.gz`. `-` is standard output.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::Failure;

pub(crate) enum OutputFile {
    Plain(BufWriter<File>),
    Compressed(GzEncoder<File>),
}

impl OutputFile {
    pub fn create(path: &Path) -> io::Result<OutputFile> {
        let file = match path == Path::new("-") {
            true => File::from(io::stdout().as_fd().try_clone_to_owned()?),
            false => File::create(path)?,
        };
        let is_compressed = path.extension().is_some_and(|extension| extension == "gz");
        Ok(match is_compressed {
            true => OutputFile::Compressed(GzEncoder::new(file, Compression::default())),
            false => OutputFile::Plain(BufWriter::new(file)),
        })
    }

    /// Flushes each batch, for programs that read the file during the run.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match self {
            OutputFile::Plain(file) => file.write_all(bytes).and_then(|()| file.flush()),
            OutputFile::Compressed(file) => file.write_all(bytes),
        };
        // A second attempt might write it twice.
        written.map_err(|error| Failure::Final(error.to_string()))
    }

    pub fn finish(&mut self) -> Result<(), String> {
        let finished = match self {
            OutputFile::Plain(file) => file.flush(),
            OutputFile::Compressed(file) => file.try_finish(),
        };
        finished.map_err(|error| error.to_string())
    }
}

//! A file of data while it is read: no further than data may be long, whatever kind of file it is.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use crate::error::Wrong;

/// The largest file, in bytes: all of it is held in memory.
const LARGEST_FILE: u64 = 4 << 30;
/// The most that is taken from a pipe, whose length is not known beforehand.
const LARGEST_PIPE: u64 = 256 << 20;

/// A file that is read.
pub(crate) struct Input {
    file: File,
    size: usize,
    most: u64,
    left: u64,
}

impl Input {
    /// Opens a file or a pipe.
    pub(crate) fn open(path: &Path) -> Result<Input, Wrong> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let kind = metadata.file_type();
        if kind.is_char_device() || kind.is_block_device() {
            return Err(Wrong::somewhere("this is a device: give a file, or a pipe"));
        }
        let most = if kind.is_file() { LARGEST_FILE } else { LARGEST_PIPE };
        if metadata.len() > most {
            return Err(Wrong::somewhere(too_large(most)));
        }
        Ok(Input { file, size: metadata.len() as usize, most, left: most })
    }

    /// The length in bytes; 0 for a pipe.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// All of it.
    pub(crate) fn bytes(mut self) -> Result<Vec<u8>, Wrong> {
        let mut bytes = Vec::with_capacity(self.size);
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return match self.file.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::new(ErrorKind::FileTooLarge, too_large(self.most))),
            };
        }
        let room = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.file.read(&mut buffer[..room])?;
        self.left -= read as u64;
        Ok(read)
    }
}

fn too_large(most: u64) -> String {
    format!("it has more than {} MiB, the most that data may have", most >> 20)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_has_4_gib() {
        let file = tempfile::NamedTempFile::new().unwrap();
        // It has holes only: nothing of it lies anywhere.
        file.as_file().set_len(4 << 30).unwrap();
        assert_eq!(Input::open(file.path()).ok().unwrap().size(), 4 << 30);
        file.as_file().set_len((4 << 30) + 1).unwrap();
        let error = Input::open(file.path()).err().unwrap();
        assert!(format!("{error:?}").contains("it has more than 4096 MiB, the most that data may have"), "{error:?}");
    }

    #[test]
    fn from_a_pipe_come_256_mib() {
        const MOST: u64 = 256 << 20;
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for (length, fits) in [(MOST, true), (MOST + 1, false)] {
            let path = pipe.clone();
            let writer = std::thread::spawn(move || {
                let mut pipe = File::options().write(true).open(path).unwrap();
                // A reader that goes away is the end, too.
                let _ = io::copy(&mut io::repeat(b'x').take(length), &mut pipe).and_then(|_| pipe.flush());
            });
            let read = io::copy(&mut Input::open(&pipe).ok().unwrap(), &mut io::sink());
            writer.join().unwrap();
            match read {
                Ok(read) => assert!(fits && read == MOST, "{read}"),
                Err(error) => assert!(!fits && error.to_string().contains("more than 256 MiB"), "{error}"),
            }
        }
    }
}

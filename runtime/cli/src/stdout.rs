//! Standard output: the summary and what commands print.

use std::io::{Write, stdout};

use crate::error::CliError;

/// Writes to standard output. A reader that has gone away wanted no more.
pub fn print(text: &str) -> Result<(), CliError> {
    match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(CliError::Output(error)),
        _ => Ok(()),
    }
}

//! Standard output: the summary and what commands print.

use std::io::{Write, stdout};

use squall_session::Error;

/// Writes to standard output. A closed pipe is no error.
pub fn print(text: &str) -> Result<(), Error> {
    match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

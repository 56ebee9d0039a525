//! Standard output: the summary and what commands print.

use std::io::{Write, stdout};

use squall_session::Error;

use crate::stderr::print_status;

/// Writes to standard output. A closed pipe is no error.
pub fn print(text: &str) -> Result<(), Error> {
    match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

/// Writes beside a file: to standard output, unless the file itself is there.
pub fn print_beside(file_is_there: bool, text: &str) -> Result<(), Error> {
    if file_is_there {
        print_status(text.strip_suffix('\n').unwrap_or(text));
        return Ok(());
    }
    print(text)
}

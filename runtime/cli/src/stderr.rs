//! Standard error: errors and notices.

use std::io::{IsTerminal, Write, stderr};

use squall_metrics::plain;
use squall_plan::text_without_credentials;

use crate::style::style_of;

/// Says what went wrong.
pub fn print_error(text: &str) {
    let style = style_of(stderr().is_terminal(), false);
    // What went wrong may be told in a stranger's words, or about a URL with a password.
    let text = text_without_credentials(text);
    let text: Vec<_> = text.lines().map(plain).collect();
    print_status(&format!("{} {}", style.bad("error:"), text.join("\n")));
}

/// Writes a line to standard error. If that is closed, there is no reader.
pub fn print_status(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

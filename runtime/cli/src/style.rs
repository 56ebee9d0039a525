//! Whether text is coloured.

use std::io::{IsTerminal, stdout};

use squall_report::{Style, count};

/// The style for standard output.
pub fn summary_style(no_color: bool) -> Style {
    style_of(stdout().is_terminal(), no_color)
}

pub fn style_of(is_terminal: bool, no_color: bool) -> Style {
    let refused = no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_terminal && !refused { Style::Coloured } else { Style::Plain }
}

/// The end of a line that stands for itself and so many equal ones.
pub fn repeated(times: u64) -> String {
    match times {
        1 => " ... repeated once".to_owned(),
        times => format!(" ... repeated {} times", count(times as f64)),
    }
}

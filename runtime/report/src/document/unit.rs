//! The units of figures, and how a figure is written: the one place, for all forms of output.

use serde::{Deserialize, Serialize};

use crate::format::{bytes, decimal, millis, per_second, percent};

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Bytes.
    Bytes,
    /// A share, 0 to 1.
    Share,
    /// Bytes a second.
    BytesPerSecond,
    /// So many a second.
    PerSecond,
    /// A plain number.
    Number,
}

impl Unit {
    /// A figure as people read it: `5.2ms`, `12.4 kB`, `0.50%`, `98.7/s`, `1,234`.
    pub fn text(self, value: f64) -> String {
        match self {
            Unit::Ms => millis(value),
            Unit::Bytes => bytes(value),
            Unit::BytesPerSecond => format!("{}/s", bytes(value)),
            Unit::Share => percent(value),
            Unit::PerSecond => per_second(value),
            Unit::Number => decimal(value),
        }
    }
}

impl From<squall_metrics::Unit> for Unit {
    fn from(unit: squall_metrics::Unit) -> Unit {
        match unit {
            squall_metrics::Unit::Time => Unit::Ms,
            squall_metrics::Unit::Data => Unit::Bytes,
            squall_metrics::Unit::Number => Unit::Number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_the_terminal_writes_them() {
        assert_eq!(Unit::Ms.text(4.56), "4.56ms");
        assert_eq!(Unit::Ms.text(0.0123), "12.3µs");
        assert_eq!(Unit::Bytes.text(12_400.0), "12.4 kB");
        assert_eq!(Unit::BytesPerSecond.text(12_400.0), "12.4 kB/s");
        assert_eq!(Unit::Share.text(0.005), "0.50%");
        assert_eq!(Unit::PerSecond.text(13.122), "13.12/s");
        assert_eq!(Unit::Number.text(1234.0), "1,234");
    }
}

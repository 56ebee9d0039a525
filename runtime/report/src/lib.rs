//! What a run looks like: one file for each form of output, all reading the same totals.
//!
//! Must not know how anything was measured, nor whether it is a terminal that shows it.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod export;
mod format;
mod histogram_log;
mod objectives;
mod progress;
mod style;
mod summary;
mod table;

pub use export::{selector_name, summary_export};
pub use format::{bytes, count, duration, per_second, percent};
pub use histogram_log::histogram_log;
pub use objectives::{ObjectiveLine, Overall, Status, objectives};
pub use progress::{ProgressFigures, progress_line};
pub use style::Style;
pub use summary::{DataLine, Detail, Summary};
pub use table::{Align, table};

//! The memory of runs: each run kept in a folder of its own, read again, merged, compared, and watched for changes.
//!
//! [`RunWriter`] writes while a run goes on, so that what was measured outlives the program; [`Store`] finds runs again.
//! The arithmetic ([`compare`], [`change_points`]) knows only numbers. Must not know how a run was made, nor what any of
//! this looks like on a terminal.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod baseline;
pub mod change_points;
pub mod compare;
mod environment;
mod error;
mod flows;
pub mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod key_figures;
mod merge;
mod reading;
mod restore;
mod run_result;
mod snapshot;
mod store;
mod stored_cell;
mod stored_run;
pub mod t_test;
mod target;
mod utc;
mod writer;

pub use baseline::Acceptance;
pub use environment::Environment;
pub use error::HistoryError;
pub use key_figures::{FIGURES, Figure, key_figures};
pub use merge::{Merged, merge};
pub use run_result::RunResult;
pub use snapshot::snapshot;
pub use store::Store;
pub use stored_run::StoredRun;
pub use utc::utc;
pub use writer::RunWriter;

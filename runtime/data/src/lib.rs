//! Data files of a test: read once, before the run, and shared by all virtual users of all threads.
//!
//! [`DataSet::load`] reads the plan's files into [`Feed`]s (a [`Table`] each) and blobs. Tables never change, and a
//! run's position in one is an atomic counter or follows by arithmetic: taking a row locks nothing and allocates
//! nothing.
//!
//! This crate must not know WebAssembly, time, or its callers: a virtual user is a number.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod chance;
mod cursor;
mod error;
mod feed;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod load;
mod permutation;
mod row;
mod set;
mod table;

pub use error::{LoadError, OpenError, TakeError, UnknownColumn};
pub use feed::{Feed, FeedUse, Way};
pub use files::{Folder, Openable, Opened, Places};
pub use row::{Kind, Value};
pub use set::DataSet;
pub use table::Table;

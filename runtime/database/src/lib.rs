//! Reads the statistics that a database keeps of itself while its users are loaded, through a login that may only read.
//!
//! ```no_run
//! # fn read() -> Result<(), Box<dyn std::error::Error>> {
//! use squall_database::Databases;
//!
//! let databases = Databases::connect(&["postgresql://squall:secret@127.0.0.1:5432/shop"])?;
//! for problem in databases.problems() {
//!     // A database that cannot be reached: report it, or do not run at all.
//!     println!("{problem}");
//! }
//! let reading = databases.begin();
//! // ... the load ...
//! let reports = reading.finish();
//! # Ok(())
//! # }
//! ```
//!
//! All of it happens on a thread of its own, with one connection for each database, so the load never waits for a
//! database. Sessions are sampled once a second and statements are read every five seconds; tables are read before and
//! after the load, plans after it. Statements are `SELECT`, `SHOW`, and `EXPLAIN` without `ANALYZE`, in read-only
//! transactions with a timeout of two seconds; none waits for a lock for more than a tenth of that. What the login does
//! not see is reported with the remedy, and the rest is read.
//!
//! Must not know the load, guests, or the readers of reports.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod address;
mod condition;
mod databases;
mod explainable;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod lock_chain;
mod moment;
mod mysql;
mod postgres;
mod reader;
mod record;
mod seen;
mod tls;
mod token;

pub use address::{DatabaseAddress, WrongAddress};
pub use databases::{ConnectError, Databases, ReadingHandle, UnreachableDatabase};

//! `squall ui`: a page on this machine that lists a folder's tests, starts one, shows its dashboard while it goes on, and
//! the reports of the runs that were kept.
//!
//! One test at a time. The server only takes the form; its owner checks the form, and carries out the test on
//! a thread of its own choice. Must not know the command line, a terminal, or how a test is made.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod folder;
mod form;
mod page;
mod runs;
mod server;
mod stage;

pub use folder::Folder;
pub use form::{Kind, Subject, TestForm};
pub use server::{OpenUi, ReservedUi};

//! A scenario's source: which language it is in, how a project begins (`squall new`), and how it becomes a component
//! (`squall build`). Each language's own tools do the work; this crate knows which, with which arguments, and what to
//! install. Must not know the command line, the terminal, or how a component is run.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod build;
mod error;
mod language;
mod languages;
mod project;
mod source;
mod tool;
mod watch;

pub use build::{Built, Compat, Engine, ScriptOptions, build, build_for_run};
pub use error::BuildError;
pub use language::Language;
pub use project::create_project;
pub use source::{Source, is_source};
pub use watch::Watch;

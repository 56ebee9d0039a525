//! A scenario's source: which language it is in, how a project begins (`squall new`), and how it becomes a component
//! (`squall build`). Each language's own tools do the work; this crate knows which, with which arguments, and what to
//! install. It carries the SDKs, and keeps what was built for as long as its source stays the same. Must not know the command line, the terminal, or how a component is run.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod build;
mod built;
mod error;
mod inputs;
mod language;
mod languages;
mod project;
mod sdk;
mod source;
mod store;
mod tool;
mod watch;

pub use build::{Built, Compat, Engine, ScriptOptions, build};
pub use built::BUILT_LIMIT;
pub use error::BuildError;
pub use language::Language;
pub use project::create_project;
pub use source::{Source, is_source};
pub use watch::Watch;

//! A scenario's source: which language it is written in, how it begins (`squall new`), and how it becomes a component
//! (`squall build`). The work is done by each language's own tools; this says which, with what, and what to install.

mod build;
mod language;
mod new;
mod source;
mod tool;
mod toolchain;
mod watch;

pub use build::{build, build_for_run};
pub use language::Language;
pub use new::new;
pub use source::{Source, is_source};
pub use watch::Watch;

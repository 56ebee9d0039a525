//! One file a command: from its arguments to its output and exit code.

pub mod agent;
pub mod breakpoint;
pub mod cache;
pub mod cluster;
pub mod compare;
pub mod control;
pub mod demo;
pub mod findings;
pub mod inspect;
pub mod kept;
pub mod merge;
pub mod plan;
pub mod project;
pub mod registry;
pub mod report;
pub mod run;
pub mod runs;
pub mod selfcheck;
pub mod shell;
pub mod signature;
pub mod source;
pub mod tasks;
pub mod trend;
pub mod ui;

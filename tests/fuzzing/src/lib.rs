//! Fuzz targets, and a runner for them that needs no nightly compiler: seeds are damaged, always in the same way, and
//! each damaged input has limits on time and memory.
//!
//! A target is a function of a crate's module `fuzz`, `fn(&[u8]) -> Outcome`. It is called by a unit test beside it,
//! with [`Target::for_a_while`], and by `fuzz/`, for hours. This crate must not know any parser.

mod allocator;
mod assertions;
mod damage;
mod files;
mod random;
mod target;
mod watch;

pub use allocator::{Counting, most_held};
pub use assertions::{assert_brief, assert_harmless, text};
pub use target::{Memory, Target};

/// A parser's result for an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was accepted. Each seed must be.
    Taken,
    /// It was refused, with a reason.
    Refused,
}

impl Outcome {
    /// The outcome of a parser's result.
    pub fn of<T, E>(read: &Result<T, E>) -> Outcome {
        if read.is_ok() { Outcome::Taken } else { Outcome::Refused }
    }
}

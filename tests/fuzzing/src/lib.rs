//! What a fuzz target is, and a runner for it that needs no nightly compiler: seeds are damaged, always in the same way, and
//! each damaged input has bounds on time and memory.
//!
//! A target is a function of a crate's module `fuzz`, `fn(&[u8]) -> Outcome`. Two call it: a unit test beside it, by
//! [`Target::for_a_while`], and `fuzz/`, for hours. This crate must not know any parser.

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

/// What a parser made of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was read. Each seed must be.
    Taken,
    /// It was refused, with a reason.
    Refused,
}

impl Outcome {
    /// Of what a parser returned.
    pub fn of<T, E>(read: &Result<T, E>) -> Outcome {
        if read.is_ok() { Outcome::Taken } else { Outcome::Refused }
    }
}

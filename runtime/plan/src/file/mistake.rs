//! A mistake in a plan file, and where it is.

use std::fmt;

use serde::de;

/// Where something stands, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Position {
    pub(super) const START: Position = Position { line: 1, column: 1 };
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    /// What is wrong and what to do, naming the key.
    pub message: String,
}

impl Mistake {
    pub(super) fn at(place: Position, message: impl Into<String>) -> Mistake {
        // It may hold what stands in the plan, which may be a stranger's.
        let steers = |letter: char| letter.is_control() && letter != '\n';
        Mistake { line: place.line, column: place.column, message: message.into().replace(steers, "\u{fffd}") }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// A mistake in a value while it is being read; its place is that of the innermost value that knows one.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) place: Option<Position>,
    pub(super) message: String,
}

impl Trouble {
    pub(super) fn at(place: Position, message: impl Into<String>) -> Trouble {
        Trouble { place: Some(place), message: message.into() }
    }

    pub(super) fn or_at(mut self, place: Position) -> Trouble {
        self.place.get_or_insert(place);
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}

impl de::Error for Trouble {
    fn custom<T: fmt::Display>(message: T) -> Trouble {
        Trouble { place: None, message: message.to_string() }
    }
}

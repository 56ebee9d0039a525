//! Names that are safe in subjects, file names and command lines.

use std::fmt::{self, Display};
use std::str::FromStr;

use thiserror::Error;

/// The name of a run: 1 to 40 characters of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

/// The name of an agent within its run: 1 to 63 characters of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentName(String);

/// A text that cannot be a name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} cannot name {what}: use 1 to {most} of the characters a-z, 0-9 and -")]
pub struct IdError {
    text: String,
    what: &'static str,
    most: usize,
}

impl RunId {
    /// Checks a name.
    ///
    /// # Errors
    /// If it has other characters, none, or too many.
    pub fn new(text: &str) -> Result<RunId, IdError> {
        check(text, "a run", 40).map(RunId)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AgentName {
    /// Checks a name.
    ///
    /// # Errors
    /// If it has other characters, none, or too many.
    pub fn new(text: &str) -> Result<AgentName, IdError> {
        check(text, "an agent", 63).map(AgentName)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(text: &str, what: &'static str, most: usize) -> Result<String, IdError> {
    let safe = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    if (1..=most).contains(&text.len()) && text.bytes().all(safe) {
        return Ok(text.to_owned());
    }
    let shown = text.chars().take(80).collect();
    Err(IdError { text: shown, what, most })
}

impl FromStr for RunId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<RunId, IdError> {
        RunId::new(text)
    }
}

impl FromStr for AgentName {
    type Err = IdError;

    fn from_str(text: &str) -> Result<AgentName, IdError> {
        AgentName::new(text)
    }
}

impl Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Display for AgentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_safe_characters_only() {
        assert_eq!(RunId::new("2026-11-30-a").unwrap().as_str(), "2026-11-30-a");
        assert!(RunId::new(&"a".repeat(40)).is_ok());
        assert!(AgentName::new(&"a".repeat(63)).is_ok());
        for text in ["", "A", "a.b", "a*", "a>", "a b", "ä", "a/b", &"a".repeat(64)] {
            assert!(RunId::new(text).is_err(), "{text}");
            assert!(AgentName::new(text).is_err(), "{text}");
        }
        let error = RunId::new("Run.1").unwrap_err().to_string();
        assert_eq!(error, "\"Run.1\" cannot name a run: use 1 to 40 of the characters a-z, 0-9 and -");
    }
}

//! What is wrong with a threshold, with a caret under the place.

use std::fmt;

/// A threshold that cannot be read. Displays as one sentence, the text, and a caret under the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThresholdError {
    message: String,
    text: String,
    /// In bytes from the start of the text.
    offset: usize,
}

impl ThresholdError {
    pub(super) fn new(message: impl Into<String>, text: &str, offset: usize) -> ThresholdError {
        ThresholdError { message: message.into(), text: text.to_owned(), offset }
    }

    /// What is wrong, as one sentence without the text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The text that was read: the selector or the expression.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where in the text, in bytes from its start.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl std::error::Error for ThresholdError {}

impl fmt::Display for ThresholdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A tab or a line break would move the caret away from its place.
        let shown: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let before = self.text.get(..self.offset).unwrap_or(&self.text);
        let indent = before.chars().count();
        write!(f, "{}\n    {shown}\n    {:indent$}^", self.message, "")
    }
}

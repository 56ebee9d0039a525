//! A place in a text that moves forward as the text is read, and can say where it is when something is wrong.

use super::ThresholdError;

pub(super) struct Cursor<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Cursor<'a> {
        Cursor { text, offset: 0 }
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or("")
    }

    pub(super) fn skip_whitespace(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Reads `token` if it comes next.
    pub(super) fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.offset += token.len();
        }
        found
    }

    /// Reads as many characters as belong.
    pub(super) fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.offset += length;
        &rest[..length]
    }

    /// Something is wrong with what comes next.
    pub(super) fn error(&self, message: impl Into<String>) -> ThresholdError {
        ThresholdError::new(message, self.text, self.offset)
    }

    /// Something is wrong with what was just read.
    pub(super) fn error_before(&self, read: &str, message: impl Into<String>) -> ThresholdError {
        let offset = self.offset.saturating_sub(read.len());
        ThresholdError::new(message, self.text, offset)
    }
}

//! Comments that this process has sent. Services without revisions carry out a lost request late and nevertheless, so a
//! comment is sent at most once in a push: the next push sends it if it is still not there.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::error::{ErrorKind, TrackerError};

/// What became of comments, by the item's id and their text.
#[derive(Debug, Default)]
pub(crate) struct SentComments(RefCell<HashMap<(String, String), Sent>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Done,
    Unclear,
}

impl SentComments {
    /// Whether the service has confirmed it.
    pub fn is_done(&self, id: &str, text: &str) -> bool {
        self.of(id, text) == Some(Sent::Done)
    }

    /// Whether it may be sent, since it is not there.
    ///
    /// # Errors
    /// Unclear, if it was sent before.
    pub fn check(&self, id: &str, text: &str) -> Result<(), TrackerError> {
        match self.of(id, text) {
            None => Ok(()),
            Some(_) => Err(TrackerError::unclear(format!(
                "the answer to the comment on {id} was lost, and it is not there yet; it is not sent twice"
            ))),
        }
    }

    /// Remembers what became of it.
    ///
    /// # Errors
    /// Those of the outcome.
    pub fn note(&self, id: &str, text: &str, outcome: Result<(), TrackerError>) -> Result<(), TrackerError> {
        let sent = match &outcome {
            Ok(()) => Some(Sent::Done),
            Err(error) if error.kind == ErrorKind::Unclear => Some(Sent::Unclear),
            Err(_) => None,
        };
        if let Some(sent) = sent {
            self.0.borrow_mut().insert((id.to_owned(), text.to_owned()), sent);
        }
        outcome
    }

    fn of(&self, id: &str, text: &str) -> Option<Sent> {
        self.0.borrow().get(&(id.to_owned(), text.to_owned())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_surely_was_not_done_is_sent_again() {
        let comments = SentComments::default();
        let note = |id, outcome| comments.note(id, "text", outcome).is_ok();
        assert!(note("1", Ok(())) && comments.is_done("1", "text"));
        assert!(!note("2", Err(TrackerError::unclear("lost"))) && !comments.is_done("2", "text"));
        assert!(!note("3", Err(TrackerError::refused("refused"))));
        assert_eq!(comments.check("2", "text").unwrap_err().kind, ErrorKind::Unclear);
        assert!(comments.check("3", "text").is_ok() && comments.check("2", "other").is_ok());
    }
}

//! Executions of statements that samples of the sessions saw, one for each statement: what can be explained where the
//! database keeps no texts. Must not know the database.

use std::collections::HashMap;

/// Statements that are kept.
const MOST_SEEN: usize = 1_000;

/// Statements by what all of their executions have in common.
#[derive(Debug, Default)]
pub(crate) struct SeenStatements(HashMap<String, SeenStatement>);

#[derive(Debug)]
struct SeenStatement {
    text: String,
    times: u64,
}

impl SeenStatements {
    /// Adds a session that executes it.
    pub(crate) fn add(&mut self, key: String, text: &str) {
        let has_room = self.0.len() < MOST_SEEN;
        match self.0.get_mut(&key) {
            Some(seen) => seen.times += 1,
            None if has_room => drop(self.0.insert(key, SeenStatement { text: text.to_owned(), times: 1 })),
            None => {}
        }
    }

    /// An execution, with its values.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|seen| seen.text.as_str())
    }

    /// Executions of the statements that were seen most often: those that take most time.
    pub(crate) fn most_seen(&self, most: usize) -> Vec<String> {
        let mut seen: Vec<&SeenStatement> = self.0.values().collect();
        seen.sort_by_key(|seen| std::cmp::Reverse(seen.times));
        seen.into_iter().take(most).map(|seen| seen.text.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_most_often_comes_first() {
        let mut seen = SeenStatements::default();
        for (key, text) in [("a = ?", "a = 1"), ("b = ?", "b = 1"), ("b = ?", "b = 2")] {
            seen.add(key.to_owned(), text);
        }
        assert_eq!(seen.most_seen(5), ["b = 1", "a = 1"]);
        assert_eq!(seen.text("a = ?"), Some("a = 1"));
        for number in 0..2_000 {
            seen.add(format!("c{number}"), "c");
        }
        assert_eq!(seen.most_seen(5_000).len(), MOST_SEEN);
    }
}

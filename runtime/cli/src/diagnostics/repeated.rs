//! Texts that came again, counted. The memory for that is bounded: what does not fit is new each time.

use std::collections::HashMap;

use crate::style::repeated;

/// How many different texts are remembered.
const MOST: usize = 500;

/// Texts, with their number and how often they came again.
#[derive(Debug, Default)]
pub struct RepeatedTexts(HashMap<String, (usize, u64)>);

impl RepeatedTexts {
    /// Whether a text has not come before; else it is counted.
    pub fn is_new(&mut self, text: &str) -> bool {
        if let Some((_, count)) = self.0.get_mut(text) {
            *count += 1;
            return false;
        }
        let number = self.0.len();
        if number < MOST {
            self.0.insert(text.to_owned(), (number, 0));
        }
        true
    }

    /// Forgets all texts. Returns a line for each that came again.
    pub fn take(&mut self) -> Vec<String> {
        let mut texts: Vec<_> = self.0.drain().filter(|(_, (_, count))| *count > 0).collect();
        texts.sort_by_key(|(_, (number, _))| *number);
        texts.into_iter().map(|(text, (_, count))| format!("{text}{}", repeated(count))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_new_once() {
        let mut texts = RepeatedTexts::default();
        let new = ["b", "a", "a", "c", "a", "b"].map(|text| texts.is_new(text));
        assert_eq!(new, [true, true, false, true, false, false]);
        assert_eq!(texts.take(), ["b ... repeated once", "a ... repeated 2 times"]);
        assert!(texts.take().is_empty() && texts.is_new("a"));
    }
}

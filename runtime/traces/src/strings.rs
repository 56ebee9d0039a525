//! Texts that many spans share: each is stored once. The number of texts and their bytes have bounds; beyond them, new
//! ones are all the same: `(other)`.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use squall_findings::database::template;

/// The most different texts.
const MOST_TEXTS: usize = 50_000;
/// The most bytes of all texts together.
const MOST_BYTES: usize = 16 << 20;
/// The most bytes of one text.
const LONGEST: usize = 8 << 10;
/// Statements whose templates are remembered.
const MOST_STATEMENTS: usize = 10_000;

#[derive(Default)]
pub(crate) struct Strings {
    texts: HashSet<Arc<str>>,
    bytes: usize,
    /// Templates by the digest of the statement.
    templates: HashMap<u64, Arc<str>>,
    empty: Arc<str>,
    other: Option<Arc<str>>,
}

impl Strings {
    /// The text, cut at its longest.
    pub fn share(&mut self, text: &str) -> Arc<str> {
        if text.is_empty() {
            return Arc::clone(&self.empty);
        }
        let text = cut(text);
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        if self.texts.len() >= MOST_TEXTS || self.bytes + text.len() > MOST_BYTES {
            return Arc::clone(self.other.get_or_insert_with(|| "(other)".into()));
        }
        self.bytes += text.len();
        let shared: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&shared));
        shared
    }

    /// The template of a statement, whose digest is known.
    pub fn share_template(&mut self, statement: &str, digest: u64) -> Arc<str> {
        if let Some(known) = self.templates.get(&digest) {
            return Arc::clone(known);
        }
        let shared = self.share(&template(cut(statement)));
        if self.templates.len() >= MOST_STATEMENTS {
            self.templates.clear();
        }
        self.templates.insert(digest, Arc::clone(&shared));
        shared
    }

    /// Whether some texts had no room.
    pub fn is_full(&self) -> bool {
        self.other.is_some()
    }
}

/// The same number for the same parts, in every run.
pub(crate) fn digest(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one() {
        let mut strings = Strings::default();
        let (one, two) = (strings.share("GET /"), strings.share("GET /"));
        assert!(Arc::ptr_eq(&one, &two));
        assert_eq!(&*strings.share(""), "");
        let statement = "SELECT * FROM t WHERE id = 7";
        let template = strings.share_template(statement, digest(statement));
        assert_eq!(&*template, "SELECT * FROM t WHERE id = ?");
        let other = "SELECT * FROM t WHERE id = 8";
        assert!(Arc::ptr_eq(&template, &strings.share_template(other, digest(other))));
        assert!(!strings.is_full());
    }

    #[test]
    fn beyond_the_bounds_all_new_texts_are_the_same() {
        let mut strings = Strings::default();
        for number in 0..MOST_TEXTS {
            strings.share(&number.to_string());
        }
        assert!(!strings.is_full());
        assert_eq!(&*strings.share("one more"), "(other)");
        assert_eq!(&*strings.share("7"), "7");
        assert!(strings.is_full());

        let mut strings = Strings::default();
        for number in 0..MOST_BYTES / LONGEST + 10 {
            let text = format!("{number:06}{}", "ü".repeat(LONGEST));
            assert!(strings.share(&text).len() <= LONGEST);
        }
        assert!(strings.bytes <= MOST_BYTES && strings.is_full());
    }
}

//! The identity of a work item: the same cause at the same place has the same fingerprint, run after run.

use std::fmt::{self, Display};

use sha2::{Digest, Sha256};

/// `squall-fp-0123456789ab`: a tag or label of the item in a tracker, by which it is found again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(String);

/// What each fingerprint begins with.
const PREFIX: &str = "squall-fp-";
/// Bytes of the hash that are kept: collisions among a million items have a chance of one in 500.
const KEPT: usize = 6;

impl Fingerprint {
    /// The fingerprint of what these parts name together.
    pub fn of(parts: &[&str]) -> Fingerprint {
        let mut hash = Sha256::new();
        for part in parts {
            // The length keeps `ab`, `c` from being `a`, `bc`.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let hex: String = hash.finalize().iter().take(KEPT).map(|byte| format!("{byte:02x}")).collect();
        Fingerprint(format!("{PREFIX}{hex}"))
    }

    /// A text that is a whole fingerprint.
    pub fn parse(text: &str) -> Option<Fingerprint> {
        let hex = text.trim().strip_prefix(PREFIX)?;
        let is_hash = hex.len() == 2 * KEPT && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_hash.then(|| Fingerprint(text.trim().to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(Fingerprint::of(&["ab", "c"]), Fingerprint::of(&["a", "bc"]));
        assert_eq!(Fingerprint::of(&["ab", "c"]), Fingerprint::of(&["ab", "c"]));
    }

    #[test]
    fn only_whole_fingerprints_are_read() {
        let written = Fingerprint::of(&["n-plus-one", "GET /products"]);
        assert_eq!(Fingerprint::parse(written.as_str()), Some(written));
        for text in ["", "squall-fp-", "squall-fp-0123", "squall-fp-0123456789AB", "fp-0123456789ab"] {
            assert_eq!(Fingerprint::parse(text), None, "{text}");
        }
    }
}

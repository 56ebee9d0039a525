//! Secrets: handed to agents, and printed only where someone asked for it.

use std::fmt;

use crate::LaunchError;

/// A text that is not printed by accident: the contents of a credentials file.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, on its way to an agent.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(hidden)")
    }
}

/// The secret of a run. One word that needs no quoting anywhere: in a shell, in a URL, in NATS' configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct RunToken(Secret);

impl RunToken {
    /// The token in a text.
    ///
    /// # Errors
    /// If it is shorter than 16 characters, or has others than letters, digits, `-`, `.`, `_` and `~`.
    pub fn new(text: &str) -> Result<RunToken, LaunchError> {
        let is_fine = |letter: u8| letter.is_ascii_alphanumeric() || b"-._~".contains(&letter);
        if !(16..=256).contains(&text.len()) || !text.bytes().all(is_fine) {
            return Err(LaunchError::setting(
                "the token of the run cannot be used: take the one that the coordinator has made",
            ));
        }
        Ok(RunToken(Secret::new(text)))
    }

    /// The token itself, on its way to an agent.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for RunToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RunToken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let token = RunToken::new("0123456789abcdef").unwrap();
        let printed = format!("{token:?} {:?}", Secret::new("0123456789abcdef"));
        assert_eq!(printed, "RunToken(hidden) Secret(hidden)");
    }

    #[test]
    fn a_token_needs_no_quoting_and_is_not_repeated_in_errors() {
        for bad in [
            "s3cret",
            "s3cret-s3cret-s3cret'",
            "s3cret s3cret s3cret",
            "s3cret-s3cret-s3cret\n",
            "s3cret$s3cret$s3cret",
        ] {
            assert!(!RunToken::new(bad).unwrap_err().message.contains("s3cret"));
        }
    }
}

//! The token that a client of the control API must show: made for the run, or given by the environment or a file. Not
//! by the command line, which everyone on the machine can read.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use subtle::ConstantTimeEq;

use crate::error::ControlError;

/// The environment variable that gives it.
pub const VARIABLE: &str = "SQUALL_CONTROL_TOKEN";

/// Shorter ones can be guessed.
const LEAST: usize = 16;
/// Longer ones are something else, and would not fit into a header.
const MOST: usize = 1024;

/// A secret that two programs share.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A new one, of 128 random bits.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn random() -> io::Result<Token> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Token(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The given token, if any: from that file, or else from the environment.
    ///
    /// # Errors
    /// If it cannot be read, or is not a token; `option` is the option that named the file.
    pub fn given(option: &'static str, file: Option<&Path>) -> Result<Option<Token>, ControlError> {
        let (source, text) = match file {
            Some(path) => {
                let read =
                    read(path).map_err(|source| ControlError::TokenFile { option, path: path.to_owned(), source })?;
                (format!("{option} {}", path.display()), read)
            }
            None => match std::env::var(VARIABLE) {
                Ok(text) if !text.is_empty() => (VARIABLE.to_owned(), text),
                _ => return Ok(None),
            },
        };
        let token = Token::from_text(&text).map_err(|sentence| ControlError::Setting(format!("{source}: {sentence}")));
        token.map(Some)
    }

    fn from_text(text: &str) -> Result<Token, String> {
        let text = text.trim();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a token is one word of ASCII characters".to_owned());
        }
        if !(LEAST..=MOST).contains(&text.len()) {
            return Err(format!(
                "this token has {} characters, it must have {LEAST} to {MOST}; `openssl rand -hex 16` makes one",
                text.len()
            ));
        }
        Ok(Token(text.to_owned()))
    }

    /// Whether that is it. Takes the same time wherever the two differ.
    pub fn is(&self, offered: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(offered).into()
    }

    /// The token's text.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(secret)")
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST as u64 * 2).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ones_differ_and_are_tokens() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert!(one.is(one.secret().as_bytes()));
        assert!(!one.is(other.secret().as_bytes()));
        assert!(!one.is(b""));
        assert!(Token::from_text(one.secret()).is_ok());
        assert!(!format!("{one:?}").contains(one.secret()));
    }

    #[test]
    fn files_end_with_a_newline_and_secrets_are_long() {
        assert_eq!(Token::from_text("0123456789abcdef\n").unwrap().secret(), "0123456789abcdef");
        assert!(Token::from_text("short").unwrap_err().contains("5 characters, it must have 16"));
        assert!(Token::from_text("two words of the same line").unwrap_err().contains("one word"));
    }
}

//! The token of a tracker. It is sent, and nothing else: neither printed nor stored.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::header::HeaderValue;

/// A token, without the white space that pasting adds.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token in a text.
    ///
    /// # Errors
    /// If it is empty, or has characters that no token has.
    pub fn new(text: &str) -> Result<Token, String> {
        let token = text.trim();
        if token.is_empty() {
            return Err("the token is empty: set it in the environment".to_owned());
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("the token has spaces or characters beyond ASCII: paste it again, alone".to_owned());
        }
        Ok(Token(token.to_owned()))
    }

    /// Whether it is a JSON Web Token, which is sent as `Bearer`: three parts, the first of them JSON.
    pub fn is_jwt(&self) -> bool {
        self.0.starts_with("eyJ") && self.0.split('.').count() == 3
    }

    /// `Bearer TOKEN`.
    pub fn bearer(&self) -> HeaderValue {
        sensitive(&format!("Bearer {}", self.0))
    }

    /// `Basic` with this user and the token as the password.
    pub fn basic(&self, user: &str) -> HeaderValue {
        sensitive(&format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{}", self.0))))
    }

    /// The token itself, for a header of the tracker's own: `PRIVATE-TOKEN`.
    pub fn bare(&self) -> HeaderValue {
        sensitive(&self.0)
    }
}

/// A header value that hyper does not print either.
fn sensitive(text: &str) -> HeaderValue {
    // Printable ASCII is always a header value.
    let mut value = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed() {
        let token = Token::new(" s3cret\r\n").unwrap();
        let printed = format!("{token:?} {:?} {:?} {:?}", token.bearer(), token.basic(""), token.bare());
        assert!(!printed.contains("s3cret") && !printed.contains("OnMzY3JldA"), "{printed}");
        assert_eq!(token.bearer().as_bytes(), b"Bearer s3cret");
        assert_eq!(token.basic("").as_bytes(), b"Basic OnMzY3JldA==");
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_without_repeating_it() {
        for text in ["", " \n", "s3cret\r\nHost: evil", "s3cret s3cret", "s3crét"] {
            let problem = Token::new(text).unwrap_err();
            assert!(!problem.contains("s3cr"), "{problem}");
        }
    }
}

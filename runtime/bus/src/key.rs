//! The key of a run. Its text is the run's token.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use thiserror::Error;

use crate::error::BusError;

/// The secret that all ends of a run share. `Debug` hides it, and there is no `Display`.
#[derive(Clone)]
pub struct RunKey([u8; 32]);

/// A text that is not a token.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("this is not the token of a run: copy all 43 characters that the coordinator printed")]
pub struct KeyError;

impl RunKey {
    /// A new random key.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn generate() -> Result<RunKey, BusError> {
        random().map(RunKey)
    }

    /// The token: base64url without padding.
    pub fn to_token(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for RunKey {
    type Err = KeyError;

    fn from_str(token: &str) -> Result<RunKey, KeyError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.trim()).map_err(|_| KeyError)?;
        bytes.try_into().map(RunKey).map_err(|_| KeyError)
    }
}

impl fmt::Debug for RunKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RunKey(hidden)")
    }
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], BusError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| BusError::System {
        action: "get random numbers from the system",
        problem: error.to_string(),
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_debug_hides_it() {
        let key = RunKey::generate().unwrap();
        let token = key.to_token();
        assert_eq!(token.len(), 43);
        assert_eq!(format!("{token}\n").parse::<RunKey>().unwrap().bytes(), key.bytes());
        assert_eq!(format!("{key:?}"), "RunKey(hidden)");
        for wrong in ["", "abc", &token[1..], &format!("{token}A"), &token.replace(&token[..1], "+")] {
            assert_eq!(wrong.parse::<RunKey>().unwrap_err(), KeyError, "{wrong}");
        }
    }
}

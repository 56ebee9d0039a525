//! Codes and reasons of close frames (RFC 6455, sections 5.5.1 and 7.4).

use std::fmt;

use thiserror::Error;

use crate::error::Failure;

/// The longest reason, in bytes: a control frame has at most 125, of which the code takes two.
pub const LONGEST_REASON: usize = 123;

/// A code that can be on the wire: never 1005 or 1006, which stand for its absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose of the connection is fulfilled.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// One side goes away.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// The peer breaks the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// A message is not what its kind says: text that is not UTF-8.
    pub const INVALID_DATA: CloseCode = CloseCode(1007);
    /// A message is too large.
    pub const TOO_LARGE: CloseCode = CloseCode(1009);
    /// What is reported of a close frame without a code. Never on the wire.
    pub const NONE: u16 = 1005;
    /// What is reported of a connection that ended without a close frame. Never on the wire.
    pub const ABNORMAL: u16 = 1006;

    /// The code of that number, if it may be sent: 1000 to 1003, 1007 to 1014 and 3000 to 4999. The others up to 2999
    /// are reserved, of which IANA has registered none.
    pub fn new(code: u16) -> Option<CloseCode> {
        matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999).then_some(CloseCode(code))
    }

    /// Its number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Why a close frame cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidClose {
    /// The code may not be on the wire.
    #[error("{0} is not a code that a client may close with: use 1000 to 1003, 1007 to 1014 or 3000 to 4999")]
    Code(u16),
    /// The reason is too long; its length in bytes.
    #[error("the reason has {0} bytes: at most {LONGEST_REASON} are allowed")]
    Reason(usize),
}

/// The content of a close frame that has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReason {
    /// The code.
    pub code: CloseCode,
    /// The reason, often empty.
    pub text: String,
}

impl CloseReason {
    /// Checks what a close frame is to say.
    ///
    /// # Errors
    /// If the code may not be sent, or if the reason is too long.
    pub fn new(code: u16, text: &str) -> Result<CloseReason, InvalidClose> {
        let code = CloseCode::new(code).ok_or(InvalidClose::Code(code))?;
        if text.len() > LONGEST_REASON {
            return Err(InvalidClose::Reason(text.len()));
        }
        Ok(CloseReason { code, text: text.to_owned() })
    }

    /// Reads the payload of a close frame.
    pub(crate) fn read(payload: &[u8]) -> Result<Option<CloseReason>, Failure> {
        let Some((code, text)) = payload.split_first_chunk() else {
            return match payload {
                [] => Ok(None),
                _ => Err(Failure::Protocol("a close frame has half a code")),
            };
        };
        let code = CloseCode::new(u16::from_be_bytes(*code));
        let code = code.ok_or(Failure::Protocol("a close frame has a code that may not be sent"))?;
        let text = std::str::from_utf8(text);
        let text = text.map_err(|_| Failure::Content("the reason of a close frame is not UTF-8"))?;
        Ok(Some(CloseReason { code, text: text.to_owned() }))
    }

    /// Its payload.
    pub(crate) fn payload(&self) -> Vec<u8> {
        [&self.code.0.to_be_bytes(), self.text.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_may_be_sent() {
        for code in [1000, 1003, 1007, 1014, 3000, 4999] {
            assert_eq!(CloseCode::new(code).map(CloseCode::get), Some(code));
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert_eq!(CloseCode::new(code), None, "{code}");
        }
    }

    #[test]
    fn a_close_frame_says_nothing_or_a_code_and_a_reason() {
        assert_eq!(CloseReason::read(b""), Ok(None));
        assert!(matches!(CloseReason::read(b"\x03"), Err(Failure::Protocol(_))));
        assert!(matches!(CloseReason::read(b"\x03\xed"), Err(Failure::Protocol(_))), "1005");
        assert!(matches!(CloseReason::read(b"\x03\xe8\xff"), Err(Failure::Content(_))));
        let bye = CloseReason::new(1000, "bye").unwrap();
        assert_eq!(CloseReason::read(&bye.payload()), Ok(Some(bye)));
    }

    #[test]
    fn what_cannot_be_sent_says_why() {
        let refusal = |code, reason: &str| CloseReason::new(code, reason).unwrap_err().to_string();
        assert_eq!(
            refusal(1005, ""),
            "1005 is not a code that a client may close with: use 1000 to 1003, 1007 to 1014 or 3000 to 4999"
        );
        assert_eq!(refusal(1000, &"x".repeat(124)), "the reason has 124 bytes: at most 123 are allowed");
    }
}

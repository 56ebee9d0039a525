//! Status codes, and what stands for one where a server sent none.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

/// How a call ended (<https://github.com/grpc/grpc/blob/master/doc/statuscodes.md>). Servers may send others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub u32);

/// The names of the codes 0 to 16.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

impl Code {
    /// The call succeeded.
    pub const OK: Code = Code(0);
    /// There is no better code.
    pub const UNKNOWN: Code = Code(2);
    /// The time allowed for the call was over.
    pub const DEADLINE_EXCEEDED: Code = Code(4);
    /// The server has no such method.
    pub const UNIMPLEMENTED: Code = Code(12);
    /// Something is broken.
    pub const INTERNAL: Code = Code(13);
    /// The server cannot be reached at present.
    pub const UNAVAILABLE: Code = Code(14);

    /// The value of `grpc-status`; none if it is no number.
    pub fn parse(value: &[u8]) -> Option<Code> {
        let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        std::str::from_utf8(value).ok().filter(|_| is_number)?.parse().ok().map(Code)
    }

    /// The code that stands for a response without `grpc-status`
    /// (<https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md>).
    pub fn from_http(status: u16) -> Code {
        Code(match status {
            400 => 13,
            401 => 16,
            403 => 7,
            404 => 12,
            429 | 502 | 503 | 504 => 14,
            _ => 2,
        })
    }

    /// The code that stands for a stream that the server reset with this error code of HTTP/2 (RFC 9113, section 7).
    pub fn from_reset(error_code: u32) -> Code {
        Code(match error_code {
            // REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM and INADEQUATE_SECURITY.
            0x7 => 14,
            0x8 => 1,
            0xb => 8,
            0xc => 7,
            _ => 13,
        })
    }

    /// Its name, if it has one.
    pub fn name(self) -> Option<&'static str> {
        NAMES.get(self.0 as usize).copied()
    }
}

impl fmt::Display for Code {
    /// "UNAVAILABLE (14)"
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(formatter, "{name} ({})", self.0),
            None => write!(formatter, "status {}", self.0),
        }
    }
}

/// The text in a `grpc-message`. What is not percent-encoded UTF-8 is replaced.
pub fn decode_message(value: &[u8]) -> String {
    let value = String::from_utf8_lossy(value);
    let decoded: Cow<'_, str> = percent_decode_str(&value).decode_utf8_lossy();
    decoded.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_names() {
        assert_eq!(Code(14).to_string(), "UNAVAILABLE (14)");
        assert_eq!(Code(99).to_string(), "status 99");
        assert_eq!([Code::parse(b"16"), Code::parse(b""), Code::parse(b"+1")], [Some(Code(16)), None, None]);
    }

    #[test]
    fn responses_without_a_status_have_one() {
        let of_http = [200, 400, 401, 403, 404, 429, 500, 503].map(|status| Code::from_http(status).0);
        assert_eq!(of_http, [2, 13, 16, 7, 12, 14, 2, 14]);
        let of_reset = [0x7, 0x8, 0xb, 0xc, 0x2].map(|code| Code::from_reset(code).0);
        assert_eq!(of_reset, [14, 1, 8, 7, 13]);
    }

    #[test]
    fn messages_are_percent_decoded() {
        assert_eq!(decode_message(b"50%25 caf%C3%A9 %zz"), "50% café %zz");
        assert_eq!(decode_message(b"%FF"), "\u{fffd}");
    }
}

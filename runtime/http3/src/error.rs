//! Errors of connections and streams.

use std::fmt;

use thiserror::Error;

/// A code with which a stream or a connection ends (RFC 9114, section 8.1; RFC 9204, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode(pub u64);

impl ErrorCode {
    /// No error: the end of something, in order.
    pub const NO_ERROR: ErrorCode = ErrorCode(0x100);
    /// A stream that the peer may not open.
    pub const STREAM_CREATION_ERROR: ErrorCode = ErrorCode(0x103);
    /// A stream that the connection needs was closed.
    pub const CLOSED_CRITICAL_STREAM: ErrorCode = ErrorCode(0x104);
    /// A frame that has no place on its stream.
    pub const FRAME_UNEXPECTED: ErrorCode = ErrorCode(0x105);
    /// A frame of a wrong size or form.
    pub const FRAME_ERROR: ErrorCode = ErrorCode(0x106);
    /// The peer causes too much work.
    pub const EXCESSIVE_LOAD: ErrorCode = ErrorCode(0x107);
    /// An identifier is used in a wrong way.
    pub const ID_ERROR: ErrorCode = ErrorCode(0x108);
    /// A setting has a wrong value.
    pub const SETTINGS_ERROR: ErrorCode = ErrorCode(0x109);
    /// The control stream does not begin with settings.
    pub const MISSING_SETTINGS: ErrorCode = ErrorCode(0x10a);
    /// The server did not process the request, which can be sent again.
    pub const REQUEST_REJECTED: ErrorCode = ErrorCode(0x10b);
    /// The request or its response is not needed any more.
    pub const REQUEST_CANCELLED: ErrorCode = ErrorCode(0x10c);
    /// A message breaks the rules of HTTP.
    pub const MESSAGE_ERROR: ErrorCode = ErrorCode(0x10e);
    /// The request needs an older version of HTTP.
    pub const VERSION_FALLBACK: ErrorCode = ErrorCode(0x110);
    /// A header block cannot be decoded.
    pub const DECOMPRESSION_FAILED: ErrorCode = ErrorCode(0x200);

    const FIRST: u64 = 0x100;
    const NAMES: [&str; 17] = [
        "H3_NO_ERROR",
        "H3_GENERAL_PROTOCOL_ERROR",
        "H3_INTERNAL_ERROR",
        "H3_STREAM_CREATION_ERROR",
        "H3_CLOSED_CRITICAL_STREAM",
        "H3_FRAME_UNEXPECTED",
        "H3_FRAME_ERROR",
        "H3_EXCESSIVE_LOAD",
        "H3_ID_ERROR",
        "H3_SETTINGS_ERROR",
        "H3_MISSING_SETTINGS",
        "H3_REQUEST_REJECTED",
        "H3_REQUEST_CANCELLED",
        "H3_REQUEST_INCOMPLETE",
        "H3_MESSAGE_ERROR",
        "H3_CONNECT_ERROR",
        "H3_VERSION_FALLBACK",
    ];

    fn name(self) -> Option<&'static str> {
        match self.0 {
            0x200 => Some("QPACK_DECOMPRESSION_FAILED"),
            0x201 => Some("QPACK_ENCODER_STREAM_ERROR"),
            0x202 => Some("QPACK_DECODER_STREAM_ERROR"),
            code => ErrorCode::NAMES.get(usize::try_from(code.checked_sub(ErrorCode::FIRST)?).ok()?).copied(),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "error code {:#x}", self.0),
        }
    }
}

/// The peer broke a rule on which the whole connection depends. The text is part of a sentence about the peer.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{reason} ({code})")]
pub struct Fault {
    /// What the peer is told.
    pub code: ErrorCode,
    /// The rule.
    pub reason: &'static str,
}

impl Fault {
    pub(crate) fn new(code: ErrorCode, reason: &'static str) -> Fault {
        Fault { code, reason }
    }
}

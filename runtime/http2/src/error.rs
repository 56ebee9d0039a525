//! Errors of a connection and of its streams.

use std::fmt;

use thiserror::Error;

/// A code of RST_STREAM and GOAWAY (RFC 9113, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// No error: the end of something, in order.
    pub const NO_ERROR: ErrorCode = ErrorCode(0x0);
    /// The peer breaks the protocol.
    pub const PROTOCOL_ERROR: ErrorCode = ErrorCode(0x1);
    /// The peer sends more than the windows allow.
    pub const FLOW_CONTROL_ERROR: ErrorCode = ErrorCode(0x3);
    /// A frame has a wrong size.
    pub const FRAME_SIZE_ERROR: ErrorCode = ErrorCode(0x6);
    /// The stream was not processed, and can be sent again.
    pub const REFUSED_STREAM: ErrorCode = ErrorCode(0x7);
    /// The stream is not needed any more.
    pub const CANCEL: ErrorCode = ErrorCode(0x8);
    /// A header block cannot be decoded.
    pub const COMPRESSION_ERROR: ErrorCode = ErrorCode(0x9);
    /// The peer causes too much work.
    pub const ENHANCE_YOUR_CALM: ErrorCode = ErrorCode(0xb);
    /// The request needs HTTP/1.1.
    pub const HTTP_1_1_REQUIRED: ErrorCode = ErrorCode(0xd);

    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match ErrorCode::NAMES.get(self.0 as usize) {
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "error code {:#x}", self.0),
        }
    }
}

/// The peer broke a rule on which the whole connection depends. The text is part of a sentence about the peer.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{reason} ({code})")]
pub struct ConnectionError {
    /// What the peer is told.
    pub code: ErrorCode,
    /// The rule.
    pub reason: &'static str,
}

impl ConnectionError {
    pub(crate) fn protocol(reason: &'static str) -> ConnectionError {
        ConnectionError { code: ErrorCode::PROTOCOL_ERROR, reason }
    }

    pub(crate) fn flow_control(reason: &'static str) -> ConnectionError {
        ConnectionError { code: ErrorCode::FLOW_CONTROL_ERROR, reason }
    }

    pub(crate) fn frame_size(reason: &'static str) -> ConnectionError {
        ConnectionError { code: ErrorCode::FRAME_SIZE_ERROR, reason }
    }

    pub(crate) fn too_much(reason: &'static str) -> ConnectionError {
        ConnectionError { code: ErrorCode::ENHANCE_YOUR_CALM, reason }
    }
}

/// A receiver does not accept what came on its stream; the peer is told the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub ErrorCode);

//! How a call ended, from the head and the trailers of its response.

use std::borrow::Cow;

use squall_grpc::{Code, Encoding, FrameError, decode_message};
use squall_metrics::Phases;

use super::call::CallMessage;
use crate::account::Booked;
use crate::error::Error;
use crate::reader::{field, fields};

/// A call's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub code: Code,
    pub message: String,
}

impl Status {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Status {
        Status { code, message: message.into() }
    }

    /// The time that the client allowed for the call was over.
    pub(super) fn late() -> Status {
        Status::new(Code::DEADLINE_EXCEEDED, "the time allowed for the call was over")
    }
}

/// Header fields, or trailers.
pub type Metadata<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// The answer to a call. A status other than OK is an answer, too.
#[derive(Debug)]
pub struct Reply {
    pub(super) status: Status,
    pub(super) message: Option<CallMessage>,
    pub(super) head: Vec<u8>,
    pub(super) trailers: Vec<u8>,
    pub(super) phases: Phases,
    pub(super) _booked: Booked,
}

impl Reply {
    /// The status code.
    pub fn code(&self) -> Code {
        self.status.code
    }

    /// The server's text about it, decoded.
    pub fn status_message(&self) -> &str {
        &self.status.message
    }

    /// The message of a unary call, if there is one and it was not to be thrown away.
    pub fn message(&self) -> Option<&CallMessage> {
        self.message.as_ref()
    }

    /// The fields before the messages, names in lower case.
    pub fn headers(&self) -> Metadata<'_> {
        metadata(&self.head)
    }

    /// The fields after them. A response without messages has but one set of fields, which are both.
    pub fn trailers(&self) -> Metadata<'_> {
        metadata(if self.trailers.is_empty() { &self.head } else { &self.trailers })
    }

    /// The value of `grpc-status-details-bin`, if there is one.
    pub fn details(&self) -> Option<&[u8]> {
        let name = "grpc-status-details-bin";
        trailing(&self.trailers, name).or_else(|| field(&self.head, name))
    }

    /// The time spent in each phase.
    pub fn phases(&self) -> Phases {
        self.phases
    }
}

fn metadata(bytes: &[u8]) -> Metadata<'_> {
    fields(bytes).map(|(name, value)| (name, String::from_utf8_lossy(value))).collect()
}

/// A field of trailers, which stand behind an empty status line.
fn trailing<'a>(trailers: &'a [u8], name: &str) -> Option<&'a [u8]> {
    if trailers.is_empty() { None } else { field(trailers, name) }
}

/// Whether the head is that of a response by gRPC. If not, what stands for its status.
pub(super) fn check_head(status: u16, head: &[u8]) -> Result<(), Status> {
    let is_grpc = field(head, "content-type").is_some_and(|value| value.starts_with(b"application/grpc"));
    if status == 200 && is_grpc {
        return Ok(());
    }
    let text = match status {
        200 => "the response is not of gRPC: its content-type is not application/grpc".to_owned(),
        _ => format!("the response is not of gRPC: HTTP status {status}"),
    };
    Err(own_status(head).unwrap_or(Status::new(Code::from_http(status), text)))
}

/// The encoding of its messages.
pub(super) fn encoding(head: &[u8]) -> Result<Encoding, Error> {
    let name = field(head, "grpc-encoding").map(String::from_utf8_lossy).unwrap_or_default();
    Encoding::named(name.trim())
        .ok_or_else(|| Error::Protocol(format!("messages are compressed by {}, not by gzip", name.escape_debug())))
}

/// The status of a response that has ended.
pub(super) fn final_status(head: &[u8], trailers: &[u8]) -> Status {
    let found = if trailers.is_empty() { own_status(head) } else { own_status(trailers) };
    found.unwrap_or_else(|| Status::new(Code::UNKNOWN, "the response ended without a grpc-status"))
}

/// The status that a set of fields has.
fn own_status(bytes: &[u8]) -> Option<Status> {
    let code = field(bytes, "grpc-status")?;
    let message = field(bytes, "grpc-message").map(decode_message).unwrap_or_default();
    Some(match Code::parse(code.trim_ascii()) {
        Some(code) => Status { code, message },
        None => Status::new(Code::UNKNOWN, "the grpc-status of the response is not a number"),
    })
}

/// The error for a malformed message.
pub(super) fn frame_error(peer: &str, error: &FrameError) -> Error {
    let text = format!("response of {peer}: {error}");
    if matches!(error, FrameError::TooLarge { .. }) { Error::TooLarge(text) } else { Error::Protocol(text) }
}

/// The code that stands for a call without an answer, for its `status` tag.
pub(super) fn code_of(error: &Error) -> Code {
    match error {
        Error::Timeout => Code::DEADLINE_EXCEEDED,
        Error::Abandoned(_) => Code(1),
        Error::TooLarge(_) | Error::NoRoom(_) => Code(8),
        Error::Protocol(_) => Code::INTERNAL,
        _ => Code::UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"HTTP/2 200\r\ncontent-type: application/grpc+proto\r\n\r\n";

    #[test]
    fn a_status_comes_from_trailers_or_from_a_head_that_is_alone() {
        let trailers = b"HTTP/2 200\r\ngrpc-status: 5\r\ngrpc-message: no%20such%20item\r\n\r\n";
        assert_eq!(final_status(HEAD, trailers), Status::new(Code(5), "no such item"));
        assert_eq!(final_status(trailers, b""), Status::new(Code(5), "no such item"));
        assert_eq!(final_status(HEAD, b"").code, Code::UNKNOWN);
        assert_eq!(final_status(HEAD, b"HTTP/2 200\r\ngrpc-status: x\r\n\r\n").code, Code::UNKNOWN);
    }

    #[test]
    fn what_is_not_grpc_has_a_status_that_says_so() {
        assert_eq!(check_head(200, HEAD), Ok(()));
        let html = b"HTTP/2 503\r\ncontent-type: text/html\r\n\r\n";
        let status = Status::new(Code::UNAVAILABLE, "the response is not of gRPC: HTTP status 503");
        assert_eq!(check_head(503, html), Err(status));
        assert_eq!(check_head(200, html).unwrap_err().code, Code::UNKNOWN);
    }

    #[test]
    fn encodings_are_known_or_refused() {
        assert_eq!(encoding(HEAD), Ok(Encoding::Identity));
        assert_eq!(encoding(b"HTTP/2 200\r\ngrpc-encoding: gzip\r\n\r\n"), Ok(Encoding::Gzip));
        let error = encoding(b"HTTP/2 200\r\ngrpc-encoding: snappy\r\n\r\n").unwrap_err();
        assert_eq!(error, Error::Protocol("messages are compressed by snappy, not by gzip".to_owned()));
    }
}

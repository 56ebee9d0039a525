//! The reasons to refuse a request: as statuses of HTTP, and as sentences for the user.

use std::collections::BTreeMap;

use hyper::StatusCode;

/// A kind of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefusalKind {
    /// The body is not what its type says; or this is not HTTP.
    Unreadable,
    /// A type or an encoding that OTLP does not have.
    Unsupported,
    /// The body is larger than the limit.
    TooLarge,
    /// The body did not come in time.
    TooSlow,
    /// Too much at once.
    Busy,
    /// A path that OTLP does not have.
    UnknownPath,
    /// A method other than `POST`.
    WrongMethod,
}

/// A reason, with its details for the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub kind: RefusalKind,
    pub message: String,
}

impl RefusalKind {
    pub fn because(self, message: impl Into<String>) -> Refusal {
        Refusal { kind: self, message: message.into() }
    }

    pub fn of_path(self, path: &str) -> Refusal {
        self.because(format!("the path was {}", shorten(path)))
    }

    pub fn status(self) -> StatusCode {
        match self {
            RefusalKind::Unreadable => StatusCode::BAD_REQUEST,
            RefusalKind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalKind::TooSlow => StatusCode::REQUEST_TIMEOUT,
            RefusalKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
            RefusalKind::UnknownPath => StatusCode::NOT_FOUND,
            RefusalKind::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// The code of gRPC (<https://grpc.github.io/grpc/core/md_doc_statuscodes.html>). By OTLP, a sender tries again
    /// after `UNAVAILABLE` and `DEADLINE_EXCEEDED`, and not after the others.
    pub fn grpc_code(self) -> u8 {
        match self {
            RefusalKind::Unreadable => 3,
            RefusalKind::Unsupported | RefusalKind::UnknownPath | RefusalKind::WrongMethod => 12,
            RefusalKind::TooLarge => 8,
            RefusalKind::TooSlow => 4,
            RefusalKind::Busy => 14,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            RefusalKind::Unreadable => "could not be read",
            RefusalKind::Unsupported => "had a type or encoding that is not supported",
            RefusalKind::TooLarge => "were too large",
            RefusalKind::TooSlow => "did not come in time",
            RefusalKind::Busy => "came while too many others did",
            RefusalKind::UnknownPath => "were for other paths than /v1/traces",
            RefusalKind::WrongMethod => "were not POST requests",
        }
    }
}

/// Refusals so far, with the first of each kind.
#[derive(Debug, Default)]
pub(crate) struct Refusals(BTreeMap<RefusalKind, (u64, String)>);

impl Refusals {
    pub fn add(&mut self, refusal: &Refusal) {
        self.0.entry(refusal.kind).or_insert_with(|| (0, refusal.message.clone())).0 += 1;
    }

    pub fn count(&self) -> u64 {
        self.0.values().map(|(count, _)| count).sum()
    }

    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(kind, (count, first))| {
            let requests = if *count == 1 { "request" } else { "requests" };
            format!("{count} {requests} to the receiver of traces {}; the first: {first}", kind.describe())
        })
    }
}

/// The beginning of a sender's text, in characters that are safe to show.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_default).collect()
}

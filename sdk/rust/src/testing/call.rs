//! Calls by gRPC in tests.

/// An answer to calls of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallReply {
    /// The status code; 0 is OK.
    pub status: u32,
    /// The text about it.
    pub text: String,
    /// The messages, as JSON.
    pub messages: Vec<String>,
}

impl CallReply {
    /// A message as JSON, and the status OK.
    #[must_use]
    pub fn ok(json: &str) -> Self {
        CallReply { status: 0, text: String::new(), messages: vec![json.to_owned()] }
    }

    /// A status without a message.
    #[must_use]
    pub fn status(status: u32, text: &str) -> Self {
        CallReply { status, text: text.to_owned(), messages: Vec::new() }
    }

    /// One more message, of a stream.
    #[must_use]
    pub fn and(mut self, json: &str) -> Self {
        self.messages.push(json.to_owned());
        self
    }
}

/// A call that was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentCall {
    /// "package.Service/Method".
    pub method: String,
    /// The messages, as they were given.
    pub messages: Vec<String>,
    /// The metadata, keys in lower case.
    pub metadata: Vec<(String, String)>,
}

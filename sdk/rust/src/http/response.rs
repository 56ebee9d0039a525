//! A response. Every method here is one host call, and copies only its own value.

use std::time::Duration;

use crate::host;

/// A complete response. The host holds it until this is dropped.
#[derive(Debug)]
pub struct Response {
    inner: host::Response,
}

impl Response {
    pub(crate) fn new(inner: host::Response) -> Self {
        Response { inner }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.inner.status()
    }

    /// The value of the first header field of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.inner.header(name)
    }

    /// All header fields in the order of their arrival, names in lower case.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        self.inner.headers()
    }

    /// The body, decoded; empty if it was discarded. Copied from the host at each call.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        self.inner.body()
    }

    /// The size of the body in bytes; 0 if it was discarded. The body stays with the host.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.inner.size()
    }

    /// The body as text; bytes that are not UTF-8 are replaced. Copied from the host at each call.
    #[must_use]
    pub fn text(&self) -> String {
        self.inner.text()
    }

    /// The URL that answered: after redirects, the last one.
    #[must_use]
    pub fn url(&self) -> String {
        self.inner.url()
    }

    /// The time that the request spent in each phase.
    #[must_use]
    pub fn timings(&self) -> Timings {
        host::timings(&self.inner)
    }
}

/// The time that a request spent in each phase. After redirects: the last request of the chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Waiting for a free connection, name look-up included.
    pub blocked: Duration,
    /// Opening the TCP connection; zero on one that was already open.
    pub connecting: Duration,
    /// The TLS handshake; zero without TLS or on an open connection.
    pub tls_handshaking: Duration,
    /// Writing the request.
    pub sending: Duration,
    /// From the last byte written to the first byte read.
    pub waiting: Duration,
    /// From the first byte read to the last.
    pub receiving: Duration,
}

impl Timings {
    /// Sending, waiting and receiving together: what `http_req_duration` measures.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.sending + self.waiting + self.receiving
    }
}

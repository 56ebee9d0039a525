//! A flow's actions, for tests.

use std::time::Duration;

use super::call::SentCall;
use crate::log::Level;

/// A flow's actions.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Its result for the host: the text of the error.
    pub outcome: Result<(), String>,
    /// The requests that it sent.
    pub requests: Vec<Sent>,
    /// The calls by gRPC that it made.
    pub calls: Vec<SentCall>,
    /// Its checks by name, and whether they passed.
    pub checks: Vec<(String, bool)>,
    /// The transactions that ended, by name, and whether they succeeded.
    pub transactions: Vec<(String, bool)>,
    /// The lines that it logged.
    pub logs: Vec<(Level, String)>,
    /// Time that it slept, think time and pacing included.
    pub slept: Duration,
    /// The reason that it gave to end the run.
    pub aborted: Option<String>,
    /// Number of times that it cleared its cookies.
    pub cookies_cleared: usize,
    pub(crate) samples: Vec<(String, f64)>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Report {
            outcome: Ok(()),
            requests: Vec::new(),
            calls: Vec::new(),
            checks: Vec::new(),
            transactions: Vec::new(),
            logs: Vec::new(),
            slept: Duration::ZERO,
            aborted: None,
            cookies_cleared: 0,
            samples: Vec::new(),
        }
    }

    /// The values that went into the metric of that name; `true` and `false` as 1 and 0.
    #[must_use]
    pub fn values(&self, metric: &str) -> Vec<f64> {
        let samples = self.samples.iter().filter(|(name, _)| name == metric);
        samples.map(|(_, value)| *value).collect()
    }

    /// Whether there was a check of that name, and it passed each time.
    #[must_use]
    pub fn passed(&self, check: &str) -> bool {
        let mut results = self.checks.iter().filter(|(name, _)| name == check).peekable();
        results.peek().is_some() && results.all(|(_, passed)| *passed)
    }

    /// The report itself, for a flow that must have worked.
    ///
    /// # Panics
    ///
    /// When the flow returned an error or a check failed.
    #[track_caller]
    pub fn expect_ok(self) -> Self {
        assert_eq!(self.outcome, Ok(()), "the flow returned an error");
        let failed: Vec<_> = self.checks.iter().filter(|(_, passed)| !passed).collect();
        assert!(failed.is_empty(), "checks failed: {failed:?}");
        self
    }
}

/// A sent request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The method.
    pub method: String,
    /// The URL, or the path below the target, as the flow wrote it.
    pub url: String,
    /// The header fields that the flow set, in order.
    pub headers: Vec<(String, String)>,
    /// The body; empty if there was none.
    pub body: Vec<u8>,
    /// The name that it is counted under, if one was set.
    pub name: Option<String>,
    /// The time allowed, if one was set.
    pub timeout: Option<Duration>,
    /// The redirects allowed, if a number was set.
    pub redirects: Option<u32>,
    /// Whether the body is to be discarded, if the flow set it.
    pub discard_body: Option<bool>,
    /// The status codes that count as expected, as closed ranges; empty for the default.
    pub expected_statuses: Vec<(u16, u16)>,
}

impl Sent {
    /// The value of the first header field of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

//! Answers, and when they are given.

use std::fmt;
use std::rc::Rc;

use super::glob;
use super::report::Sent;
use crate::http::{Error, IntoBody};

/// A response that the test has made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// A response of that status, without headers or body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Reply { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body<'a>(mut self, body: impl IntoBody<'a>) -> Self {
        self.body = body.into_body().into_owned();
        self
    }
}

pub(crate) type Answer = Rc<dyn Fn(&Sent) -> Result<Reply, Error>>;

/// Which requests get which answer.
#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) answer: Answer,
}

impl Rule {
    pub(crate) fn matches(&self, sent: &Sent) -> bool {
        glob::matches(&self.method, &sent.method) && glob::matches_url(&self.url, &sent.url)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.url)
    }
}

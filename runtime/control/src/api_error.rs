//! An answer that says why not, in one sentence.

use hyper::StatusCode;

/// Why a request is not done.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    sentence: String,
}

impl ApiError {
    /// With what is wrong, and what to do.
    pub fn new(status: StatusCode, sentence: impl Into<String>) -> ApiError {
        ApiError { status, sentence: sentence.into() }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, and what to do.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

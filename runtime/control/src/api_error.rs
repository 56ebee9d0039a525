//! An error answer of the API: a status and one sentence.

use hyper::StatusCode;

/// Why a request is not done.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    sentence: String,
}

impl ApiError {
    /// `sentence` names the problem and the remedy.
    pub fn new(status: StatusCode, sentence: impl Into<String>) -> ApiError {
        ApiError { status, sentence: sentence.into() }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The problem and the remedy.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

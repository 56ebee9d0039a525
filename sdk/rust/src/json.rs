//! Everything for the feature `json`, so that no other module needs serde.
#![cfg(feature = "json")]

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::http::{Request, Response};
use crate::shared::{self, Share};

/// Data that `setup` shares as JSON: `fn setup() -> Outcome<shared::Json<Login>>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<T>(
    /// The data.
    pub T,
);

impl<T: Serialize> Share for Json<T> {
    fn share(self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(&self.0).map_err(|error| error.to_string())
    }
}

/// The shared data, read as JSON (feature `json`). Parses at each call: keep what it returns where that matters.
///
/// # Errors
///
/// When the data is not such JSON.
pub fn shared_json<T: DeserializeOwned>() -> Result<T, Error> {
    Ok(serde_json::from_slice(&shared::bytes())?)
}

impl Request<'_> {
    /// Sets the body to `value` as JSON, and the content type with it (feature `json`).
    ///
    /// A value that cannot be written as JSON (a map whose keys are not strings) makes [`send`](Request::send) return
    /// [`InvalidRequest`](crate::http::Error::InvalidRequest).
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.content_type("application/json").body(body),
            Err(error) => self.broken(error.to_string()),
        }
    }
}

impl crate::data::Row {
    /// The whole row, read as JSON (feature `json`). Fields of CSV are strings.
    ///
    /// # Errors
    ///
    /// When the row does not fit the type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.text())
            .map_err(|error| Error::new(format_args!("a row of data is not what was expected: {error}")))
    }
}

impl Response {
    /// The body, read as JSON (feature `json`).
    ///
    /// # Errors
    ///
    /// When the body is not such JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body())
            .map_err(|error| Error::new(format_args!("response is not the JSON expected: {error}")))
    }
}

//! The error that ends an iteration.

use std::fmt;

/// The result of a function that can end an iteration: `Ok(())`, or the [`Error`] that is counted and shown.
pub type Outcome<T = ()> = Result<T, Error>;

/// The reason to end an iteration early: only a text, because it is only counted and shown.
///
/// Every [`std::error::Error`] turns into one by `?`.
pub struct Error {
    text: String,
}

impl Error {
    /// An error of that text. Keep it free of ids and counts: equal texts are counted together.
    ///
    /// ```
    /// # use squall::prelude::*;
    /// fn pay(total: f64) -> Outcome {
    ///     if total <= 0.0 {
    ///         return Err(Error::new("nothing to pay"));
    ///     }
    ///     Ok(())
    /// }
    /// # assert_eq!(pay(0.0).unwrap_err().to_string(), "nothing to pay");
    /// ```
    pub fn new(text: impl fmt::Display) -> Self {
        Error { text: text.to_string() }
    }
}

// As in `anyhow`: the blanket conversion is why `Error` does not itself implement `std::error::Error`.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Error::new(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

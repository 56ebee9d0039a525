//! Data that `setup` prepares once for the whole run, and that every virtual user can read.
//!
//! ```
//! use squall::prelude::*;
//!
//! squall::scenario! { flows: { browse }, setup: prepare }
//!
//! fn prepare() -> Outcome<String> {
//!     Ok(http::post("/tokens").send()?.text())
//! }
//!
//! fn browse() -> Outcome {
//!     http::get("/").header("authorization", shared::text()).send()?;
//!     Ok(())
//! }
//! ```
//!
//! `setup` may return `()`, `String`, `Vec<u8>`, `shared::Json<T>` (feature `json`), or a `Result` of these.

use std::cell::RefCell;
use std::fmt::Display;
use std::rc::Rc;

#[cfg(feature = "json")]
pub use crate::json::{Json, shared_json as json};

thread_local! {
    static SHARED: RefCell<Rc<[u8]>> = RefCell::new(Rc::from([]));
}

/// The data that `setup` returned; empty without a `setup`, and in `setup` itself.
#[must_use]
pub fn bytes() -> Rc<[u8]> {
    SHARED.with_borrow(Rc::clone)
}

/// The data as text; bytes that are not UTF-8 are replaced.
#[must_use]
pub fn text() -> String {
    SHARED.with_borrow(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

pub(crate) fn store(bytes: Vec<u8>) {
    SHARED.set(Rc::from(bytes));
}

/// A type that `setup` may return.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`setup` cannot return `{Self}`",
    label = "returns `{Self}`",
    note = "`setup` returns `()`, `String`, `Vec<u8>`, `squall::shared::Json<T>` (feature `json`), or a `Result` of these"
)]
pub trait Share {
    /// The data as bytes.
    ///
    /// # Errors
    ///
    /// The text of the error that `setup` returned.
    fn share(self) -> Result<Vec<u8>, String>;
}

impl Share for () {
    fn share(self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}

impl Share for Vec<u8> {
    fn share(self) -> Result<Vec<u8>, String> {
        Ok(self)
    }
}

impl Share for String {
    fn share(self) -> Result<Vec<u8>, String> {
        Ok(self.into_bytes())
    }
}

impl<T: Share, E: Display> Share for Result<T, E> {
    fn share(self) -> Result<Vec<u8>, String> {
        match self {
            Ok(data) => data.share(),
            Err(error) => Err(error.to_string()),
        }
    }
}

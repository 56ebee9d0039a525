//! HTTP requests, made and measured by the host.
//!
//! ```
//! use squall::prelude::*;
//!
//! fn buy() -> Outcome {
//!     let id = random_in(1..=100);
//!     let product = http::get(format!("/products/{id}")).name("/products/{id}").send()?;
//!     check!(product.status() == 200, "product is there");
//!
//!     http::post("/basket")
//!         .header("content-type", "application/json")
//!         .body(format!(r#"{{"product_id":{id},"quantity":1}}"#))
//!         .expect_status(201)
//!         .send()?;
//!     Ok(())
//! }
//! # let mut host = squall::testing::Host::new().respond("*", "*", 200, "");
//! # host.run(buy).expect_ok();
//! ```
//!
//! Every request is counted and timed, whatever its result. The host holds the response: what is not asked for is
//! never copied, and [`Request::discard_body`] does not even keep it there.

mod error;
mod options;
mod request;
mod response;
mod streaming;

pub use error::Error;
pub use request::{IntoBody, Request, StatusRange, send_all};
pub use response::{Response, Timings};
pub use streaming::{Event, OpenUpload, Stream, Upload};

pub(crate) use options::Settings;

use std::borrow::Cow;

use crate::host;

/// A request of that method (in capitals) for that URL: an absolute one, or a path below the run's `--target`.
pub fn request<'a>(method: impl Into<Cow<'a, str>>, url: impl Into<Cow<'a, str>>) -> Request<'a> {
    Request::new(method.into(), url.into())
}

/// A `GET` request: `http::get("/products").send()?`.
pub fn get<'a>(url: impl Into<Cow<'a, str>>) -> Request<'a> {
    request("GET", url)
}

/// A `POST` request.
pub fn post<'a>(url: impl Into<Cow<'a, str>>) -> Request<'a> {
    request("POST", url)
}

/// A `PUT` request.
pub fn put<'a>(url: impl Into<Cow<'a, str>>) -> Request<'a> {
    request("PUT", url)
}

/// A `PATCH` request.
pub fn patch<'a>(url: impl Into<Cow<'a, str>>) -> Request<'a> {
    request("PATCH", url)
}

/// A `DELETE` request.
pub fn delete<'a>(url: impl Into<Cow<'a, str>>) -> Request<'a> {
    request("DELETE", url)
}

/// A `HEAD` request.
pub fn head<'a>(url: impl Into<Cow<'a, str>>) -> Request<'a> {
    request("HEAD", url)
}

/// An `OPTIONS` request.
pub fn options<'a>(url: impl Into<Cow<'a, str>>) -> Request<'a> {
    request("OPTIONS", url)
}

/// Forgets the cookies that this virtual user has been given.
pub fn clear_cookies() {
    host::clear_cookies();
}

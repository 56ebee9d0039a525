//! The real host: the component's imports.

use std::time::Duration;

use crate::bindings::scenario::squall::scenario::{context, http, metrics};
use crate::http::{Error, Timings};
use crate::log::Level;
use crate::metrics::Unit;

pub(crate) use crate::bindings::scenario::squall::scenario::context::{abort, iteration, option, random, target, vu};
pub(crate) use crate::bindings::scenario::squall::scenario::http::{Request, RequestOptions, Response, clear_cookies};
pub(crate) use crate::bindings::scenario::squall::scenario::metrics::{Counter, Gauge, Rate, Transaction, check};
pub(crate) use crate::bindings::scenario::squall::scenario::timing::{now, pace, sleep};

pub(crate) fn send(request: Request<'_>) -> Result<Response, Error> {
    http::send(request).map_err(Error::from)
}

pub(crate) fn send_all(requests: &[Request<'_>]) -> Vec<Result<Response, Error>> {
    let results = http::send_all(requests).into_iter();
    results.map(|result| result.map_err(Error::from)).collect()
}

pub(crate) fn timings(response: &Response) -> Timings {
    let timings = response.timings();
    Timings {
        blocked: Duration::from_nanos(timings.blocked),
        connecting: Duration::from_nanos(timings.connecting),
        tls_handshaking: Duration::from_nanos(timings.tls_handshaking),
        sending: Duration::from_nanos(timings.sending),
        waiting: Duration::from_nanos(timings.waiting),
        receiving: Duration::from_nanos(timings.receiving),
    }
}

pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => context::Level::Debug,
        Level::Info => context::Level::Info,
        Level::Warn => context::Level::Warn,
        Level::Error => context::Level::Error,
    };
    context::log(level, message);
}

#[derive(Debug)]
pub(crate) struct Trend(metrics::Trend);

impl Trend {
    pub(crate) fn new(name: &str, unit: Unit) -> Self {
        let unit = match unit {
            Unit::Number => metrics::Unit::Number,
            Unit::Time => metrics::Unit::Time,
            Unit::Data => metrics::Unit::Data,
        };
        Trend(metrics::Trend::new(name, unit))
    }

    pub(crate) fn add(&self, value: f64) {
        self.0.add(value);
    }
}

impl From<http::Error> for Error {
    fn from(error: http::Error) -> Self {
        match error {
            http::Error::Timeout => Error::Timeout,
            http::Error::Dns(detail) => Error::Dns(detail),
            http::Error::Connect(detail) => Error::Connect(detail),
            http::Error::Tls(detail) => Error::Tls(detail),
            http::Error::Reset(detail) => Error::Reset(detail),
            http::Error::Protocol(detail) => Error::Protocol(detail),
            http::Error::TooLarge(detail) => Error::TooLarge(detail),
            http::Error::TooManyRedirects(detail) => Error::TooManyRedirects(detail),
            http::Error::RefusedByPolicy(detail) => Error::RefusedByPolicy(detail),
            http::Error::InvalidRequest(detail) => Error::InvalidRequest(detail),
            http::Error::Other(detail) => Error::Other(detail),
        }
    }
}

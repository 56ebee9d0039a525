//! The host of a native test: it gives the test's responses, and records all calls. See `testing`.

use std::cell::RefCell;

use super::fake_data::Blob;
use crate::http::{Error, Settings, Timings};
use crate::log::Level;
use crate::metrics::Unit;
use crate::testing::{Reply, Sent, State, glob};

#[derive(Debug, Default)]
pub(crate) struct RequestOptions {
    settings: RefCell<Settings<'static>>,
    body: RefCell<Option<Vec<u8>>>,
}

impl RequestOptions {
    pub(crate) fn new() -> Self {
        State::with(|state| state.options_made += 1);
        RequestOptions::default()
    }

    pub(crate) fn copy(&self) -> Self {
        RequestOptions { settings: self.settings.clone(), body: self.body.clone() }
    }

    pub(crate) fn set_name(&self, name: &str) {
        self.settings.borrow_mut().name = Some(name.to_owned().into());
    }

    pub(crate) fn set_timeout(&self, nanoseconds: u64) {
        self.settings.borrow_mut().timeout = Some(nanoseconds);
    }

    pub(crate) fn set_redirects(&self, count: u32) {
        self.settings.borrow_mut().redirects = Some(count);
    }

    pub(crate) fn set_discard_body(&self, discard: bool) {
        self.settings.borrow_mut().discard_body = Some(discard);
    }

    pub(crate) fn set_expected_statuses(&self, ranges: &[(u16, u16)]) {
        self.settings.borrow_mut().expected_statuses = ranges.to_vec();
    }

    pub(crate) fn set_body_from(&self, blob: &Blob) {
        *self.body.borrow_mut() = Some(blob.0.clone());
    }
}

pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) options: Option<&'a RequestOptions>,
}

impl Request<'_> {
    fn sent(&self) -> Sent {
        let settings = match self.options {
            Some(options) => options.settings.borrow().clone(),
            None => Settings::default(),
        };
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Sent {
            method: self.method.to_owned(),
            url: self.url.to_owned(),
            headers: self.headers.iter().map(own).collect(),
            body: match (self.body, self.options) {
                (Some(body), _) => body.to_vec(),
                (None, Some(options)) => options.body.borrow().clone().unwrap_or_default(),
                (None, None) => Vec::new(),
            },
            name: settings.name.map(|name| name.into_owned()),
            timeout: settings.timeout.map(std::time::Duration::from_nanos),
            redirects: settings.redirects,
            discard_body: settings.discard_body,
            expected_statuses: settings.expected_statuses,
        }
    }
}

pub(crate) fn send(request: Request<'_>) -> Result<Response, Error> {
    let sent = request.sent();
    let rule = State::with(|state| {
        state.report.requests.push(sent.clone());
        let rule = state.rules.iter().find(|rule| rule.matches(&sent));
        rule.map(|rule| rule.answer.clone())
    });
    // The answer is the test's own code: it runs with the state given back.
    let mut reply = match rule {
        Some(answer) => answer(&sent)?,
        None => {
            let (method, url) = (&sent.method, &sent.url);
            return Err(Error::Other(format!("the test host has no answer to {method} {url}")));
        }
    };
    if sent.discard_body == Some(true) {
        reply.body.clear();
    }
    Ok(Response { reply, url: glob::absolute(&sent.url, target().as_deref()) })
}

pub(crate) fn send_all(requests: &[Request<'_>]) -> Vec<Result<Response, Error>> {
    let send_one = |request: &Request<'_>| send(Request { ..*request });
    requests.iter().map(send_one).collect()
}

pub(crate) fn clear_cookies() {
    State::with(|state| state.report.cookies_cleared += 1);
}

#[derive(Debug)]
pub(crate) struct Response {
    reply: Reply,
    url: String,
}

impl Response {
    pub(crate) fn without_body(&self) -> Response {
        Response { reply: Reply { body: Vec::new(), ..self.reply.clone() }, url: self.url.clone() }
    }

    pub(crate) fn status(&self) -> u16 {
        self.reply.status
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut headers = self.reply.headers.iter();
        let found = headers.find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }

    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let headers = self.reply.headers.iter();
        headers.map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        self.reply.body.clone()
    }

    pub(crate) fn size(&self) -> u64 {
        self.reply.body.len() as u64
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.reply.body).into_owned()
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}

pub(crate) fn timings(_response: &Response) -> Timings {
    Timings::default()
}

pub(crate) fn now() -> u64 {
    State::with(|state| state.clock)
}

pub(crate) fn sleep(nanoseconds: u64) {
    State::with(|state| state.sleep(nanoseconds));
}

pub(crate) fn pace(nanoseconds: u64) {
    State::with(|state| {
        let passed = state.clock - state.iteration_began;
        state.sleep(nanoseconds.saturating_sub(passed));
    });
}

pub(crate) fn vu() -> u32 {
    State::with(|state| state.vu)
}

pub(crate) fn iteration() -> u64 {
    State::with(|state| state.iteration)
}

pub(crate) fn target() -> Option<String> {
    State::with(|state| state.target.clone())
}

pub(crate) fn option(name: &str) -> Option<String> {
    State::with(|state| state.options.get(name).cloned())
}

pub(crate) fn random() -> u64 {
    State::with(State::next_random)
}

pub(crate) fn log(level: Level, message: &str) {
    State::with(|state| state.report.logs.push((level, message.to_owned())));
}

pub(crate) fn abort(reason: &str) {
    State::with(|state| {
        state.report.aborted.get_or_insert_with(|| reason.to_owned());
    });
}

pub(crate) fn check(name: &str, passed: bool) {
    State::with(|state| state.report.checks.push((name.to_owned(), passed)));
}

fn record(name: &str, value: f64) {
    State::with(|state| state.report.samples.push((name.to_owned(), value)));
}

#[derive(Debug)]
pub(crate) struct Counter(String);

impl Counter {
    pub(crate) fn new(name: &str) -> Self {
        Counter(name.to_owned())
    }

    pub(crate) fn add(&self, value: f64) {
        record(&self.0, value);
    }
}

#[derive(Debug)]
pub(crate) struct Gauge(String);

impl Gauge {
    pub(crate) fn new(name: &str) -> Self {
        Gauge(name.to_owned())
    }

    pub(crate) fn set(&self, value: f64) {
        record(&self.0, value);
    }
}

#[derive(Debug)]
pub(crate) struct Rate(String);

impl Rate {
    pub(crate) fn new(name: &str) -> Self {
        Rate(name.to_owned())
    }

    pub(crate) fn add(&self, value: bool) {
        record(&self.0, if value { 1.0 } else { 0.0 });
    }
}

#[derive(Debug)]
pub(crate) struct Trend(String);

impl Trend {
    pub(crate) fn new(name: &str, _unit: Unit) -> Self {
        Trend(name.to_owned())
    }

    pub(crate) fn add(&self, value: f64) {
        record(&self.0, value);
    }
}

#[derive(Debug)]
pub(crate) struct Transaction {
    name: String,
    failed: std::cell::Cell<bool>,
}

impl Transaction {
    pub(crate) fn new(name: &str) -> Self {
        Transaction { name: name.to_owned(), failed: std::cell::Cell::new(false) }
    }

    pub(crate) fn fail(&self) {
        self.failed.set(true);
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        let succeeded = !self.failed.get();
        State::with(|state| state.report.transactions.push((name, succeeded)));
    }
}

//! The request builder.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::options::Cache;
use super::{Error, Response, Settings};
use crate::data::Blob;
use crate::host;
use crate::timing::{Seconds, nanoseconds};

/// A request being built. [`send`](Request::send) may be called many times: one that never changes can be built once.
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before `send`"]
pub struct Request<'a> {
    method: Cow<'a, str>,
    url: Cow<'a, str>,
    headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    body: Option<Cow<'a, [u8]>>,
    body_from: Option<HeldBody<'a>>,
    settings: Settings<'a>,
    /// The error of building, returned by `send`, so that building stays one chain.
    defect: Option<String>,
}

/// A body in the host's memory, and the function that passes it. The function is known only by its address, so that a
/// component which never calls [`Request::body_from`] does not import the functions for it.
#[derive(Debug, Clone, Copy)]
struct HeldBody<'a> {
    blob: &'a Blob,
    hand_over: fn(&Blob, &host::RequestOptions) -> Result<(), Error>,
}

fn hand_over(blob: &Blob, options: &host::RequestOptions) -> Result<(), Error> {
    let blob = blob.host().map_err(|error| Error::InvalidRequest(error.to_string()))?;
    options.set_body_from(blob);
    Ok(())
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: Cow<'a, str>, url: Cow<'a, str>) -> Self {
        Request {
            method,
            url,
            headers: Vec::new(),
            body: None,
            body_from: None,
            settings: Settings::default(),
            defect: None,
        }
    }

    #[cfg(feature = "json")]
    pub(crate) fn broken(mut self, defect: String) -> Self {
        self.defect = Some(defect);
        self
    }

    /// Adds a header field. `host`, `content-length` and `user-agent` are added by the host where they are missing.
    pub fn header(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds `name=value` to the URL's query, both percent-encoded.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let url = self.url.to_mut();
        url.push(if url.contains('?') { '&' } else { '?' });
        percent_encode(url, name, "%20");
        url.push('=');
        percent_encode(url, value, "%20");
        self
    }

    /// Sets the body to a form (`application/x-www-form-urlencoded`), and the content type with it:
    /// `http::post("/login").form(&[("name", "ada"), ("password", "secret")])`.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let mut body = String::new();
        for (name, value) in fields {
            if !body.is_empty() {
                body.push('&');
            }
            percent_encode(&mut body, name, "+");
            body.push('=');
            percent_encode(&mut body, value, "+");
        }
        self.content_type("application/x-www-form-urlencoded").body(body)
    }

    /// Sets the content type, unless the scenario has set it.
    pub(crate) fn content_type(self, kind: &'static str) -> Self {
        let is_said = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if is_said { self } else { self.header("content-type", kind) }
    }

    /// Sets the body: text or bytes.
    pub fn body(mut self, body: impl IntoBody<'a>) -> Self {
        self.body = Some(body.into_body());
        self.body_from = None;
        self
    }

    /// Has the host send a file that it holds as the body: it never enters the scenario, however large it is.
    ///
    /// ```
    /// use squall::prelude::*;
    ///
    /// static VIDEO: Blob = Blob::new("video"); // --data video=file:video.mp4
    ///
    /// fn upload() -> Outcome {
    ///     http::post("/videos").body_from(&VIDEO).send()?;
    ///     Ok(())
    /// }
    /// # let mut host = squall::testing::Host::new().respond("POST", "/videos", 201, "").blob("video", "bytes");
    /// # assert_eq!(host.run(upload).expect_ok().requests[0].text(), "bytes");
    /// ```
    pub fn body_from(mut self, blob: &'a Blob) -> Self {
        self.body = None;
        self.body_from = Some(HeldBody { blob, hand_over });
        self
    }

    /// Sets the name under which the request is counted, instead of its URL. Give one to every request whose URL holds
    /// an id: `http::get(format!("/products/{id}")).name("/products/{id}")`.
    pub fn name(mut self, name: impl Into<Cow<'a, str>>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    /// Sets how long the request may take in all, redirects included. The default is the plan's, or 60 s.
    pub fn timeout(mut self, time: impl Seconds) -> Self {
        self.settings.timeout = Some(nanoseconds(time.duration()));
        self
    }

    /// Sets how many redirects are followed at most; with 0 a 3xx response is returned unchanged. The default is the
    /// plan's, or 10.
    pub fn redirects(mut self, most: u32) -> Self {
        self.settings.redirects = Some(most);
        self
    }

    /// Has the body read and measured, but discarded: the cheapest way for scenarios that need only the status.
    pub fn discard_body(mut self) -> Self {
        self.settings.discard_body = Some(true);
        self
    }

    /// Keeps the body even where the plan discards bodies.
    pub fn keep_body(mut self) -> Self {
        self.settings.discard_body = Some(false);
        self
    }

    /// Adds status codes that count as expected: `200..=299`, or `404`. Others count as `http_req_failed`. The default
    /// is 200 to 399.
    pub fn expect_status(mut self, statuses: impl StatusRange) -> Self {
        self.settings.expected_statuses.push(statuses.bounds());
        self
    }

    /// Sends the request and waits for the whole response.
    ///
    /// # Errors
    ///
    /// When there is no response. A status code is never an error.
    pub fn send(&self) -> Result<Response, Error> {
        self.lend(host::send).map(Response::new)
    }

    /// Lends the request to a function of the host.
    pub(super) fn lend<T>(&self, send: impl FnOnce(host::Request<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.check()?;
        if let Some(handle) = self.handle_with_body()? {
            let headers = self.borrow_headers();
            return send(self.lower(&headers, Some(&handle)));
        }
        Cache::with(1, |cache| {
            let place = cache.find_or_make(&self.settings);
            let headers = self.borrow_headers();
            send(self.lower(&headers, cache.handle(place)))
        })
    }

    fn check(&self) -> Result<(), Error> {
        match &self.defect {
            Some(defect) => Err(Error::InvalidRequest(defect.clone())),
            None => Ok(()),
        }
    }

    /// Settings that hold the body as well: made for this request alone, as the body may be.
    fn handle_with_body(&self) -> Result<Option<host::RequestOptions>, Error> {
        let Some(HeldBody { blob, hand_over }) = self.body_from else { return Ok(None) };
        let handle = self.settings.make_handle();
        hand_over(blob, &handle)?;
        Ok(Some(handle))
    }

    fn borrow_headers(&self) -> Vec<(&str, &str)> {
        let pairs = self.headers.iter();
        pairs.map(|(name, value)| (&**name, &**value)).collect()
    }

    fn lower<'b>(
        &'b self,
        headers: &'b [(&'b str, &'b str)],
        options: Option<&'b host::RequestOptions>,
    ) -> host::Request<'b> {
        host::Request { method: &self.method, url: &self.url, headers, body: self.body.as_deref(), options }
    }
}

/// Sends several requests at once, as a browser does, and waits for all of them. Results are in the order of the
/// requests.
///
/// ```
/// # use squall::prelude::*;
/// # squall::testing::Host::new().respond("GET", "*", 200, "").run(|| {
/// let images = http::send_all(&[http::get("/1.png"), http::get("/2.png")]);
/// check!(images.iter().all(|image| image.is_ok()), "all images came");
/// # });
/// ```
pub fn send_all(requests: &[Request<'_>]) -> Vec<Result<Response, Error>> {
    // Rare, and not worth a partial send: one invalid request fails the batch, and each result has the error.
    if let Some(error) = requests.iter().find_map(|request| request.check().err()) {
        return requests.iter().map(|_| Err(error.clone())).collect();
    }
    let with_bodies: Result<Vec<_>, Error> = requests.iter().map(Request::handle_with_body).collect();
    let with_bodies = match with_bodies {
        Ok(handles) => handles,
        Err(error) => return requests.iter().map(|_| Err(error.clone())).collect(),
    };
    Cache::with(requests.len(), |cache| {
        let places: Vec<_> = requests.iter().map(|request| cache.find_or_make(&request.settings)).collect();
        let headers: Vec<_> = requests.iter().map(Request::borrow_headers).collect();
        let lowered: Vec<_> = requests
            .iter()
            .zip(&headers)
            .zip(places)
            .zip(&with_bodies)
            .map(|(((request, headers), place), own)| request.lower(headers, own.as_ref().or(cache.handle(place))))
            .collect();
        let results = host::send_all(&lowered).into_iter();
        results.map(|result| result.map(Response::new)).collect()
    })
}

/// A type that can be the body of a request.
pub trait IntoBody<'a> {
    /// The body as bytes, borrowed where possible.
    fn into_body(self) -> Cow<'a, [u8]>;
}

impl<'a> IntoBody<'a> for &'a str {
    fn into_body(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self.as_bytes())
    }
}

impl<'a> IntoBody<'a> for &'a [u8] {
    fn into_body(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self)
    }
}

impl<'a, const N: usize> IntoBody<'a> for &'a [u8; N] {
    fn into_body(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self)
    }
}

impl<'a> IntoBody<'a> for String {
    fn into_body(self) -> Cow<'a, [u8]> {
        Cow::Owned(self.into_bytes())
    }
}

impl<'a> IntoBody<'a> for &'a String {
    fn into_body(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self.as_bytes())
    }
}

impl<'a> IntoBody<'a> for Vec<u8> {
    fn into_body(self) -> Cow<'a, [u8]> {
        Cow::Owned(self)
    }
}

impl<'a> IntoBody<'a> for &'a Vec<u8> {
    fn into_body(self) -> Cow<'a, [u8]> {
        Cow::Borrowed(self)
    }
}

/// One status code, or a closed range of them.
pub trait StatusRange {
    /// The first and the last.
    fn bounds(self) -> (u16, u16);
}

impl StatusRange for u16 {
    fn bounds(self) -> (u16, u16) {
        (self, self)
    }
}

impl StatusRange for RangeInclusive<u16> {
    fn bounds(self) -> (u16, u16) {
        self.into_inner()
    }
}

/// Appends `text`, with everything but RFC 3986's unreserved characters percent-encoded, and a space as `space` says: a
/// form has `+` for it.
fn percent_encode(url: &mut String, text: &str, space: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(byte as char);
        } else if byte == b' ' {
            url.push_str(space);
        } else {
            url.push('%');
            url.push(HEX[usize::from(byte >> 4)] as char);
            url.push(HEX[usize::from(byte & 15)] as char);
        }
    }
}

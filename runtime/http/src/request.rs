//! A request that is ready to be sent: the bytes, and what to do with the answer.

use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use squall_metrics::{Method, NameId, TagSetId};

use crate::cookies::Cookies;
use crate::error::Error;
use crate::head::{Announced, Ending, HeadWriter, Special, check_method};
use crate::network::Network;
use crate::url::{Origin, without_fragment};

/// Settings of a request that differ from the run's.
#[derive(Clone, Debug, Default)]
pub struct RequestOptions {
    /// What the request is counted under, in place of its URL: a name of the recorder.
    pub name: Option<NameId>,
    /// The tags that it is counted under, in place of the client's.
    pub tags: Option<TagSetId>,
    /// How long it may take in all, redirects included.
    pub timeout: Option<Duration>,
    /// How many redirects are followed; 0 hands the 3xx response out.
    pub redirects: Option<u32>,
    /// Whether the body is read, measured and thrown away.
    pub discard_body: Option<bool>,
    /// The status codes that count as expected, as closed ranges. By default 200 to 399.
    pub expected: Option<Box<[(u16, u16)]>>,
    /// The body of requests that bring none of their own. It is sent from where it lies.
    pub body: Option<Bytes>,
}

/// Longer than any run, and short enough to add to any time.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

/// A body that others hold is copied all the same if it is no larger than this, in bytes: one write is cheaper than two.
const WORTH_A_COPY: usize = 8 * 1024;

/// A request that has been checked and copied, ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) origin: Rc<Origin>,
    /// Head and body as they go out; without the body, if that is `shared`.
    pub(crate) bytes: Vec<u8>,
    /// A body that is not copied, but sent from where others hold it.
    pub(crate) shared: Bytes,
    head_length: usize,
    /// Where the path stands in the head.
    path: Range<usize>,
    pub(crate) method: Method,
    /// The name option, or the URL as written.
    pub(crate) name: NameId,
    /// Whether the name was chosen, so that redirects are counted under it too.
    named: bool,
    /// The tags option.
    pub(crate) tags: Option<TagSetId>,
    /// The cookies that the guest brought itself.
    cookie: Option<Box<str>>,
    /// Whether the connection is closed afterwards.
    pub(crate) close: bool,
    announced: Announced,
    pub(crate) discard_body: bool,
    pub(crate) timeout: Duration,
    pub(crate) redirects: u32,
    expected: Option<Box<[(u16, u16)]>>,
}

/// What a request brings for a body of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Brought<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// Pieces that come while they are sent: so many bytes, if that is known.
    Pieces(Option<u64>),
}

impl Prepared {
    /// Checks and copies a request. Every request of every guest is made here.
    #[inline]
    pub(crate) fn new<'h>(
        network: &Network,
        cookies: &Cookies,
        (method, url): (&str, &str),
        fields: impl Iterator<Item = (&'h str, &'h str)>,
        brought: Brought<'_>,
        options: &RequestOptions,
    ) -> Result<Prepared, Error> {
        let target = network.origins.resolve(url).map_err(|error| Error::InvalidRequest(error.to_string()))?;
        let known_method = Method::of(method);
        if known_method == Method::Other {
            check_method(method).map_err(Error::InvalidRequest)?;
        }
        let mut bytes = network.buffers.take();
        bytes.extend_from_slice(method.as_bytes());
        bytes.push(b' ');
        let path = bytes.len();
        target.write_path(&mut bytes).map_err(|error| Error::InvalidRequest(error.to_string()))?;
        let path = path..bytes.len();
        let set = cookies.of(&target.origin, &bytes[path.clone()]);
        let shared = if matches!(brought, Brought::Nothing) { options.body.as_ref() } else { None };
        let body = match brought {
            Brought::Bytes(body) => Some(body),
            _ => shared.map(Bytes::as_ref).filter(|shared| shared.len() <= WORTH_A_COPY),
        };
        let shared = if body.is_none() { shared.cloned() } else { None };
        let announced = match (brought, body.map(<[u8]>::len).or(shared.as_ref().map(Bytes::len))) {
            (Brought::Pieces(None), _) => Announced::Chunks,
            (Brought::Pieces(Some(length)), _) => Announced::Length(length),
            (_, Some(length)) => Announced::Length(length as u64),
            (_, None) if expects_body(known_method) => Announced::Length(0),
            (_, None) => Announced::Nothing,
        };
        let mut head = HeadWriter::begin(&mut bytes, &target.origin);
        for (name, value) in fields {
            head.field(name, value, announced).map_err(Error::InvalidRequest)?;
        }
        let config = &network.config;
        let ending =
            Ending { user_agent: &config.user_agent, keep_alive: config.keep_alive, cookies: set, body: announced };
        head.finish(ending);
        let (close, cookie) = (head.close, head.cookie.take());
        let head_length = bytes.len();
        bytes.extend_from_slice(body.unwrap_or_default());
        Ok(Prepared {
            origin: target.origin,
            bytes,
            shared: shared.unwrap_or_default(),
            head_length,
            path,
            method: known_method,
            name: match options.name {
                Some(name) => name,
                None => network.recorder.borrow_mut().name(without_fragment(url)),
            },
            named: options.name.is_some(),
            tags: options.tags,
            cookie: cookie.map(String::into_boxed_str),
            close,
            announced,
            discard_body: options.discard_body.unwrap_or(config.discard_bodies),
            timeout: options.timeout.unwrap_or(config.request_timeout).min(LONGEST_TIMEOUT),
            redirects: options.redirects.unwrap_or(config.max_redirects),
            expected: options.expected.clone(),
        })
    }

    /// The same request, sent on to where a redirect leads.
    pub(crate) fn redirected(
        &self,
        network: &Network,
        cookies: &Cookies,
        status: u16,
        url: &str,
    ) -> Result<Prepared, Error> {
        let mut fields = [httparse::EMPTY_HEADER; 512];
        let mut head = httparse::Request::new(&mut fields);
        // It can only fail for lack of room: we have written this head ourselves.
        head.parse(&self.bytes).map_err(|error| Error::InvalidRequest(format!("redirect to {url}: {error}")))?;
        let was = head.method.unwrap_or("GET");
        let to_get = match status {
            301 | 302 => was == "POST",
            303 => was != "HEAD",
            _ => false,
        };
        let (method, body) = match to_get {
            true => ("GET", Brought::Nothing),
            false => (was, self.own_body()),
        };
        let target = network.origins.resolve(url).map_err(|error| Error::Protocol(format!("redirect to {error}")))?;
        let stays = target.origin.same(&self.origin);
        let kept = head.headers.iter().filter(|field| match Special::of(field.name) {
            Some(Special::Host | Special::Authorization) => stays,
            // Written anew.
            Some(Special::Cookie | Special::ContentLength) => false,
            Some(_) => true,
            None => !(to_get && field.name.len() > 8 && field.name[..8].eq_ignore_ascii_case("content-")),
        });
        // Our own `Host` line is not the guest's wish for another.
        let kept = kept.filter(|field| {
            Special::of(field.name) != Some(Special::Host) || field.value != self.origin.authority.as_bytes()
        });
        let own_cookie = self.cookie.as_deref().filter(|_| stays).map(|cookie| ("Cookie", cookie));
        let fields = kept.filter_map(|field| Some((field.name, std::str::from_utf8(field.value).ok()?)));
        let options = RequestOptions {
            name: self.named.then_some(self.name),
            tags: self.tags,
            timeout: Some(self.timeout),
            redirects: Some(self.redirects),
            discard_body: Some(self.discard_body),
            expected: self.expected.clone(),
            body: (!to_get && !self.shared.is_empty()).then(|| self.shared.clone()),
        };
        Prepared::new(network, cookies, (method, url), fields.chain(own_cookie), body, &options)
    }

    /// The body that was copied.
    fn own_body(&self) -> Brought<'_> {
        match self.announced {
            Announced::Length(_) if self.shared.is_empty() => Brought::Bytes(&self.bytes[self.head_length..]),
            _ => Brought::Nothing,
        }
    }

    /// Path and query as they go out.
    pub(crate) fn path(&self) -> &[u8] {
        &self.bytes[self.path.clone()]
    }

    /// The whole URL.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.origin, String::from_utf8_lossy(self.path()))
    }

    /// Whether a response of that status is one that the scenario expects.
    #[inline]
    pub(crate) fn expects(&self, status: u16) -> bool {
        match &self.expected {
            None => (200..400).contains(&status),
            Some(ranges) => ranges.iter().any(|(first, last)| (*first..=*last).contains(&status)),
        }
    }

    /// Whether sending it twice does no more than sending it once.
    pub(crate) fn is_idempotent(&self) -> bool {
        matches!(self.method, Method::Get | Method::Head | Method::Put | Method::Delete | Method::Options)
    }
}

/// Whether a request without a body says so.
#[inline]
fn expects_body(method: Method) -> bool {
    matches!(method, Method::Post | Method::Put | Method::Patch)
}

//! A request that is ready to be sent: its bytes, and the treatment of the answer.

use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use squall_metrics::{Method, NameId, TagSetId, without_credentials};

use crate::account::{Booked, KeptList, MemoryAccount};
use crate::config::{ClientConfig, ConnectionReuse, HttpVersion};
use crate::cookies::CookieJar;
use crate::error::Error;
use crate::head::{BodyLength, Ending, HeadWriter, check_method};
use crate::network::Network;
use crate::trace_context::TraceContext;
use crate::url::{Origin, Origins, UrlError, without_fragment};

/// Settings of a request that differ from the run's.
#[derive(Clone, Debug, Default)]
pub struct RequestOptions {
    /// Name under which the request is counted instead of its URL, registered in the recorder.
    pub name: Option<NameId>,
    /// Tags under which it is counted, instead of the client's.
    pub tags: Option<TagSetId>,
    /// The version of HTTP.
    pub http: Option<HttpVersion>,
    /// Limit for the whole request, redirects included.
    pub timeout: Option<Duration>,
    /// Maximum number of redirects; 0 returns the 3xx response.
    pub redirects: Option<u32>,
    /// Whether the redirect beyond the maximum is returned as a response, instead of an error.
    pub return_last_redirect: bool,
    /// Whether the body is read, measured and thrown away.
    pub discard_body: Option<bool>,
    /// The status codes that count as expected, as closed ranges. By default 200 to 399.
    pub expected: Option<KeptList<(u16, u16)>>,
    /// The body of requests that bring none of their own. It is sent from where it lies.
    pub body: Option<Bytes>,
    /// The jar to send cookies from and to keep them in, instead of the client's own.
    pub cookie_jar: Option<Rc<CookieJar>>,
    /// Names of cookies that the jar does not add, because the request brings its own.
    pub replaced_cookies: Option<KeptList<String>>,
}

/// Longer than any run, and short enough to add to any time.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

/// Why HTTP/2 and HTTP/3 cannot be asked for.
const HTTP2_WITHOUT_TLS: &str =
    "HTTP/2 is agreed on by TLS; without it, ask for it with prior knowledge (--http 2-prior-knowledge)";
const HTTP3_WITHOUT_TLS: &str = "HTTP/3 is always encrypted; ask for an https:// URL";

/// A shared body up to this size, in bytes, is copied anyway: one write is cheaper than two.
const WORTH_A_COPY: usize = 8 * 1024;

/// The size of a request without its bytes, and room for the lines that every head has, in bytes.
const BESIDE: usize = size_of::<Prepared>();
const ROOM_FOR_LINES: usize = 512;
/// The same for what only proxies read: an origin before the path, and a login.
const ROOM_FOR_PROXY: usize = 2 << 10;

/// A request that has been checked and copied, ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) origin: Rc<Origin>,
    /// Head and body as they go out; without the body, if that is `shared`.
    pub(crate) bytes: Vec<u8>,
    /// A body that is not copied, but sent from where others hold it.
    pub(crate) shared: Bytes,
    head_length: usize,
    /// Position of the path in the head.
    path: Range<usize>,
    pub(crate) method: Method,
    /// The name option, or the URL as written.
    pub(crate) name: NameId,
    /// Whether the name was chosen, so that redirects are counted under it too.
    named: bool,
    /// The tags option.
    pub(crate) tags: Option<TagSetId>,
    /// The `Cookie` field that the guest brought itself.
    pub(crate) cookie: Option<Box<str>>,
    cookie_jar: Option<Rc<CookieJar>>,
    replaced_cookies: Option<KeptList<String>>,
    /// Whether the connection is closed afterwards.
    pub(crate) close: bool,
    announced: BodyLength,
    pub(crate) http: HttpVersion,
    pub(crate) discard_body: bool,
    /// Its trace context, if that is not the guest's own.
    pub(crate) trace: Option<TraceContext>,
    pub(crate) timeout: Duration,
    pub(crate) redirects: u32,
    /// The limits that were cut to the run's maximum.
    pub(crate) cut: Cut,
    pub(crate) return_last_redirect: bool,
    expected: Option<KeptList<(u16, u16)>>,
    _booked: Booked,
}

/// Limits of a request that exceeded the run's maximum: an error then names the option that raises it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cut {
    pub(crate) timeout: bool,
    pub(crate) redirects: bool,
}

impl Cut {
    fn new(options: &RequestOptions, config: &ClientConfig) -> Cut {
        Cut {
            timeout: options.timeout.is_some_and(|own| own > config.longest_timeout),
            redirects: options.redirects.is_some_and(|own| own > config.most_redirects),
        }
    }

    /// Suffix for the error of a request that ran out of time.
    pub(crate) fn timeout_hint(self) -> &'static str {
        if self.timeout { " (limit, raise with --timeout)" } else { "" }
    }

    /// Suffix for the error of a request that was redirected too often.
    pub(crate) fn redirects_hint(self) -> &'static str {
        if self.redirects { " (limit, raise with --max-redirects)" } else { "" }
    }
}

/// State that a request is prepared with: of its thread, and of its virtual user.
#[derive(Clone, Copy)]
pub(crate) struct Belongings<'a> {
    pub(crate) network: &'a Network,
    pub(crate) cookies: &'a CookieJar,
    pub(crate) account: &'a Rc<MemoryAccount>,
}

/// The body of a request before it is prepared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Brought<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// Pieces that arrive while they are sent, with their total length in bytes, if known.
    Pieces(Option<u64>),
    /// Nothing: the connection will speak another protocol. So no proxy reads the request.
    Upgrade,
}

impl Prepared {
    /// Checks and copies a request. Every request of every guest is made here.
    #[inline]
    pub(crate) fn new<'h>(
        Belongings { network, cookies, account }: Belongings<'_>,
        (method, url): (&str, &str),
        fields: impl Iterator<Item = (&'h str, &'h str)>,
        brought: Brought<'_>,
        options: &RequestOptions,
    ) -> Result<Box<Prepared>, Error> {
        let target = network.resolve(url)?;
        let http = options.http.unwrap_or(network.config.http);
        match http {
            HttpVersion::Http2 if !target.origin.secure => {
                return Err(Error::InvalidRequest(format!("{url}: {HTTP2_WITHOUT_TLS}")));
            }
            HttpVersion::Http3 if !target.origin.secure => {
                return Err(Error::InvalidRequest(format!("{url}: {HTTP3_WITHOUT_TLS}")));
            }
            _ => {}
        }
        let known_method = Method::of(method);
        if known_method == Method::Other {
            check_method(method).map_err(Error::InvalidRequest)?;
        }
        let proxy = match brought {
            Brought::Upgrade => None,
            _ => network.proxy_of_plain(&target.origin),
        };
        let mut bytes = network.buffers.take();
        let mut booked = account.book(BESIDE + bytes.capacity())?;
        let room = if proxy.is_some() { ROOM_FOR_LINES + ROOM_FOR_PROXY } else { ROOM_FOR_LINES };
        booked.make_room(&mut bytes, method.len() + target.longest_path() + room)?;
        bytes.extend_from_slice(method.as_bytes());
        bytes.push(b' ');
        if proxy.is_some() {
            target.origin.write_absolute_form(&mut bytes);
        }
        let path = bytes.len();
        target.write_path(&mut bytes).map_err(|error| Error::InvalidRequest(error.to_string()))?;
        let path = path..bytes.len();
        let jar = options.cookie_jar.as_deref().unwrap_or(cookies);
        let set = match &options.replaced_cookies {
            None => jar.field_for(&target.origin, &bytes[path.clone()]),
            Some(replaced) => jar.field_without(&target.origin, &bytes[path.clone()], replaced),
        };
        let shared = if matches!(brought, Brought::Nothing) { options.body.as_ref() } else { None };
        let body = match brought {
            Brought::Bytes(body) => Some(body),
            _ => shared.map(Bytes::as_ref).filter(|shared| shared.len() <= WORTH_A_COPY),
        };
        let shared = if body.is_none() { shared.cloned() } else { None };
        let announced = match (brought, body.map(<[u8]>::len).or(shared.as_ref().map(Bytes::len))) {
            (Brought::Pieces(None), _) => BodyLength::Chunks,
            (Brought::Pieces(Some(length)), _) => BodyLength::Length(length),
            (_, Some(length)) => BodyLength::Length(length as u64),
            (_, None) if expects_body(known_method) => BodyLength::Length(0),
            (_, None) => BodyLength::Nothing,
        };
        let mut head = HeadWriter::begin(&mut bytes, &target.origin);
        if let Some(login) = proxy.and_then(|proxy| proxy.login.as_ref()) {
            head.proxy_login(login);
        }
        for (name, value) in fields {
            head.make_room(&mut booked, name, value)?;
            head.field(name, value, announced).map_err(Error::InvalidRequest)?;
        }
        let config = &network.config;
        let ending = Ending {
            user_agent: &config.user_agent,
            keep_alive: config.reuse != ConnectionReuse::Never,
            credentials: target.credentials.as_ref(),
            cookies: set,
            trace: network.next_trace_context(),
            body: announced,
        };
        let trace = head.finish(ending);
        let (close, cookie) = (head.close, head.cookie.take());
        let head_length = bytes.len();
        let body = body.unwrap_or_default();
        booked.make_room(&mut bytes, body.len())?;
        bytes.extend_from_slice(body);
        // Boxed: it is large, and goes through many hands.
        Ok(Box::new(Prepared {
            origin: target.origin,
            bytes,
            shared: shared.unwrap_or_default(),
            head_length,
            path,
            method: known_method,
            name: match options.name {
                Some(name) => name,
                None if target.holds_credentials => {
                    network.recorder.borrow_mut().name(&without_credentials(without_fragment(url)))
                }
                None => network.recorder.borrow_mut().name(without_fragment(url)),
            },
            named: options.name.is_some(),
            tags: options.tags,
            cookie: cookie.map(String::into_boxed_str),
            cookie_jar: options.cookie_jar.clone(),
            replaced_cookies: options.replaced_cookies.clone(),
            close,
            announced,
            http,
            trace,
            discard_body: options.discard_body.unwrap_or(config.discard_bodies),
            timeout: options.timeout.unwrap_or(config.request_timeout).min(config.longest_timeout).min(LONGEST_TIMEOUT),
            redirects: options.redirects.unwrap_or(config.max_redirects).min(config.most_redirects),
            cut: Cut::new(options, config),
            return_last_redirect: options.return_last_redirect,
            expected: options.expected.clone(),
            _booked: booked,
        }))
    }

    /// Head and body, as far as the body lies ready.
    pub(crate) fn parts(&self) -> (&[u8], &[u8]) {
        let (head, body) = self.bytes.split_at(self.head_length.min(self.bytes.len()));
        (head, if self.shared.is_empty() { body } else { &self.shared })
    }

    /// Options of the request that follows after a redirect, except those of the body.
    pub(crate) fn options_for_next(&self) -> RequestOptions {
        RequestOptions {
            name: self.named.then_some(self.name),
            tags: self.tags,
            http: Some(self.http),
            timeout: Some(self.timeout),
            redirects: Some(self.redirects),
            return_last_redirect: self.return_last_redirect,
            discard_body: Some(self.discard_body),
            expected: self.expected.clone(),
            body: None,
            cookie_jar: self.cookie_jar.clone(),
            replaced_cookies: self.replaced_cookies.clone(),
        }
    }

    /// The body that was copied.
    pub(crate) fn own_body(&self) -> Brought<'_> {
        match self.announced {
            BodyLength::Length(_) if self.shared.is_empty() => Brought::Bytes(&self.bytes[self.head_length..]),
            _ => Brought::Nothing,
        }
    }

    /// The jar that takes the cookies of the response.
    pub(crate) fn jar<'a>(&'a self, of_client: &'a CookieJar) -> &'a CookieJar {
        self.cookie_jar.as_deref().unwrap_or(of_client)
    }

    /// The same, to be kept.
    pub(crate) fn shared_jar(&self, of_client: &Rc<CookieJar>) -> Rc<CookieJar> {
        Rc::clone(self.cookie_jar.as_ref().unwrap_or(of_client))
    }

    /// Path and query as they go out.
    pub(crate) fn path(&self) -> &[u8] {
        &self.bytes[self.path.clone()]
    }

    /// The URL, as it was resolved.
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

/// Checks a request with a whole URL without sending it. The errors are those of [`crate::Client::prepare`]. `body` is
/// the length of the body, if it has one.
///
/// # Errors
/// If it cannot be sent.
pub fn check_request<'h>(
    method: &str,
    url: &str,
    fields: impl Iterator<Item = (&'h str, &'h str)>,
    body: Option<u64>,
) -> Result<(), Error> {
    let invalid = |error: UrlError| Error::InvalidRequest(error.to_string());
    let origins = Origins::new(None);
    let target = origins.resolve(url).map_err(invalid)?;
    check_method(method).map_err(Error::InvalidRequest)?;
    let mut bytes = Vec::new();
    target.write_path(&mut bytes).map_err(invalid)?;
    let announced = match body {
        Some(length) => BodyLength::Length(length),
        None if expects_body(Method::of(method)) => BodyLength::Length(0),
        None => BodyLength::Nothing,
    };
    let mut head = HeadWriter::begin(&mut bytes, &target.origin);
    for (name, value) in fields {
        head.field(name, value, announced).map_err(Error::InvalidRequest)?;
    }
    Ok(())
}

/// Whether a request without a body has to announce that.
#[inline]
fn expects_body(method: Method) -> bool {
    matches!(method, Method::Post | Method::Put | Method::Patch)
}

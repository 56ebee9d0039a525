//! Splits the URL that a guest wrote into an origin and a path.
//!
//! Only new origins go through the `url` crate. A path is sent as written, except that bytes forbidden in a URL are
//! percent-encoded, as by browsers.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use squall_metrics::{credentials_in, without_credentials};
use thiserror::Error;
use url::{Host, Position, Url};

use crate::credentials::Credentials;
use crate::error::in_one_line;

/// Why a URL cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UrlError {
    #[error("\"{url}\" is neither a URL (\"http://host/path\") nor a path (\"/path\")")]
    NotAbsolute { url: String },
    #[error("\"{url}\" is only a path, and the run has no target to resolve it against: name one with --target URL")]
    NoTarget { url: String },
    #[error("\"{url}\": only http:// and https:// can be spoken")]
    Scheme { url: String },
    #[error("\"{url}\": a URL cannot hold {what}; write it as {instead}")]
    Character { url: String, what: &'static str, instead: String },
    #[error("\"{url}\": {reason}")]
    Malformed { url: String, reason: String },
    #[error("\"{url}\": {what} has {length} bytes: at most {most} are allowed")]
    TooLong { url: String, what: &'static str, length: usize, most: usize },
    #[error("\"{url}\": a target has no query and no fragment")]
    BaseWithQuery { url: String },
}

/// Scheme, host and port of a URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Whether to speak TLS.
    pub secure: bool,
    /// The host, IPv6 addresses without brackets.
    pub host: String,
    pub port: u16,
    /// Host and port as URLs and `Host` have them: IPv6 addresses in brackets, the scheme's own port left out.
    pub authority: String,
}

impl Origin {
    /// Whether two requests may share a connection, and secrets.
    pub(crate) fn same(self: &Rc<Origin>, other: &Rc<Origin>) -> bool {
        Rc::ptr_eq(self, other) || self == other
    }

    pub(crate) fn parse(url: &str) -> Result<(Origin, Url), UrlError> {
        let malformed = |reason: &str| UrlError::Malformed { url: quote(url), reason: reason.to_owned() };
        let parsed = Url::parse(url).map_err(|error| malformed(&error.to_string()))?;
        let secure = match parsed.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(UrlError::Scheme { url: quote(url) }),
        };
        let (host, bracketed) = match parsed.host() {
            Some(Host::Domain(name)) => (name.to_owned(), name.to_owned()),
            Some(Host::Ipv4(address)) => (address.to_string(), address.to_string()),
            Some(Host::Ipv6(address)) => (address.to_string(), format!("[{address}]")),
            None => return Err(malformed("no host")),
        };
        let authority = match parsed.port() {
            Some(0) => return Err(malformed("a port is a number from 1 to 65535")),
            Some(port) => format!("{bracketed}:{port}"),
            None => bracketed,
        };
        let port = parsed.port_or_known_default().unwrap_or(80);
        Ok((Origin { secure, host, port, authority }, parsed))
    }
}

impl Origin {
    /// Writes the beginning of a request line that names a whole URL, as proxies want it (RFC 9112, 3.2.2).
    pub(crate) fn write_absolute_form(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(if self.secure { b"https://" } else { b"http://" });
        buffer.extend_from_slice(self.authority.as_bytes());
    }
}

/// "https://host:8443".
impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(formatter, "{scheme}://{}", self.authority)
    }
}

/// The target of a run: paths are resolved below it. Its user and password are sent with every request to its origin that
/// brings none of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    /// The same as it was written, with user and password.
    origin_with_credentials: String,
    /// The path without the slash at its end.
    prefix: String,
}

impl BaseUrl {
    /// Reads a target such as `http://host:8080` or `https://host/api`.
    pub fn parse(text: &str) -> Result<BaseUrl, UrlError> {
        if !text.contains("://") {
            return Err(UrlError::NotAbsolute { url: quote(text) });
        }
        let (origin, url) = Origin::parse(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(UrlError::BaseWithQuery { url: quote(text) });
        }
        let prefix = url.path().trim_end_matches('/').to_owned();
        let origin_with_credentials = url[..Position::BeforePath].to_owned();
        Ok(BaseUrl { origin: origin.to_string(), origin_with_credentials, prefix })
    }
}

/// "http://host:8080/prefix".
impl fmt::Display for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.origin, self.prefix)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BaseUrl({self})")
    }
}

/// A URL taken apart.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub origin: Rc<Origin>,
    /// The user and password of the URL, or of the run's target if it leads there.
    pub credentials: Option<Credentials>,
    /// Whether the URL has them itself.
    pub holds_credentials: bool,
    /// The target's own path, sent before the request's.
    prefix: &'a str,
    /// Path and query as written; empty, or begins with `/` or `?`.
    rest: &'a str,
}

/// The origins that a thread has met.
#[derive(Debug)]
pub(crate) struct Origins {
    base: Option<Base>,
    /// By the text before the path, as it was written and as it should have been.
    known: RefCell<FxHashMap<Box<str>, Known>>,
}

#[derive(Debug)]
struct Base {
    known: Known,
    prefix: String,
}

/// The origin and credentials of a text before a path.
#[derive(Clone, Debug)]
struct Known {
    origin: Rc<Origin>,
    credentials: Option<Credentials>,
}

/// Maximum number of origins remembered: a scenario that makes up host names must not fill the memory.
const MOST_ORIGINS: usize = 4096;

/// The longest URL, and the longest part before its path, in bytes. Servers take less, and copies are made of it.
const LONGEST_URL: usize = 64 << 10;
/// A path up to this length is booked as written: its possible growth is too small to book.
const SHORT_PATH: usize = 1 << 10;
const LONGEST_ORIGIN: usize = 1 << 10;

#[inline]
fn at_most(most: usize, what: &'static str, part: &str, url: &str) -> Result<(), UrlError> {
    if part.len() <= most {
        return Ok(());
    }
    Err(UrlError::TooLong { url: quote(url), what, length: part.len(), most })
}

impl Origins {
    pub(crate) fn new(base: Option<&BaseUrl>) -> Origins {
        let mut origins = Origins { base: None, known: RefCell::default() };
        if let Some(base) = base {
            // It was parsed once, so it parses again.
            let known = origins.find(&base.origin_with_credentials).ok();
            origins.base = known.map(|known| Base { known, prefix: base.prefix.clone() });
        }
        origins
    }

    /// The origin that paths are resolved against.
    pub(crate) fn base(&self) -> Option<&Rc<Origin>> {
        self.base.as_ref().map(|base| &base.known.origin)
    }

    /// Takes apart a URL, or a path below the target.
    pub(crate) fn resolve<'a>(&'a self, url: &'a str) -> Result<Target<'a>, UrlError> {
        let written = url;
        let url = without_fragment(url);
        at_most(LONGEST_URL, "it", url, url)?;
        if url.starts_with('/') && !url.starts_with("//") {
            let Some(Base { known, prefix }) = &self.base else {
                return Err(UrlError::NoTarget { url: quote(url) });
            };
            let Known { origin, credentials } = known.clone();
            return Ok(Target { origin, credentials, holds_credentials: false, prefix, rest: url });
        }
        let Some(authority) = url.find("://").map(|colon| colon + 3) else {
            return Err(UrlError::NotAbsolute { url: quote(url) });
        };
        let length = url.as_bytes()[authority..].iter().position(|byte| matches!(byte, b'/' | b'?'));
        let (before, rest) = url.split_at(length.map_or(url.len(), |length| authority + length));
        at_most(LONGEST_ORIGIN, "the part before its path", before, url)?;
        let Known { origin, credentials } =
            self.find(before).map_err(|error| explain_credentials(written).unwrap_or(error))?;
        let holds_credentials = credentials.is_some();
        let credentials = credentials.or_else(|| self.credentials_of_base(&origin));
        Ok(Target { origin, credentials, holds_credentials, prefix: "", rest })
    }

    fn credentials_of_base(&self, origin: &Rc<Origin>) -> Option<Credentials> {
        self.base.as_ref().filter(|base| base.known.origin.same(origin))?.known.credentials.clone()
    }

    fn find(&self, before_path: &str) -> Result<Known, UrlError> {
        if let Some(known) = self.known.borrow().get(before_path) {
            return Ok(known.clone());
        }
        let (origin, url) = Origin::parse(before_path)?;
        if url.path() != "/" {
            let reason = "a path begins with \"/\"".to_owned();
            return Err(UrlError::Malformed { url: quote(before_path), reason });
        }
        let mut known = self.known.borrow_mut();
        let written_well: Box<str> = origin.to_string().into();
        let origin = known.get(&written_well).map_or_else(|| Rc::new(origin), |known| Rc::clone(&known.origin));
        let found = Known { origin: Rc::clone(&origin), credentials: Credentials::from_url(&url) };
        if known.len() < MOST_ORIGINS {
            known.insert(written_well, Known { origin, credentials: None });
            known.insert(before_path.into(), found.clone());
        }
        Ok(found)
    }
}

impl Target<'_> {
    /// The most bytes that path and query can take: an encoded byte becomes three.
    #[inline]
    pub(crate) fn longest_path(&self) -> usize {
        let grows = if self.rest.len() > SHORT_PATH { 3 } else { 1 };
        self.prefix.len() + 1 + grows * self.rest.len()
    }

    /// Writes path and query as they go into the request line.
    pub(crate) fn write_path(&self, buffer: &mut Vec<u8>) -> Result<(), UrlError> {
        buffer.extend_from_slice(self.prefix.as_bytes());
        if !self.rest.starts_with('/') {
            buffer.push(b'/');
        }
        let rest = self.rest.as_bytes();
        if rest.iter().all(|byte| is_plain(*byte)) {
            buffer.extend_from_slice(rest);
            return Ok(());
        }
        for byte in rest {
            match byte {
                plain if is_plain(*plain) => buffer.push(*plain),
                0..b' ' | 0x7F => return Err(self.forbidden(*byte)),
                _ => buffer.extend([b'%', hex_digit(byte >> 4), hex_digit(byte & 15)]),
            }
        }
        Ok(())
    }

    #[cold]
    fn forbidden(&self, byte: u8) -> UrlError {
        let what = match byte {
            b'\r' | b'\n' => "a line break",
            _ => "a control character",
        };
        UrlError::Character { url: quote(self.rest), what, instead: format!("%{byte:02X}") }
    }
}

/// The error for a URL that cannot be parsed because of its user or password: no part of either may be shown.
#[cold]
fn explain_credentials(url: &str) -> Option<UrlError> {
    let found = credentials_in(url)?;
    let reason = "in a user or password, write \"/\" as %2F, \"?\" as %3F and \"#\" as %23".to_owned();
    url[found].contains(['/', '?', '#']).then(|| UrlError::Malformed { url: quote(url), reason })
}

/// The URL that a redirect leads to: `location` resolved against `from`.
pub(crate) fn join(from: &str, location: &str) -> Result<String, UrlError> {
    let malformed = |error: url::ParseError| UrlError::Malformed { url: quote(location), reason: error.to_string() };
    let mut url = Url::parse(from).map_err(malformed)?.join(location).map_err(malformed)?;
    url.set_fragment(None);
    Ok(url.into())
}

/// The URL up to its `#`.
pub(crate) fn without_fragment(url: &str) -> &str {
    match url.as_bytes().iter().position(|byte| *byte == b'#') {
        Some(fragment) => &url[..fragment],
        None => url,
    }
}

/// Whether a byte goes into a request line unencoded: all of ASCII except controls, space and what RFC 3986 leaves out.
#[inline]
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn hex_digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0' + value,
        _ => b'A' + value - 10,
    }
}

/// A URL as error messages show it: without user and password.
fn quote(url: &str) -> String {
    const LONGEST: usize = 200;
    let url = without_credentials(url);
    match url.floor_char_boundary(LONGEST) {
        whole if whole == url.len() => in_one_line(&url),
        cut => format!("{}…", in_one_line(&url[..cut])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resolved(origins: &Origins, url: &str) -> Result<String, String> {
        let target = origins.resolve(url).map_err(|error| error.to_string())?;
        let mut path = Vec::new();
        target.write_path(&mut path).map_err(|error| error.to_string())?;
        Ok(format!("{}{}", target.origin, String::from_utf8(path).unwrap()))
    }

    fn below(base: &str) -> Origins {
        Origins::new(Some(&BaseUrl::parse(base).unwrap()))
    }

    #[test]
    fn a_path_is_below_the_target() {
        assert_eq!(resolved(&below("http://host:8080"), "/a?b=c").unwrap(), "http://host:8080/a?b=c");
        assert_eq!(resolved(&below("https://host/api/"), "/a").unwrap(), "https://host/api/a");
        assert_eq!(resolved(&below("https://host/api"), "/").unwrap(), "https://host/api/");
    }

    #[test]
    fn a_url_stands_for_itself() {
        let origins = below("http://host/api");
        assert_eq!(resolved(&origins, "http://other/a#part").unwrap(), "http://other/a");
        assert_eq!(resolved(&origins, "http://other").unwrap(), "http://other/");
        assert_eq!(resolved(&origins, "http://other?q").unwrap(), "http://other/?q");
        assert_eq!(resolved(&origins, "HTTP://Other:80/A").unwrap(), "http://other/A");
        assert_eq!(resolved(&origins, "http://[::1]:81/").unwrap(), "http://[::1]:81/");
        assert_eq!(origins.resolve("http://[::1]:81/").unwrap().origin.host, "::1");
    }

    #[test]
    fn one_origin_written_in_two_ways_is_one_origin() {
        let origins = Origins::new(None);
        let one = origins.resolve("http://HOST:80/a").unwrap().origin;
        let two = origins.resolve("http://host/b").unwrap().origin;
        assert!(Rc::ptr_eq(&one, &two));
    }

    #[test]
    fn bytes_forbidden_in_urls_are_encoded_or_refused() {
        let origins = below("http://host");
        assert_eq!(resolved(&origins, "/ü?{\"a\"}").unwrap(), "http://host/%C3%BC?%7B%22a%22%7D");
        assert_eq!(resolved(&origins, "/a b?c d").unwrap(), "http://host/a%20b?c%20d");
        assert_eq!(resolved(&origins, "http://other/a b").unwrap(), "http://other/a%20b");
        assert_eq!(
            resolved(&origins, "/a\r\nx: y").unwrap_err(),
            "\"/a\\r\\nx: y\": a URL cannot hold a line break; write it as %0D"
        );
    }

    #[test]
    fn errors_name_the_malformed_url() {
        let origins = Origins::new(None);
        let error = |url| resolved(&origins, url).unwrap_err();
        assert!(error("/a").contains("no target"));
        assert!(error("a/b").contains("neither a URL"));
        assert!(error("//host/a").contains("neither a URL"));
        assert!(error("ftp://host/a").contains("only http"));
        assert!(error("http://").contains("empty host"));
        assert!(error("http://host:99999/").contains("port"));
        assert!(error("http://host\\evil").contains("begins with"));
        for url in [
            "ftp://me:secret@host/",
            "http://me:secret@host:99999/",
            "http://me:sec/ret@host/",
            "http://me:sec#ret@host/",
            "me:secret@host",
        ] {
            assert!(!error(url).contains("sec"), "{}", error(url));
        }
    }

    fn credentials(origins: &Origins, url: &str) -> Option<String> {
        Some(origins.resolve(url).unwrap().credentials?.authorization().to_owned())
    }

    #[test]
    fn credentials_are_no_part_of_an_origin() {
        let origins = Origins::new(None);
        let url = "http://ada:secret@host/a";
        assert_eq!(resolved(&origins, url).unwrap(), "http://host/a");
        assert_eq!(credentials(&origins, url).unwrap(), "Basic YWRhOnNlY3JldA==");
        assert_eq!(credentials(&origins, url), credentials(&origins, "http://ada:secret@host/again"));
        assert_eq!(credentials(&origins, "http://host/a"), None);
        let (one, two) = (origins.resolve(url).unwrap().origin, origins.resolve("http://host/").unwrap().origin);
        assert!(Rc::ptr_eq(&one, &two), "they share connections");
    }

    #[test]
    fn the_credentials_of_the_target_are_for_its_origin() {
        let origins = below("http://ada:secret@host/api");
        assert_eq!(resolved(&origins, "/a").unwrap(), "http://host/api/a");
        for url in ["/a", "http://host/b", "HTTP://Host:80/b"] {
            assert_eq!(credentials(&origins, url).unwrap(), "Basic YWRhOnNlY3JldA==", "{url}");
        }
        for url in ["http://other/", "https://host/", "http://host:81/"] {
            assert_eq!(credentials(&origins, url), None, "{url}");
        }
        assert_eq!(credentials(&origins, "http://bob@host/").unwrap(), "Basic Ym9iOg==");
        assert_eq!(BaseUrl::parse("http://ada:secret@host/api").unwrap().to_string(), "http://host/api");
    }

    #[test]
    fn a_target_has_no_query() {
        assert!(BaseUrl::parse("http://host/?a").is_err());
        assert!(BaseUrl::parse("host:80").is_err());
        assert_eq!(BaseUrl::parse("http://host/api/").unwrap().to_string(), "http://host/api");
    }

    #[test]
    fn a_redirect_is_seen_from_where_it_came() {
        assert_eq!(join("http://host/a/b", "c").unwrap(), "http://host/a/c");
        assert_eq!(join("http://host/a/b", "//other/c#d").unwrap(), "http://other/c");
        assert_eq!(join("https://host/a", "?q").unwrap(), "https://host/a?q");
        assert_eq!(join("https://host/a", "/b c?d e").unwrap(), "https://host/b%20c?d%20e");
    }

    proptest! {
        #[test]
        fn plain_urls_come_out_as_the_url_crate_has_them(
            host in "[a-z][a-z0-9]{0,8}", port in 1u16.., path in "(/[a-zA-Z0-9_~!$&()*+,;=:@%-]{1,6}){0,4}",
            query in proptest::option::of("[a-zA-Z0-9/?_.~-]{0,9}"),
        ) {
            let query = query.map_or(String::new(), |query| format!("?{query}"));
            let url = format!("http://{host}:{port}{path}{query}");
            let expected = String::from(Url::parse(&url).unwrap());
            prop_assert_eq!(resolved(&Origins::new(None), &url).unwrap(), expected);
        }

        #[test]
        fn no_url_breaks_the_request_line(url in any::<String>()) {
            let origins = below("http://host/prefix");
            for url in [url.clone(), format!("/{url}"), format!("http://host/{url}")] {
                if let Ok(resolved) = resolved(&origins, &url) {
                    prop_assert!(resolved.bytes().all(|byte| byte.is_ascii_graphic()), "{}", resolved);
                }
            }
        }
    }
}

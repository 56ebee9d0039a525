//! Redirects: the responses that are followed, and the parts of a request that go along. The one place for them, for
//! every guest.
//!
//! The rule for secrets: credentials end at the origin (scheme, host and port). `Authorization`, `Proxy-Authorization`, the
//! request's own cookies and its own `Host` do not go to another one, and once left out they stay out.

use std::borrow::Cow;

use squall_metrics::Method;

use crate::error::Error;
use crate::head::Special;
use crate::reader::field;
use crate::request::{Belongings, Brought, Prepared, RequestOptions};
use crate::url::join;

/// The `Location` of a response, if it is a redirect.
pub(crate) fn location(status: u16, head: &[u8]) -> Option<Cow<'_, str>> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = field(head, "location")?;
    (!location.is_empty()).then(|| String::from_utf8_lossy(location))
}

/// The request that follows a redirect.
#[cold]
pub(crate) fn follow(
    request: &Prepared,
    belongings: Belongings<'_>,
    status: u16,
    location: &str,
) -> Result<Box<Prepared>, Error> {
    let from = request.url();
    let url = join(&from, location).map_err(|error| Error::Protocol(format!("{from}: redirect to {error}")))?;
    let target =
        belongings.network.origins.resolve(&url).map_err(|error| Error::Protocol(format!("redirect to {error}")))?;
    let stays = target.origin.same(&request.origin);
    // Only 307 and 308 ask for the same request again. RFC 9110 leaves 301 and 302 open; Go, k6 and most clients treat
    // methods other than POST in this way, too.
    let repeats = matches!(status, 307 | 308);
    let mut fields = [httparse::EMPTY_HEADER; 512];
    let mut head = httparse::Request::new(&mut fields);
    // It can only fail for lack of room: we have written this head ourselves.
    head.parse(&request.bytes).map_err(|error| Error::InvalidRequest(format!("redirect to {url}: {error}")))?;
    let method = match head.method {
        Some(method) if repeats || request.method == Method::Head => method,
        _ => "GET",
    };
    let kept = head.headers.iter().filter(|field| match Special::from_name(field.name) {
        // Our own `Host` line is not the guest's wish for another.
        Some(Special::Host) => stays && field.value != request.origin.authority.as_bytes(),
        Some(Special::Authorization) => stays,
        // A trace of one's own, unless the guest brought its own.
        Some(Special::TraceContext) => request.trace.is_none(),
        // Written again.
        Some(Special::Cookie | Special::ContentLength) => false,
        Some(_) => true,
        None => repeats || !describes_body(field.name),
    });
    let own_cookie = request.cookie.as_deref().filter(|_| stays).map(|cookie| ("Cookie", cookie));
    let fields = kept.filter_map(|field| Some((field.name, std::str::from_utf8(field.value).ok()?)));
    let body = if repeats { request.own_body() } else { Brought::Nothing };
    let options = RequestOptions {
        body: (repeats && !request.shared.is_empty()).then(|| request.shared.clone()),
        ..request.options_for_next()
    };
    let mut next = Prepared::new(belongings, (method, &url), fields.chain(own_cookie), body, &options)?;
    next.cut = request.cut;
    Ok(next)
}

/// Whether a field describes the body, and so goes with it.
fn describes_body(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::Origins;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let origins = Origins::new(None);
        let origin = |url| origins.resolve(url).unwrap().origin;
        let home = origin("https://host:8443/a");
        assert!(home.same(&origin("HTTPS://HOST:8443/b?c")));
        assert!(origin("https://host:443/").same(&origin("https://host/")));
        for other in ["http://host:8443/a", "https://host/a", "https://host:8444/a", "https://sub.host:8443/a"] {
            assert!(!home.same(&origin(other)), "{other}");
        }
    }

    #[test]
    fn only_some_codes_and_only_with_a_location_are_redirects() {
        let head = b"HTTP/1.1 302 Found\r\nLOCATION: /b\r\n\r\n";
        for status in [301, 302, 303, 307, 308] {
            assert_eq!(location(status, head).as_deref(), Some("/b"));
        }
        for status in [200, 201, 300, 304, 305, 306] {
            assert_eq!(location(status, head), None);
        }
        assert_eq!(location(302, b"HTTP/1.1 302 Found\r\n\r\n"), None);
        assert_eq!(location(302, b"HTTP/1.1 302 Found\r\nLocation: \r\n\r\n"), None);
    }
}

//! Requests and responses as lines of the diagnostic log, for `--http-debug`: heads, and bodies if they are asked for. Of a
//! run only the first exchanges, because this is for reading. Passwords are left out.
//!
//! While it is off, it costs a request one look at a static.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};

use tracing::{Level, enabled, trace};

use crate::config::Protocol;
use crate::error::Error;
use crate::reader::Reader;
use crate::request::Prepared;

/// The target of lines about heads; that of bodies is below it.
pub const WIRE: &str = "squall_http::wire";
/// How many exchanges are shown.
pub const MOST_EXCHANGES: u32 = 100;
/// How much of a body is shown, in bytes.
const MOST_OF_BODY: usize = 4 << 10;

static EXCHANGES: AtomicU32 = AtomicU32::new(0);

/// An exchange that is shown, by its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown(u32);

/// Shows a request that is about to be sent, if that is asked for.
#[inline]
pub(crate) fn request(request: &Prepared, protocol: Protocol) -> Option<Shown> {
    enabled!(target: "squall_http::wire", Level::TRACE).then(|| show_request(request, protocol)).flatten()
}

/// Whether bodies are shown: then those that are otherwise discarded are read, too.
#[inline]
pub(crate) fn shows_bodies() -> bool {
    enabled!(target: "squall_http::wire::body", Level::TRACE)
}

#[cold]
fn show_request(request: &Prepared, protocol: Protocol) -> Option<Shown> {
    let number = EXCHANGES.fetch_add(1, Ordering::Relaxed) + 1;
    if number > MOST_EXCHANGES {
        return None;
    }
    let (head, body) = request.parts();
    show(number, '>', &as_sent(head, protocol));
    show_body(number, '>', body, "");
    Some(Shown(number))
}

impl Shown {
    /// Shows the response.
    #[cold]
    pub(crate) fn response(self, reader: &Reader) {
        show(self.0, '<', &reader.head);
        show_body(self.0, '<', &reader.body, if reader.encoded { " encoded" } else { "" });
        self.end();
    }

    /// Shows why there is no response.
    #[cold]
    pub(crate) fn failure(self, error: &Error) {
        trace!(target: "squall_http::wire", "#{} ! {error}", self.0);
        self.end();
    }

    fn end(self) {
        if self.0 == MOST_EXCHANGES {
            trace!(target: "squall_http::wire", "the first {MOST_EXCHANGES} exchanges are shown, and no more");
        }
    }
}

fn show(number: u32, direction: char, head: &[u8]) {
    for line in lines(head) {
        trace!(target: "squall_http::wire", "#{number} {direction} {}", without_password(&line));
    }
}

/// A request's head with the version that it is sent in.
fn as_sent(head: &[u8], protocol: Protocol) -> Cow<'_, [u8]> {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    match (protocol, line.strip_suffix(b"HTTP/1.1")) {
        (Protocol::Http2, Some(start)) => [start, b"HTTP/2", &head[line.len()..]].concat().into(),
        (Protocol::Http3, Some(start)) => [start, b"HTTP/3", &head[line.len()..]].concat().into(),
        _ => head.into(),
    }
}

fn lines(head: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(head);
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A field of a head, without its credentials.
fn without_password(line: &str) -> String {
    match line.split_once(':') {
        Some((name, _)) if ["authorization", "proxy-authorization"].contains(&name.to_ascii_lowercase().as_str()) => {
            format!("{name}: ***")
        }
        _ => line.to_owned(),
    }
}

fn show_body(number: u32, direction: char, body: &[u8], kind: &str) {
    if body.is_empty() || !shows_bodies() {
        return;
    }
    let shown = &body[..body.len().min(MOST_OF_BODY)];
    match std::str::from_utf8(shown) {
        Ok(text) if kind.is_empty() => {
            for line in text.lines() {
                trace!(target: "squall_http::wire::body", "#{number} {direction}   {line}");
            }
            if shown.len() < body.len() {
                let rest = body.len() - shown.len();
                trace!(target: "squall_http::wire::body", "#{number} {direction}   (and {rest} bytes more)");
            }
        }
        _ => trace!(target: "squall_http::wire::body", "#{number} {direction}   ({} bytes{kind})", body.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_shown_in_the_version_it_is_sent_in() {
        let head = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n";
        assert_eq!(&*as_sent(head, Protocol::Http1), head);
        assert_eq!(&*as_sent(head, Protocol::Http2), b"GET / HTTP/2\r\nHost: shop\r\n\r\n");
        assert_eq!(&*as_sent(head, Protocol::Http3), b"GET / HTTP/3\r\nHost: shop\r\n\r\n");
    }

    #[test]
    fn heads_are_shown_line_by_line_without_passwords() {
        let head = b"GET / HTTP/1.1\r\nHost: shop\r\nAuthorization: Basic YTpi\r\nproxy-authorization: x\r\nCookie: a=b\r\n\r\n";
        let shown: Vec<String> = lines(head).iter().map(|line| without_password(line)).collect();
        let expected =
            ["GET / HTTP/1.1", "Host: shop", "Authorization: ***", "proxy-authorization: ***", "Cookie: a=b"];
        assert_eq!(shown, expected);
    }
}

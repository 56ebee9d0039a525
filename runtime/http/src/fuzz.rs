//! The targets of `fuzz/` for all that this crate reads of servers, guests and users.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use serde::de::IgnoredAny;
use squall_fuzzing::{Outcome, assert_brief, assert_harmless, text};

use crate::account::{Booked, MemoryAccount, MemoryLimits};
use crate::cookies::CookieJar;
use crate::decode::decode;
use crate::event_stream::{EventParser, ServerEvent};
use crate::head::is_control;
use crate::json_pointer::JsonPointer;
use crate::policy::HostRule;
use crate::proxy::read_connect_answer;
use crate::reader::{Limits, Malformed, Progress, Reader, fields};
use crate::redirect::location;
use crate::server_timing;
use crate::tls::certificates;
use crate::url::{BaseUrl, Origin, Origins, join};

const LIMITS: Limits = Limits { head: 64 << 10, body: 1 << 20 };
/// Memory limit for decoding a body, in bytes.
const HELD: u64 = 32 << 20;

fn booked() -> Option<Booked> {
    MemoryAccount::new(&MemoryLimits { own: HELD, shared: None }).book(0).ok()
}

fn assert_told(wrong: &Malformed) {
    let (Malformed::Protocol(message) | Malformed::TooLarge(message)) = wrong;
    assert_brief(message);
}

/// A response that came in pieces of some size, up to its end or that of the connection; none if it is malformed.
fn response_in(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> Option<(Reader, bool)> {
    let mut reader = Reader::new(LIMITS, false, true, Vec::new(), Vec::new(), booked()?);
    let told = |wrong: Malformed| assert_told(&wrong);
    for piece in pieces {
        if let Progress::Whole { .. } = reader.push(piece.as_ref()).map_err(told).ok()? {
            return Some((reader, true));
        }
    }
    let whole = reader.close().map_err(told).ok()?;
    Some((reader, whole))
}

/// A response: head, folded fields, lengths, chunks and trailers. The first byte is the size of the pieces in which it
/// arrives; the outcome is the same for every size.
pub fn response(bytes: &[u8]) -> Outcome {
    let Some((size, bytes)) = bytes.split_first() else { return Outcome::Refused };
    let at_once = response_in(std::iter::once(bytes));
    let in_pieces = response_in(bytes.chunks(usize::from(*size).max(1)));
    let seen = |response: &Option<(Reader, bool)>| {
        response.as_ref().filter(|(_, whole)| *whole).map(|(reader, _)| {
            let kept = (reader.status, reader.keep_alive, reader.sets_cookies, reader.encoded, reader.timed);
            (kept, reader.head.clone(), reader.body.clone())
        })
    };
    assert_eq!(at_once.is_some(), in_pieces.is_some(), "malformed or not");
    let (seen_at_once, seen_in_pieces) = (seen(&at_once), seen(&in_pieces));
    assert_eq!(seen_at_once, seen_in_pieces);
    let Some((_, head, body)) = seen_at_once else { return Outcome::Refused };
    assert!(head.len() + body.len() <= bytes.len());
    for (_, value) in fields(&head) {
        assert!(!value.iter().any(|byte| is_control(*byte)), "{:?}", value.escape_ascii().to_string());
    }
    Outcome::Taken
}

const ENCODINGS: [&str; 8] =
    ["gzip", "deflate", "br", "zstd", "gzip, zstd", "br,GZIP", "x-gzip , identity", "deflate,deflate"];

/// A compressed body. The first byte selects the encoding.
pub fn encoded_body(bytes: &[u8]) -> Outcome {
    let Some((encoding, body)) = bytes.split_first() else { return Outcome::Refused };
    let encoding = ENCODINGS[usize::from(*encoding) % ENCODINGS.len()];
    let Some(mut booked) = booked() else { return Outcome::Refused };
    let mut decoding = pin!(decode(encoding.as_bytes(), body, LIMITS.body, &mut booked));
    let mut context = Context::from_waker(Waker::noop());
    // Others have their turn at least once for each 256 KiB, and for each 16 parts.
    for _ in 0..100_000 {
        if let Poll::Ready(decoded) = decoding.as_mut().poll(&mut context) {
            match &decoded {
                Ok(decoded) => assert!(decoded.as_ref().is_none_or(|body| body.len() as u64 <= LIMITS.body)),
                Err(wrong) => assert_told(wrong),
            }
            return Outcome::of(&decoded);
        }
    }
    unreachable!("it comes to an end");
}

/// The largest event in the target of event streams, in bytes.
const EVENT: usize = 4 << 10;

/// The events of a stream that came in pieces of some size; none if one of them is too large.
fn events_in<'b>(pieces: impl Iterator<Item = &'b [u8]>) -> Option<Vec<ServerEvent>> {
    let (mut parser, mut events) = (EventParser::new(EVENT), Vec::new());
    for piece in pieces {
        parser.push(piece, |event| events.push(event)).ok()?;
        // The line and the data of one event, each in a buffer that doubles; the name and the ids.
        assert!(parser.held() <= 8 * EVENT, "{} bytes are held", parser.held());
    }
    Some(events)
}

/// Server-sent events, and values in their data. The first byte is the size of the pieces in which they arrive; the events
/// are the same for every size. A value that is found is JSON.
pub fn event_stream(bytes: &[u8]) -> Outcome {
    let Some((size, bytes)) = bytes.split_first() else { return Outcome::Refused };
    let at_once = events_in(std::iter::once(bytes));
    assert_eq!(at_once, events_in(bytes.chunks(usize::from(*size).max(1))));
    let Some(events) = at_once else { return Outcome::Refused };
    for event in &events {
        assert!(!event.id.contains('\0'), "{:?}", event.id);
        assert!(!event.data.contains('\r') && !event.name.contains(['\r', '\n']), "{event:?}");
        for pointer in ["", "/a", "/a/0", "/b/c", &event.name] {
            let Ok(pointer) = JsonPointer::parse(pointer) else { continue };
            let is_json = |value: &str| serde_json::from_str::<IgnoredAny>(value).is_ok();
            assert!(pointer.find(&event.data).is_none_or(is_json), "{pointer:?} in {event:?}");
            assert!(!pointer.has_text(&event.data) || pointer.text(&event.data).is_some_and(|text| !text.is_empty()));
        }
    }
    if events.is_empty() { Outcome::Refused } else { Outcome::Taken }
}

/// A `Server-Timing` field.
pub fn server_timing(bytes: &[u8]) -> Outcome {
    let head = [b"HTTP/1.1 200 OK\r\nServer-Timing: ", bytes, b"\r\n\r\n"].concat();
    let mut entries = 0;
    for (name, _) in server_timing::entries(&head) {
        entries += 1;
        assert!(!name.is_empty() && name.is_ascii() && !name.contains(char::is_control), "{name:?}");
    }
    if (1..=32).contains(&entries) { Outcome::Taken } else { Outcome::Refused }
}

/// Cookies set by servers and guests, with an empty line between them. The `Cookie` field must fit into a line of a
/// head, and must never go to another host.
pub fn cookies(bytes: &[u8]) -> Outcome {
    let origin = |host: &str| Rc::new(Origin { secure: false, host: host.into(), port: 80, authority: host.into() });
    let (shop, other) = (origin("www.shop.example"), origin("other.example"));
    let jar = CookieJar::default();
    let set = text(bytes).split("\n\n").filter(|cookie| jar.set_one(&shop, b"/a/b", cookie)).count();
    let sent = jar.field_for(&shop, b"/a/b/c?d");
    assert!(sent.as_deref().is_none_or(|sent| !sent.bytes().any(is_control)), "{sent:?}");
    let pairs = jar.pairs(&shop, b"/a/b/c?d");
    assert!(pairs.len() <= set.max(1), "{pairs:?}");
    assert_eq!(jar.field_for(&other, b"/a/b/c?d"), None);
    if set > 0 { Outcome::Taken } else { Outcome::Refused }
}

/// A request's target, as origin and path in the request line.
fn written(origins: &Origins, url: &str) -> Result<String, String> {
    let target = origins.resolve(url).map_err(|error| error.to_string())?;
    let mut path = Vec::new();
    target.write_path(&mut path).map_err(|error| error.to_string())?;
    // The growth of a short path is not booked.
    assert!(path.len() <= target.longest_path() + 2048, "{} bytes", path.len());
    assert!(path.starts_with(b"/") && path.iter().all(u8::is_ascii_graphic), "{:?}", path.escape_ascii().to_string());
    Ok(format!("{}{}", target.origin, text(&path)))
}

/// A URL of a guest, below a target and alone. The URL that is sent is one word, and reads as the same URL again.
pub fn url(bytes: &[u8]) -> Outcome {
    let text = text(bytes);
    let base = BaseUrl::parse("https://ada:secret@shop.test:8443/api/").ok();
    let taken = written(&Origins::new(base.as_ref()), &text);
    match &taken {
        // A URL that has grown by percent-encoding may be too long for a guest.
        Ok(url) if url.len() > 1_000 => {}
        Ok(url) => assert_eq!(written(&Origins::new(None), url).as_ref(), Ok(url)),
        Err(message) => assert_brief(message),
    }
    match BaseUrl::parse(&text) {
        Ok(base) => assert_eq!(BaseUrl::parse(&base.to_string()).map(|base| base.to_string()), Ok(base.to_string())),
        Err(error) => assert_brief(&error.to_string()),
    }
    Outcome::of(&taken)
}

/// A redirect's `Location`: either it can be requested, or the error is one line.
pub fn redirect(bytes: &[u8]) -> Outcome {
    let head = [b"HTTP/1.1 302 Found\r\nLocation: ", bytes, b"\r\n\r\n"].concat();
    let Some(location) = location(302, &head) else { return Outcome::Refused };
    let joined = join("https://shop.test:8443/a/b?c", &location).map_err(|error| error.to_string());
    let taken = joined.and_then(|url| written(&Origins::new(None), &url));
    if let Err(message) = &taken {
        assert_brief(message);
    }
    Outcome::of(&taken)
}

/// A host, in the form of the value of `--allow`.
pub fn host_rule(bytes: &[u8]) -> Outcome {
    let read = text(bytes).parse::<HostRule>();
    if let Err(error) = &read {
        assert_harmless(&error.to_string());
    }
    Outcome::of(&read)
}

/// The head of a proxy's answer to CONNECT.
pub fn connect_answer(bytes: &[u8]) -> Outcome {
    let read = read_connect_answer(bytes, bytes.len().is_multiple_of(2));
    if let Err(reason) = &read {
        assert_brief(reason);
    }
    Outcome::of(&read)
}

/// Certificates that a user trusts, in PEM.
pub fn ca_file(bytes: &[u8]) -> Outcome {
    let read = certificates(bytes);
    if let Err(reason) = &read {
        assert_harmless(reason);
    }
    Outcome::of(&read)
}

#[cfg(test)]
mod tests;

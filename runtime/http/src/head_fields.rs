//! The head of a request as HTTP/2 and HTTP/3 send it, from the head that lies ready for HTTP/1.1.

use crate::reader::fields;
use crate::url::Origin;

/// A cookie shorter than this could be guessed from how well it is compressed (RFC 7541, section 7.1.3).
const SHORT_COOKIE: usize = 20;
/// Names up to this length are put into lower case without an allocation.
const SHORT_NAME: usize = 64;

/// How a field is best compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repetition {
    /// The next request may bring the same one.
    Likely,
    /// It has another value in each request, which would only push useful ones out of a table.
    Unlikely,
    /// Its value is secret: it could be guessed from how well it is compressed.
    Secret,
}

/// Passes on the fields of a head: pseudo fields first, then the others. Those that belong to a connection of HTTP/1.1 are left
/// out (RFC 9113, section 8.2.2).
#[inline]
pub(crate) fn for_each_field(head: &[u8], origin: &Origin, mut write: impl FnMut(&[u8], &[u8], Repetition)) {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let authority = fields(head).find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let authority = authority.map_or(origin.authority.as_bytes(), |(_, value)| value);
    write(b":method", method, Repetition::Likely);
    write(b":scheme", if origin.secure { b"https" } else { b"http" }, Repetition::Likely);
    write(b":authority", authority, Repetition::Likely);
    write(b":path", path, Repetition::Unlikely);
    for (name, value) in fields(head) {
        with_lower_case(name, |name| {
            if let Some(repetition) = repetition_of(name, value) {
                write(name, value, repetition);
            }
        });
    }
}

/// How a field is compressed; `None` for one that is not sent.
fn repetition_of(name: &[u8], value: &[u8]) -> Option<Repetition> {
    Some(match name {
        b"host" | b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
            return None;
        }
        b"te" if !value.eq_ignore_ascii_case(b"trailers") => return None,
        b"authorization" | b"proxy-authorization" => Repetition::Secret,
        b"cookie" if value.len() < SHORT_COOKIE => Repetition::Secret,
        b"content-length" | b"traceparent" | b"range" | b"if-none-match" | b"if-modified-since" => Repetition::Unlikely,
        _ => Repetition::Likely,
    })
}

fn with_lower_case(name: &str, then: impl FnOnce(&[u8])) {
    let mut short = [0; SHORT_NAME];
    match short.get_mut(..name.len()) {
        Some(lowered) => {
            lowered.copy_from_slice(name.as_bytes());
            lowered.make_ascii_lowercase();
            then(lowered);
        }
        None => then(name.to_ascii_lowercase().as_bytes()),
    }
}

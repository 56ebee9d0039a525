//! The answer to the offer of permessage-deflate (RFC 7692, section 7.1; grammar: RFC 6455, section 9.1).

use super::is_token;
use crate::deflate::Deflate;

/// Reads the one extension that a server may choose; none if it is not that, or not as it was offered.
///
/// The server may limit its own window, which costs us nothing. It may not limit the client's, because that was not
/// offered. A server that leaves out `server_no_context_takeover` breaks a rule that many break, so its context is kept.
pub(super) fn agreed_deflate(answer: &str) -> Option<Deflate> {
    let mut parts = answer.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
        return None;
    }
    let (mut server_resets, mut client_resets, mut has_window) = (false, false, false);
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim_start())?)),
            None => (part, None),
        };
        let is_first = match (&*name.to_ascii_lowercase(), value) {
            ("server_no_context_takeover", None) => !std::mem::replace(&mut server_resets, true),
            ("client_no_context_takeover", None) => !std::mem::replace(&mut client_resets, true),
            ("server_max_window_bits", Some("8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")) => {
                !std::mem::replace(&mut has_window, true)
            }
            _ => false,
        };
        if !is_first {
            return None;
        }
    }
    Some(Deflate { server_context: !server_resets })
}

/// The value of a parameter: a token, which may be in quotes.
fn unquoted(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'))?;
    is_token(inner).then_some(inner)
}

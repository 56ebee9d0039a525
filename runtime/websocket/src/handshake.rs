//! The opening handshake, as header fields (RFC 6455, sections 4.1 and 4.2.2): what a client asks for, and whether the
//! answer agrees to it.

mod extensions;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest, Sha1};
use thiserror::Error;

use crate::deflate::Deflate;
use extensions::agreed_deflate;

/// What is appended to a key before it is hashed (section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The fields of the handshake, in lower case: no user of this crate may send them itself.
pub const OWN_FIELDS: [&str; 6] = [
    "upgrade",
    "connection",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
];

/// What is asked of a server.
#[derive(Clone, Debug)]
pub struct Handshake {
    key: String,
    subprotocols: Vec<String>,
    deflate: bool,
}

/// What a server has agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// The subprotocol; empty if there is none.
    pub subprotocol: String,
    /// Compression, if there is any.
    pub deflate: Option<Deflate>,
}

/// Why there is no connection. The texts are parts of a sentence about the server.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HandshakeError {
    /// It answers as HTTP servers do.
    #[error("answered {0}, not 101 Switching Protocols")]
    Status(u16),
    /// It switches to something else.
    #[error("switches protocols, but not to WebSocket ({0})")]
    Upgrade(&'static str),
    /// Its answer is to another key.
    #[error("answered with a Sec-WebSocket-Accept that does not belong to the request's key")]
    Accept,
    /// It chose a subprotocol that was not offered.
    #[error("chose the subprotocol \"{}\", which was not offered", .0.escape_debug())]
    Subprotocol(String),
    /// It chose an extension, or a parameter of one, that was not offered.
    #[error("chose the extension \"{}\", which was not offered in this form", .0.escape_debug())]
    Extension(String),
}

/// Why a handshake cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{}\" is not the name of a subprotocol: it is empty, comes twice, or has characters that are not allowed", .0.escape_debug())]
pub struct InvalidSubprotocol(pub String);

impl Handshake {
    /// Asks for a connection. The nonce is random. `deflate`: offers compression, without a context from message to
    /// message.
    ///
    /// # Errors
    /// If a subprotocol cannot be offered.
    pub fn new(nonce: [u8; 16], subprotocols: Vec<String>, deflate: bool) -> Result<Handshake, InvalidSubprotocol> {
        for (place, name) in subprotocols.iter().enumerate() {
            if !is_token(name) || subprotocols[..place].contains(name) {
                return Err(InvalidSubprotocol(name.clone()));
            }
        }
        Ok(Handshake { key: BASE64_STANDARD.encode(nonce), subprotocols, deflate })
    }

    /// The fields of the request, beside those of any GET.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("Upgrade", "websocket".to_owned()),
            ("Connection", "Upgrade".to_owned()),
            ("Sec-WebSocket-Key", self.key.clone()),
            ("Sec-WebSocket-Version", "13".to_owned()),
        ];
        if !self.subprotocols.is_empty() {
            fields.push(("Sec-WebSocket-Protocol", self.subprotocols.join(", ")));
        }
        if self.deflate {
            let offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
            fields.push(("Sec-WebSocket-Extensions", offer.to_owned()));
        }
        fields
    }

    /// Checks an answer: its status, and its fields.
    ///
    /// # Errors
    /// If it is not a consent to what was asked for.
    pub fn check<'a>(
        &self,
        status: u16,
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Agreed, HandshakeError> {
        if status != 101 {
            return Err(HandshakeError::Status(status));
        }
        let (mut upgrades, mut connects, mut accepts) = (false, false, false);
        let mut agreed = Agreed::default();
        for (name, value) in fields {
            let text = || String::from_utf8_lossy(value);
            if name.eq_ignore_ascii_case("upgrade") {
                upgrades |= has_token(value, b"websocket");
            } else if name.eq_ignore_ascii_case("connection") {
                connects |= has_token(value, b"upgrade");
            } else if name.eq_ignore_ascii_case("sec-websocket-accept") {
                accepts = value == accept(&self.key).as_bytes();
            } else if name.eq_ignore_ascii_case("sec-websocket-protocol") {
                let chosen = text();
                if !agreed.subprotocol.is_empty() || !self.subprotocols.iter().any(|offered| *offered == chosen) {
                    return Err(HandshakeError::Subprotocol(chosen.into_owned()));
                }
                agreed.subprotocol = chosen.into_owned();
            } else if name.eq_ignore_ascii_case("sec-websocket-extensions") {
                let refused = || HandshakeError::Extension(text().into_owned());
                if !self.deflate || agreed.deflate.is_some() {
                    return Err(refused());
                }
                agreed.deflate = Some(agreed_deflate(&text()).ok_or_else(refused)?);
            }
        }
        match (upgrades, connects, accepts) {
            (false, _, _) => Err(HandshakeError::Upgrade("without \"Upgrade: websocket\"")),
            (_, false, _) => Err(HandshakeError::Upgrade("without \"Connection: Upgrade\"")),
            (_, _, false) => Err(HandshakeError::Accept),
            (true, true, true) => Ok(agreed),
        }
    }
}

/// The answer to a key.
fn accept(key: &str) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    BASE64_STANDARD.encode(digest)
}

/// Whether a list has this word, which is in lower case.
fn has_token(list: &[u8], word: &[u8]) -> bool {
    list.split(|byte| *byte == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(word))
}

/// Whether a text is a token of HTTP (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_letter)
}

#[cfg(test)]
mod tests;

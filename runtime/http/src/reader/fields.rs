//! A response of HTTP/2 or HTTP/3, from its fields and its data. Its head is kept as HTTP/1 writes one ("HTTP/2 200", lines of
//! fields, an empty line), so that all that looks at heads needs to know one form.

use squall_metrics::Protocol;

use super::{Malformed, Progress, Reader, beginning, content_length};
use crate::framing::Framing;
use crate::head::is_token;
use crate::server_timing;

/// What a list of fields costs beside the bytes of its names and values, by the count of the protocol (RFC 9113, section
/// 6.5.2): also a bound for fields that are repeated out of a table.
const BESIDE_FIELD: usize = 32;

/// Fields that belong to a connection of HTTP/1 (section 8.2.2).
const OF_CONNECTIONS: [&[u8]; 5] =
    [b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"];

impl Reader {
    /// Takes the next field of a head. The first one is `:status`.
    #[inline]
    pub(crate) fn push_field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        if self.has_head() {
            return self.push_trailer(name, value);
        }
        self.count_field(name, value)?;
        if self.head.is_empty() {
            return self.push_status(name, value);
        }
        check_field(name, value)?;
        self.understand_field(name, value)?;
        self.booked.make_room(&mut self.head, name.len() + value.len() + 4)?;
        self.head.extend_from_slice(name);
        self.head.extend_from_slice(b": ");
        self.head.extend_from_slice(value);
        self.head.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// The head has ended. Returns whether it was an interim one, before the response's own.
    #[inline]
    pub(crate) fn end_head(&mut self, last: bool) -> Result<bool, Malformed> {
        if self.has_head() {
            return Ok(false);
        }
        match self.status {
            0 => return Err(Malformed::Protocol("its head has no :status".to_owned())),
            100..200 if last || self.status == 101 => {
                return Err(Malformed::Protocol(format!("status {} was not expected", self.status)));
            }
            100..200 => {
                self.interim += self.head.len();
                self.head.clear();
                self.status = 0;
                return Ok(true);
            }
            _ => {}
        }
        self.booked.make_room(&mut self.head, 2)?;
        self.head.extend_from_slice(b"\r\n");
        self.framing = Some(match self.announced {
            _ if self.bodiless || self.status == 204 || self.status == 304 => Framing::Length(0),
            Some(length) => self.framing_of(length)?,
            None => Framing::UntilClose,
        });
        Ok(false)
    }

    /// Takes the next bytes of the body.
    #[inline]
    pub(crate) fn push_data(&mut self, data: &[u8]) -> Result<(), Malformed> {
        match self.push_body(data)? {
            Progress::Whole { excess: true } => {
                Err(Malformed::Protocol("its body is longer than its content-length".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// The stream has ended.
    #[inline]
    pub(crate) fn end_stream(&mut self) -> Result<(), Malformed> {
        match &self.framing {
            Some(Framing::Length(left)) if *left > 0 => {
                Err(Malformed::Protocol(format!("its body ends {left} bytes before its content-length")))
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn push_status(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        let digits = <&[u8; 3]>::try_from(value).ok().filter(|digits| digits.iter().all(u8::is_ascii_digit));
        let status = digits.map_or(0, |digits| digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')));
        if name != b":status" || status < 100 {
            let (name, value) = (beginning(name, 60), beginning(value, 60));
            return Err(Malformed::Protocol(format!("its head begins with \"{name}: {value}\", not with a :status")));
        }
        self.status = status;
        self.booked.make_room(&mut self.head, 256)?;
        self.head.extend_from_slice(if self.version == Protocol::Http3 { b"HTTP/3 " } else { b"HTTP/2 " });
        self.head.extend_from_slice(value);
        self.head.extend_from_slice(b"\r\n");
        Ok(())
    }

    #[inline]
    fn understand_field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        match name {
            b"content-length" => {
                let length = content_length(value)?;
                if self.announced.is_some_and(|announced| announced != length) {
                    return Err(Malformed::Protocol("it has two different content-length fields".to_owned()));
                }
                self.announced = Some(length);
            }
            b"set-cookie" => self.sets_cookies = true,
            b"content-encoding" => self.encoded = true,
            _ if name == server_timing::FIELD.as_bytes() => self.timed = true,
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn count_field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        self.listed += name.len() + value.len() + BESIDE_FIELD;
        if self.listed > self.limits.head {
            return Err(Malformed::TooLarge(format!("the head is larger than {} bytes (limit)", self.limits.head)));
        }
        Ok(())
    }

    /// Trailers are checked, and kept where they are asked for.
    fn push_trailer(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        self.count_field(name, value)?;
        check_field(name, value)?;
        let Some(trailers) = &mut self.trailers else { return Ok(()) };
        if trailers.is_empty() {
            trailers.extend_from_slice(b"\r\n");
        }
        self.booked.make_room(trailers, name.len() + value.len() + 4)?;
        for part in [name, b": ", value, b"\r\n"] {
            trailers.extend_from_slice(part);
        }
        Ok(())
    }
}

/// Holds a field to the rules (section 8.2): what would break a head of HTTP/1 must not get into it.
#[inline]
fn check_field(name: &[u8], value: &[u8]) -> Result<(), Malformed> {
    let lower = !name.is_empty() && name.iter().all(|byte| is_token(*byte) && !byte.is_ascii_uppercase());
    if !lower || OF_CONNECTIONS.contains(&name) {
        return Err(Malformed::Protocol(format!("\"{}\" is not the name of a header field", beginning(name, 60))));
    }
    if value.iter().fold(false, |found, byte| found | matches!(byte, b'\r' | b'\n' | 0)) {
        let name = beginning(name, 60);
        return Err(Malformed::Protocol(format!("the value of header field {name} holds a control character")));
    }
    Ok(())
}

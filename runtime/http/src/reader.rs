//! A response, from the bytes that come: heads are parsed by `httparse`, bodies cut out by [`Framing`]. A parser that
//! bytes are pushed into; it knows no socket, so however the bytes are split, the outcome is the same.
//!
//! Of HTTP/2, whose frames others take apart, it is given fields and data (`reader/fields.rs`).

mod fields;

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};
use squall_metrics::Protocol;

use crate::account::{Booked, OverLimit};
use crate::error::in_one_line;
use crate::framing::{ChunkError, Framing};
use crate::head::{is_control, is_token};
use crate::server_timing;
use crate::unfold::{unfold, unfolded};

/// Limits of a response, and what to keep of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest head, interim heads included, in bytes.
    pub head: usize,
    /// The largest body that is kept, in bytes.
    pub body: u64,
}

/// The defect of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// It breaks the protocol.
    Protocol(String),
    /// It is larger than allowed.
    TooLarge(String),
}

impl From<OverLimit> for Malformed {
    fn from(over: OverLimit) -> Malformed {
        Malformed::TooLarge(over.to_string())
    }
}

impl From<ChunkError> for Malformed {
    fn from(error: ChunkError) -> Malformed {
        Malformed::Protocol(error.to_string())
    }
}

/// Progress of reading a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More bytes are needed.
    Partial,
    /// The response is whole; `excess` is true if bytes arrived that do not belong to it.
    Whole { excess: bool },
}

/// A response under way, and in the end the response.
#[derive(Debug)]
pub(crate) struct Reader {
    limits: Limits,
    /// Whether the request was a HEAD: then there is no body, whatever the head announces.
    bodiless: bool,
    keep_body: bool,
    /// Length of the head at the last unsuccessful attempt to parse it.
    tried: usize,
    interim: usize,
    /// Whether a field of the head goes on in the next line.
    folded: bool,
    framing: Option<Framing>,
    /// The length that the head of an HTTP/2 response announces.
    announced: Option<u64>,
    /// Length of the fields of HTTP/2 or HTTP/3 that came, interim heads and trailers included, by the protocol's count.
    listed: usize,
    /// The version of HTTP that is being read.
    version: Protocol,
    /// The status; 0 until the head is whole.
    pub status: u16,
    /// Whether the server leaves the connection open.
    pub keep_alive: bool,
    /// Whether there are `Set-Cookie` fields, and a `Content-Encoding`.
    pub sets_cookies: bool,
    pub encoded: bool,
    /// Whether there are `Server-Timing` fields.
    pub timed: bool,
    /// Whether 101 is a response: what follows it is another protocol, and goes into the body as far as it has come.
    pub upgrades: bool,
    /// The head, from the status line to the empty line.
    pub head: Vec<u8>,
    /// The body as it came, without its framing.
    pub body: Vec<u8>,
    /// The trailers of HTTP/2 after an empty line, if they are to be kept.
    pub trailers: Option<Vec<u8>>,
    /// The memory of head, body and trailers.
    pub booked: Booked,
}

/// Bytes of room that a body is given before its first byte has come, at most.
const ROOM_AT_ONCE: u64 = 64 * 1024;

impl Reader {
    /// A reader that writes into `head` and `body`, which are empty and booked.
    pub(crate) fn new(
        limits: Limits,
        bodiless: bool,
        keep_body: bool,
        head: Vec<u8>,
        body: Vec<u8>,
        booked: Booked,
    ) -> Reader {
        Reader {
            limits,
            bodiless,
            keep_body,
            tried: 0,
            interim: 0,
            folded: false,
            framing: None,
            announced: None,
            listed: 0,
            version: Protocol::Http1,
            status: 0,
            keep_alive: false,
            sets_cookies: false,
            encoded: false,
            timed: false,
            upgrades: false,
            head,
            body,
            trailers: None,
            booked,
        }
    }

    /// Takes the reader out, and leaves one behind that has no memory of its own.
    pub(crate) fn take(&mut self) -> Reader {
        let hollow = self.booked.split_off(0);
        let hollow = Reader::new(self.limits, self.bodiless, self.keep_body, Vec::new(), Vec::new(), hollow);
        std::mem::replace(self, hollow)
    }

    /// The version of HTTP in which the response came, once its head is whole.
    #[inline]
    pub(crate) fn protocol(&self) -> Protocol {
        if self.status == 0 { Protocol::None } else { self.version }
    }

    /// The response will come in that version of HTTP.
    #[inline]
    pub(crate) fn begin(&mut self, version: Protocol) {
        self.version = version;
    }

    /// Whether nothing has come yet.
    pub(crate) fn is_untouched(&self) -> bool {
        self.framing.is_none() && self.head.is_empty() && self.interim == 0
    }

    /// Whether the head has come.
    pub(crate) fn has_head(&self) -> bool {
        self.framing.is_some()
    }

    /// Whether the head announced the body's length.
    pub(crate) fn knows_length(&self) -> bool {
        matches!(self.framing, Some(Framing::Length(_)))
    }

    /// Takes the bytes that came next.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<Progress, Malformed> {
        while self.framing.is_none() {
            match self.push_head(bytes)? {
                Some(taken) => bytes = &bytes[taken..],
                None => return Ok(Progress::Partial),
            }
        }
        if self.is_upgraded() {
            self.booked.make_room(&mut self.body, bytes.len())?;
            self.body.extend_from_slice(bytes);
            return Ok(Progress::Whole { excess: false });
        }
        self.push_body(bytes)
    }

    /// Whether the server has switched protocols, as it was asked to.
    fn is_upgraded(&self) -> bool {
        self.upgrades && self.status == 101
    }

    /// Notes that the peer has closed. Returns whether that makes the response whole.
    pub(crate) fn close(&mut self) -> Result<bool, Malformed> {
        if self.framing.is_none() && !self.head.is_empty() {
            // It may have been left unparsed for too long to see its defect.
            let head = std::mem::take(&mut self.head);
            let parsed = self.parse(&head);
            self.head = head;
            parsed?;
        }
        self.keep_alive = false;
        Ok(self.framing == Some(Framing::UntilClose))
    }

    fn push_body(&mut self, bytes: &[u8]) -> Result<Progress, Malformed> {
        let Some(framing) = &mut self.framing else { return Ok(Progress::Partial) };
        let (keep, limit, body, booked) = (self.keep_body, self.limits.body, &mut self.body, &mut self.booked);
        let taken = framing.push(bytes, |data| {
            if keep {
                if (body.len() + data.len()) as u64 > limit {
                    return Err(body_too_large(limit));
                }
                booked.make_room(body, data.len())?;
                body.extend_from_slice(data);
            }
            Ok(())
        })?;
        let excess = taken < bytes.len();
        Ok(if framing.is_whole() { Progress::Whole { excess } } else { Progress::Partial })
    }

    /// Takes bytes of the head. Returns how many belonged to it, once it is whole.
    fn push_head(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        if self.head.is_empty() {
            // Empty lines before the status line are forgiven, as the standard advises.
            let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            if blank == bytes.len() {
                return Ok(None);
            }
            let bytes = &bytes[blank..];
            // The common case: the head comes in one piece, and is parsed where it lies.
            let length = self.parse(bytes)?;
            let part = &bytes[..length.unwrap_or(bytes.len())];
            self.booked.make_room(&mut self.head, part.len())?;
            self.head.extend_from_slice(part);
            return self.after_head(length.map(|length| blank + length));
        }
        let before = self.head.len();
        self.booked.make_room(&mut self.head, bytes.len())?;
        self.head.extend_from_slice(bytes);
        // Parsing again for every byte would take quadratic time.
        let worthwhile = self.head.len() >= 2 * self.tried || has_empty_line(&self.head[before.saturating_sub(3)..]);
        if !worthwhile {
            return self.after_head(None);
        }
        let head = std::mem::take(&mut self.head);
        let length = self.parse(&head);
        self.head = head;
        let Some(length) = length? else { return self.after_head(None) };
        self.head.truncate(length);
        self.after_head(Some(length - before))
    }

    fn after_head(&mut self, taken: Option<usize>) -> Result<Option<usize>, Malformed> {
        if self.interim + self.head.len() > self.limits.head {
            return Err(Malformed::TooLarge(format!("the head is larger than {} bytes (limit)", self.limits.head)));
        }
        if taken.is_some() && std::mem::take(&mut self.folded) {
            unfold(&mut self.head);
        }
        if taken.is_some() && (100..200).contains(&self.status) && !self.is_upgraded() {
            // "100 Continue" and the like announce the response; they are not it.
            self.interim += self.head.len();
            self.head.clear();
            self.tried = 0;
            self.status = 0;
        }
        Ok(taken)
    }

    /// Parses a head and takes the relevant fields from it. Returns its length, if it is whole.
    fn parse(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        let mut parsed = self.parse_lines(bytes);
        if parsed == Err(httparse::Error::HeaderName)
            && let Some(unfolded) = unfolded(bytes)
        {
            self.folded = true;
            parsed = self.parse_lines(&unfolded);
        }
        parsed.map_err(|error| not_http(bytes, error))?
    }

    fn parse_lines(&mut self, bytes: &[u8]) -> Result<Result<Option<usize>, Malformed>, httparse::Error> {
        let mut few = [const { MaybeUninit::uninit() }; 64];
        match self.parse_into(bytes, &mut few) {
            Err(httparse::Error::TooManyHeaders) => {
                // A field takes four bytes at least.
                let mut many = vec![MaybeUninit::uninit(); self.limits.head.min(bytes.len()) / 4 + 1];
                self.parse_into(bytes, &mut many)
            }
            parsed => parsed,
        }
    }

    #[inline]
    fn parse_into<'b>(
        &mut self,
        bytes: &'b [u8],
        fields: &mut [MaybeUninit<Header<'b>>],
    ) -> Result<Result<Option<usize>, Malformed>, httparse::Error> {
        let mut response = httparse::Response::new(&mut []);
        let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, fields)?;
        let Status::Complete(length) = parsed else {
            self.tried = bytes.len();
            return Ok(Ok(None));
        };
        Ok(self.understand(&response).map(|()| Some(length)))
    }

    fn understand(&mut self, response: &httparse::Response<'_, '_>) -> Result<(), Malformed> {
        let status = response.code.unwrap_or(0);
        let newer = response.version == Some(1);
        self.status = status;
        if (100..200).contains(&status) && status != 101 {
            return Ok(());
        }
        if !(200..=999).contains(&status) && !self.is_upgraded() {
            return Err(Malformed::Protocol(format!("status {status} was not expected")));
        }
        self.keep_alive = newer;
        let mut length = None;
        let mut chunked = false;
        for Header { name, value } in response.headers.iter() {
            if name.eq_ignore_ascii_case("content-length") {
                let said = content_length(value)?;
                if length.is_some_and(|length| length != said) {
                    return Err(Malformed::Protocol("it has two different content-length fields".to_owned()));
                }
                length = Some(said);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked |= is_chunked(value, newer)?;
            } else if name.eq_ignore_ascii_case("connection") {
                for token in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                    if token.eq_ignore_ascii_case(b"close") {
                        self.keep_alive = false;
                    } else if !newer && token.eq_ignore_ascii_case(b"keep-alive") {
                        self.keep_alive = true;
                    }
                }
            } else if name.eq_ignore_ascii_case("set-cookie") {
                self.sets_cookies = true;
            } else if name.eq_ignore_ascii_case("content-encoding") {
                self.encoded = true;
            } else if name.eq_ignore_ascii_case(server_timing::FIELD) {
                self.timed = true;
            }
        }
        if chunked && length.is_some() {
            // The chunks count (RFC 9112, section 6.3), but a peer that announces both may mean the other next time.
            self.keep_alive = false;
        }
        self.framing = Some(match length {
            _ if self.is_upgraded() => Framing::Length(0),
            _ if self.bodiless || status == 204 || status == 304 => Framing::Length(0),
            _ if chunked => Framing::chunked(),
            Some(length) => self.framing_of(length)?,
            None => Framing::UntilClose,
        });
        Ok(())
    }

    fn framing_of(&mut self, length: u64) -> Result<Framing, Malformed> {
        if self.keep_body {
            if length > self.limits.body {
                return Err(body_too_large(self.limits.body));
            }
            self.booked.make_room(&mut self.body, length.min(ROOM_AT_ONCE) as usize)?;
        }
        Ok(Framing::Length(length))
    }
}

/// Whether a body comes in chunks. Some proxies repeat the field for a body that is chunked once.
fn is_chunked(value: &[u8], newer: bool) -> Result<bool, Malformed> {
    let mut chunked = false;
    for coding in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        match coding {
            b"" => {}
            _ if coding.eq_ignore_ascii_case(b"identity") => {}
            _ if newer && coding.eq_ignore_ascii_case(b"chunked") => chunked = true,
            _ => {
                let value = beginning(value, 60);
                return Err(Malformed::Protocol(format!("transfer-encoding \"{value}\" is not supported")));
            }
        }
    }
    Ok(chunked)
}

/// A length, or the same length several times.
fn content_length(value: &[u8]) -> Result<u64, Malformed> {
    let number = |text: &[u8]| {
        let digits = std::str::from_utf8(text).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse::<u64>().ok())
    };
    let mut lengths = value.split(|byte| *byte == b',').map(|length| number(length.trim_ascii()));
    let length = lengths.next().flatten();
    length
        .filter(|length| lengths.all(|other| other == Some(*length)))
        .ok_or_else(|| Malformed::Protocol(format!("content-length \"{}\" is not a number", beginning(value, 60))))
}

#[cold]
pub(crate) fn body_too_large(limit: u64) -> Malformed {
    Malformed::TooLarge(format!("the body is larger than {limit} bytes (limit, raise with --max-body-size)"))
}

#[cold]
fn not_http(bytes: &[u8], error: httparse::Error) -> Malformed {
    let start = beginning(bytes, 24);
    Malformed::Protocol(match (error, wrong_field(bytes)) {
        (httparse::Error::HeaderName | httparse::Error::HeaderValue, Some(wrong)) => wrong,
        _ => format!("it is not HTTP/1.1: {error} (it begins with \"{start}\")"),
    })
}

/// Describes the first line of a head that is not a header field.
fn wrong_field(head: &[u8]) -> Option<String> {
    let lines = head.split(|byte| *byte == b'\n').skip(1).map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.take_while(|line| !line.is_empty()).find_map(|line| {
        let shown = beginning(line, 60);
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Some(format!("the line \"{shown}\" of its head has no colon, so it is not a header field"));
        };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        let shown_name = beginning(name, 60);
        if name.ends_with(b" ") || name.ends_with(b"\t") {
            return Some(format!("the name of header field \"{shown_name}\" has a space before its colon"));
        }
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
            return Some(format!("\"{shown_name}\" is not the name of a header field"));
        }
        let control = value.iter().any(|byte| is_control(*byte));
        control.then(|| format!("the value of header field {shown_name} holds a control character"))
    })
}

/// The first bytes of a text that came, as it may be shown.
fn beginning(bytes: &[u8], length: usize) -> String {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(length)]);
    // The redactor must see that the text was cut, and never get half of a letter.
    let (start, more) = if bytes.len() > length { (start.trim_end_matches('\u{fffd}'), "…") } else { (&*start, "") };
    format!("{}{more}", in_one_line(start))
}

fn has_empty_line(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}

/// The fields of a head that has been parsed: names as they came, values without the space around them.
pub(crate) fn fields(head: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    head.split(|byte| *byte == b'\n').skip(1).filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = std::str::from_utf8(&line[..colon]).ok()?;
        Some((name, line[colon + 1..].trim_ascii()))
    })
}

/// The value of the first field of that name, in any case.
pub(crate) fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    fields(head).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests;

//! A response, from the bytes that come: heads are parsed by `httparse`, bodies cut out by [`Framing`]. A parser that
//! bytes are pushed into; it knows no socket, so however the bytes are split, the outcome is the same.

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};

use crate::account::{Booked, OverLimit};
use crate::framing::{ChunkError, Framing};
use crate::server_timing;

/// What is accepted, and what is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The largest head, interim heads included, in bytes.
    pub head: usize,
    /// The largest body that is kept, in bytes.
    pub body: u64,
}

/// What is wrong with a response.
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

/// How far a response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More bytes are needed.
    Partial,
    /// The response is whole; `excess` says whether bytes came that do not belong to it.
    Whole { excess: bool },
}

/// A response under way, and in the end the response.
#[derive(Debug)]
pub(crate) struct Reader {
    limits: Limits,
    /// Whether the request was a HEAD: then there is no body, whatever the head says.
    bodiless: bool,
    keep_body: bool,
    /// How much of the head was there when it was last parsed in vain.
    tried: usize,
    interim: usize,
    framing: Option<Framing>,
    /// The status; 0 until the head is whole.
    pub status: u16,
    /// Whether the server leaves the connection open.
    pub keep_alive: bool,
    /// Whether there are `Set-Cookie` fields, and a `Content-Encoding`.
    pub sets_cookies: bool,
    pub encoded: bool,
    /// Whether there are `Server-Timing` fields.
    pub timed: bool,
    /// The head, from the status line to the empty line.
    pub head: Vec<u8>,
    /// The body as it came, without its framing.
    pub body: Vec<u8>,
    /// What head and body take.
    pub booked: Booked,
}

/// A body is given room for so many bytes before the first of them has come.
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
            framing: None,
            status: 0,
            keep_alive: false,
            sets_cookies: false,
            encoded: false,
            timed: false,
            head,
            body,
            booked,
        }
    }

    /// Whether nothing has come yet.
    pub(crate) fn is_untouched(&self) -> bool {
        self.framing.is_none() && self.head.is_empty() && self.interim == 0
    }

    /// Whether the head has come.
    pub(crate) fn has_head(&self) -> bool {
        self.framing.is_some()
    }

    /// Whether the head said how long the body is.
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
        self.push_body(bytes)
    }

    /// Notes that the peer has closed. Says whether that makes the response whole.
    pub(crate) fn close(&mut self) -> Result<bool, Malformed> {
        if self.framing.is_none() && !self.head.is_empty() {
            // It may have been left unparsed for too long to see what is wrong with it.
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

    /// Takes bytes of the head. Says how many belonged to it, once it is whole.
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
        // Parsing anew for every byte would take quadratic time.
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
        if taken.is_some() && (100..200).contains(&self.status) {
            // "100 Continue" and the like announce the response; they are not it.
            self.interim += self.head.len();
            self.head.clear();
            self.tried = 0;
            self.status = 0;
        }
        Ok(taken)
    }

    /// Parses a head and takes from it what matters here. Says how long it is, if it is whole.
    fn parse(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        let mut few = [const { MaybeUninit::uninit() }; 64];
        match self.parse_into(bytes, &mut few) {
            Err(httparse::Error::TooManyHeaders) => {
                // A field takes four bytes at least.
                let mut many = vec![MaybeUninit::uninit(); self.limits.head.min(bytes.len()) / 4 + 1];
                self.parse_into(bytes, &mut many)
            }
            parsed => parsed,
        }
        .map_err(|error| not_http(bytes, error))?
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
        if !(200..=999).contains(&status) {
            return Err(Malformed::Protocol(format!("status {status} was not asked for")));
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
                if chunked || !newer || !value.eq_ignore_ascii_case(b"chunked") {
                    let value = String::from_utf8_lossy(value);
                    return Err(Malformed::Protocol(format!("transfer-encoding \"{value}\" is not supported")));
                }
                chunked = true;
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
            return Err(Malformed::Protocol("it has both content-length and transfer-encoding".to_owned()));
        }
        self.framing = Some(match length {
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

fn content_length(value: &[u8]) -> Result<u64, Malformed> {
    let digits = std::str::from_utf8(value).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        Malformed::Protocol(format!("content-length \"{}\" is no number", String::from_utf8_lossy(value)))
    })
}

#[cold]
pub(crate) fn body_too_large(limit: u64) -> Malformed {
    Malformed::TooLarge(format!("the body is larger than {limit} bytes (limit, raise with --max-body-size)"))
}

#[cold]
fn not_http(bytes: &[u8], error: httparse::Error) -> Malformed {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(24)]);
    Malformed::Protocol(format!("it is not HTTP/1.1: {error} (it begins with \"{}\")", start.escape_debug()))
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
mod tests {
    use super::*;
    use crate::account::{MemoryAccount, MemoryLimits};

    fn unbounded() -> Booked {
        MemoryAccount::new(&MemoryLimits { own: u64::MAX, shared: None }).book(0).expect("there is room")
    }

    use proptest::prelude::*;

    const LIMITS: Limits = Limits { head: 4096, body: 1000 };

    fn reader() -> Reader {
        Reader::new(LIMITS, false, true, Vec::new(), Vec::new(), unbounded())
    }

    fn read(bytes: &[u8]) -> Result<(Reader, Progress), Malformed> {
        let mut reader = reader();
        let progress = reader.push(bytes)?;
        Ok((reader, progress))
    }

    fn refusal(bytes: &[u8]) -> String {
        match read(bytes) {
            Err(Malformed::Protocol(text) | Malformed::TooLarge(text)) => text,
            Ok((_, progress)) => panic!("accepted: {progress:?}"),
        }
    }

    const WHOLE: Progress = Progress::Whole { excess: false };

    #[test]
    fn a_response_with_a_length() {
        let (reader, progress) = read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello").unwrap();
        assert_eq!((reader.status, progress, reader.keep_alive), (200, WHOLE, true));
        assert_eq!(reader.body, b"hello");
        assert_eq!(field(&reader.head, "x-a"), Some(&b"b"[..]));
        assert_eq!(fields(&reader.head).count(), 2);
    }

    #[test]
    fn bytes_past_the_end_are_noticed() {
        let (_, progress) = read(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab").unwrap();
        assert_eq!(progress, Progress::Whole { excess: true });
    }

    #[test]
    fn some_responses_have_no_body_whatever_they_say() {
        let (reader, progress) = read(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").unwrap();
        assert_eq!((progress, reader.body.len()), (WHOLE, 0));
        assert_eq!(read(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().1, WHOLE);
        let mut head = Reader::new(LIMITS, true, true, Vec::new(), Vec::new(), unbounded());
        assert_eq!(head.push(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Ok(WHOLE));
    }

    #[test]
    fn interim_responses_are_skipped() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let (reader, progress) = read(bytes).unwrap();
        assert_eq!((reader.status, progress), (200, WHOLE));
        assert_eq!(field(&reader.head, "link"), None);
    }

    #[test]
    fn a_body_may_last_until_the_connection_closes() {
        let (mut reader, progress) = read(b"HTTP/1.1 200 OK\r\n\r\nabc").unwrap();
        assert_eq!(progress, Progress::Partial);
        assert_eq!(reader.close(), Ok(true));
        assert!(!reader.keep_alive);
        assert!(!read(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").unwrap().0.close().unwrap());
        assert!(!read(b"HTTP/1.1 200 O").unwrap().0.close().unwrap());
    }

    #[test]
    fn who_keeps_the_connection_open() {
        let keeps = |head: &str| read(format!("{head}\r\nContent-Length: 0\r\n\r\n").as_bytes()).unwrap().0.keep_alive;
        assert!(keeps("HTTP/1.1 200 OK"));
        assert!(!keeps("HTTP/1.1 200 OK\r\nConnection: upgrade, Close"));
        assert!(!keeps("HTTP/1.0 200 OK"));
        assert!(keeps("HTTP/1.0 200 OK\r\nConnection: Keep-Alive"));
    }

    #[test]
    fn a_contradictory_length_is_refused() {
        let refusal = |fields: &str| refusal(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nabc").as_bytes());
        assert!(refusal("Content-Length: 1\r\nContent-Length: 2").contains("two different"));
        assert!(refusal("Content-Length: 1\r\nTransfer-Encoding: chunked").contains("both"));
        assert!(refusal("Content-Length: +1").contains("no number"));
        assert!(refusal("Content-Length: ").contains("no number"));
        assert!(refusal("Content-Length: 99999999999999999999").contains("no number"));
        assert!(refusal("Transfer-Encoding: gzip, chunked").contains("not supported"));
        assert!(read(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc").is_ok());
    }

    #[test]
    fn what_is_not_http_is_refused_at_once() {
        assert!(refusal(b"SSH-2.0-OpenSSH_9.6").contains("begins with \"SSH-2.0"));
        assert!(refusal(b"HTTP/2 200 OK\r\n").contains("not HTTP/1.1"));
        assert!(refusal(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n").contains("not HTTP/1.1"));
        assert!(refusal(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").contains("101"));
        assert!(refusal(b"HTTP/1.1 000 ?\r\n\r\n").contains("status 0"));
    }

    #[test]
    fn a_head_has_a_limit_and_may_have_many_fields() {
        let many = "A: b\r\n".repeat(500);
        assert_eq!(fields(&read(format!("HTTP/1.1 204 OK\r\n{many}\r\n").as_bytes()).unwrap().0.head).count(), 500);
        let huge = "A: b\r\n".repeat(1000);
        assert!(refusal(format!("HTTP/1.1 200 OK\r\n{huge}\r\n").as_bytes()).contains("4096"));
        assert!(refusal(format!("HTTP/1.1 200 OK\r\n{huge}").as_bytes()).contains("4096"));
        assert!(refusal("HTTP/1.1 100 Continue\r\n\r\n".repeat(400).as_bytes()).contains("4096"));
    }

    #[test]
    fn a_body_has_a_limit_if_it_is_kept() {
        assert!(refusal(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n").contains("1000"));
        let long = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[b'x'; 1001]].concat();
        assert!(refusal(&long).contains("1000"));
        let mut discarding = Reader::new(LIMITS, false, false, Vec::new(), Vec::new(), unbounded());
        discarding.push(&long).unwrap();
        assert!(discarding.close().unwrap() && discarding.body.is_empty());
    }

    prop_compose! {
        fn response()(interim in 0usize..2, chunked in any::<bool>(), body in proptest::collection::vec(any::<u8>(), 0..50),
                      excess in any::<bool>()) -> (Vec<u8>, Vec<u8>, bool) {
            let mut bytes = b"\r\nHTTP/1.1 100 Continue\r\nA: b\r\n\r\n".repeat(interim);
            if chunked {
                bytes.extend(b"HTTP/1.1 201 Created\nTransfer-Encoding: chunked\n\n");
                for chunk in body.chunks(7) {
                    bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    bytes.extend(chunk);
                    bytes.extend(b"\r\n");
                }
                bytes.extend(b"0\r\n\r\n");
            } else {
                bytes.extend(format!("HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n", body.len()).bytes());
                bytes.extend(&body);
            }
            if excess {
                bytes.push(b'!');
            }
            (bytes, body, excess)
        }
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_response((bytes, body, excess) in response(), cut in any::<prop::sample::Index>(), bytewise in any::<bool>()) {
            let (first, second) = bytes.split_at(cut.index(bytes.len()));
            let pieces: Vec<&[u8]> = if bytewise { bytes.chunks(1).collect() } else { vec![first, second] };
            let mut split = reader();
            let mut whole_at = None;
            for (number, piece) in pieces.iter().enumerate() {
                if whole_at.is_none() && split.push(piece).unwrap() != Progress::Partial {
                    whole_at = Some(number);
                }
            }
            let (at_once, progress) = read(&bytes).unwrap();
            prop_assert_eq!(progress, Progress::Whole { excess });
            prop_assert!(whole_at.is_some());
            prop_assert_eq!(&at_once.head, &split.head);
            prop_assert_eq!(&at_once.body, &body);
            prop_assert_eq!(&split.body, &body);
        }

        #[test]
        fn any_bytes_in_any_split_give_one_outcome(
            pieces in proptest::collection::vec(prop_oneof![
                Just("HTTP/1.1 200 OK\r\n"), Just("HTTP/1.1 103 Wait\r\n"), Just("Content-Length: 3\r\n"), Just("A: b\r\n"),
                Just("Transfer-Encoding: chunked\r\n"), Just("\r\n"), Just("\n"), Just("3\r\nabc\r\n0\r\n"), Just("bad"),
            ], 0..9), size in 1usize..40,
        ) {
            let bytes = pieces.concat().into_bytes();
            let outcome = |size: usize| {
                let mut reader = reader();
                for piece in bytes.chunks(size) {
                    match reader.push(piece) {
                        Ok(Progress::Partial) => {}
                        Ok(Progress::Whole { .. }) => return Some((reader.status, reader.body)),
                        Err(_) => return None,
                    }
                }
                reader.close().ok().map(|whole| if whole { (reader.status, reader.body) } else { (0, Vec::new()) })
            };
            prop_assert_eq!(outcome(size), outcome(usize::MAX));
        }
    }
}

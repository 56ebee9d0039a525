//! The head of a request: built as the bytes that go out, and checked while it is built.

use squall_address::ProxyLogin;

use crate::account::{Booked, OverLimit};
use crate::credentials::Credentials;
use crate::proxy::authorization;
use crate::trace_context::TraceContext;
use crate::url::Origin;

/// Values up to this length are not worth booking the copies of, in bytes.
const SHORT: usize = 1 << 10;
/// Maximum length of a quoted text in an error, in bytes.
const LONGEST_QUOTED: usize = 200;

/// Builds one head in a buffer: begin, the guest's fields, finish.
#[derive(Debug)]
pub(crate) struct HeadWriter<'b> {
    buffer: &'b mut Vec<u8>,
    /// Position of the `Host` line, for a guest that brings its own.
    host: std::ops::Range<usize>,
    has_user_agent: bool,
    has_connection: bool,
    has_authorization: bool,
    has_trace_context: bool,
    /// Whether the guest asked for the connection to be closed.
    pub close: bool,
    /// The guest's own cookies.
    pub cookie: Option<String>,
}

/// Fields that the client treats specially.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    Host,
    UserAgent,
    Connection,
    ContentLength,
    TransferEncoding,
    Cookie,
    Authorization,
    TraceContext,
}

impl Special {
    #[inline]
    pub(crate) fn from_name(name: &str) -> Option<Special> {
        let (special, written) = match name.len() {
            4 => (Special::Host, "host"),
            6 => (Special::Cookie, "cookie"),
            10 if name.as_bytes()[0] | 0x20 == b'u' => (Special::UserAgent, "user-agent"),
            10 => (Special::Connection, "connection"),
            11 => (Special::TraceContext, "traceparent"),
            13 => (Special::Authorization, "authorization"),
            14 => (Special::ContentLength, "content-length"),
            17 => (Special::TransferEncoding, "transfer-encoding"),
            19 => (Special::Authorization, "proxy-authorization"),
            _ => return None,
        };
        name.eq_ignore_ascii_case(written).then_some(special)
    }
}

/// Parts of a request that the end of its head depends on.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    pub user_agent: &'a str,
    pub keep_alive: bool,
    /// The user and password of the URL, for a guest that brings no field for them.
    pub credentials: Option<&'a Credentials>,
    /// The cookies that servers have set.
    pub cookies: Option<String>,
    /// The trace context, for a guest that brings none.
    pub trace: Option<TraceContext>,
    /// The body's framing to announce.
    pub body: BodyLength,
}

/// The framing that a head announces for its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    /// No field: there is no body, and the method does not make one expect it.
    Nothing,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`, because the length is not known.
    Chunks,
}

impl BodyLength {
    fn length(self) -> u64 {
        if let BodyLength::Length(length) = self { length } else { 0 }
    }
}

/// The start of a possibly long text, for an error.
fn quote(text: &str) -> impl std::fmt::Display {
    text[..text.floor_char_boundary(LONGEST_QUOTED)].escape_debug()
}

/// Checks a method: a token of HTTP, and no tunnel.
pub(crate) fn check_method(method: &str) -> Result<(), String> {
    if method.is_empty() || !method.bytes().all(is_token) {
        return Err(format!("method \"{}\" is not a token", quote(method)));
    }
    if method == "CONNECT" {
        return Err("method CONNECT asks for a tunnel, which a scenario cannot use".to_owned());
    }
    Ok(())
}

impl<'b> HeadWriter<'b> {
    /// Continues a buffer that holds "METHOD /path".
    pub(crate) fn begin(buffer: &'b mut Vec<u8>, origin: &Origin) -> HeadWriter<'b> {
        buffer.extend_from_slice(b" HTTP/1.1\r\n");
        let start = buffer.len();
        write_field(buffer, "Host", &origin.authority);
        let host = start..buffer.len();
        HeadWriter {
            buffer,
            host,
            has_user_agent: false,
            has_connection: false,
            has_authorization: false,
            has_trace_context: false,
            close: false,
            cookie: None,
        }
    }

    /// Adds the user and password of a proxy that reads this head.
    #[cold]
    pub(crate) fn proxy_login(&mut self, login: &ProxyLogin) {
        write_field(self.buffer, "Proxy-Authorization", &authorization(login));
    }

    /// Books room for a field of the guest's, and for the copies that are made of some.
    #[inline]
    pub(crate) fn make_room(&mut self, booked: &mut Booked, name: &str, value: &str) -> Result<(), OverLimit> {
        if value.len() > SHORT {
            // Cookies are gathered first, and the guest's `Host` is written beside.
            booked.add(2 * value.len())?;
        }
        booked.make_room(self.buffer, name.len() + value.len() + 4)
    }

    /// Adds a field of the guest's. `body` is the framing that will be announced at the end.
    #[inline]
    pub(crate) fn field(&mut self, name: &str, value: &str, body: BodyLength) -> Result<(), String> {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!("header name \"{}\" is not a token", quote(name)));
        }
        // Looks at all bytes, without an early exit, so that compilers emit vector instructions.
        if value.bytes().fold(false, |found, byte| found | is_control(byte)) {
            return Err(format!("header {} holds a control character: \"{}\"", quote(name), quote(value)));
        }
        match Special::from_name(name) {
            None => write_field(self.buffer, name, value),
            Some(special) => self.special(special, name, value, body)?,
        }
        Ok(())
    }

    fn special(&mut self, special: Special, name: &str, value: &str, body: BodyLength) -> Result<(), String> {
        match special {
            Special::Host => {
                let mut line = Vec::new();
                write_field(&mut line, name, value);
                let end = self.host.start + line.len();
                self.buffer.splice(self.host.clone(), line);
                self.host.end = end;
            }
            Special::Cookie => match &mut self.cookie {
                Some(cookie) => {
                    cookie.push_str("; ");
                    cookie.push_str(value);
                }
                None => self.cookie = Some(value.to_owned()),
            },
            Special::Connection => {
                // Any other option in the list, for example "Upgrade", is between the guest and the server.
                self.close |= value.split(',').any(|option| option.trim().eq_ignore_ascii_case("close"));
                self.has_connection = true;
                write_field(self.buffer, name, value);
            }
            // Written in the end, from the body itself.
            Special::ContentLength if value.trim() == body.length().to_string() => {}
            Special::ContentLength => {
                let length = body.length();
                return Err(format!("header {name} is {}, but the body has {length} bytes", quote(value)));
            }
            Special::TransferEncoding => {
                return Err(format!("header {name} cannot be set: bodies are sent with their length"));
            }
            Special::UserAgent => {
                self.has_user_agent = true;
                // An empty value means that the field is left out.
                if !value.is_empty() {
                    write_field(self.buffer, name, value);
                }
            }
            Special::TraceContext => {
                self.has_trace_context = true;
                write_field(self.buffer, name, value);
            }
            Special::Authorization => {
                // Of the two that are special in the same way, this one is the URL's.
                self.has_authorization |= name.eq_ignore_ascii_case("authorization");
                write_field(self.buffer, name, value);
            }
        }
        Ok(())
    }

    /// Adds the fields that the guest left out, and the empty line. Returns the trace context that it added.
    #[inline]
    pub(crate) fn finish(&mut self, ending: Ending<'_>) -> Option<TraceContext> {
        if !self.has_user_agent && !ending.user_agent.is_empty() {
            write_field(self.buffer, "User-Agent", ending.user_agent);
        }
        if let Some(credentials) = ending.credentials
            && !self.has_authorization
        {
            write_field(self.buffer, "Authorization", credentials.authorization());
        }
        if !ending.keep_alive && !self.has_connection {
            self.close = true;
            write_field(self.buffer, "Connection", "close");
        }
        match (&self.cookie, &ending.cookies) {
            (Some(own), Some(set)) => write_field(self.buffer, "Cookie", &format!("{own}; {set}")),
            (Some(cookie), None) | (None, Some(cookie)) => write_field(self.buffer, "Cookie", cookie),
            (None, None) => {}
        }
        match ending.body {
            BodyLength::Nothing => {}
            BodyLength::Length(length) => write_field(self.buffer, "Content-Length", &length.to_string()),
            BodyLength::Chunks => write_field(self.buffer, "Transfer-Encoding", "chunked"),
        }
        let trace = ending.trace.filter(|_| !self.has_trace_context);
        if let Some(context) = trace {
            write_trace_context(self.buffer, context);
        }
        self.buffer.extend_from_slice(b"\r\n");
        trace
    }
}

/// Apart, because most runs need none.
#[cold]
fn write_trace_context(buffer: &mut Vec<u8>, context: TraceContext) {
    buffer.extend_from_slice(b"traceparent: ");
    buffer.extend_from_slice(&context.value());
    buffer.extend_from_slice(b"\r\n");
}

#[inline]
fn write_field(buffer: &mut Vec<u8>, name: &str, value: &str) {
    buffer.reserve(name.len() + value.len() + 4);
    buffer.extend_from_slice(name.as_bytes());
    buffer.extend_from_slice(b": ");
    buffer.extend_from_slice(value.as_bytes());
    buffer.extend_from_slice(b"\r\n");
}

#[inline]
pub(crate) fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7F
}

#[inline]
pub(crate) fn is_token(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

/// The bytes of which methods and header names are made.
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"!#$%&'*+-.^_`|~";
    let mut mark = 0;
    while mark < marks.len() {
        table[marks[mark] as usize] = true;
        mark += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin { secure: false, host: "host".to_owned(), port: 81, authority: "host:81".to_owned() }
    }

    fn ending(length: Option<u64>) -> Ending<'static> {
        let body = length.map_or(BodyLength::Nothing, BodyLength::Length);
        Ending { user_agent: "squall", keep_alive: true, credentials: None, cookies: None, trace: None, body }
    }

    fn written(fields: &[(&str, &str)], ending: Ending<'_>) -> Result<String, String> {
        let mut buffer = b"GET /".to_vec();
        let mut head = HeadWriter::begin(&mut buffer, &origin());
        for (name, value) in fields {
            head.field(name, value, ending.body)?;
        }
        head.finish(ending);
        Ok(String::from_utf8(buffer).unwrap())
    }

    #[test]
    fn missing_fields_are_added() {
        let head = written(&[("Accept", "*/*")], ending(None)).unwrap();
        assert_eq!(head, "GET / HTTP/1.1\r\nHost: host:81\r\nAccept: */*\r\nUser-Agent: squall\r\n\r\n");
    }

    #[test]
    fn fields_of_the_guest_are_kept() {
        let fields = [("user-agent", "me"), ("HOST", "other.example"), ("content-length", "3"), ("x", "ü")];
        let head = written(&fields, ending(Some(3))).unwrap();
        assert_eq!(
            head,
            "GET / HTTP/1.1\r\nHOST: other.example\r\nuser-agent: me\r\nx: ü\r\nContent-Length: 3\r\n\r\n"
        );
    }

    #[test]
    fn a_body_of_unknown_length_comes_in_chunks() {
        let head = written(&[], Ending { body: BodyLength::Chunks, ..ending(None) }).unwrap();
        assert!(head.ends_with("\r\nTransfer-Encoding: chunked\r\n\r\n"), "{head}");
    }

    #[test]
    fn the_guest_s_cookies_come_first_and_in_one_field() {
        let with_set = Ending { cookies: Some("c=3".to_owned()), ..ending(None) };
        let head = written(&[("cookie", "a=1"), ("Cookie", "b=2")], with_set).unwrap();
        assert!(head.contains("\r\nCookie: a=1; b=2; c=3\r\n"), "{head}");
    }

    #[test]
    fn the_guest_s_authorization_stands_over_that_of_the_url() {
        let credentials = Credentials::from_url(&url::Url::parse("http://ada:secret@host/").unwrap());
        let ending = || Ending { credentials: credentials.as_ref(), ..ending(None) };
        assert!(written(&[], ending()).unwrap().contains("\r\nAuthorization: Basic YWRhOnNlY3JldA==\r\n"));
        let own = written(&[("authorization", "Bearer x")], ending()).unwrap();
        assert!(own.contains("\r\nauthorization: Bearer x\r\n") && !own.contains("Basic"), "{own}");
    }

    #[test]
    fn connections_are_closed_where_asked() {
        let closing = Ending { keep_alive: false, ..ending(None) };
        assert!(written(&[], closing).unwrap().contains("\r\nConnection: close\r\n"));
        assert!(written(&[("connection", "close")], ending(None)).unwrap().contains("connection: close"));
        for (value, closes) in [("keep-alive, Upgrade", false), ("close, TE", true), ("x,CLOSE", true), ("", false)] {
            let mut buffer = b"GET /".to_vec();
            let mut head = HeadWriter::begin(&mut buffer, &origin());
            head.field("Connection", value, BodyLength::Nothing).unwrap();
            head.finish(ending(None));
            assert_eq!(head.close, closes, "{value}");
            assert!(String::from_utf8(buffer).unwrap().contains(&format!("\r\nConnection: {value}\r\n")));
        }
    }

    #[test]
    fn an_empty_user_agent_is_none() {
        let head = written(&[("User-Agent", "")], ending(None)).unwrap();
        assert_eq!(head, "GET / HTTP/1.1\r\nHost: host:81\r\n\r\n");
    }

    #[test]
    fn fields_that_would_break_the_head_are_refused() {
        let refusal = |name: &str, value: &str| written(&[(name, value)], ending(Some(3))).unwrap_err();
        assert!(refusal("a b", "").contains("not a token"));
        assert!(refusal("", "").contains("not a token"));
        assert!(refusal("a:", "").contains("not a token"));
        assert!(refusal("a", "b\r\nc: d").contains("control character: \"b\\r\\nc: d\""));
        assert!(refusal("a", "\0").contains("control character"));
        assert!(refusal("Content-Length", "4").contains("is 4, but the body has 3"));
        assert!(refusal("transfer-encoding", "chunked").contains("cannot be set"));
    }

    #[test]
    fn a_method_is_a_token() {
        assert!(check_method("PROPFIND").is_ok());
        assert!(check_method("").is_err());
        assert!(check_method("GET /x HTTP/1.1\r\n").is_err());
        assert!(check_method("CONNECT").is_err());
    }
}

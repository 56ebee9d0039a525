//! A response that has arrived whole.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use squall_metrics::Phases;

use crate::account::{Booked, MemoryAccount, OverLimit};
use crate::network::Network;
use crate::reader::{Reader, field, fields};
use crate::request::Prepared;
use crate::url::Origin;

/// A whole response. Its head is parsed only as far as it is asked for.
pub struct Response {
    network: Rc<Network>,
    origin: Rc<Origin>,
    /// The head as it came, followed by the requested path.
    head: Vec<u8>,
    head_length: usize,
    /// The head with its names in lower case.
    lowered: OnceCell<Box<[u8]>>,
    status: u16,
    body: Vec<u8>,
    phases: Phases,
    booked: Booked,
}

/// The size of a response without head and body, in bytes.
pub(crate) const BESIDE: usize = size_of::<Response>();

impl Response {
    #[inline]
    pub(crate) fn new(
        network: &Rc<Network>,
        request: &Prepared,
        reader: Reader,
        phases: Phases,
    ) -> Result<Box<Response>, OverLimit> {
        let Reader { mut head, mut booked, .. } = reader;
        let head_length = head.len();
        booked.make_room(&mut head, request.path().len())?;
        head.extend_from_slice(request.path());
        // For its names in lower case.
        booked.add(head_length)?;
        // Boxed: it is large, and goes through many hands.
        Ok(Box::new(Response {
            network: Rc::clone(network),
            origin: Rc::clone(&request.origin),
            head,
            head_length,
            lowered: OnceCell::new(),
            status: reader.status,
            body: reader.body,
            phases,
            booked,
        }))
    }

    /// A response of which only the head has come.
    pub(crate) fn of_head(
        network: &Rc<Network>,
        origin: &Rc<Origin>,
        path: &[u8],
        (status, head): (u16, &[u8]),
        phases: Phases,
        account: &Rc<MemoryAccount>,
    ) -> Result<Box<Response>, OverLimit> {
        // Twice the head: for its names in lower case.
        let booked = account.book(BESIDE + 2 * head.len() + path.len())?;
        Ok(Box::new(Response {
            network: Rc::clone(network),
            origin: Rc::clone(origin),
            head: [head, path].concat(),
            head_length: head.len(),
            lowered: OnceCell::new(),
            status,
            body: Vec::new(),
            phases,
            booked,
        }))
    }

    /// The same with a body.
    pub(crate) fn with_body(mut self: Box<Response>, body: &[u8]) -> Result<Box<Response>, OverLimit> {
        self.booked.make_room(&mut self.body, body.len())?;
        self.body.extend_from_slice(body);
        Ok(self)
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase after the status code, as the server wrote it. Bytes that are not UTF-8 are replaced.
    pub fn reason(&self) -> Cow<'_, str> {
        // "HTTP/1.1 404 Not Found"
        let line = self.head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        String::from_utf8_lossy(line.trim_ascii().splitn(3, |byte| *byte == b' ').nth(2).unwrap_or_default())
    }

    /// The protocol that it came in, as k6 names it: "HTTP/1.1", "HTTP/2.0" or "HTTP/3.0".
    pub fn protocol(&self) -> &'static str {
        match self.head.get(..b"HTTP/2".len()) {
            Some(b"HTTP/2") => "HTTP/2.0",
            Some(b"HTTP/3") => "HTTP/3.0",
            _ => "HTTP/1.1",
        }
    }

    /// The value of the first header field of that name, in any case. Bytes that are not UTF-8 are replaced.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        field(&self.head[..self.head_length], name).map(String::from_utf8_lossy)
    }

    /// All header fields in the order in which they came, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let head = self.lowered.get_or_init(|| lower_names(&self.head[..self.head_length]));
        fields(head).map(|(name, value)| (name, String::from_utf8_lossy(value)))
    }

    /// The body, decoded. Empty if it was thrown away.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The URL that answered.
    pub fn url(&self) -> String {
        format!("{}{}", self.origin, String::from_utf8_lossy(&self.head[self.head_length..]))
    }

    /// Phases of the exchange; after redirects, of the last one.
    pub fn phases(&self) -> Phases {
        self.phases
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Response");
        shown.field("url", &self.url()).field("status", &self.status).field("body", &self.body.len());
        shown.finish_non_exhaustive()
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        self.network.buffers.give(std::mem::take(&mut self.head));
        self.network.buffers.give(std::mem::take(&mut self.body));
    }
}

fn lower_names(head: &[u8]) -> Box<[u8]> {
    let mut lowered: Box<[u8]> = head.into();
    for line in lowered.split_mut(|byte| *byte == b'\n').skip(1) {
        if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            line[..colon].make_ascii_lowercase();
        }
    }
    lowered
}

//! Bodies that come, or go, piece by piece.

use super::{Error, Request, Response};
use crate::data::Blob;
use crate::host;
use crate::timing::{Seconds, nanoseconds};

/// Forever, in the contract's terms.
const FOREVER: u64 = u64::MAX;

/// Where an OpenAI-compatible server puts text, and its own count of tokens.
const OPENAI: (&str, &str) = ("/choices/0/delta/content", "/usage/completion_tokens");

/// A response that is read piece by piece, as server-sent events or as bytes. Dropped before its end, it is given up, and
/// its connection is closed.
///
/// ```
/// use squall::prelude::*;
///
/// fn follow() -> Outcome {
///     let mut feed = http::get("/feed").stream()?;
///     check!(feed.status() == 200, "the feed is there");
///     while let Some(event) = feed.next_event()? {
///         check!(!event.data().is_empty(), "an event has data");
///     }
///     Ok(())
/// }
/// # let mut host = squall::testing::Host::new().respond("GET", "/feed", 200, "data: a\n\ndata: b\n\n");
/// # assert_eq!(host.run(follow).expect_ok().checks.len(), 3);
/// ```
#[derive(Debug)]
pub struct Stream {
    inner: host::Incoming,
    head: Response,
}

impl Stream {
    fn new(inner: host::Incoming) -> Result<Self, Error> {
        let head = Response::new(inner.head(FOREVER)?);
        Ok(Stream { inner, head })
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status()
    }

    /// The value of the first header field of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.head.header(name)
    }

    /// The response without a body: its header fields, its URL, and its timings up to the head.
    #[must_use]
    pub fn head(&self) -> &Response {
        &self.head
    }

    /// The next server-sent event, when it has come; `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// When the stream breaks.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        Ok(self.inner.next_event(FOREVER)?.map(Event))
    }

    /// The same, for at most that long. After [`Error::Timeout`] nothing is lost: ask again. With 0 it only looks.
    ///
    /// # Errors
    ///
    /// When the stream breaks, or nothing has come.
    pub fn next_event_within(&mut self, time: impl Seconds) -> Result<Option<Event>, Error> {
        Ok(self.inner.next_event(nanoseconds(time.duration()))?.map(Event))
    }

    /// The events up to the end of the stream.
    pub fn events(&mut self) -> impl Iterator<Item = Result<Event, Error>> {
        std::iter::from_fn(|| self.next_event().transpose())
    }

    /// The next bytes as they came (not decoded), at most `most` of them; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the response breaks.
    pub fn read(&mut self, most: u32) -> Result<Option<Vec<u8>>, Error> {
        self.inner.read(most, FOREVER)
    }

    /// The same, for at most that long.
    ///
    /// # Errors
    ///
    /// When the response breaks, or nothing has come.
    pub fn read_within(&mut self, most: u32, time: impl Seconds) -> Result<Option<Vec<u8>>, Error> {
        self.inner.read(most, nanoseconds(time.duration()))
    }

    /// Counts tokens of a language model, as an OpenAI-compatible server sends them (`llm_` metrics).
    ///
    /// # Errors
    ///
    /// When too many places are counted.
    pub fn count_tokens(&mut self) -> Result<(), Error> {
        self.count_tokens_at(OPENAI.0, Some(OPENAI.1))
    }

    /// The same, for texts at a JSON pointer in the events' data, and the server's own count at another one. May be called
    /// again for texts in other places.
    ///
    /// # Errors
    ///
    /// When one is not a JSON pointer, or when too many places are counted.
    pub fn count_tokens_at(&mut self, text: &str, total: Option<&str>) -> Result<(), Error> {
        self.inner.count_tokens(text, total)
    }

    /// The id of the last event that came; empty if there was none.
    #[must_use]
    pub fn last_event_id(&self) -> String {
        self.inner.last_event_id()
    }

    pub(crate) fn ready_key(&self) -> u32 {
        self.inner.key()
    }

    /// How long the stream asks its clients to wait before they reconnect.
    #[must_use]
    pub fn retry(&self) -> Option<std::time::Duration> {
        self.inner.retry().map(std::time::Duration::from_nanos)
    }

    /// Sends a request that continues this stream: the id of its last event goes along as `last-event-id`, and it counts as
    /// a reconnect. Wait before, as browsers do: `sleep(stream.retry().unwrap_or(Duration::from_secs(3)))`.
    ///
    /// # Errors
    ///
    /// When there is no response.
    pub fn reopen(&self, request: &Request<'_>) -> Result<Stream, Error> {
        Stream::new(request.lend(|request| host::Incoming::reopen(&self.inner, request))?)
    }
}

/// A server-sent event. The host holds it until this is dropped; each method copies its own value.
#[derive(Debug)]
pub struct Event(host::Event);

impl Event {
    /// Its type: "message" if it has none.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// The id of the last event that had one, which may be this one; empty if there was none.
    #[must_use]
    pub fn id(&self) -> String {
        self.0.id()
    }

    /// Its data.
    #[must_use]
    pub fn data(&self) -> String {
        self.0.data()
    }

    /// The value at a JSON pointer in its data ("/choices/0/delta/content"): text unchanged, other values as JSON. `None` if
    /// there is no such value, or if the data is not JSON.
    #[must_use]
    pub fn get(&self, pointer: &str) -> Option<String> {
        self.0.get(pointer)
    }

    /// The time of the read that completed it, since the run began.
    #[must_use]
    pub fn at(&self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0.at())
    }
}

/// A request whose body is written while it is sent. Dropped before [`finish`](Upload::finish), it is given up.
///
/// ```
/// use squall::prelude::*;
///
/// fn upload() -> Outcome {
///     let mut upload = http::post("/lines").upload(None)?;
///     for number in 0..3 {
///         upload.write(format!("{number}\n"))?;
///     }
///     let response = upload.finish()?;
///     check!(response.status() == 201, "it was taken");
///     Ok(())
/// }
/// # let mut host = squall::testing::Host::new().respond("POST", "/lines", 201, "");
/// # assert_eq!(host.run(upload).expect_ok().requests[0].text(), "0\n1\n2\n");
/// ```
#[derive(Debug)]
pub struct Upload(host::Outgoing);

impl Upload {
    /// Sends a piece. Waits while more than 64 KiB are unsent.
    ///
    /// # Errors
    ///
    /// When the request has failed, or has been answered already.
    pub fn write(&mut self, piece: impl AsRef<[u8]>) -> Result<(), Error> {
        self.0.write(piece.as_ref())
    }

    /// Sends a file that the host holds.
    ///
    /// # Errors
    ///
    /// As [`write`](Upload::write), or when the file was not given.
    pub fn write_from(&mut self, blob: &Blob) -> Result<(), Error> {
        let blob = blob.host().map_err(|error| Error::InvalidRequest(error.to_string()))?;
        self.0.write_from(blob)
    }

    /// Ends the body, and waits for the head of the response.
    ///
    /// # Errors
    ///
    /// When there is no response, or when the body is shorter than announced.
    pub fn finish(self) -> Result<Stream, Error> {
        self.0.finish()?;
        Stream::new(self.0.response())
    }

    /// Waits for the head of a response that comes before the end of the body, as of a conversation. The body can still be
    /// written by what is returned beside it.
    ///
    /// # Errors
    ///
    /// When there is no response.
    pub fn response(self) -> Result<(OpenUpload, Stream), Error> {
        let response = Stream::new(self.0.response())?;
        Ok((OpenUpload(self.0), response))
    }
}

/// A body that is still written, of a request whose response is read already.
#[derive(Debug)]
pub struct OpenUpload(host::Outgoing);

impl OpenUpload {
    /// As [`Upload::write`].
    ///
    /// # Errors
    ///
    /// When the response has ended.
    pub fn write(&mut self, piece: impl AsRef<[u8]>) -> Result<(), Error> {
        self.0.write(piece.as_ref())
    }

    /// Ends the body.
    ///
    /// # Errors
    ///
    /// When the body is shorter than announced.
    pub fn finish(self) -> Result<(), Error> {
        self.0.finish()
    }
}

impl Request<'_> {
    /// Sends the request and waits for the head of the response, whose body is then read piece by piece. The time limit of
    /// the request ends with the head.
    ///
    /// # Errors
    ///
    /// When there is no response. A status code is never an error.
    pub fn stream(&self) -> Result<Stream, Error> {
        Stream::new(self.lend(host::Incoming::open)?)
    }

    /// Begins to send the request, which must have no body: that is written piece by piece. With a length in bytes, that
    /// much must be written; without one, the body goes in chunks. Redirects are not followed.
    ///
    /// # Errors
    ///
    /// When the request is invalid.
    pub fn upload(&self, length: Option<u64>) -> Result<Upload, Error> {
        self.lend(|request| host::Outgoing::start(request, length)).map(Upload)
    }
}

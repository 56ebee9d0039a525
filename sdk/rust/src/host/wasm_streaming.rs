//! Streams of the real host: the component's imports.

use super::{Blob, Request, Response};
use crate::bindings::streaming::squall::scenario::streaming;
use crate::http::Error;

#[derive(Debug)]
pub(crate) struct Incoming(streaming::Incoming);

impl Incoming {
    pub(crate) fn open(request: Request<'_>) -> Result<Self, Error> {
        Ok(Incoming(streaming::Incoming::open(request)?))
    }

    pub(crate) fn reopen(previous: &Incoming, request: Request<'_>) -> Result<Self, Error> {
        Ok(Incoming(streaming::Incoming::reopen(&previous.0, request)?))
    }

    pub(crate) fn head(&self, nanoseconds: u64) -> Result<Response, Error> {
        Ok(self.0.head(nanoseconds)?)
    }

    pub(crate) fn read(&self, most: u32, nanoseconds: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.read(most, nanoseconds)?)
    }

    pub(crate) fn next_event(&self, nanoseconds: u64) -> Result<Option<Event>, Error> {
        Ok(self.0.next_event(nanoseconds)?)
    }

    pub(crate) fn count_tokens(&self, text: &str, total: Option<&str>) -> Result<(), Error> {
        Ok(self.0.count_tokens(text, total)?)
    }

    pub(crate) fn last_event_id(&self) -> String {
        self.0.last_event_id()
    }

    pub(crate) fn retry(&self) -> Option<u64> {
        self.0.retry()
    }

    pub(crate) fn key(&self) -> u32 {
        self.0.key()
    }
}

pub(crate) use streaming::Event;

#[derive(Debug)]
pub(crate) struct Outgoing(streaming::Outgoing);

impl Outgoing {
    pub(crate) fn start(request: Request<'_>, length: Option<u64>) -> Result<Self, Error> {
        Ok(Outgoing(streaming::Outgoing::start(request, length)?))
    }

    pub(crate) fn write(&self, piece: &[u8]) -> Result<(), Error> {
        Ok(self.0.write(piece)?)
    }

    pub(crate) fn write_from(&self, blob: &Blob) -> Result<(), Error> {
        Ok(self.0.write_from(blob)?)
    }

    pub(crate) fn finish(&self) -> Result<(), Error> {
        Ok(self.0.finish()?)
    }

    pub(crate) fn response(&self) -> Incoming {
        Incoming(self.0.response())
    }
}

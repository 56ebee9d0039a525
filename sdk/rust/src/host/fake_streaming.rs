//! Streams of a native test: the answers of its host, all of which are there at once.

use std::cell::{Cell, RefCell};

use super::{Blob, Request, RequestOptions, Response, send};
use crate::http::Error;
use crate::testing::State;

/// Events are taken from the body of the answer.
#[derive(Debug)]
pub(crate) struct Incoming {
    answer: Result<Response, Error>,
    body: Vec<u8>,
    taken: Cell<usize>,
    id: RefCell<String>,
    retry: Cell<Option<u64>>,
}

impl Incoming {
    fn new(answer: Result<Response, Error>) -> Self {
        let body = answer.as_ref().map(Response::body).unwrap_or_default();
        Incoming { answer, body, taken: Cell::new(0), id: RefCell::default(), retry: Cell::new(None) }
    }

    pub(crate) fn open(request: Request<'_>) -> Result<Self, Error> {
        Ok(Incoming::new(Ok(send(request)?)))
    }

    pub(crate) fn reopen(previous: &Incoming, request: Request<'_>) -> Result<Self, Error> {
        let id = previous.last_event_id();
        let mut headers = request.headers.to_vec();
        if !id.is_empty() {
            headers.push(("last-event-id", &id));
        }
        let incoming = Incoming::open(Request { headers: &headers, ..request })?;
        incoming.id.replace(id);
        Ok(incoming)
    }

    pub(crate) fn head(&self, _nanoseconds: u64) -> Result<Response, Error> {
        self.answer.as_ref().map(Response::without_body).map_err(Clone::clone)
    }

    pub(crate) fn read(&self, most: u32, _nanoseconds: u64) -> Result<Option<Vec<u8>>, Error> {
        let rest = &self.body[self.taken.get()..];
        let piece = &rest[..rest.len().min(most.max(1) as usize)];
        self.taken.set(self.taken.get() + piece.len());
        Ok((!piece.is_empty()).then(|| piece.to_vec()))
    }

    /// The subset of the grammar that tests write: lines end with a line feed.
    pub(crate) fn next_event(&self, _nanoseconds: u64) -> Result<Option<Event>, Error> {
        let (mut name, mut data) = ("message".to_owned(), Vec::new());
        while let Some(length) = self.body[self.taken.get()..].iter().position(|byte| *byte == b'\n') {
            let start = self.taken.replace(self.taken.get() + length + 1);
            let line = String::from_utf8_lossy(&self.body[start..start + length]).into_owned();
            if line.is_empty() && !data.is_empty() {
                let (id, at) = (self.last_event_id(), State::with(|state| state.clock));
                return Ok(Some(Event { name, id, data: data.join("\n"), at }));
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "data" => data.push(value.to_owned()),
                "event" => name = value.to_owned(),
                "id" => drop(self.id.replace(value.to_owned())),
                "retry" => self.retry.set(value.parse().ok().map(|millis: u64| millis * 1_000_000)),
                _ => {}
            }
        }
        Ok(None)
    }

    pub(crate) fn count_tokens(&self, _text: &str, _total: Option<&str>) -> Result<(), Error> {
        Ok(())
    }

    pub(crate) fn last_event_id(&self) -> String {
        self.id.borrow().clone()
    }

    pub(crate) fn retry(&self) -> Option<u64> {
        self.retry.get()
    }

    /// All that will come is there.
    pub(crate) fn key(&self) -> u32 {
        super::READY
    }
}

#[derive(Debug)]
pub(crate) struct Event {
    name: String,
    id: String,
    data: String,
    at: u64,
}

impl Event {
    pub(crate) fn name(&self) -> String {
        self.name.clone()
    }

    pub(crate) fn id(&self) -> String {
        self.id.clone()
    }

    pub(crate) fn data(&self) -> String {
        self.data.clone()
    }

    /// Without the feature `json` there is no parser: then no value is found.
    pub(crate) fn get(&self, pointer: &str) -> Option<String> {
        #[cfg(feature = "json")]
        {
            let json: serde_json::Value = serde_json::from_str(&self.data).ok()?;
            let value = json.pointer(pointer)?;
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        }
        #[cfg(not(feature = "json"))]
        {
            let _ = pointer;
            None
        }
    }

    pub(crate) fn at(&self) -> u64 {
        self.at
    }
}

/// The request is made when its body is whole.
#[derive(Debug)]
pub(crate) struct Outgoing {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    options: RequestOptions,
    body: RefCell<Vec<u8>>,
}

impl Outgoing {
    pub(crate) fn start(request: Request<'_>, _length: Option<u64>) -> Result<Self, Error> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Ok(Outgoing {
            method: request.method.to_owned(),
            url: request.url.to_owned(),
            headers: request.headers.iter().map(own).collect(),
            options: request.options.map(RequestOptions::copy).unwrap_or_default(),
            body: RefCell::default(),
        })
    }

    pub(crate) fn write(&self, piece: &[u8]) -> Result<(), Error> {
        self.body.borrow_mut().extend_from_slice(piece);
        Ok(())
    }

    pub(crate) fn write_from(&self, blob: &Blob) -> Result<(), Error> {
        self.write(&blob.read(0, u32::MAX))
    }

    pub(crate) fn finish(&self) -> Result<(), Error> {
        Ok(())
    }

    pub(crate) fn response(&self) -> Incoming {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let (method, url, body) = (&*self.method, &*self.url, self.body.borrow());
        let request = Request { method, url, headers: &headers, body: Some(&body), options: Some(&self.options) };
        Incoming::new(send(request))
    }
}

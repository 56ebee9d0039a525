//! Server-sent events (`text/event-stream`), by the grammar of the WHATWG HTML standard: a parser that bytes are pushed
//! into. It reads no socket and no clock, and the events do not depend on how the bytes are split.

use std::rc::Rc;

use thiserror::Error;

/// The byte order mark that may begin a stream.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerEvent {
    /// Its type; empty if the stream gives none: then it is a "message".
    pub name: String,
    /// The id of the last event that had one, which may be this one. Empty if there was none.
    pub id: Rc<str>,
    /// The values of its `data` fields, joined by line feeds.
    pub data: String,
}

/// An event is larger than allowed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an event is larger than {0} bytes (limit)")]
pub struct EventTooLarge(pub usize);

/// A parser of one stream.
#[derive(Debug)]
pub struct EventParser {
    /// The largest event, in bytes.
    limit: usize,
    /// Bytes of the mark that have come; all of them once the stream has begun with something else.
    mark: usize,
    /// Whether the last byte was a carriage return: a line feed after it ends no other line.
    after_return: bool,
    /// Whether the rest of the line is a comment.
    in_comment: bool,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The fields of the event so far; after each `data` field a line feed.
    data: String,
    name: String,
    /// The id that the next event brings.
    id: Rc<str>,
    /// The id of the stream up to the last event.
    last_id: Rc<str>,
    retry: Option<u64>,
}

impl EventParser {
    /// A parser for events of up to `limit` bytes.
    pub fn new(limit: usize) -> EventParser {
        EventParser {
            limit,
            mark: 0,
            after_return: false,
            in_comment: false,
            line: Vec::new(),
            data: String::new(),
            name: String::new(),
            id: Rc::from(""),
            last_id: Rc::from(""),
            retry: None,
        }
    }

    /// A parser for a stream that continues another, whose last event id was `id`.
    pub fn after(limit: usize, id: &str) -> EventParser {
        let id: Rc<str> = Rc::from(id);
        EventParser { last_id: Rc::clone(&id), id, ..EventParser::new(limit) }
    }

    /// The id for `Last-Event-ID`; empty if there is none.
    pub fn last_id(&self) -> &Rc<str> {
        &self.last_id
    }

    /// The time to wait before reconnecting, in milliseconds, if the stream has set it.
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// Bytes that the parser holds.
    pub fn held(&self) -> usize {
        self.line.capacity() + self.data.capacity() + self.name.capacity() + self.id.len() + self.last_id.len()
    }

    /// Takes the next bytes, and passes the events that they complete to `take`. An event at the end of the stream that
    /// no empty line follows is not complete.
    ///
    /// # Errors
    /// If an event is larger than the limit. Nothing more can be parsed then.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(ServerEvent)) -> Result<(), EventTooLarge> {
        let mut rest = self.skip_mark(bytes)?;
        while let Some(first) = rest.first() {
            if std::mem::take(&mut self.after_return) && *first == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                return self.begin_line(rest);
            };
            self.after_return = rest[end] == b'\r';
            self.end_line(&rest[..end], &mut take)?;
            rest = &rest[end + 1..];
        }
        Ok(())
    }

    /// Passes over a byte order mark at the beginning of the stream. Returns the bytes after it.
    fn skip_mark<'b>(&mut self, mut bytes: &'b [u8]) -> Result<&'b [u8], EventTooLarge> {
        while self.mark < MARK.len()
            && let Some(first) = bytes.first()
        {
            if *first == MARK[self.mark] {
                self.mark += 1;
                bytes = &bytes[1..];
            } else {
                // It was no mark, but the beginning of a line.
                let begun = std::mem::replace(&mut self.mark, MARK.len());
                self.begin_line(&MARK[..begun])?;
            }
        }
        Ok(bytes)
    }

    /// Keeps the beginning of a line, unless it is of a comment.
    fn begin_line(&mut self, part: &[u8]) -> Result<(), EventTooLarge> {
        if self.line.is_empty() && part.first() == Some(&b':') {
            self.in_comment = true;
        }
        if self.in_comment {
            return Ok(());
        }
        self.check_size(part.len())?;
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn end_line(&mut self, part: &[u8], take: &mut impl FnMut(ServerEvent)) -> Result<(), EventTooLarge> {
        if std::mem::take(&mut self.in_comment) || (self.line.is_empty() && part.first() == Some(&b':')) {
            return Ok(());
        }
        self.check_size(part.len())?;
        if self.line.is_empty() {
            return self.read_line(part, take);
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(part);
        let outcome = self.read_line(&line, take);
        line.clear();
        self.line = line;
        outcome
    }

    fn read_line(&mut self, line: &[u8], take: &mut impl FnMut(ServerEvent)) -> Result<(), EventTooLarge> {
        if line.is_empty() {
            self.dispatch(take);
            return Ok(());
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = colon.map_or((line, &[][..]), |colon| (&line[..colon], &line[colon + 1..]));
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                // A byte that is not UTF-8 becomes three.
                let value = String::from_utf8_lossy(value);
                self.check_size(value.len() + 1)?;
                self.data.push_str(&value);
                self.data.push('\n');
            }
            b"event" => {
                let name = String::from_utf8_lossy(value);
                self.check_size(name.len())?;
                self.name = name.into_owned();
            }
            b"id" if !value.contains(&0) => {
                let id = String::from_utf8_lossy(value);
                self.check_size(id.len())?;
                self.id = Rc::from(id);
            }
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                self.retry = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).or(self.retry);
            }
            // Fields that the standard does not know.
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self, take: &mut impl FnMut(ServerEvent)) {
        self.last_id = Rc::clone(&self.id);
        let name = std::mem::take(&mut self.name);
        if self.data.pop().is_some() {
            let data = std::mem::take(&mut self.data);
            take(ServerEvent { name, id: Rc::clone(&self.id), data });
        }
    }

    /// Whether there is room for `more` bytes of an event.
    fn check_size(&self, more: usize) -> Result<(), EventTooLarge> {
        let held = self.line.len() + self.data.len() + self.name.len() + more;
        if held > self.limit { Err(EventTooLarge(self.limit)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;

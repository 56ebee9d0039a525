//! Quotes in CSV that are opened and never closed. By RFC 4180 the parser takes the rest of the file as one field; the
//! author meant hundreds of rows, whose absence would go unnoticed.

use std::io::{self, Read};

use crate::error::Wrong;

/// A reader that tracks the quotes in the bytes that pass through it.
pub(super) struct Quotes<R> {
    inner: R,
    delimiter: u8,
    state: State,
    /// The line that is being read, from 1.
    line: u64,
    /// Bytes of a byte order mark that may still come.
    mark: usize,
    wrong: Option<Unclosed>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldBegins,
    Plain,
    /// In a quoted field, which was opened in that line.
    Quoted(u64),
    /// After a quote in it: the end of the field, or the first of two that stand for one.
    Quote(u64),
}

/// A quote that is not closed where it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unclosed {
    /// The line of the opening quote.
    line: u64,
    /// The line of the apparent end, if text follows it; otherwise the field goes on to the end of the file.
    ends_amid_text: Option<u64>,
}

impl<R> Quotes<R> {
    pub(super) fn new(inner: R, delimiter: u8) -> Quotes<R> {
        Quotes { inner, delimiter, state: State::FieldBegins, line: 1, mark: 3, wrong: None }
    }

    /// The error in the quotes so far, if it begins before line `before`.
    pub(super) fn check(&self, before: u64) -> Result<(), Wrong> {
        let unclosed = self.wrong.or(match self.state {
            State::Quoted(line) => Some(Unclosed { line, ends_amid_text: None }),
            _ => None,
        });
        let Some(Unclosed { line, ends_amid_text }) = unclosed.filter(|unclosed| unclosed.line < before) else {
            return Ok(());
        };
        let end = match ends_amid_text {
            None => "is not closed".to_owned(),
            Some(end) => format!("is closed in line {end}, with text after it"),
        };
        Err(Wrong::in_line(
            line,
            format!("a quote that is opened here {end}; within a field, a quote is written twice: \"\""),
        ))
    }

    fn see(&mut self, byte: u8) {
        if self.mark > 0 {
            self.mark -= 1;
            if matches!(byte, 0xEF | 0xBB | 0xBF) {
                return;
            }
        }
        self.state = match (self.state, byte) {
            (State::FieldBegins, b'"') => State::Quoted(self.line),
            (State::Quoted(opened), b'"') => State::Quote(opened),
            (State::Quoted(opened), _) => State::Quoted(opened),
            (State::Quote(opened), b'"') => State::Quoted(opened),
            (_, b'\n' | b'\r') => State::FieldBegins,
            (_, byte) if byte == self.delimiter => State::FieldBegins,
            // White space after a field is common, and harmless.
            (State::Quote(opened), b' ' | b'\t') => State::Quote(opened),
            (State::Quote(opened), _) => {
                // In one line that is only bad style.
                if opened < self.line {
                    self.wrong = self.wrong.or(Some(Unclosed { line: opened, ends_amid_text: Some(self.line) }));
                }
                State::Plain
            }
            (State::FieldBegins | State::Plain, _) => State::Plain,
        };
        self.line += u64::from(byte == b'\n');
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        buffer[..length].iter().for_each(|byte| self.see(*byte));
        Ok(length)
    }
}

//! A stub of a target. It gives the same answer after the same time to every request. In rehearsals the client does all
//! of its usual work, except looking up names and opening connections. Must not know real from virtual time: the caller
//! brings a way to wait.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use squall_metrics::{Clock, Nanos};

use crate::transport::Traffic;

/// The answer of the stub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StubAnswer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Bytes,
    /// From the last byte of a request to the whole response.
    pub latency: Duration,
}

/// Waiting for a point in time.
pub type Wait = Pin<Box<dyn Future<Output = ()>>>;

/// A target that is not there.
#[derive(Clone)]
pub struct Stub(Rc<Target>);

struct Target {
    head: Vec<u8>,
    response: Vec<u8>,
    latency: Nanos,
    clock: Clock,
    wait_until: Rc<dyn Fn(Nanos) -> Wait>,
}

impl Stub {
    /// A target that answers so, on that clock.
    pub fn new(answer: &StubAnswer, clock: Clock, wait_until: Rc<dyn Fn(Nanos) -> Wait>) -> Stub {
        let status = answer.status;
        // By RFC 9110, 8.6 and 15.3.5, these have neither a body nor its length.
        let bodiless = matches!(status, 100..200 | 204 | 304);
        let body = if bodiless { &[][..] } else { &answer.body };
        let length = if bodiless { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let kind = if body.starts_with(b"{") || body.starts_with(b"[") { "application/json" } else { "text/plain" };
        let head = format!("HTTP/1.1 {status} Rehearsed\r\ncontent-type: {kind}\r\n{length}\r\n").into_bytes();
        let response = [&head, body].concat();
        Stub(Rc::new(Target { head, response, latency: answer.latency.into(), clock, wait_until }))
    }

    pub(crate) fn connect(&self) -> StubConnection {
        StubConnection { target: Rc::clone(&self.0), state: State::Idle, traffic: Traffic::default() }
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Stub").field("latency", &self.0.latency).finish_non_exhaustive()
    }
}

/// A connection to it.
pub(crate) struct StubConnection {
    target: Rc<Target>,
    state: State,
    pub(crate) traffic: Traffic,
}

enum State {
    Idle,
    /// A request comes, of this kind, and its last bytes came then.
    Hearing {
        of_head_only: bool,
        last: Nanos,
    },
    Thinking {
        of_head_only: bool,
        wait: Wait,
    },
    Answering {
        of_head_only: bool,
        told: usize,
    },
}

impl StubConnection {
    /// Takes all of it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        let of_head_only = match self.state {
            State::Hearing { of_head_only, .. } => of_head_only,
            _ => bytes.starts_with(b"HEAD "),
        };
        self.state = State::Hearing { of_head_only, last: self.target.clock.now() };
        self.traffic.sent(bytes.len());
        bytes.len()
    }

    /// Reads the part of the answer that is ready.
    pub(crate) fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match &mut self.state {
                // Nothing arrives without a request.
                State::Idle => return Poll::Pending,
                State::Hearing { of_head_only, last } => {
                    let wait = (self.target.wait_until)(*last + self.target.latency);
                    self.state = State::Thinking { of_head_only: *of_head_only, wait };
                }
                State::Thinking { of_head_only, wait } => {
                    std::task::ready!(wait.as_mut().poll(context));
                    self.state = State::Answering { of_head_only: *of_head_only, told: 0 };
                }
                State::Answering { of_head_only, told } => {
                    let answer = if *of_head_only { &self.target.head } else { &self.target.response };
                    let count = buffer.len().min(answer.len() - *told);
                    buffer[..count].copy_from_slice(&answer[*told..*told + count]);
                    *told += count;
                    if *told == answer.len() {
                        self.state = State::Idle;
                    }
                    self.traffic.received(count);
                    return Poll::Ready(Ok(count));
                }
            }
        }
    }
}

impl fmt::Debug for StubConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StubConnection").finish_non_exhaustive()
    }
}

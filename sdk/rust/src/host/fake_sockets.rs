//! Sockets of a native test, whose host answers what is sent at once.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::{NOT_READY, READY};
use crate::http::Error;
use crate::testing::{Peer, State};

/// The server of an address.
fn peer(address: &str) -> Result<Peer, Error> {
    let peer =
        State::with(|state| state.peers.iter().find(|(known, _)| known == address).map(|(_, peer)| peer.clone()));
    peer.ok_or_else(|| Error::Connect(format!("{address}: this test has no such server (Host::serve)")))
}

fn time_out<T>(nanoseconds: u64) -> Result<T, Error> {
    State::with(|state| state.sleep(nanoseconds));
    Err(Error::Timeout)
}

fn now() -> u64 {
    State::with(|state| state.clock)
}

#[derive(Debug)]
pub(crate) struct Tcp {
    peer: Peer,
    inbox: RefCell<Vec<u8>>,
    is_finished: Cell<bool>,
    at: Cell<u64>,
}

impl Tcp {
    pub(crate) fn open(_name: &str, address: &str, _tls: Option<&str>, _nanoseconds: u64) -> Result<Self, Error> {
        let peer = peer(address)?;
        Ok(Tcp { peer, inbox: RefCell::default(), is_finished: Cell::default(), at: Cell::default() })
    }

    pub(crate) fn send(&self, bytes: &[u8]) -> Result<u64, Error> {
        let answer = self.peer.answer(bytes);
        self.inbox.borrow_mut().extend(answer);
        Ok(now())
    }

    fn take(&self, count: Option<usize>, nanoseconds: u64) -> Result<Option<Vec<u8>>, Error> {
        let mut inbox = self.inbox.borrow_mut();
        match count {
            Some(count) => {
                self.at.set(now());
                Ok(Some(inbox.drain(..count).collect()))
            }
            None if !self.is_finished.get() => time_out(nanoseconds),
            None if inbox.is_empty() => Ok(None),
            None => Err(Error::Reset("the connection ended too early".to_owned())),
        }
    }

    pub(crate) fn receive(&self, most: u32, nanoseconds: u64) -> Result<Option<Vec<u8>>, Error> {
        let count = self.inbox.borrow().len().min(most as usize);
        self.take((count > 0).then_some(count), nanoseconds)
    }

    pub(crate) fn receive_until(&self, end: &[u8], _most: u32, nanoseconds: u64) -> Result<Option<Vec<u8>>, Error> {
        let place = self.inbox.borrow().windows(end.len()).position(|part| part == end);
        self.take(place.map(|place| place + end.len()), nanoseconds)
    }

    pub(crate) fn receive_exactly(&self, count: u32, nanoseconds: u64) -> Result<Option<Vec<u8>>, Error> {
        let count = count as usize;
        let has_enough = self.inbox.borrow().len() >= count;
        self.take(has_enough.then_some(count), nanoseconds)
    }

    pub(crate) fn at(&self) -> u64 {
        self.at.get()
    }

    pub(crate) fn finish(&self) {
        self.is_finished.set(true);
    }

    pub(crate) fn key(&self) -> u32 {
        let is_ready = self.is_finished.get() || !self.inbox.borrow().is_empty();
        if is_ready { READY } else { NOT_READY }
    }
}

#[derive(Debug)]
pub(crate) struct Udp {
    peer: Peer,
    inbox: RefCell<VecDeque<Vec<u8>>>,
}

impl Udp {
    pub(crate) fn open(_name: &str, address: &str) -> Result<Self, Error> {
        Ok(Udp { peer: peer(address)?, inbox: RefCell::default() })
    }

    /// An empty answer is none.
    pub(crate) fn send(&self, datagram: &[u8]) -> Result<u64, Error> {
        let answer = self.peer.answer(datagram);
        if !answer.is_empty() {
            self.inbox.borrow_mut().push_back(answer);
        }
        Ok(now())
    }

    pub(crate) fn receive(&self, nanoseconds: u64) -> Result<Vec<u8>, Error> {
        let datagram = self.inbox.borrow_mut().pop_front();
        datagram.map_or_else(|| time_out(nanoseconds), Ok)
    }

    pub(crate) fn at(&self) -> u64 {
        now()
    }

    pub(crate) fn key(&self) -> u32 {
        if self.inbox.borrow().is_empty() { NOT_READY } else { READY }
    }
}

//! Datagrams between the guest and one server. A task of its own receives them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use squall_metrics::{NameId, Nanos, SampleOrigin, SocketCell};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

use super::address::parse;
use super::{BESIDE, INBOX};
use crate::account::{Booked, MemoryAccount};
use crate::client::Client;
use crate::dial::{find_target, refusal_of_datagrams};
use crate::error::{Error, in_words};
use crate::network::Network;
use crate::readiness::{Readiness, ReadyMark};
use crate::socket::connect_udp;
use crate::waker::wake;

/// What fits into a packet of IPv4, in bytes.
const LARGEST_DATAGRAM: usize = 65_507;
/// Datagrams that are received in one turn: others have their turns, too.
const MOST_AT_ONCE: usize = 64;

/// A UDP socket that is connected to one address.
pub struct UdpPeer {
    network: Rc<Network>,
    account: Rc<MemoryAccount>,
    peer: Box<str>,
    name: NameId,
    /// The flow and tags of its samples: those of the guest when it sent last.
    origin: Cell<SampleOrigin>,
    socket: UdpSocket,
    queue: RefCell<VecDeque<Arrived>>,
    held: Cell<usize>,
    /// The time of the last datagram sent, if none was received after it.
    unanswered: Cell<Option<Nanos>>,
    /// When the last datagram that the guest has taken had come.
    at: Cell<Nanos>,
    is_gone: Cell<bool>,
    mark: ReadyMark,
    guest: RefCell<Option<Waker>>,
    driver: RefCell<Option<Waker>>,
}

/// A datagram, or the error that came in its place.
struct Arrived {
    datagram: Result<Vec<u8>, Error>,
    at: Nanos,
    _booked: Booked,
}

impl Client {
    /// Opens a UDP socket for "host:port" (empty: those of the run's target). Its samples get `name`, or the address.
    /// [`UdpPeer::drive`] has to run as long as it is open.
    ///
    /// # Errors
    /// If the address cannot be used. It is recorded.
    pub async fn open_udp(&self, name: &str, address: &str) -> Result<Rc<UdpPeer>, Error> {
        let network = &self.network;
        let mut waiter = self.start_waiting(network.clock.now());
        let opened = self.bind_udp(address).await;
        let now = network.clock.now();
        waiter.end = Some(now);
        let origin = self.sample_origin();
        let peer = opened.as_ref().map_or(address, |(peer, _)| peer);
        let name = network.recorder.borrow_mut().name(if name.is_empty() { peer } else { name });
        let (peer, socket) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let mut recorder = network.recorder.borrow_mut();
                recorder.advance_to(now);
                recorder.socket(origin, name, |cell| cell.datagram_errors += u64::from(!error.class().is_unsent()));
                drop(recorder);
                self.record_failure(&error, &error.to_string());
                return Err(error);
            }
        };
        Ok(Rc::new(UdpPeer {
            network: Rc::clone(network),
            account: Rc::clone(self.account()),
            peer: peer.into(),
            name,
            origin: Cell::new(origin),
            socket,
            queue: RefCell::default(),
            held: Cell::new(0),
            unanswered: Cell::new(None),
            at: Cell::new(Nanos::ZERO),
            is_gone: Cell::new(false),
            mark: ReadyMark::default(),
            guest: RefCell::default(),
            driver: RefCell::default(),
        }))
    }

    async fn bind_udp(&self, address: &str) -> Result<(String, UdpSocket), Error> {
        let network = &self.network;
        let place = parse(network, address)?;
        let failed = |reason: &str| Error::Connect(format!("open UDP to {}: {reason}", place.authority));
        network.config.egress.check_name(&place.host, place.port)?;
        if let Some(reason) = refusal_of_datagrams(network, &place.host, place.port) {
            return Err(failed(reason));
        }
        if network.stub.is_some() {
            return Err(failed("a rehearsal opens no sockets"));
        }
        let found = find_target(network, &place.host, place.port).await?;
        let addresses = found.addresses_from(self.source).map_err(|reason| failed(&reason))?;
        let to = addresses.first().ok_or_else(|| failed("no address"))?;
        let socket = connect_udp(SocketAddr::new(*to, found.port), self.source).await;
        Ok((place.authority.clone(), socket.map_err(|error| failed(&in_words(&error)))?))
    }
}

impl UdpPeer {
    /// Receives until the guest has let go of it.
    pub async fn drive(self: Rc<Self>) {
        poll_fn(|context| self.poll_drive(context)).await;
    }

    fn poll_drive(&self, context: &mut Context<'_>) -> Poll<()> {
        self.driver.replace(Some(context.waker().clone()));
        let mut scratch = self.network.scratch.borrow_mut();
        for _ in 0..MOST_AT_ONCE {
            if self.is_gone.get() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut scratch);
            match self.socket.poll_recv(context, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => self.received(buffer.filled()),
                Poll::Ready(Err(error)) => self.failed(&error),
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether the guest has let go of it.
    pub fn has_ended(&self) -> bool {
        self.is_gone.get()
    }

    fn received(&self, datagram: &[u8]) {
        let now = self.network.clock.now();
        let sent = self.unanswered.take();
        self.record(now, |cell| {
            cell.datagrams_received += 1;
            cell.received += datagram.len() as u64;
            if let Some(sent) = sent {
                cell.datagram_response.record(now.since(sent));
            }
        });
        if !self.keep(datagram.len(), now, || Ok(datagram.to_vec())) {
            self.record(now, |cell| cell.datagrams_dropped += 1);
        }
    }

    fn failed(&self, error: &io::Error) {
        let error = self.report(error);
        self.keep(0, self.network.clock.now(), || Err(error));
    }

    /// Keeps something for the guest, if there is room.
    fn keep(&self, bytes: usize, at: Nanos, make: impl FnOnce() -> Result<Vec<u8>, Error>) -> bool {
        let weight = bytes + BESIDE;
        if self.held.get() + weight > INBOX {
            return false;
        }
        let Ok(booked) = self.account.book(weight) else { return false };
        self.held.set(self.held.get() + weight);
        self.queue.borrow_mut().push_back(Arrived { datagram: make(), at, _booked: booked });
        self.mark.set();
        wake(&self.guest);
        true
    }

    fn report(&self, error: &io::Error) -> Error {
        let error = Error::Reset(format!("{}: {}", self.peer, in_words(error)));
        self.record(self.network.clock.now(), |cell| cell.datagram_errors += 1);
        let mut recorder = self.network.recorder.borrow_mut();
        recorder.request_failure(self.origin.get().flow, error.class(), &error.to_string());
        error
    }

    fn record(&self, at: Nanos, record: impl Fn(&mut SocketCell)) {
        let mut recorder = self.network.recorder.borrow_mut();
        recorder.advance_to(at);
        recorder.socket(self.origin.get(), self.name, record);
    }

    /// Sends a datagram, and returns when: `None` if the socket does not take it now ([`UdpPeer::poll_room`]). From now on
    /// samples belong to the client's present flow.
    ///
    /// # Errors
    /// If it is too large, or the last one came back.
    pub fn send(&self, client: &Client, datagram: &[u8]) -> Result<Option<Nanos>, Error> {
        if datagram.len() > LARGEST_DATAGRAM {
            let text = format!("a datagram has at most {LARGEST_DATAGRAM} bytes, not {}", datagram.len());
            return Err(Error::InvalidRequest(text));
        }
        self.origin.set(client.sample_origin());
        match self.socket.try_send(datagram) {
            Ok(_) => {
                let now = self.network.clock.now();
                self.unanswered.set(Some(now));
                self.record(now, |cell| {
                    cell.datagrams_sent += 1;
                    cell.sent += datagram.len() as u64;
                });
                Ok(Some(now))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(self.report(&error)),
        }
    }

    /// Ready when a datagram may be sent.
    pub fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_send_ready(context).map(|_| ())
    }

    /// The next datagram.
    pub fn poll_receive(&self, context: &mut Context<'_>) -> Poll<Result<Vec<u8>, Error>> {
        let mut queue = self.queue.borrow_mut();
        let Some(Arrived { datagram, at, .. }) = queue.pop_front() else {
            // A datagram that came back wakes no one: the system keeps its error for the next call.
            if let Ok(Some(error)) = self.socket.take_error() {
                return Poll::Ready(Err(self.report(&error)));
            }
            self.guest.replace(Some(context.waker().clone()));
            return Poll::Pending;
        };
        self.mark.taken(!queue.is_empty());
        self.held.set(self.held.get() - BESIDE - datagram.as_ref().map_or(0, Vec::len));
        self.at.set(at);
        Poll::Ready(datagram)
    }

    /// When the last datagram that was received had come.
    pub fn at(&self) -> Nanos {
        self.at.get()
    }

    /// Its key for [`Readiness`], in which it takes part from now on.
    pub fn key(&self, readiness: &Rc<Readiness>) -> u32 {
        self.mark.key(readiness, !self.queue.borrow().is_empty())
    }

    /// The guest wants no more of it.
    pub fn let_go(&self) {
        self.is_gone.set(true);
        self.mark.retire();
        self.queue.borrow_mut().clear();
        wake(&self.driver);
    }
}

impl fmt::Debug for UdpPeer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UdpPeer").field("peer", &self.peer).finish_non_exhaustive()
    }
}

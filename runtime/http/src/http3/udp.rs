//! The UDP socket of one QUIC connection, which notes bytes and times.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use quinn::{AsyncUdpSocket, UdpPoller};
use squall_metrics::{Clock, Nanos};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::socket::connect_udp;

/// A time that has not come.
const NEVER: u64 = u64::MAX;

/// What a socket has carried, and when. Only one thread uses it; the atomics are there because quinn asks for them.
pub(super) struct Traffic {
    clock: Clock,
    sent: AtomicU64,
    received: AtomicU64,
    last_read: AtomicU64,
    /// The first write since [`Traffic::await_departure`].
    departed: AtomicU64,
}

impl Traffic {
    fn new(clock: Clock) -> Arc<Traffic> {
        Arc::new(Traffic {
            clock,
            sent: AtomicU64::default(),
            received: AtomicU64::default(),
            last_read: AtomicU64::default(),
            departed: AtomicU64::new(NEVER),
        })
    }

    /// The bytes of datagrams sent and received since this was last asked.
    pub(super) fn take(&self) -> (u64, u64) {
        (self.sent.swap(0, Relaxed), self.received.swap(0, Relaxed))
    }

    /// The time of the last read that brought datagrams.
    pub(super) fn last_read(&self) -> Nanos {
        Nanos(self.last_read.load(Relaxed))
    }

    /// From now on, the next write is of interest.
    pub(super) fn await_departure(&self) {
        self.departed.store(NEVER, Relaxed);
    }

    /// The time of the first write since then.
    pub(super) fn departure(&self) -> Option<Nanos> {
        let departed = self.departed.load(Relaxed);
        (departed != NEVER).then_some(Nanos(departed))
    }

    fn wrote(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Relaxed);
        if self.departed.load(Relaxed) == NEVER {
            self.departed.store(self.clock.now().0, Relaxed);
        }
    }

    fn read(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Relaxed);
        self.last_read.store(self.clock.now().0, Relaxed);
    }
}

impl fmt::Debug for Traffic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Traffic")
            .field("sent", &self.sent)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// A socket that exchanges datagrams with one peer.
///
/// quinn has a socket for tokio as well, which keeps to itself that nothing listens at the peer's port.
#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    /// What the system can do with many datagrams at once.
    state: UdpSocketState,
    peer: SocketAddr,
    pub(super) traffic: Arc<Traffic>,
}

impl Datagrams {
    /// Opens a socket to a peer, from an address of this machine if one is given.
    pub(super) async fn open(peer: SocketAddr, source: Option<IpAddr>, clock: Clock) -> io::Result<Arc<Datagrams>> {
        let socket = connect_udp(peer, source).await?;
        let state = UdpSocketState::new((&socket).into())?;
        Ok(Arc::new(Datagrams { socket, state, peer, traffic: Traffic::new(clock) }))
    }

    /// Waits until the peer's system says that nothing listens at the port.
    pub(super) async fn refused(&self) {
        let look = || match self.socket.take_error() {
            Ok(Some(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        };
        let _ = self.socket.async_io(Interest::ERROR, look).await;
    }
}

/// Waits until a socket takes datagrams. Only one task writes to it: that of its one connection.
#[derive(Debug)]
struct WritePoller(Arc<Datagrams>);

impl UdpPoller for WritePoller {
    fn poll_writable(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.socket.poll_send_ready(context)
    }
}

impl AsyncUdpSocket for Datagrams {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(WritePoller(self))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        if transmit.destination != self.peer {
            // The policy allowed the peer, and no address that it would rather have.
            return Ok(());
        }
        self.socket.try_io(Interest::WRITABLE, || self.state.send((&self.socket).into(), transmit))?;
        self.traffic.wrote(transmit.contents.len());
        Ok(())
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_recv_ready(context))?;
            let received =
                self.socket.try_io(Interest::READABLE, || self.state.recv((&self.socket).into(), buffers, meta));
            // An error says that there is nothing after all; or it is of one datagram, and QUIC knows that they get lost.
            if let Ok(count) = received {
                self.traffic.read(meta[..count].iter().map(|datagram| datagram.len).sum());
                return Poll::Ready(Ok(count));
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}

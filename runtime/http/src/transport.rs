//! A byte stream to a server, plain or through TLS, and how many bytes went over the wire.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

use crate::config::Protocol;
use crate::socket::Socket;
use crate::stub::StubConnection;

/// Bytes since they were last asked for.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    sent: Cell<u64>,
    received: Cell<u64>,
}

impl Traffic {
    pub(crate) fn sent(&self, count: usize) {
        self.sent.set(self.sent.get() + count as u64);
    }

    pub(crate) fn received(&self, count: usize) {
        self.received.set(self.received.get() + count as u64);
    }

    fn take(&self) -> (u64, u64) {
        (self.sent.take(), self.received.take())
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) enum Transport {
    /// Straight on the socket.
    Plain { stream: Socket, traffic: Traffic },
    /// TLS over it.
    Tls(Box<TlsStream<Counted>>),
    /// Nowhere.
    Stub(Box<StubConnection>),
}

impl Transport {
    pub(crate) fn plain(stream: Socket) -> Transport {
        Transport::Plain { stream, traffic: Traffic::default() }
    }

    /// Reads available bytes into `buffer`; 0 bytes mean that the peer has closed.
    #[inline]
    pub(crate) fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        match self {
            Transport::Plain { stream, traffic } => {
                std::task::ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
                traffic.received.set(traffic.received.get() + buffer.filled().len() as u64);
            }
            Transport::Tls(stream) => std::task::ready!(Pin::new(stream.as_mut()).poll_read(context, &mut buffer))?,
            Transport::Stub(stub) => return stub.poll_read(context, buffer.initialize_unfilled()),
        }
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Writes `bytes` from `written` on, until all has left or there is no room.
    #[inline]
    pub(crate) fn poll_write_all(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
        written: &mut usize,
    ) -> Poll<io::Result<()>> {
        while *written < bytes.len() {
            let count = match self {
                Transport::Plain { stream, traffic } => {
                    let count = std::task::ready!(Pin::new(stream).poll_write(context, &bytes[*written..]))?;
                    traffic.sent.set(traffic.sent.get() + count as u64);
                    count
                }
                Transport::Tls(stream) => {
                    std::task::ready!(Pin::new(stream.as_mut()).poll_write(context, &bytes[*written..]))?
                }
                Transport::Stub(stub) => stub.write(&bytes[*written..]),
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *written += count;
        }
        match self {
            Transport::Plain { .. } | Transport::Stub(_) => Poll::Ready(Ok(())),
            Transport::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    /// Ends sending; the peer can still send.
    pub(crate) fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Transport::Plain { stream, .. } => Pin::new(stream).poll_shutdown(context),
            Transport::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
            Transport::Stub(_) => Poll::Ready(Ok(())),
        }
    }

    /// Whether an idle connection has become useless: the peer has closed it, or has sent unrequested bytes. Makes no
    /// system call unless something has come in since the last response.
    #[inline]
    pub(crate) fn is_stale(&mut self) -> bool {
        self.has_come() && self.poll_read(&mut Context::from_waker(Waker::noop()), &mut [0; 64]).is_ready()
    }

    /// Whether something may have come in since the last read.
    #[inline]
    pub(crate) fn has_come(&self) -> bool {
        let stream = match self {
            Transport::Plain { stream, .. } => stream,
            Transport::Tls(stream) => &stream.get_ref().0.stream,
            Transport::Stub(_) => return false,
        };
        // Asks only for the readiness that tokio has noted.
        stream.try_read(|| Ok(())).is_ok()
    }

    /// The protocol that was negotiated by TLS.
    pub(crate) fn negotiated(&self) -> Protocol {
        match self {
            Transport::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => Protocol::Http2,
            _ => Protocol::Http1,
        }
    }

    /// Bytes sent and received, below TLS, since this was last asked.
    #[inline]
    pub(crate) fn take_traffic(&self) -> (u64, u64) {
        match self {
            Transport::Plain { traffic, .. } => traffic.take(),
            Transport::Tls(stream) => stream.get_ref().0.traffic.take(),
            Transport::Stub(stub) => stub.traffic.take(),
        }
    }
}

/// A stream that counts its bytes, for TLS to lie on.
#[derive(Debug)]
pub(crate) struct Counted {
    stream: Socket,
    traffic: Rc<Traffic>,
}

impl Counted {
    pub(crate) fn new(stream: Socket) -> Counted {
        Counted { stream, traffic: Rc::default() }
    }

    /// The counter, for owners that outlive the stream.
    pub(crate) fn traffic(&self) -> Rc<Traffic> {
        Rc::clone(&self.traffic)
    }
}

/// Takes the counts of a [`Counted`] stream up to now.
pub(crate) fn take(traffic: &Traffic) -> (u64, u64) {
    traffic.take()
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let count = (buffer.filled().len() - before) as u64;
        self.traffic.received.set(self.traffic.received.get() + count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = std::task::ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.traffic.sent.set(self.traffic.sent.get() + count as u64);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

//! One QUIC connection, and the requests that are under way on it.

use std::cell::Cell;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use quinn::{Connection, ConnectionError, Endpoint, RecvStream, SendStream, VarInt};
use squall_http3::{ErrorCode, Fault};

use super::departures::Departures;
use super::open::{Opened, open};
use super::peer::{PeerState, hear_peer};
use super::udp::Traffic;
use crate::error::Error;
use crate::network::Network;
use crate::stopwatch::Stopwatch;
use crate::streams::SharedConnection;
use crate::url::Origin;

/// A connection, shared by the requests of its owner.
pub(crate) struct QuicConnection {
    origin: Rc<Origin>,
    /// Whether a request on it had to be sent again.
    pub(crate) has_repeats: Cell<bool>,
    quic: Connection,
    /// The stream of our settings, which must stay open.
    _control: SendStream,
    _endpoint: Endpoint,
    pub(super) traffic: Arc<Traffic>,
    pub(super) departures: Departures,
    peer: Rc<PeerState>,
    open_streams: Cell<usize>,
}

impl QuicConnection {
    /// Opens a connection. The time it takes goes to the phases of `watch`, which is blocked again in the end.
    pub(crate) async fn open(
        network: &Network,
        origin: &Rc<Origin>,
        source: Option<IpAddr>,
        watch: &mut Stopwatch,
    ) -> Result<Rc<QuicConnection>, Error> {
        let Opened { quic, control, endpoint, traffic } = open(network, origin, source, watch).await?;
        let peer = Rc::<PeerState>::default();
        tokio::task::spawn_local(hear_peer(quic.clone(), Rc::clone(&peer)));
        Ok(Rc::new(QuicConnection {
            origin: Rc::clone(origin),
            has_repeats: Cell::default(),
            quic,
            _control: control,
            _endpoint: endpoint,
            traffic,
            departures: Departures::default(),
            peer,
            open_streams: Cell::default(),
        }))
    }

    /// Opens a stream, when the server allows one more.
    pub(super) async fn open_stream(&self) -> Result<(SendStream, RecvStream, OpenStream<'_>), ConnectionError> {
        self.open_streams.set(self.open_streams.get() + 1);
        let open = OpenStream(self);
        let (send, receive) = self.quic.open_bi().await?;
        Ok((send, receive, open))
    }

    /// What the server has said beside responses.
    pub(super) fn peer(&self) -> &PeerState {
        &self.peer
    }

    /// Closes the connection because the server broke a rule on which all of it depends.
    pub(super) fn close_for(&self, fault: Fault) {
        self.peer.close_for(&self.quic, fault);
    }
}

/// A code as QUIC writes it.
pub(super) fn code(code: ErrorCode) -> VarInt {
    VarInt::from_u64(code.0).unwrap_or(VarInt::MAX)
}

/// A stream that is open. Dropped, it makes room for another.
pub(super) struct OpenStream<'a>(&'a QuicConnection);

impl Drop for OpenStream<'_> {
    fn drop(&mut self) {
        self.0.open_streams.set(self.0.open_streams.get() - 1);
    }
}

impl SharedConnection for QuicConnection {
    fn most_connections(_network: &Network, _origin: &Rc<Origin>, most: usize) -> Option<usize> {
        Some(most)
    }

    fn origin(&self) -> &Rc<Origin> {
        &self.origin
    }

    /// Tasks of the connection do that.
    fn catch_up(&self, _network: &Network) {}

    fn is_usable(&self) -> bool {
        self.quic.close_reason().is_none() && self.peer.gone_from.get().is_none()
    }

    fn has_repeats(&self) -> bool {
        self.has_repeats.get()
    }

    fn open_streams(&self) -> usize {
        self.open_streams.get()
    }

    fn has_room(&self, most: usize) -> bool {
        self.open_streams.get() < most
    }
}

impl Drop for QuicConnection {
    fn drop(&mut self) {
        self.quic.close(code(ErrorCode::NO_ERROR), b"");
    }
}

impl fmt::Debug for QuicConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("QuicConnection").field("origin", &self.origin.authority).finish_non_exhaustive()
    }
}

/// An error of QUIC as part of a sentence about the server.
pub(super) fn describe(error: &ConnectionError) -> String {
    match error {
        ConnectionError::VersionMismatch => "it speaks no version of QUIC that we do".to_owned(),
        ConnectionError::TimedOut => "no packet came for too long".to_owned(),
        ConnectionError::ApplicationClosed(close) => {
            format!("closed the connection ({})", ErrorCode(close.error_code.into_inner()))
        }
        ConnectionError::ConnectionClosed(close) => format!("closed the connection ({})", close.error_code),
        error => error.to_string(),
    }
}

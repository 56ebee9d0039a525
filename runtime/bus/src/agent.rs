//! An agent's end of the bus.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::channel::Channel;
use crate::error::BusError;
use crate::id::AgentName;
use crate::message::{AgentHeard, Delivery};
use crate::outgoing::{Fetch, Outbox, fetch};
use crate::transport::TransportThread;

/// An agent's end. Dropping it ends the transport: kept messages that are not delivered are lost
/// ([`AgentEnd::finish`] waits for them).
pub struct AgentEnd {
    sender: AgentSender,
    heard: mpsc::Receiver<AgentHeard>,
    fetches: mpsc::Sender<Fetch>,
    // The last one: its drop waits for the thread, which may wait for room in `heard`.
    _thread: Option<TransportThread>,
}

/// Sends what an agent sends; for other tasks and threads.
#[derive(Clone, Debug)]
pub struct AgentSender {
    name: AgentName,
    outbox: Outbox,
}

impl AgentEnd {
    pub(crate) fn new(
        name: AgentName,
        outbox: Outbox,
        heard: mpsc::Receiver<AgentHeard>,
        fetches: mpsc::Sender<Fetch>,
        thread: Option<TransportThread>,
    ) -> AgentEnd {
        AgentEnd { sender: AgentSender { name, outbox }, heard, fetches, _thread: thread }
    }

    /// The agent's name.
    pub fn name(&self) -> &AgentName {
        &self.sender.name
    }

    /// A sender for another task or thread.
    pub fn sender(&self) -> AgentSender {
        self.sender.clone()
    }

    /// See [`AgentSender::send`].
    ///
    /// # Errors
    /// If it is too large, or the transport has ended.
    pub async fn send(&self, delivery: Delivery, bytes: Vec<u8>) -> Result<(), BusError> {
        self.sender.send(delivery, bytes).await
    }

    /// The next thing heard. `None` after the end of the transport: at a pipe, when the coordinator is gone.
    pub async fn recv(&mut self) -> Option<AgentHeard> {
        self.heard.recv().await
    }

    /// The next thing heard, if there is one already.
    pub fn try_recv(&mut self) -> Option<AgentHeard> {
        self.heard.try_recv().ok()
    }

    /// A file that the coordinator has shared, whole and as it was shared.
    ///
    /// # Errors
    /// If there is no such file, or it does not arrive as it was.
    pub async fn fetch_file(&self, name: &str) -> Result<Bytes, BusError> {
        fetch(&self.fetches, name).await
    }

    /// Waits until all kept messages that were sent before are delivered: on NATS stored, on a pipe written.
    ///
    /// # Errors
    /// If that takes longer than `limit`.
    pub async fn flush(&self, limit: Duration) -> Result<(), BusError> {
        self.sender.outbox.flush(limit).await
    }

    /// Delivers all kept messages, then ends the transport.
    ///
    /// # Errors
    /// If that takes longer than `limit`.
    pub async fn finish(self, limit: Duration) -> Result<(), BusError> {
        self.flush(limit).await
    }
}

impl AgentSender {
    /// Sends a message to the coordinator. Waits only while the queue to the transport is full.
    ///
    /// # Errors
    /// If it is too large, or the transport has ended.
    pub async fn send(&self, delivery: Delivery, bytes: Vec<u8>) -> Result<(), BusError> {
        self.outbox.send(Channel::Agent(self.name.clone()), delivery, bytes).await
    }
}

impl fmt::Debug for AgentEnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("AgentEnd").field(&self.sender.name).finish()
    }
}

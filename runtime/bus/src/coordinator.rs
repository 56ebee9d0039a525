//! The coordinator's end of the bus.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::error::BusError;
use crate::message::{Delivery, Heard, LARGEST_FILE, Recipient};
use crate::outgoing::{Fetch, Outbox, Outgoing, check_size, fetch};
use crate::transport::TransportThread;

/// The longest name of a file, in bytes.
const LONGEST_NAME: usize = 255;

/// The coordinator's end. Read it steadily ([`CoordinatorEnd::recv`]), also while sending: its channels are bounded, so
/// without a reader the agents wait, and at pipes those that wait for long are killed. Dropping it ends the transport: kept messages that are not delivered are lost
/// ([`CoordinatorEnd::finish`] waits for them), and agents at pipes are killed.
pub struct CoordinatorEnd {
    sender: CoordinatorSender,
    heard: mpsc::Receiver<Heard>,
    fetches: mpsc::Sender<Fetch>,
    // The last one: its drop waits for the thread, which may wait for room in `heard`.
    _thread: TransportThread,
}

/// Sends what the coordinator sends; for other tasks and threads.
#[derive(Clone, Debug)]
pub struct CoordinatorSender {
    outbox: Outbox,
}

impl CoordinatorEnd {
    pub(crate) fn new(
        outbox: Outbox,
        heard: mpsc::Receiver<Heard>,
        fetches: mpsc::Sender<Fetch>,
        thread: TransportThread,
    ) -> CoordinatorEnd {
        CoordinatorEnd { sender: CoordinatorSender { outbox }, heard, fetches, _thread: thread }
    }

    /// A sender for another task or thread.
    pub fn sender(&self) -> CoordinatorSender {
        self.sender.clone()
    }

    /// See [`CoordinatorSender::send`].
    ///
    /// # Errors
    /// If it is too large, or the transport has ended.
    pub async fn send(&self, to: Recipient, delivery: Delivery, bytes: Vec<u8>) -> Result<(), BusError> {
        self.sender.send(to, delivery, bytes).await
    }

    /// See [`CoordinatorSender::share_file`].
    ///
    /// # Errors
    /// If it is too large, or the transport has ended.
    pub async fn share_file(&self, name: &str, bytes: Bytes) -> Result<(), BusError> {
        self.sender.share_file(name, bytes).await
    }

    /// A file of the run, whole and as it was shared, also by a coordinator before this one (on NATS). One that this end
    /// has just shared is found after [`CoordinatorEnd::flush`].
    ///
    /// # Errors
    /// If there is no such file, or it does not arrive as it was.
    pub async fn fetch_file(&self, name: &str) -> Result<Bytes, BusError> {
        fetch(&self.fetches, name).await
    }

    /// The next thing heard. `None` after the end of the transport, for pipes when all agents are gone.
    pub async fn recv(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }

    /// The next thing heard, if there is one already.
    pub fn try_recv(&mut self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }

    /// Waits until all kept messages and files that were sent before are delivered: on NATS stored, on pipes written.
    ///
    /// # Errors
    /// If that takes longer than `limit`.
    pub async fn flush(&self, limit: Duration) -> Result<(), BusError> {
        self.sender.outbox.flush(limit).await
    }

    /// Delivers all kept messages, then ends the transport. What is stored stays, for a coordinator that attaches.
    ///
    /// # Errors
    /// If that takes longer than `limit`.
    pub async fn finish(self, limit: Duration) -> Result<(), BusError> {
        self.flush(limit).await
    }

    /// Removes what a server stores of the run, messages and files, and ends the transport.
    ///
    /// # Errors
    /// If the server does not remove it.
    pub async fn delete(self) -> Result<(), BusError> {
        let (answer, deleted) = oneshot::channel();
        self.sender.outbox.ask(Outgoing::Delete(answer)).await?;
        deleted.await.map_err(|_| BusError::Closed)?
    }
}

impl CoordinatorSender {
    /// Sends a message. Waits only while the queue to the transport is full.
    ///
    /// # Errors
    /// If it is too large, or the transport has ended.
    pub async fn send(&self, to: Recipient, delivery: Delivery, bytes: Vec<u8>) -> Result<(), BusError> {
        self.outbox.send(to.into(), delivery, bytes).await
    }

    /// Lets agents fetch a file by this name, for example its digest. A kept message that is sent afterwards arrives
    /// when the file can be fetched. A name is shared once; further times change nothing.
    ///
    /// # Errors
    /// If it is too large, or the transport has ended.
    pub async fn share_file(&self, name: &str, bytes: Bytes) -> Result<(), BusError> {
        check_size("the name of a file", name.len(), LONGEST_NAME)?;
        check_size("a file", bytes.len(), LARGEST_FILE)?;
        self.outbox.ask(Outgoing::File { name: name.to_owned(), bytes }).await
    }
}

impl fmt::Debug for CoordinatorEnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CoordinatorEnd")
    }
}

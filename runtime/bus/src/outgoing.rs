//! What an end asks of its transport.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::channel::Channel;
use crate::error::BusError;
use crate::message::{Delivery, LARGEST_MESSAGE, LARGEST_PASSING};
use crate::wait::within;

/// The number of messages that wait in a channel between an end and its transport.
pub(crate) const QUEUED: usize = 64;

/// In the order of their sending.
pub(crate) enum Outgoing {
    Message {
        channel: Channel,
        bytes: Vec<u8>,
    },
    File {
        name: String,
        bytes: Bytes,
    },
    /// Answered as soon as everything before it is delivered.
    Flush(oneshot::Sender<()>),
    /// Removes what is stored of the run.
    Delete(oneshot::Sender<Result<(), BusError>>),
}

/// A message that may overtake and be lost.
pub(crate) struct PassingMessage {
    pub(crate) channel: Channel,
    pub(crate) bytes: Vec<u8>,
}

/// A file that an end wants.
pub(crate) struct Fetch {
    pub(crate) name: String,
    pub(crate) answer: oneshot::Sender<Result<Bytes, BusError>>,
}

/// Asks the transport for a file.
pub(crate) async fn fetch(fetches: &mpsc::Sender<Fetch>, name: &str) -> Result<Bytes, BusError> {
    let (answer, fetched) = oneshot::channel();
    let fetch = Fetch { name: name.to_owned(), answer };
    fetches.send(fetch).await.map_err(|_| BusError::Closed)?;
    fetched.await.map_err(|_| BusError::Closed)?
}

/// The sending half of both ends.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    kept: mpsc::Sender<Outgoing>,
    passing: mpsc::Sender<PassingMessage>,
}

/// The transport's side of an [`Outbox`].
pub(crate) struct Inbox {
    pub(crate) kept: mpsc::Receiver<Outgoing>,
    pub(crate) passing: mpsc::Receiver<PassingMessage>,
}

impl Outbox {
    pub(crate) fn new() -> (Outbox, Inbox) {
        let (kept, kept_inbox) = mpsc::channel(QUEUED);
        let (passing, passing_inbox) = mpsc::channel(QUEUED);
        (Outbox { kept, passing }, Inbox { kept: kept_inbox, passing: passing_inbox })
    }

    pub(crate) async fn send(&self, channel: Channel, delivery: Delivery, bytes: Vec<u8>) -> Result<(), BusError> {
        match delivery {
            Delivery::Kept => {
                check_size("a message", bytes.len(), LARGEST_MESSAGE)?;
                self.ask(Outgoing::Message { channel, bytes }).await
            }
            Delivery::Passing => {
                check_size("a passing message", bytes.len(), LARGEST_PASSING)?;
                self.passing.send(PassingMessage { channel, bytes }).await.map_err(|_| BusError::Closed)
            }
        }
    }

    pub(crate) async fn ask(&self, outgoing: Outgoing) -> Result<(), BusError> {
        self.kept.send(outgoing).await.map_err(|_| BusError::Closed)
    }

    /// Waits until all that was sent before is delivered.
    pub(crate) async fn flush(&self, limit: Duration) -> Result<(), BusError> {
        let (done, flushed) = oneshot::channel();
        let flush = async {
            self.ask(Outgoing::Flush(done)).await?;
            flushed.await.map_err(|_| BusError::Closed)
        };
        within(limit, flush).await.unwrap_or(Err(BusError::Unfinished { seconds: limit.as_secs() }))
    }
}

pub(crate) fn check_size(what: &'static str, size: usize, most: usize) -> Result<(), BusError> {
    if size > most {
        return Err(BusError::TooLarge { what, size, most });
    }
    Ok(())
}

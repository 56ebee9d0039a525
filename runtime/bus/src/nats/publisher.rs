//! Kept messages on their way to the server: one publication at a time, until it is acknowledged.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::channel::Channel;
use crate::error::BusError;
use crate::message::{Delivery, Notice};
use crate::nats::link::{Health, Link};
use crate::nats::{files, stream};
use crate::outgoing::Outgoing;
use crate::pack::{Batch, PACKED, split};
use crate::seal::{SEAL, Sealer};
use crate::wait::pause;

/// The part of a server's limit that is left to headers.
const HEADERS: usize = 1024;
/// The size up to which small messages are packed into one publication.
const LARGEST_BATCH: usize = 256 << 10;
/// The time between attempts.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(250);

pub(crate) struct Publisher {
    jetstream: Context,
    link: Link,
    sealer: Arc<Sealer>,
    sequences: HashMap<Channel, u64>,
    shared: Vec<String>,
    health: Health,
    /// Taken from the queue, and not fit for the publication before.
    next: Option<Outgoing>,
}

impl Publisher {
    pub(crate) fn new(
        jetstream: &Context,
        link: &Link,
        sealer: &Arc<Sealer>,
        notices: mpsc::Sender<Notice>,
    ) -> Publisher {
        Publisher {
            jetstream: jetstream.clone(),
            link: link.clone(),
            sealer: Arc::clone(sealer),
            sequences: HashMap::new(),
            shared: Vec::new(),
            health: Health::new(notices),
            next: None,
        }
    }

    /// Publishes the first message of a run, by which others check their token.
    pub(crate) async fn open(&mut self) -> Result<(), BusError> {
        self.publish(&Channel::All, Batch::new(PACKED).content()).await
    }

    /// Publishes all that is sent, until nothing can be sent any more.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Outgoing>) -> Result<(), BusError> {
        loop {
            let next = match self.next.take() {
                Some(next) => next,
                None => match queue.recv().await {
                    Some(next) => next,
                    None => return Ok(()),
                },
            };
            match next {
                Outgoing::Message { channel, bytes } => self.send(&channel, &bytes, &mut queue).await?,
                Outgoing::File { name, bytes } => self.share(name, &bytes).await?,
                Outgoing::Flush(done) => {
                    let _ = done.send(());
                }
                Outgoing::Delete(answer) => {
                    drop(answer.send(stream::delete(&self.jetstream, self.sealer.run()).await));
                    return Ok(());
                }
            }
        }
    }

    /// Publishes a message, together with those after it that fit.
    async fn send(
        &mut self,
        channel: &Channel,
        bytes: &[u8],
        queue: &mut mpsc::Receiver<Outgoing>,
    ) -> Result<(), BusError> {
        let mut batch = Batch::new(self.room().min(LARGEST_BATCH));
        if !batch.add(bytes) {
            return self.publish_parts(channel, bytes).await;
        }
        while let Ok(next) = queue.try_recv() {
            match next {
                Outgoing::Message { channel: same, bytes } if same == *channel && batch.add(&bytes) => (),
                other => {
                    self.next = Some(other);
                    break;
                }
            }
        }
        self.publish(channel, batch.content()).await
    }

    async fn share(&mut self, name: String, bytes: &Bytes) -> Result<(), BusError> {
        if !self.shared.contains(&name) {
            self.publish_parts(&files::channel(&name), &files::with_digest(bytes)).await?;
            self.shared.push(name);
        }
        Ok(())
    }

    async fn publish_parts(&mut self, channel: &Channel, message: &[u8]) -> Result<(), BusError> {
        for part in split(message, self.room()) {
            self.publish(channel, &part).await?;
        }
        Ok(())
    }

    /// The most that one publication can have.
    fn room(&self) -> usize {
        self.link.client.server_info().max_payload.saturating_sub(HEADERS + SEAL).max(PACKED)
    }

    /// Publishes until the server has stored it. Repeats have the same bytes and the same id, so they count once.
    async fn publish(&mut self, channel: &Channel, content: &[u8]) -> Result<(), BusError> {
        let sequence = self.sequences.entry(channel.clone()).or_default();
        *sequence += 1;
        let sealed = Bytes::from(self.sealer.seal(channel, Delivery::Kept, *sequence, content)?);
        let subject = channel.subject(self.sealer.run(), Delivery::Kept);
        let session = self.sealer.session().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let message = PublishMessage::build()
            .message_id(format!("{session} {subject} {sequence}"))
            .expected_stream(stream::name(self.sealer.run()))
            .payload(sealed);
        loop {
            match self.attempt(&subject, message.clone()).await {
                Ok(()) => {
                    self.health.worked();
                    return Ok(());
                }
                Err(Some(problem)) => {
                    self.health.failed(format!("the NATS server does not store messages: {problem}"));
                    pause(BETWEEN_ATTEMPTS).await;
                }
                Err(None) => (),
            }
        }
    }

    /// One attempt, which ends without a problem of its own if the connection is replaced meanwhile.
    async fn attempt(&mut self, subject: &str, message: PublishMessage) -> Result<(), Option<String>> {
        let connections = self.link.connected().await;
        let publishing = async {
            let acknowledged = self.jetstream.send_publish(subject.to_owned(), message).await?;
            acknowledged.await
        };
        let mut link = self.link.clone();
        tokio::select! {
            published = publishing => match published {
                Ok(_) => Ok(()),
                Err(error) => Err(Some(error.to_string())),
            },
            () = link.connected_after(connections) => Err(None),
        }
    }
}

//! Passing messages: published once, and not at all while disconnected.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, Subscriber};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, StreamMap};

use crate::channel::Channel;
use crate::error::BusError;
use crate::message::{Delivery, Notice};
use crate::nats::link::Link;
use crate::outgoing::PassingMessage;
use crate::seal::{SEAL, Sealer};
use crate::wait::within;

/// Later than this, it is not worth sending.
const LATE: Duration = Duration::from_secs(1);

/// Publishes until nothing can be sent any more.
pub(crate) async fn publish(
    link: Link,
    sealer: Arc<Sealer>,
    mut queue: mpsc::Receiver<PassingMessage>,
    notices: mpsc::Sender<Notice>,
) -> Result<(), BusError> {
    let mut sequence = 0;
    while let Some(PassingMessage { channel, bytes }) = queue.recv().await {
        let most = link.client.server_info().max_payload;
        if bytes.len() + SEAL > most {
            let reason = format!("it is larger than the {most} bytes that the NATS server takes");
            let _ = notices.send(Notice::Dropped { from: channel.sender().to_owned(), reason }).await;
            continue;
        }
        if !link.state.borrow().is_connected {
            continue;
        }
        sequence += 1;
        let sealed = sealer.seal(&channel, Delivery::Passing, sequence, &bytes)?;
        let subject = channel.subject(sealer.run(), Delivery::Passing);
        let _ = within(LATE, link.client.publish(subject, sealed.into())).await;
    }
    Ok(())
}

/// The subscriptions of an end.
pub(crate) struct PassingMessages(StreamMap<usize, Subscriber>);

impl PassingMessages {
    pub(crate) async fn subscribe(link: &Link, subjects: Vec<String>) -> Result<PassingMessages, BusError> {
        let mut subscriptions = StreamMap::new();
        for (index, subject) in subjects.into_iter().enumerate() {
            let subscribed = link.client.subscribe(subject).await;
            let refused = |error: async_nats::SubscribeError| BusError::Refused {
                action: "subscribe to the run's subjects",
                problem: error.to_string(),
            };
            subscriptions.insert(index, subscribed.map_err(refused)?);
        }
        Ok(PassingMessages(subscriptions))
    }

    pub(crate) async fn next(&mut self) -> Option<Message> {
        self.0.next().await.map(|(_, message)| message)
    }
}

/// The channel of a passing message.
pub(crate) fn channel(message: &Message, sealer: &Sealer) -> Option<Channel> {
    Channel::of_subject(&message.subject, sealer.run(), Delivery::Passing)
}

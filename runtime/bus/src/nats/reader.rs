//! Stored messages, read in the order of the stream, each once, for ever.

use std::time::Duration;

use async_nats::jetstream::consumer::pull::{Config, Stream};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use async_nats::jetstream::{Context, Message};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;

use crate::id::RunId;
use crate::message::Notice;
use crate::nats::link::{Health, Link};
use crate::nats::stream;
use crate::wait::pause;

/// The number of messages that are asked for at once.
const BATCH: usize = 64;
/// The time after which the server forgets a reader that does not ask any more.
const FORGOTTEN: Duration = Duration::from_secs(60);
/// Without a sign of life of the server for twice this time, reading begins again.
const HEARTBEAT: Duration = Duration::from_secs(5);
const ASKING: Duration = Duration::from_secs(30);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(250);

pub(crate) struct StreamReader {
    jetstream: Context,
    link: Link,
    stream: String,
    filters: Vec<String>,
    health: Health,
    /// The number in the stream of the last message that was read.
    last: u64,
    reading: Option<Reading>,
}

struct Reading {
    messages: Stream,
    connections: u64,
}

/// What a reader finds.
pub(crate) enum Read {
    /// A message, and whether there is nothing after it for the moment.
    Message { message: Box<Message>, is_last: bool },
    /// There is nothing stored. It is reported once.
    Nothing,
}

impl StreamReader {
    pub(crate) fn new(
        jetstream: &Context,
        link: &Link,
        run: &RunId,
        filters: Vec<String>,
        notices: mpsc::Sender<Notice>,
    ) -> StreamReader {
        StreamReader {
            jetstream: jetstream.clone(),
            link: link.clone(),
            stream: stream::name(run),
            filters,
            health: Health::new(notices),
            last: 0,
            reading: None,
        }
    }

    /// The next message. Failures are tried again.
    pub(crate) async fn next(&mut self) -> Read {
        loop {
            let Some(reading) = &mut self.reading else {
                if let Some(0) = self.begin().await
                    && self.last == 0
                {
                    return Read::Nothing;
                }
                continue;
            };
            let mut link = self.link.clone();
            let next = tokio::select! {
                next = reading.messages.next() => next,
                () = link.connected_after(reading.connections) => None,
            };
            match next {
                Some(Ok(message)) => {
                    let Ok((number, pending)) = message.info().map(|info| (info.stream_sequence, info.pending)) else {
                        continue;
                    };
                    if number > self.last {
                        self.last = number;
                        self.health.worked();
                        return Read::Message { message: Box::new(message), is_last: pending == 0 };
                    }
                }
                Some(Err(error)) => self.fail(error.to_string()).await,
                None => self.reading = None,
            }
        }
    }

    /// Begins to read after the last message. Returns the number of messages that are stored there.
    async fn begin(&mut self) -> Option<u64> {
        let connections = self.link.connected().await;
        let deliver_policy = match self.last {
            0 => DeliverPolicy::All,
            last => DeliverPolicy::ByStartSequence { start_sequence: last + 1 },
        };
        let config = Config {
            deliver_policy,
            ack_policy: AckPolicy::None,
            filter_subjects: self.filters.clone(),
            inactive_threshold: FORGOTTEN,
            memory_storage: true,
            ..Config::default()
        };
        let beginning = async {
            let consumer = self.jetstream.create_consumer_on_stream(config, &self.stream).await;
            let consumer = consumer.map_err(|error| error.to_string())?;
            let asked = consumer.stream().max_messages_per_batch(BATCH).heartbeat(HEARTBEAT).expires(ASKING);
            let messages = asked.messages().await.map_err(|error| error.to_string())?;
            Ok::<_, String>((messages, consumer.cached_info().num_pending))
        };
        match beginning.await {
            Ok((messages, pending)) => {
                self.reading = Some(Reading { messages, connections });
                Some(pending)
            }
            Err(problem) => {
                self.fail(problem).await;
                None
            }
        }
    }

    async fn fail(&mut self, problem: String) {
        self.reading = None;
        self.health.failed(format!("the NATS server does not return the run's messages: {problem}"));
        pause(BETWEEN_ATTEMPTS).await;
    }
}

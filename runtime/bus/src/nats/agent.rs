//! An agent's end on NATS.

use std::sync::Arc;

use async_nats::jetstream::Context;
use tokio::sync::{mpsc, oneshot};

use crate::agent::AgentEnd;
use crate::channel::Channel;
use crate::error::BusError;
use crate::id::{AgentName, RunId};
use crate::key::RunKey;
use crate::message::{AgentHeard, Delivery, Notice};
use crate::nats::link::{Link, watch_link};
use crate::nats::passing::{self, PassingMessages};
use crate::nats::publisher::Publisher;
use crate::nats::reader::{Read, StreamReader};
use crate::nats::receiver::{Received, Receiver};
use crate::nats::settings::NatsSettings;
use crate::nats::{files, stream};
use crate::outgoing::{Fetch, Inbox, Outbox, QUEUED};
use crate::seal::Sealer;
use crate::transport::TransportThread;

impl AgentEnd {
    /// Joins a run on a NATS server. All kept messages to all agents and to this one are heard, also those sent before.
    /// An agent that is started again needs another name.
    ///
    /// # Errors
    /// If the server cannot be reached or refuses it, has no such run, the key is another run's, or the name is taken.
    pub async fn join(
        settings: &NatsSettings,
        run: &RunId,
        key: &RunKey,
        name: &AgentName,
    ) -> Result<AgentEnd, BusError> {
        let sealer = Arc::new(Sealer::new(run, key)?);
        let (outbox, inbox) = Outbox::new();
        let (heard_by, heard) = mpsc::channel(QUEUED);
        let (fetches, to_fetch) = mpsc::channel(QUEUED);
        let (ready, started) = oneshot::channel();
        let (settings, agent) = (settings.clone(), name.clone());
        let work = move || async move {
            match Agent::begin(&settings, sealer, agent, heard_by).await {
                Ok(agent) => {
                    if ready.send(Ok(())).is_ok() {
                        agent.work(inbox, to_fetch).await;
                    }
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        };
        let thread = TransportThread::spawn("squall-bus", work)?;
        started.await.map_err(|_| BusError::Closed)??;
        Ok(AgentEnd::new(name.clone(), outbox, heard, fetches, Some(thread)))
    }
}

/// The state on the transport's thread.
struct Agent {
    jetstream: Context,
    link: Link,
    sealer: Arc<Sealer>,
    channels: [Channel; 2],
    passing: PassingMessages,
    heard: mpsc::Sender<AgentHeard>,
    notices: mpsc::Sender<Notice>,
    noticed: mpsc::Receiver<Notice>,
}

impl Agent {
    async fn begin(
        settings: &NatsSettings,
        sealer: Arc<Sealer>,
        name: AgentName,
        heard: mpsc::Sender<AgentHeard>,
    ) -> Result<Agent, BusError> {
        let link = Link::connect(settings, sealer.run()).await?;
        let jetstream = stream::jetstream(&link);
        stream::check_key(&jetstream, &sealer).await?;
        stream::check_name(&jetstream, sealer.run(), &name).await?;
        let channels = [Channel::All, Channel::One(name)];
        let subjects = channels.iter().map(|channel| channel.subject(sealer.run(), Delivery::Passing)).collect();
        let passing = PassingMessages::subscribe(&link, subjects).await?;
        let (notices, noticed) = mpsc::channel(QUEUED);
        Ok(Agent { jetstream, link, sealer, channels, passing, heard, notices, noticed })
    }

    async fn work(self, inbox: Inbox, to_fetch: mpsc::Receiver<Fetch>) {
        let Agent { jetstream, link, sealer, channels, passing, heard, notices, mut noticed } = self;
        let filters = channels.iter().map(|channel| channel.subject(sealer.run(), Delivery::Kept)).collect();
        let reader = StreamReader::new(&jetstream, &link, sealer.run(), filters, notices.clone());
        let publisher = Publisher::new(&jetstream, &link, &sealer, notices.clone());
        let sending = passing::publish(link.clone(), sealer.clone(), inbox.passing, notices.clone());
        let fetching = files::fetch_all(jetstream, link.clone(), sealer.clone(), to_fetch, notices.clone());
        let watching = watch_link(link.state.clone(), notices);
        let reporting = async {
            while let Some(notice) = noticed.recv().await {
                if heard.send(notice.into()).await.is_err() {
                    return;
                }
            }
        };
        // Whatever ends first ends the transport: the others have nothing to do without it.
        tokio::select! {
            _ = publisher.run(inbox.kept) => (),
            _ = sending => (),
            () = fetching => (),
            () = read(reader, &sealer, heard.clone()) => (),
            () = hear(passing, &sealer, heard.clone()) => (),
            () = watching => (),
            () = reporting => (),
        }
    }
}

/// Reports what is stored, until it is not wanted any more.
async fn read(mut reader: StreamReader, sealer: &Arc<Sealer>, heard: mpsc::Sender<AgentHeard>) {
    let mut receiver = Receiver::new(sealer, Delivery::Kept);
    loop {
        let Read::Message { message, .. } = reader.next().await else {
            continue;
        };
        let Some(channel) = Channel::of_subject(&message.subject, sealer.run(), Delivery::Kept) else {
            continue;
        };
        if !report(receiver.receive(&channel, &message.payload), Delivery::Kept, &heard).await {
            return;
        }
    }
}

/// Reports passing messages, until they are not wanted any more.
async fn hear(mut passing: PassingMessages, sealer: &Arc<Sealer>, heard: mpsc::Sender<AgentHeard>) {
    let mut receiver = Receiver::new(sealer, Delivery::Passing);
    while let Some(message) = passing.next().await {
        let Some(channel) = passing::channel(&message, sealer) else {
            continue;
        };
        if !report(receiver.receive(&channel, &message.payload), Delivery::Passing, &heard).await {
            return;
        }
    }
}

/// Whether there is still a reader.
async fn report(received: Received, delivery: Delivery, heard: &mpsc::Sender<AgentHeard>) -> bool {
    let dropped = received.problem.map(|reason| AgentHeard::Dropped { reason });
    let messages = received.messages.into_iter().map(|bytes| AgentHeard::Message { delivery, bytes });
    for thing in dropped.into_iter().chain(messages) {
        if heard.send(thing).await.is_err() {
            return false;
        }
    }
    true
}

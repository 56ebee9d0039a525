//! The coordinator's end on NATS.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use tokio::sync::{mpsc, oneshot};

use crate::channel::{Channel, root};
use crate::coordinator::CoordinatorEnd;
use crate::error::BusError;
use crate::id::RunId;
use crate::key::RunKey;
use crate::message::{Delivery, Heard, Notice, Recipient};
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
use crate::wait::within;

/// The longest time until the first message of a run is stored. A server does not answer if the login may not publish.
const OPENING: Duration = Duration::from_secs(15);

/// How a coordinator begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    Create,
    Attach,
}

impl CoordinatorEnd {
    /// Begins a run on a NATS server.
    ///
    /// # Errors
    /// If the server cannot be reached or refuses it, or has a run of that id.
    pub async fn create(settings: &NatsSettings, run: &RunId, key: &RunKey) -> Result<CoordinatorEnd, BusError> {
        start(settings, run, key, Begin::Create).await
    }

    /// Continues a run on a NATS server. All kept messages are heard (again), those of agents and, as [`Heard::Own`], those
    /// of the coordinator before, in the one order in which the server stored them; then [`Heard::CaughtUp`]. A message
    /// that was split has the place of its last part. Passing messages and reports come between them. A coordinator that is attached still is
    /// not heard by agents any more as soon as this one sends something.
    ///
    /// # Errors
    /// If the server cannot be reached or refuses it, has no run of that id, or the key is another run's.
    pub async fn attach(settings: &NatsSettings, run: &RunId, key: &RunKey) -> Result<CoordinatorEnd, BusError> {
        start(settings, run, key, Begin::Attach).await
    }
}

async fn start(settings: &NatsSettings, run: &RunId, key: &RunKey, begin: Begin) -> Result<CoordinatorEnd, BusError> {
    let sealer = Arc::new(Sealer::new(run, key)?);
    let (outbox, inbox) = Outbox::new();
    let (heard_by, heard) = mpsc::channel(QUEUED);
    let (fetches, to_fetch) = mpsc::channel(QUEUED);
    let (ready, started) = oneshot::channel();
    let settings = settings.clone();
    let work = move || async move {
        match Coordinator::begin(&settings, sealer, begin, heard_by).await {
            Ok(coordinator) => {
                if ready.send(Ok(())).is_ok() {
                    coordinator.work(inbox, to_fetch).await;
                }
            }
            Err(error) => drop(ready.send(Err(error))),
        }
    };
    let thread = TransportThread::spawn("squall-bus", work)?;
    started.await.map_err(|_| BusError::Closed)??;
    Ok(CoordinatorEnd::new(outbox, heard, fetches, thread))
}

/// The state on the transport's thread.
struct Coordinator {
    jetstream: Context,
    link: Link,
    sealer: Arc<Sealer>,
    begin: Begin,
    publisher: Publisher,
    passing: PassingMessages,
    heard: mpsc::Sender<Heard>,
    notices: mpsc::Sender<Notice>,
    noticed: mpsc::Receiver<Notice>,
}

impl Coordinator {
    async fn begin(
        settings: &NatsSettings,
        sealer: Arc<Sealer>,
        begin: Begin,
        heard: mpsc::Sender<Heard>,
    ) -> Result<Coordinator, BusError> {
        let link = Link::connect(settings, sealer.run()).await?;
        let jetstream = stream::jetstream(&link);
        let (notices, noticed) = mpsc::channel(QUEUED);
        let mut publisher = Publisher::new(&jetstream, &link, &sealer, notices.clone());
        match begin {
            Begin::Create => {
                stream::create(&jetstream, &sealer, settings.kept_for).await?;
                let unanswered = BusError::Refused {
                    action: "store the first message of the run",
                    problem: "it does not acknowledge it".to_owned(),
                };
                within(OPENING, publisher.open()).await.unwrap_or(Err(unanswered))?;
            }
            Begin::Attach => {
                stream::require(&jetstream, sealer.run()).await?;
                stream::check_key(&jetstream, &sealer).await?;
            }
        }
        let subjects = vec![format!("{}.{}.agent.*", root(Delivery::Passing), sealer.run())];
        let passing = PassingMessages::subscribe(&link, subjects).await?;
        Ok(Coordinator { jetstream, link, sealer, begin, publisher, passing, heard, notices, noticed })
    }

    async fn work(self, inbox: Inbox, to_fetch: mpsc::Receiver<Fetch>) {
        let reading = read(self.reader(), &self.sealer, self.begin, self.heard.clone());
        let hearing = hear(self.passing, &self.sealer, self.heard.clone());
        let sending = passing::publish(self.link.clone(), self.sealer.clone(), inbox.passing, self.notices.clone());
        let fetching = files::fetch_all(
            self.jetstream.clone(),
            self.link.clone(),
            self.sealer.clone(),
            to_fetch,
            self.notices.clone(),
        );
        let watching = watch_link(self.link.state.clone(), self.notices);
        let (heard, mut noticed) = (self.heard, self.noticed);
        let reporting = async {
            while let Some(notice) = noticed.recv().await {
                if heard.send(notice.into()).await.is_err() {
                    return;
                }
            }
        };
        // Whatever ends first ends the transport: the others have nothing to do without it.
        tokio::select! {
            _ = self.publisher.run(inbox.kept) => (),
            _ = sending => (),
            () = fetching => (),
            () = reading => (),
            () = hearing => (),
            () = watching => (),
            () = reporting => (),
        }
    }

    /// Files are not read back, and what this end sends is not either.
    fn reader(&self) -> StreamReader {
        let run = self.sealer.run();
        let kept = root(Delivery::Kept);
        let mut filters = vec![format!("{kept}.{run}.agent.*")];
        if self.begin == Begin::Attach {
            filters.extend([format!("{kept}.{run}.all"), format!("{kept}.{run}.one.*")]);
        }
        StreamReader::new(&self.jetstream, &self.link, run, filters, self.notices.clone())
    }
}

/// Reports what is stored, until it is not wanted any more.
async fn read(mut reader: StreamReader, sealer: &Arc<Sealer>, begin: Begin, heard: mpsc::Sender<Heard>) {
    let mut receiver = Receiver::new(sealer, Delivery::Kept);
    let mut is_behind = begin == Begin::Attach;
    loop {
        let (things, is_last) = match reader.next().await {
            Read::Nothing => (Vec::new(), true),
            Read::Message { message, is_last } => {
                let channel = Channel::of_subject(&message.subject, sealer.run(), Delivery::Kept);
                let things = match channel {
                    Some(channel) => {
                        things_heard(&channel, Delivery::Kept, receiver.receive(&channel, &message.payload))
                    }
                    None => vec![unknown(&message.subject)],
                };
                (things, is_last)
            }
        };
        let caught_up = is_last && is_behind;
        is_behind &= !is_last;
        for thing in things.into_iter().chain(caught_up.then_some(Heard::CaughtUp)) {
            if heard.send(thing).await.is_err() {
                return;
            }
        }
    }
}

/// Reports passing messages, until they are not wanted any more.
async fn hear(mut passing: PassingMessages, sealer: &Arc<Sealer>, heard: mpsc::Sender<Heard>) {
    let mut receiver = Receiver::new(sealer, Delivery::Passing);
    while let Some(message) = passing.next().await {
        let things = match passing::channel(&message, sealer) {
            Some(channel) => things_heard(&channel, Delivery::Passing, receiver.receive(&channel, &message.payload)),
            None => vec![unknown(&message.subject)],
        };
        for thing in things {
            if heard.send(thing).await.is_err() {
                return;
            }
        }
    }
}

fn unknown(subject: &str) -> Heard {
    let from = subject.chars().filter(|letter| !letter.is_control()).take(200).collect();
    Heard::Dropped { from, reason: "it is not from an agent of this run".to_owned() }
}

fn things_heard(channel: &Channel, delivery: Delivery, received: Received) -> Vec<Heard> {
    let dropped = |reason| Heard::Dropped { from: channel.sender().to_owned(), reason };
    let mut things: Vec<Heard> = received.problem.map(dropped).into_iter().collect();
    if received.is_own {
        return things;
    }
    things.extend(received.messages.into_iter().map(|bytes| match channel {
        Channel::Agent(from) => Heard::Message { from: from.clone(), delivery, bytes },
        Channel::One(agent) => Heard::Own { to: Recipient::One(agent.clone()), bytes },
        _ => Heard::Own { to: Recipient::All, bytes },
    }));
    things
}

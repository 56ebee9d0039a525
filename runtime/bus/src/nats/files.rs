//! Files, stored in the stream of the run, each on a subject of its own.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use bytes::Bytes;
use ring::digest::{SHA256, digest};
use tokio::sync::mpsc;

use crate::channel::Channel;
use crate::error::BusError;
use crate::message::{Delivery, LARGEST_FILE, Notice};
use crate::nats::link::Link;
use crate::nats::reader::{Read, StreamReader};
use crate::nats::receiver::Receiver;
use crate::outgoing::Fetch;
use crate::seal::Sealer;
use crate::wait::within;

const DIGEST: usize = 32;
/// The longest time without a further part of a file.
const STALLED: Duration = Duration::from_secs(30);

/// The channel of a file: names may have characters that subjects cannot have.
pub(crate) fn channel(name: &str) -> Channel {
    let digest = digest(&SHA256, name.as_bytes());
    Channel::File(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What is published of a file.
pub(crate) fn with_digest(bytes: &[u8]) -> Vec<u8> {
    let mut published = digest(&SHA256, bytes).as_ref().to_vec();
    published.extend(bytes);
    published
}

/// The file of what was published.
pub(crate) fn checked(name: &str, published: Vec<u8>) -> Result<Bytes, BusError> {
    let damaged = |problem: &str| BusError::DamagedFile { name: name.to_owned(), problem: problem.to_owned() };
    let published = Bytes::from(published);
    if published.len() < DIGEST {
        return Err(damaged("it is not whole"));
    }
    let file = published.slice(DIGEST..);
    if digest(&SHA256, &file).as_ref() != &published[..DIGEST] {
        return Err(damaged("its digest differs"));
    }
    Ok(file)
}

/// Fetches all files that an end asks for, one after the other.
pub(crate) async fn fetch_all(
    jetstream: Context,
    link: Link,
    sealer: Arc<Sealer>,
    mut fetches: mpsc::Receiver<Fetch>,
    notices: mpsc::Sender<Notice>,
) {
    while let Some(Fetch { name, answer }) = fetches.recv().await {
        let subject = channel(&name).subject(sealer.run(), Delivery::Kept);
        let reader = StreamReader::new(&jetstream, &link, sealer.run(), vec![subject], notices.clone());
        drop(answer.send(fetch(&name, reader, &sealer).await));
    }
}

async fn fetch(name: &str, mut reader: StreamReader, sealer: &Arc<Sealer>) -> Result<Bytes, BusError> {
    let damaged = |problem: String| BusError::DamagedFile { name: name.to_owned(), problem };
    let channel = channel(name);
    let mut receiver = Receiver::new(sealer, Delivery::Kept).with_most(LARGEST_FILE + DIGEST);
    let mut problem = None;
    loop {
        let read = within(STALLED, reader.next()).await;
        match read.ok_or_else(|| damaged("the rest does not come".to_owned()))? {
            Read::Nothing => return Err(BusError::NoFile { name: name.to_owned() }),
            Read::Message { message, is_last } => {
                let mut received = receiver.receive(&channel, &message.payload);
                if let Some(published) = received.messages.pop() {
                    return checked(name, published);
                }
                // Strangers can only add parts that do not open: they are named if the file never gets whole.
                problem = received.problem.or(problem);
                if let (true, Some(problem)) = (is_last, &problem) {
                    return Err(damaged(problem.clone()));
                }
            }
        }
    }
}

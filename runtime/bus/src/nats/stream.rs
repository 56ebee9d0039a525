//! The stream of a run.

use std::time::Duration;

use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, LastRawMessageErrorKind, StorageType};
use async_nats::jetstream::{Context, ContextBuilder, ErrorCode};

use crate::channel::{Channel, root};
use crate::error::BusError;
use crate::id::{AgentName, RunId};
use crate::message::Delivery;
use crate::nats::link::Link;
use crate::seal::Sealer;

/// The longest time until the server answers a request.
const ANSWERING: Duration = Duration::from_secs(5);
/// The longest time until the server has stored a message, over a slow network. Where the connection breaks, it ends sooner.
const STORING: Duration = Duration::from_secs(30);
/// The time in which the server itself removes repeated publications. Later ones are found by their number.
const REPEATING: Duration = Duration::from_secs(10 * 60);

pub(crate) fn name(run: &RunId) -> String {
    format!("SQUALL_{run}")
}

pub(crate) fn jetstream(link: &Link) -> Context {
    ContextBuilder::new().timeout(ANSWERING).ack_timeout(STORING).build(link.client.clone())
}

/// Makes the stream of a new run.
pub(crate) async fn create(jetstream: &Context, sealer: &Sealer, kept_for: Duration) -> Result<(), BusError> {
    let run = sealer.run();
    let exists = || BusError::RunExists { run: run.to_string() };
    match require(jetstream, run).await {
        Ok(()) => return Err(exists()),
        Err(BusError::NoRun { .. }) => (),
        Err(error) => return Err(error),
    }
    let session: String = sealer.session().iter().map(|byte| format!("{byte:02x}")).collect();
    let config = Config {
        name: name(run),
        // Makes the configurations of two coordinators different: the server refuses the second.
        description: Some(format!("a run of Squall, coordinator {session}")),
        subjects: vec![format!("{}.{run}.>", root(Delivery::Kept))],
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        max_age: kept_for,
        duplicate_window: REPEATING.min(kept_for),
        deny_delete: true,
        deny_purge: true,
        ..Config::default()
    };
    match jetstream.create_stream(config).await {
        Ok(_) => Ok(()),
        Err(error) => Err(match error.kind() {
            CreateStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NAME_EXIST => exists(),
            _ => refused("make the stream of the run", &error),
        }),
    }
}

/// Makes sure that there is such a run.
pub(crate) async fn require(jetstream: &Context, run: &RunId) -> Result<(), BusError> {
    match jetstream.get_stream(name(run)).await {
        Ok(_) => Ok(()),
        Err(error) => Err(match error.kind() {
            GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                BusError::NoRun { run: run.to_string() }
            }
            _ => refused("look for the stream of the run", &error),
        }),
    }
}

/// Makes sure that there is such a run and that the key opens its first message, which is the coordinator's.
pub(crate) async fn check_key(jetstream: &Context, sealer: &Sealer) -> Result<(), BusError> {
    let run = sealer.run();
    let asked = "read the first message of the run";
    let stream = jetstream.get_stream_no_info(name(run)).await.map_err(|error| refused(asked, &error))?;
    let subject = Channel::All.subject(run, Delivery::Kept);
    match stream.get_first_raw_message_by_subject(subject, 1).await {
        Ok(message) => match sealer.open(&Channel::All, Delivery::Kept, &message.payload) {
            Ok(_) => Ok(()),
            Err(_) => Err(BusError::OtherToken { run: run.to_string() }),
        },
        Err(error) => match error.kind() {
            // It is too old by now.
            LastRawMessageErrorKind::NoMessageFound => Ok(()),
            LastRawMessageErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                Err(BusError::NoRun { run: run.to_string() })
            }
            _ => Err(refused(asked, &error)),
        },
    }
}

/// Makes sure that no agent of that name has sent anything: what two of one name send cannot be told apart.
pub(crate) async fn check_name(jetstream: &Context, run: &RunId, agent: &AgentName) -> Result<(), BusError> {
    let asked = "look for an agent of that name";
    let stream = jetstream.get_stream_no_info(name(run)).await.map_err(|error| refused(asked, &error))?;
    let subject = Channel::Agent(agent.clone()).subject(run, Delivery::Kept);
    match stream.get_first_raw_message_by_subject(subject, 1).await {
        Ok(_) => Err(BusError::NameTaken { agent: agent.to_string() }),
        Err(error) => match error.kind() {
            LastRawMessageErrorKind::NoMessageFound => Ok(()),
            _ => Err(refused(asked, &error)),
        },
    }
}

pub(crate) async fn delete(jetstream: &Context, run: &RunId) -> Result<(), BusError> {
    match jetstream.delete_stream(name(run)).await {
        Ok(_) => Ok(()),
        Err(error) => Err(refused("delete the stream of the run", &error)),
    }
}

fn refused(action: &'static str, error: &dyn std::error::Error) -> BusError {
    BusError::Refused { action, problem: error.to_string() }
}

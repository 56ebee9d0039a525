//! Schemas: of files, of descriptors, or of what servers tell of themselves.

use std::rc::Rc;
use std::time::Duration;

use send_wrapper::SendWrapper;
use squall_grpc::{Code, Discovery, Method, Reflection, Schema};
use squall_http::{BodyQueue, Call, CallOptions, Channel, Client, Error};
use wasmtime::component::{LinkerInstance, Resource, WasmList, WasmStr};

use super::options::of_handle;
use super::{Failure, Store, Waiting, channel, ready};
use crate::calls::{HeldSchema, OwnOptions};
use crate::data_handles::gone;
use crate::host::text::{book, text};
use crate::schemas::Source;
use crate::state::{State, local};

/// About what a schema takes in memory for each byte that it is made of.
const PER_BYTE: usize = 16;
/// The same where its size is not known.
const OF_SERVER: usize = 256 << 10;
/// How long a server may take to describe itself, if the guest does not say.
const TIME_FOR_REFLECTION: Duration = Duration::from_secs(60);

type Made = Result<Resource<HeldSchema>, Failure>;

pub(super) fn link(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap(
        "[static]schema.parse",
        |mut store: Store<'_>, (files,): (WasmList<(WasmStr, WasmStr)>,)| {
            let files = files.iter(&mut store)?.collect::<wasmtime::Result<Vec<_>>>()?;
            let mut source = Vec::with_capacity(files.len().min(1_000));
            let mut booked = book(&store, 0)?;
            for (name, content) in &files {
                let (name, content) = (text(&store, name)?, text(&store, content)?);
                booked.add(PER_BYTE * (name.len() + content.len()))?;
                source.push((name.into_owned(), content.into_owned()));
            }
            drop(booked);
            Ok((make(&mut store, Source::Files(source))?,))
        },
    )?;
    interface.func_wrap("[static]schema.load", |mut store: Store<'_>, (bytes,): (WasmList<u8>,)| {
        let _booked = book(&store, PER_BYTE * bytes.len())?;
        let source = Source::Descriptors(bytes.as_le_slice(&store).to_vec());
        drop(_booked);
        Ok((make(&mut store, source)?,))
    })?;
    interface.func_wrap_async(
        "[static]schema.reflect",
        |store: Store<'_>, (of, options): (Resource<Channel>, Option<Resource<OwnOptions>>)| {
            reflect(store, &of, options.as_ref())
        },
    )?;
    interface.func_wrap(
        "[method]schema.method",
        |mut store: Store<'_>, (handle, name): (Resource<HeldSchema>, WasmStr)| {
            let method = schema(&store, &handle)?.method(&text(&store, &name)?);
            Ok((match method {
                Ok(method) => {
                    let table = &mut store.data_mut().local_mut().calls.methods;
                    Ok(Resource::<Method>::new_own(table.hold(method)?))
                }
                Err(error) => Err(Failure::from(error)),
            },))
        },
    )?;
    interface.func_wrap("[method]schema.methods", |store: Store<'_>, (handle,): (Resource<HeldSchema>,)| {
        Ok((schema(&store, &handle)?.methods(),))
    })?;
    interface.func_wrap("[method]method.client-streams", |store: Store<'_>, (handle,): (Resource<Method>,)| {
        Ok((super::method(&store, &handle)?.client_streams(),))
    })?;
    interface.func_wrap("[method]method.server-streams", |store: Store<'_>, (handle,): (Resource<Method>,)| {
        Ok((super::method(&store, &handle)?.server_streams(),))
    })
}

fn schema<'a>(store: &'a Store<'_>, handle: &Resource<HeldSchema>) -> wasmtime::Result<&'a Schema> {
    local(store).calls.schemas.get(handle.rep()).map(|held| &held.schema).ok_or_else(|| gone("a schema"))
}

/// A handle of the schema that `source` makes.
fn make(store: &mut Store<'_>, source: Source) -> wasmtime::Result<Made> {
    let size = PER_BYTE * source.size();
    match local(store).worker.run.schemas.get(source) {
        Ok(schema) => hold(store, schema, size).map(Ok),
        Err(error) => Ok(Err(error.into())),
    }
}

fn hold(store: &mut Store<'_>, schema: Schema, size: usize) -> wasmtime::Result<Resource<HeldSchema>> {
    let held = HeldSchema { schema, _booked: book(store, size)? };
    Ok(Resource::new_own(store.data_mut().local_mut().calls.schemas.hold(held)?))
}

/// Asks a server, unless it has been asked before.
fn reflect<'a>(
    mut store: Store<'a>,
    of: &Resource<Channel>,
    options: Option<&Resource<OwnOptions>>,
) -> Waiting<'a, (Made,)> {
    let channel = match channel(&store, of) {
        Ok(channel) => channel.clone(),
        Err(trap) => return ready(Err(trap)),
    };
    let source = Source::Server(channel.address().to_owned());
    if let Some(schema) = local(&store).worker.run.schemas.find(&source) {
        return ready(hold(&mut store, schema, OF_SERVER).map(|held| (Ok(held),)));
    }
    let options = match reflection_options(&store, options) {
        Ok(options) => options,
        Err(trap) => return ready(Err(trap)),
    };
    let user = Rc::clone(&local(&store).user);
    let worker = Rc::clone(&local(&store).worker);
    let asking = SendWrapper::new(Box::pin(async move {
        let began = worker.clock.now();
        let described = ask(user.client(), &channel, &options).await;
        user.was_away(worker.clock.now().since(began));
        described.inspect(|schema| worker.run.schemas.keep(&source, schema))
    }));
    Box::new(async move {
        let described = SendWrapper::new(asking.await);
        Ok((match described.take() {
            Ok(schema) => Ok(hold(&mut store, schema, OF_SERVER)?),
            Err(error) => Err(error.into()),
        },))
    })
}

/// Its questions are no part of the load.
fn reflection_options(store: &Store<'_>, options: Option<&Resource<OwnOptions>>) -> wasmtime::Result<CallOptions> {
    let mut options = of_handle(store, options)?;
    options.timeout.get_or_insert(TIME_FOR_REFLECTION);
    options.is_unrecorded = true;
    Ok(options)
}

async fn ask(client: &Client, channel: &Channel, options: &CallOptions) -> Result<Schema, Error> {
    match describe(client, channel, options, Reflection::V1).await {
        Err(Refusal { is_unknown: true, .. }) => {
            describe(client, channel, options, Reflection::V1Alpha).await.map_err(|refusal| match refusal.is_unknown {
                true => Error::Protocol(format!(
                    "{} has no reflection service: give it the .proto files",
                    channel.address()
                )),
                false => refusal.error,
            })
        }
        described => described.map_err(|refusal| refusal.error),
    }
}

/// Why a server did not describe itself.
struct Refusal {
    error: Error,
    /// Whether it has no such service.
    is_unknown: bool,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal { error, is_unknown: false }
    }
}

/// One call, on which questions and answers take turns.
async fn describe(
    client: &Client,
    channel: &Channel,
    options: &CallOptions,
    version: Reflection,
) -> Result<Schema, Refusal> {
    let (queue, messages) = BodyQueue::new(None, client.account());
    let prepared = client.prepare_streaming(channel, version.path(), messages, options)?;
    let call = Call::new(client, &prepared, queue, channel.send_limit());
    let exchange = client.call(prepared, &call);
    let questions = async {
        let mut discovery = Discovery::default();
        while let Some(question) = discovery.next_request() {
            call.send(&question)?;
            let Some(answer) = std::future::poll_fn(|context| call.poll_message(context)).await? else { break };
            discovery.receive(&answer.bytes).map_err(|error| Error::Protocol(error.to_string()))?;
        }
        call.finish();
        // Up to the end of the call.
        while std::future::poll_fn(|context| call.poll_message(context)).await?.is_some() {}
        Ok::<_, Error>(discovery)
    };
    let (_, discovery) = tokio::join!(exchange, async {
        let discovery = questions.await;
        call.let_go();
        discovery
    });
    let discovery = discovery?;
    let status = call.reply()?.map(|reply| (reply.code(), reply.status_message().to_owned()));
    match status {
        Some((Code::OK, _)) | None => Ok(discovery.finish().map_err(|error| Error::Protocol(error.to_string()))?),
        Some((code, text)) => Err(Refusal {
            error: Error::Protocol(format!("the reflection service of {} answers {code}: {text}", channel.address())),
            is_unknown: code == Code::UNIMPLEMENTED,
        }),
    }
}

//! `squall:scenario/grpc`: calls, which the measured client makes. Here messages become bytes, and bytes messages.

mod call;
mod options;
mod reply;
mod schema;

use std::borrow::Cow;
use std::future::Future;

use squall_grpc::{Method, SchemaError};
use squall_http::{Channel, ChannelOptions, Error};
use wasmtime::StoreContextMut;
use wasmtime::component::{
    ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType, WasmList, WasmStr,
};

use super::text::text;
use crate::calls::{HeldCall, HeldMessage, HeldReply, HeldSchema, OwnOptions};
use crate::contract::GRPC;
use crate::data_handles::{Blob, gone};
use crate::state::{State, local};

type Store<'a> = StoreContextMut<'a, State>;
type Waiting<'a, T> = Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>;

/// Why there is no status.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum Failure {
    #[component(name = "timeout")]
    Timeout,
    #[component(name = "dns")]
    Dns(String),
    #[component(name = "connect")]
    Connect(String),
    #[component(name = "tls")]
    Tls(String),
    #[component(name = "reset")]
    Reset(String),
    #[component(name = "protocol")]
    Protocol(String),
    #[component(name = "too-large")]
    TooLarge(String),
    #[component(name = "refused-by-policy")]
    RefusedByPolicy(String),
    #[component(name = "invalid-request")]
    InvalidRequest(String),
    #[component(name = "other")]
    Other(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Timeout => Failure::Timeout,
            Error::Dns(text) => Failure::Dns(text),
            Error::Connect(text) => Failure::Connect(text),
            Error::Tls(text) => Failure::Tls(text),
            Error::Reset(text) => Failure::Reset(text),
            Error::Protocol(text) => Failure::Protocol(text),
            Error::TooLarge(text) | Error::NoRoom(text) => Failure::TooLarge(text),
            Error::RefusedByPolicy(text) => Failure::RefusedByPolicy(text),
            Error::InvalidRequest(text) => Failure::InvalidRequest(text),
            Error::TooManyRedirects(text) | Error::Abandoned(text) => Failure::Other(text),
        }
    }
}

impl From<SchemaError> for Failure {
    fn from(error: SchemaError) -> Failure {
        Failure::InvalidRequest(error.to_string())
    }
}

/// A message that the guest sends.
#[derive(ComponentType, Lift)]
#[component(variant)]
enum Payload {
    #[component(name = "json")]
    Json(WasmStr),
    #[component(name = "binary")]
    Binary(WasmList<u8>),
    #[component(name = "held")]
    Held(Resource<Blob>),
}

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(GRPC)?;
    link_resources(&mut interface)?;
    schema::link(&mut interface)?;
    options::link(&mut interface)?;
    link_channel(&mut interface)?;
    reply::link(&mut interface)?;
    call::link(&mut interface)
}

/// All of them first: functions of one speak of the others.
fn link_resources(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    macro_rules! resource {
        ($name:literal, $kind:ty, $table:ident) => {
            interface.resource($name, ResourceType::host::<$kind>(), |mut store: Store<'_>, handle| {
                store.data_mut().local_mut().calls.$table.remove(handle);
                Ok(())
            })?;
        };
    }
    resource!("schema", HeldSchema, schemas);
    resource!("method", Method, methods);
    resource!("channel-options", ChannelOptions, channel_options);
    resource!("channel", Channel, channels);
    resource!("call-options", OwnOptions, call_options);
    resource!("message", HeldMessage, messages);
    resource!("reply", HeldReply, replies);
    resource!("call", HeldCall, calls);
    Ok(())
}

fn link_channel(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap(
        "[static]channel.open",
        |mut store: Store<'_>, (target, options): (Option<WasmStr>, Option<Resource<ChannelOptions>>)| {
            let opened = {
                let target = target.as_ref().map(|target| text(&store, target)).transpose()?;
                let local = local(&store);
                let options = options.and_then(|options| local.calls.channel_options.get(options.rep()));
                local.user.client().channel(target.as_deref(), options.cloned().unwrap_or_default())
            };
            Ok((match opened {
                Ok(channel) => {
                    let table = &mut store.data_mut().local_mut().calls.channels;
                    Ok(Resource::<Channel>::new_own(table.hold(channel)?))
                }
                Err(error) => Err(Failure::from(error)),
            },))
        },
    )
}

fn method(store: &Store<'_>, handle: &Resource<Method>) -> wasmtime::Result<Method> {
    local(store).calls.methods.get(handle.rep()).cloned().ok_or_else(|| gone("a method"))
}

fn channel<'a>(store: &'a Store<'_>, handle: &Resource<Channel>) -> wasmtime::Result<&'a Channel> {
    local(store).calls.channels.get(handle.rep()).ok_or_else(|| gone("a channel"))
}

/// The bytes of a message, borrowed where it lies ready. The outer error is a trap.
fn encoded<'a>(
    store: &'a Store<'_>,
    method: &Method,
    payload: &'a Payload,
) -> wasmtime::Result<Result<Cow<'a, [u8]>, Error>> {
    /// Bytes that a byte of JSON may take in the host while it is read: "[0,0]".
    const PER_BYTE: usize = 32;
    Ok(match payload {
        Payload::Binary(bytes) => Ok(bytes.as_le_slice(store).into()),
        Payload::Held(blob) => Ok((&**local(store).data.blob(blob)?).into()),
        Payload::Json(json) => {
            let json = text(store, json)?;
            match local(store).user.client().account().book(PER_BYTE * json.len()) {
                Ok(_booked) => {
                    method.encode(&json).map(Cow::Owned).map_err(|error| Error::InvalidRequest(error.to_string()))
                }
                Err(over) => Err(Error::NoRoom(over.to_string())),
            }
        }
    })
}

fn ready<'a, T: Send + 'a>(value: wasmtime::Result<T>) -> Waiting<'a, T> {
    Box::new(std::future::ready(value))
}

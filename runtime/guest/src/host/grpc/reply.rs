//! Messages that came, and how calls ended.

use squall_grpc::{Method, details_as_json};
use squall_http::{CallMessage, Metadata};
use wasmtime::component::{LinkerInstance, Resource};

use super::{Failure, Store};
use crate::calls::{HeldMessage, HeldReply};
use crate::data_handles::gone;
use crate::host::http::Timings;
use crate::host::text::book;
use crate::state::{State, local};

/// Bytes that a byte of a message may take in the host while JSON is made of it: a packed list of numbers.
const PER_BYTE: usize = 48;
/// Memory of a field besides its bytes.
const BESIDE: usize = 64;

pub(super) fn link(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    link_message(interface)?;
    link_reply(interface)
}

fn link_message(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = (Resource<HeldMessage>,);
    interface.func_wrap("[method]message.json", |store: Store<'_>, (handle,): Handle| {
        let held = message(&store, &handle)?;
        let account = local(&store).user.client().account();
        let decoded = match account.book(PER_BYTE * held.message.bytes.len()) {
            Ok(_booked) => {
                held.method.decode(&held.message.bytes).map_err(|error| Failure::Protocol(error.to_string()))
            }
            Err(over) => Err(Failure::TooLarge(over.to_string())),
        };
        Ok((decoded,))
    })?;
    interface.func_wrap("[method]message.bytes", |store: Store<'_>, (handle,): Handle| {
        let bytes = &message(&store, &handle)?.message.bytes;
        // A second copy: lowering needs the store that the message lies in.
        let _booked = book(&store, bytes.len())?;
        Ok((bytes.to_vec(),))
    })?;
    interface.func_wrap("[method]message.at", |store: Store<'_>, (handle,): Handle| {
        Ok((message(&store, &handle)?.message.at.0,))
    })
}

fn message<'a>(store: &'a Store<'_>, handle: &Resource<HeldMessage>) -> wasmtime::Result<&'a HeldMessage> {
    local(store).calls.messages.get(handle.rep()).ok_or_else(|| gone("a message"))
}

/// A handle of a message.
pub(super) fn hold_message(
    store: &mut Store<'_>,
    message: CallMessage,
    method: Method,
) -> wasmtime::Result<Resource<HeldMessage>> {
    let table = &mut store.data_mut().local_mut().calls.messages;
    Ok(Resource::new_own(table.hold(HeldMessage { message, method })?))
}

fn link_reply(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = (Resource<HeldReply>,);
    interface.func_wrap("[method]reply.status", |store: Store<'_>, (handle,): Handle| {
        Ok((reply(&store, &handle)?.reply.code().0,))
    })?;
    interface.func_wrap("[method]reply.status-message", |store: Store<'_>, (handle,): Handle| {
        let text = reply(&store, &handle)?.reply.status_message();
        let _booked = book(&store, text.len())?;
        Ok((text.to_owned(),))
    })?;
    interface.func_wrap("[method]reply.details", |store: Store<'_>, (handle,): Handle| {
        let held = reply(&store, &handle)?;
        let value = held.reply.details().unwrap_or_default();
        let _booked = book(&store, PER_BYTE * value.len())?;
        Ok((details_as_json(value, &held.method),))
    })?;
    interface.func_wrap("[method]reply.message", |mut store: Store<'_>, (handle,): Handle| {
        let held = reply(&store, &handle)?;
        let share = |message: &CallMessage| -> wasmtime::Result<_> {
            Ok((message.share(book(&store, message.bytes.len())?), held.method.clone()))
        };
        let found = held.reply.message().map(share).transpose()?;
        Ok((match found {
            Some((message, method)) => Some(hold_message(&mut store, message, method)?),
            None => None,
        },))
    })?;
    interface.func_wrap("[method]reply.headers", |store: Store<'_>, (handle,): Handle| {
        Ok((pairs(&store, reply(&store, &handle)?.reply.headers())?,))
    })?;
    interface.func_wrap("[method]reply.trailers", |store: Store<'_>, (handle,): Handle| {
        Ok((pairs(&store, reply(&store, &handle)?.reply.trailers())?,))
    })?;
    interface.func_wrap("[method]reply.timings", |store: Store<'_>, (handle,): Handle| {
        Ok((Timings::from(reply(&store, &handle)?.reply.phases()),))
    })
}

fn reply<'a>(store: &'a Store<'_>, handle: &Resource<HeldReply>) -> wasmtime::Result<&'a HeldReply> {
    local(store).calls.replies.get(handle.rep()).ok_or_else(|| gone("a reply"))
}

fn pairs(store: &Store<'_>, metadata: Metadata<'_>) -> wasmtime::Result<Vec<(String, String)>> {
    let size: usize = metadata.iter().map(|(name, value)| BESIDE + name.len() + value.len()).sum();
    let _booked = book(store, size)?;
    Ok(metadata.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect())
}

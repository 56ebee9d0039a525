//! Settings of channels and calls.

use std::time::Duration;

use squall_grpc::{binary_value, check_key};
use squall_http::{CallOptions, ChannelOptions, KeptList};
use squall_plan::Limits;
use wasmtime::component::{LinkerInstance, Resource, WasmList, WasmStr};

use super::{Failure, Store};
use crate::calls::OwnOptions;
use crate::data_handles::gone;
use crate::host::text::{book, text};
use crate::state::{State, local};

/// Memory of a piece of metadata besides its bytes.
const BESIDE: usize = 96;

type Set = Result<(), Failure>;

pub(super) fn link(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    link_channel_options(interface)?;
    link_call_options(interface)?;
    link_metadata(interface)
}

fn link_channel_options(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = Resource<ChannelOptions>;
    interface.func_wrap("[constructor]channel-options", |mut store: Store<'_>, ()| {
        let table = &mut store.data_mut().local_mut().calls.channel_options;
        Ok((Resource::<ChannelOptions>::new_own(table.hold(ChannelOptions::default())?),))
    })?;
    interface.func_wrap(
        "[method]channel-options.set-plaintext",
        |mut store: Store<'_>, (handle, plaintext): (Handle, bool)| {
            set_channel(&mut store, &handle, |options| options.plaintext = plaintext)
        },
    )?;
    interface.func_wrap(
        "[method]channel-options.set-authority",
        |mut store: Store<'_>, (handle, authority): (Handle, WasmStr)| {
            let authority = text(&store, &authority)?.into_owned();
            if authority.len() > LONGEST_AUTHORITY {
                wasmtime::bail!("an authority has at most {LONGEST_AUTHORITY} bytes");
            }
            set_channel(&mut store, &handle, |options| options.authority = Some(authority))
        },
    )?;
    interface.func_wrap(
        "[method]channel-options.set-send-limit",
        |mut store: Store<'_>, (handle, bytes): (Handle, u64)| {
            set_channel(&mut store, &handle, |options| options.send_limit = Some(bytes as usize))
        },
    )?;
    interface.func_wrap(
        "[method]channel-options.set-receive-limit",
        |mut store: Store<'_>, (handle, bytes): (Handle, u64)| {
            set_channel(&mut store, &handle, |options| options.receive_limit = Some(bytes as usize))
        },
    )
}

/// The longest name of a server, with a port.
const LONGEST_AUTHORITY: usize = 300;

fn set_channel(
    store: &mut Store<'_>,
    handle: &Resource<ChannelOptions>,
    set: impl FnOnce(&mut ChannelOptions),
) -> wasmtime::Result<()> {
    let options = store.data_mut().local_mut().calls.channel_options.get_mut(handle.rep());
    set(options.ok_or_else(|| gone("channel-options"))?);
    Ok(())
}

type Handle = Resource<OwnOptions>;

fn link_call_options(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap("[constructor]call-options", |mut store: Store<'_>, ()| {
        let booked = book(&store, 0)?;
        let own = OwnOptions { options: CallOptions::default(), metadata: Vec::new(), booked };
        let table = &mut store.data_mut().local_mut().calls.call_options;
        Ok((Resource::<OwnOptions>::new_own(table.hold(own)?),))
    })?;
    interface.func_wrap(
        "[method]call-options.set-name",
        |mut store: Store<'_>, (handle, name): (Handle, WasmStr)| {
            let name = local(&store).worker.recorder.borrow_mut().name(&text(&store, &name)?);
            set(&mut store, &handle, |options| options.name = Some(name))
        },
    )?;
    interface.func_wrap(
        "[method]call-options.set-tags",
        |mut store: Store<'_>, (handle, tags): (Handle, Vec<(String, String)>)| {
            let tags = local(&store).worker.recorder.borrow().registry().tag_set(tags);
            set(&mut store, &handle, |options| options.tags = Some(tags))
        },
    )?;
    interface.func_wrap("[method]call-options.set-timeout", |mut store: Store<'_>, (handle, ns): (Handle, u64)| {
        set(&mut store, &handle, |options| options.timeout = Some(Duration::from_nanos(ns)))
    })?;
    interface.func_wrap(
        "[method]call-options.set-expected-statuses",
        |mut store: Store<'_>, (handle, codes): (Handle, WasmList<u32>)| {
            let (count, most) = (codes.len(), Limits::STATUS_RANGES);
            if count > most {
                wasmtime::bail!("{count} expected statuses: at most {most} are allowed");
            }
            let booked = book(&store, count * size_of::<u32>())?;
            let codes = KeptList::new(codes.as_le_slice(&store).to_vec(), booked);
            set(&mut store, &handle, |options| options.expected = Some(codes))
        },
    )?;
    interface.func_wrap(
        "[method]call-options.set-discard",
        |mut store: Store<'_>, (handle, discard): (Handle, bool)| {
            set(&mut store, &handle, |options| options.discard = discard)
        },
    )?;
    interface.func_wrap("[method]call-options.set-gzip", |mut store: Store<'_>, (handle, gzip): (Handle, bool)| {
        set(&mut store, &handle, |options| options.gzip = gzip)
    })
}

fn set(store: &mut Store<'_>, handle: &Handle, set: impl FnOnce(&mut CallOptions)) -> wasmtime::Result<()> {
    set_own(store, handle, |own| set(&mut own.options))
}

fn set_own<T>(store: &mut Store<'_>, handle: &Handle, set: impl FnOnce(&mut OwnOptions) -> T) -> wasmtime::Result<T> {
    let own = store.data_mut().local_mut().calls.call_options.get_mut(handle.rep());
    Ok(set(own.ok_or_else(|| gone("call-options"))?))
}

fn link_metadata(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap(
        "[method]call-options.add-metadata",
        |mut store: Store<'_>, (handle, key, value): (Handle, WasmStr, WasmStr)| {
            let key = check_key(&text(&store, &key)?, false);
            let _booked = book(&store, value_length(&text(&store, &value)?))?;
            let value = text(&store, &value)?.into_owned();
            drop(_booked);
            Ok((add(&mut store, &handle, key.map(|key| (key, value)))?,))
        },
    )?;
    interface.func_wrap(
        "[method]call-options.add-binary-metadata",
        |mut store: Store<'_>, (handle, key, value): (Handle, WasmStr, WasmList<u8>)| {
            let key = check_key(&text(&store, &key)?, true);
            let _booked = book(&store, 2 * value.len())?;
            let value = binary_value(value.as_le_slice(&store));
            drop(_booked);
            Ok((add(&mut store, &handle, key.map(|key| (key, value)))?,))
        },
    )
}

fn value_length(value: &str) -> usize {
    value.len()
}

/// Adds a piece of metadata, if it can be sent.
fn add<E: std::fmt::Display>(
    store: &mut Store<'_>,
    handle: &Handle,
    checked: Result<(String, String), E>,
) -> wasmtime::Result<Set> {
    let (key, value) = match checked {
        Ok(checked) => checked,
        Err(error) => return Ok(Err(Failure::InvalidRequest(error.to_string()))),
    };
    set_own(store, handle, |own| {
        if own.metadata.len() >= Limits::HEADERS {
            let most = Limits::HEADERS;
            return Ok(Err(Failure::InvalidRequest(format!("a call has at most {most} pieces of metadata"))));
        }
        own.booked.add(BESIDE + key.len() + value.len())?;
        own.metadata.push((key, value));
        // The list that calls share is made anew by the next one.
        own.options.metadata = None;
        Ok(Ok(()))
    })?
}

/// The settings behind a handle, or the defaults.
pub(super) fn of_handle(store: &Store<'_>, handle: Option<&Handle>) -> wasmtime::Result<CallOptions> {
    let Some(handle) = handle else { return Ok(CallOptions::default()) };
    let own = local(store).calls.call_options.get(handle.rep()).ok_or_else(|| gone("call-options"))?;
    let mut options = own.options.clone();
    if !own.metadata.is_empty() {
        let size: usize = own.metadata.iter().map(|(key, value)| BESIDE + key.len() + value.len()).sum();
        options.metadata = Some(KeptList::new(own.metadata.clone(), book(store, size)?));
    }
    Ok(options)
}

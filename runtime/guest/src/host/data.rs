//! `squall:scenario/data`: rows and bytes that the host holds for all virtual users, handed to the guest as far as it asks.

use bytes::Bytes;
use squall_data::{Feed as DataFeed, OpenError, TakeError, UnknownColumn};
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType, WasmStr};

use super::text::{book, text};
use crate::contract::DATA;
use crate::data_handles::{Blob, Feed, Row, gone};
use crate::state::{Local, State, local};

#[derive(Clone, Copy, ComponentType, Lift)]
#[allow(dead_code)] // Lifted, never made here.
#[component(enum)]
#[repr(u8)]
enum Policy {
    #[component(name = "sequential")]
    Sequential,
    #[component(name = "random")]
    Random,
    #[component(name = "shuffle")]
    Shuffle,
    #[component(name = "unique-per-vu")]
    UniquePerVu,
    #[component(name = "once-each")]
    OnceEach,
}

impl From<Policy> for squall_plan::Policy {
    fn from(policy: Policy) -> squall_plan::Policy {
        match policy {
            Policy::Sequential => squall_plan::Policy::Sequential,
            Policy::Random => squall_plan::Policy::Random,
            Policy::Shuffle => squall_plan::Policy::Shuffle,
            Policy::UniquePerVu => squall_plan::Policy::UniquePerVu,
            Policy::OnceEach => squall_plan::Policy::OnceEach,
        }
    }
}

#[derive(Clone, Copy, ComponentType, Lift)]
#[allow(dead_code)] // Lifted, never made here.
#[component(enum)]
#[repr(u8)]
enum AtEnd {
    #[component(name = "recycle")]
    Recycle,
    #[component(name = "stop")]
    Stop,
    #[component(name = "error")]
    Error,
}

impl From<AtEnd> for squall_plan::AtEnd {
    fn from(at_end: AtEnd) -> squall_plan::AtEnd {
        match at_end {
            AtEnd::Recycle => squall_plan::AtEnd::Recycle,
            AtEnd::Stop => squall_plan::AtEnd::Stop,
            AtEnd::Error => squall_plan::AtEnd::Error,
        }
    }
}

#[derive(ComponentType, Lower)]
#[component(variant)]
enum Failure {
    #[component(name = "not-given")]
    NotGiven(String),
    #[component(name = "unknown-column")]
    UnknownColumn(String),
    #[component(name = "exhausted")]
    Exhausted(String),
    #[component(name = "other")]
    Other(String),
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Failure {
        let text = error.to_string();
        if matches!(error, OpenError::NotGiven { .. }) { Failure::NotGiven(text) } else { Failure::Other(text) }
    }
}

impl From<TakeError> for Failure {
    fn from(error: TakeError) -> Failure {
        let text = error.to_string();
        if matches!(error, TakeError::Exhausted(_)) { Failure::Exhausted(text) } else { Failure::Other(text) }
    }
}

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(DATA)?;
    // All three first: functions of one speak of the others.
    interface.resource("feed", ResourceType::host::<Feed>(), |mut store: StoreContextMut<'_, State>, handle| {
        store.data_mut().local_mut().data.feeds.remove(handle);
        Ok(())
    })?;
    interface.resource("row", ResourceType::host::<Row>(), |mut store: StoreContextMut<'_, State>, handle| {
        store.data_mut().local_mut().data.rows.remove(handle);
        Ok(())
    })?;
    interface.resource("blob", ResourceType::host::<Blob>(), |mut store: StoreContextMut<'_, State>, handle| {
        store.data_mut().local_mut().data.blobs.remove(handle);
        Ok(())
    })?;
    link_feed(&mut interface)?;
    link_row(&mut interface)?;
    link_blob(&mut interface)
}

fn link_feed(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Wish = (WasmStr, Option<Policy>, Option<AtEnd>);
    interface.func_wrap(
        "[static]feed.open",
        |mut store: StoreContextMut<'_, State>, (name, policy, at_end): Wish| {
            let opened = open(local(&store), &text(&store, &name)?, policy, at_end);
            let feeds = &mut store.data_mut().local_mut().data.feeds;
            Ok((match opened {
                Ok(feed) => Ok(Resource::<Feed>::new_own(feeds.hold(feed)?)),
                Err(error) => Err(Failure::from(error)),
            },))
        },
    )?;
    type Handle = (Resource<Feed>,);
    interface.func_wrap("[method]feed.length", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        let local = local(&store);
        Ok((data_of(local, feed(local, &handle)?.number)?.table().length(),))
    })?;
    interface.func_wrap("[method]feed.columns", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        let local = local(&store);
        let columns = data_of(local, feed(local, &handle)?.number)?.table().columns();
        Ok((columns.map(str::to_owned).collect::<Vec<String>>(),))
    })?;
    interface.func_wrap("[method]feed.next", |mut store: StoreContextMut<'_, State>, (handle,): Handle| {
        Ok((next(store.data_mut().local_mut(), &handle)?,))
    })?;
    interface.func_wrap(
        "[method]feed.at",
        |mut store: StoreContextMut<'_, State>, (handle, index): (Resource<Feed>, u64)| {
            let local = store.data_mut().local_mut();
            let feed = feed(local, &handle)?.number;
            let is_there = index < data_of(local, feed)?.table().length();
            let row = is_there.then(|| hold_row(local, feed, index)).transpose()?;
            Ok((row,))
        },
    )
}

fn open(local: &Local, name: &str, policy: Option<Policy>, at_end: Option<AtEnd>) -> Result<Feed, OpenError> {
    let data = &local.worker.run.data;
    let number = data.find_feed(name)?;
    let Some(feed) = data.feed(number) else {
        return Err(OpenError::NoRows(name.to_owned()));
    };
    let way = feed.open(policy.map(Into::into), at_end.map(Into::into))?;
    Ok(Feed { number, way })
}

fn next(local: &mut Local, handle: &Resource<Feed>) -> wasmtime::Result<Result<Option<Resource<Row>>, Failure>> {
    let Feed { number, way } = feed(local, handle)?;
    let data = data_of(local, number)?;
    match data.next(way, local.user.number()) {
        Ok(Some(index)) => Ok(Ok(Some(hold_row(local, number, index)?))),
        Ok(None) => {
            local.worker.run.data_end.reach(data.name());
            local.out_of_rows = true;
            Ok(Ok(None))
        }
        Err(error) => Ok(Err(error.into())),
    }
}

fn hold_row(local: &mut Local, feed: usize, index: u64) -> wasmtime::Result<Resource<Row>> {
    Ok(Resource::new_own(local.data.rows.hold(Row { feed, index })?))
}

fn feed(local: &Local, handle: &Resource<Feed>) -> wasmtime::Result<Feed> {
    local.data.feeds.get(handle.rep()).copied().ok_or_else(|| gone("a feed"))
}

fn data_of(local: &Local, feed: usize) -> wasmtime::Result<&DataFeed> {
    local.worker.run.data.feed(feed).ok_or_else(|| gone("data"))
}

fn row<'a>(local: &'a Local, handle: &Resource<Row>) -> wasmtime::Result<(&'a DataFeed, u64)> {
    let row = local.data.rows.get(handle.rep()).ok_or_else(|| gone("a row"))?;
    Ok((data_of(local, row.feed)?, row.index))
}

fn unknown(feed: &DataFeed, error: &UnknownColumn) -> Failure {
    Failure::UnknownColumn(format!("data {:?}: {error}", feed.name()))
}

fn link_row(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = (Resource<Row>,);
    type Field = (Resource<Row>, WasmStr);
    interface.func_wrap("[method]row.index", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        Ok((row(local(&store), &handle)?.1,))
    })?;
    interface.func_wrap("[method]row.get", |store: StoreContextMut<'_, State>, (handle, column): Field| {
        let (feed, index) = row(local(&store), &handle)?;
        let value = feed.table().get(index, &text(&store, &column)?);
        Ok((value.map(|value| value.map(|value| value.text.to_owned())).map_err(|error| unknown(feed, &error)),))
    })?;
    interface.func_wrap("[method]row.fields", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        let (feed, index) = row(local(&store), &handle)?;
        let fields = feed.table().fields(index).map(|(name, value)| (name.to_owned(), value.text.to_owned()));
        Ok((fields.collect::<Vec<(String, String)>>(),))
    })?;
    interface.func_wrap("[method]row.json", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        let (feed, index) = row(local(&store), &handle)?;
        Ok((feed.table().json(index),))
    })?;
    interface.func_wrap("[method]row.blob", |mut store: StoreContextMut<'_, State>, (handle, column): Field| {
        let (feed, index) = row(local(&store), &handle)?;
        let column = text(&store, &column)?;
        let bytes = match feed.table().bytes(index, &column) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(Failure::Other(format!("data {:?}: row {index} has no {column:?}", feed.name()))),
            Err(error) => Err(unknown(feed, &error)),
        };
        Ok((hold_blob(store.data_mut().local_mut(), bytes)?,))
    })
}

/// The run's file of that name, or else one that the component may open.
fn open_blob(local: &mut Local, name: &str) -> Result<Bytes, OpenError> {
    match local.worker.run.data.blob(name) {
        Err(error @ OpenError::NotGiven { .. }) => local.files.open(name, &mut local.data.opened).unwrap_or(Err(error)),
        given => given,
    }
}

type Held = Result<Resource<Blob>, Failure>;

fn hold_blob(local: &mut Local, bytes: Result<Bytes, Failure>) -> wasmtime::Result<Held> {
    Ok(match bytes {
        Ok(bytes) => Ok(Resource::new_own(local.data.blobs.hold(Blob(bytes))?)),
        Err(error) => Err(error),
    })
}

fn link_blob(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap("[static]blob.open", |mut store: StoreContextMut<'_, State>, (name,): (WasmStr,)| {
        let name = text(&store, &name)?.into_owned();
        let local = store.data_mut().local_mut();
        let bytes = open_blob(local, &name).map_err(Failure::from);
        Ok((hold_blob(local, bytes)?,))
    })?;
    interface.func_wrap("[method]blob.length", |store: StoreContextMut<'_, State>, (handle,): (Resource<Blob>,)| {
        Ok((local(&store).data.blob(&handle)?.len() as u64,))
    })?;
    interface.func_wrap(
        "[method]blob.read",
        |store: StoreContextMut<'_, State>, (handle, offset, length): (Resource<Blob>, u64, u32)| {
            let blob = local(&store).data.blob(&handle)?;
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(blob.len());
            let end = start.saturating_add(length as usize).min(blob.len());
            let _booked = book(&store, end - start)?;
            Ok((blob[start..end].to_vec(),))
        },
    )
}

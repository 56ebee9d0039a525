//! `squall:scenario/sockets`: bytes over TCP and datagrams over UDP. The measured client carries them; here the guest takes
//! its turns.

use std::future::Future;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use send_wrapper::SendWrapper;
use squall_http::{Error, TcpConnection, UdpPeer};
use squall_metrics::Nanos;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType, WasmList, WasmStr};

use super::http::Failure;
use super::text::{book, text};
use super::wait::wait;
use crate::contract::SOCKETS;
use crate::data_handles::gone;
use crate::state::{State, local};

type Store<'a> = StoreContextMut<'a, State>;
type Waiting<'a, T> = Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>;
type Received = Result<Option<Vec<u8>>, Failure>;

/// A wait for a connection ends before that, whatever the guest says.
const LONGEST_OPENING: Duration = Duration::from_secs(3600);
/// The longest name, address, or name of a server, in bytes; the rest is cut off.
const LONGEST_TEXT: usize = 1 << 10;

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(SOCKETS)?;
    interface.resource("tcp", ResourceType::host::<TcpConnection>(), |mut store: Store<'_>, handle| {
        store.data_mut().local_mut().sockets.tcp.remove(handle);
        Ok(())
    })?;
    interface.resource("udp", ResourceType::host::<UdpPeer>(), |mut store: Store<'_>, handle| {
        store.data_mut().local_mut().sockets.udp.remove(handle);
        Ok(())
    })?;
    link_tcp(&mut interface)?;
    link_receiving(&mut interface)?;
    link_udp(&mut interface)
}

fn link_tcp(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = (Resource<TcpConnection>,);
    interface.func_wrap_async(
        "[static]tcp.open",
        |store: Store<'_>, (name, address, tls, ns): (WasmStr, WasmStr, Option<WasmStr>, u64)| match copy_texts(
            &store,
            &name,
            &address,
            tls.as_ref(),
        ) {
            Ok(texts) => open_tcp(store, texts, ns),
            Err(trap) => failed(trap),
        },
    )?;
    interface.func_wrap_async(
        "[method]tcp.send",
        |store: Store<'_>, (handle, bytes): (Resource<TcpConnection>, WasmList<u8>)| send_tcp(store, &handle, bytes),
    )?;
    interface.func_wrap("[method]tcp.finish", |store: Store<'_>, (handle,): Handle| {
        tcp(&store, &handle)?.finish();
        Ok(())
    })?;
    interface.func_wrap("[method]tcp.at", |store: Store<'_>, (handle,): Handle| Ok((tcp(&store, &handle)?.at().0,)))?;
    interface.func_wrap("[method]tcp.key", |store: Store<'_>, (handle,): Handle| {
        Ok((tcp(&store, &handle)?.key(local(&store).user.client().readiness()),))
    })
}

/// The texts of a call, as the guest wrote them.
struct Texts {
    name: String,
    address: String,
    tls: Option<String>,
}

fn copy_texts(store: &Store<'_>, name: &WasmStr, address: &WasmStr, tls: Option<&WasmStr>) -> wasmtime::Result<Texts> {
    let copy = |string: &WasmStr| {
        let string = text(store, string)?;
        Ok::<String, wasmtime::Error>(string[..string.floor_char_boundary(LONGEST_TEXT)].to_owned())
    };
    Ok(Texts { name: copy(name)?, address: copy(address)?, tls: tls.map(copy).transpose()? })
}

fn failed<'a, T: Send + 'a>(trap: wasmtime::Error) -> Waiting<'a, T> {
    Box::new(std::future::ready(Err(trap)))
}

fn open_tcp<'a>(
    mut store: Store<'a>,
    texts: Texts,
    ns: u64,
) -> Waiting<'a, (Result<Resource<TcpConnection>, Failure>,)> {
    if let Err(trap) = store.data_mut().local_mut().sockets.check_room() {
        return failed(trap);
    }
    let user = Rc::clone(&local(&store).user);
    let opening = SendWrapper::new(Box::pin(async move {
        let Texts { name, address, tls } = texts;
        let time = Duration::from_nanos(ns).min(LONGEST_OPENING);
        SendWrapper::new(user.client().open_tcp(&name, &address, tls.as_deref(), time).await)
    }));
    Box::new(async move {
        match opening.await.take() {
            Ok(connection) => {
                let number = store.data_mut().local_mut().sockets.hold_tcp(connection)?;
                Ok((Ok(Resource::new_own(number)),))
            }
            Err(error) => Ok((Err(error.into()),)),
        }
    })
}

/// Sends once there is room.
fn send_tcp<'a>(
    store: Store<'a>,
    handle: &Resource<TcpConnection>,
    bytes: WasmList<u8>,
) -> Waiting<'a, (Result<u64, Failure>,)> {
    let connection = match tcp(&store, handle) {
        Ok(connection) => SendWrapper::new(connection),
        Err(trap) => return failed(trap),
    };
    let room = {
        let connection = Rc::clone(&connection);
        wait(&store, u64::MAX, move |context| connection.poll_room(context).map(Ok))
    };
    Box::new(async move {
        room.await.map_err(|error| wasmtime::format_err!("{error}"))?;
        let sent = connection.send(local(&store).user.client(), bytes.as_le_slice(&store));
        Ok((sent.map(|at| at.0).map_err(Failure::from),))
    })
}

fn tcp(store: &Store<'_>, handle: &Resource<TcpConnection>) -> wasmtime::Result<Rc<TcpConnection>> {
    let held = local(store).sockets.tcp.get(handle.rep());
    held.map(|held| Rc::clone(&held.0)).ok_or_else(|| gone("a TCP connection"))
}

fn link_receiving(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Amount = (Resource<TcpConnection>, u32, u64);
    interface.func_wrap_async("[method]tcp.receive", |store: Store<'_>, (handle, most, ns): Amount| {
        receive(store, &handle, ns, move |connection, context| connection.poll_receive(most as usize, context))
    })?;
    interface.func_wrap_async("[method]tcp.receive-exactly", |store: Store<'_>, (handle, count, ns): Amount| {
        receive(store, &handle, ns, move |connection, context| connection.poll_exactly(count as usize, context))
    })?;
    interface.func_wrap_async(
        "[method]tcp.receive-until",
        |store: Store<'_>, (handle, delimiter, most, ns): (Resource<TcpConnection>, WasmList<u8>, u32, u64)| {
            let _booked = match book(&store, delimiter.len()) {
                Ok(booked) => SendWrapper::new(booked),
                Err(trap) => return failed(trap),
            };
            let delimiter = delimiter.as_le_slice(&store).to_vec();
            receive(store, &handle, ns, move |connection, context| {
                connection.poll_until(&delimiter, most as usize, context)
            })
        },
    )
}

fn receive<'a>(
    store: Store<'a>,
    handle: &Resource<TcpConnection>,
    ns: u64,
    mut poll: impl FnMut(&TcpConnection, &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, Error>> + Send + 'a,
) -> Waiting<'a, (Received,)> {
    let connection = match tcp(&store, handle) {
        Ok(connection) => connection,
        Err(trap) => return failed(trap),
    };
    let waiting = wait(&store, ns, move |context| poll(&connection, context));
    Box::new(async move {
        let received = waiting.await.map_err(Failure::from);
        let _booked = SendWrapper::new(match &received {
            Ok(Some(bytes)) => Some(book(&store, bytes.len())?),
            _ => None,
        });
        Ok((received,))
    })
}

fn link_udp(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = (Resource<UdpPeer>,);
    interface.func_wrap_async("[static]udp.open", |store: Store<'_>, (name, address): (WasmStr, WasmStr)| {
        match copy_texts(&store, &name, &address, None) {
            Ok(texts) => open_udp(store, texts),
            Err(trap) => failed(trap),
        }
    })?;
    interface.func_wrap_async(
        "[method]udp.send",
        |store: Store<'_>, (handle, datagram): (Resource<UdpPeer>, WasmList<u8>)| send_udp(store, &handle, datagram),
    )?;
    interface.func_wrap_async("[method]udp.receive", |store: Store<'_>, (handle, ns): (Resource<UdpPeer>, u64)| {
        let peer = match udp(&store, &handle) {
            Ok(peer) => peer,
            Err(trap) => return failed::<(Result<Vec<u8>, Failure>,)>(trap),
        };
        let waiting = wait(&store, ns, move |context| peer.poll_receive(context));
        Box::new(async move {
            let received = waiting.await.map_err(Failure::from);
            let _booked = SendWrapper::new(book(&store, received.as_ref().map_or(0, Vec::len))?);
            Ok((received,))
        })
    })?;
    interface.func_wrap("[method]udp.at", |store: Store<'_>, (handle,): Handle| Ok((udp(&store, &handle)?.at().0,)))?;
    interface.func_wrap("[method]udp.key", |store: Store<'_>, (handle,): Handle| {
        Ok((udp(&store, &handle)?.key(local(&store).user.client().readiness()),))
    })
}

fn open_udp<'a>(mut store: Store<'a>, texts: Texts) -> Waiting<'a, (Result<Resource<UdpPeer>, Failure>,)> {
    if let Err(trap) = store.data_mut().local_mut().sockets.check_room() {
        return failed(trap);
    }
    let user = Rc::clone(&local(&store).user);
    let opening = SendWrapper::new(Box::pin(async move {
        SendWrapper::new(user.client().open_udp(&texts.name, &texts.address).await)
    }));
    Box::new(async move {
        match opening.await.take() {
            Ok(peer) => {
                let number = store.data_mut().local_mut().sockets.hold_udp(peer)?;
                Ok((Ok(Resource::new_own(number)),))
            }
            Err(error) => Ok((Err(error.into()),)),
        }
    })
}

/// Sends as soon as the socket takes the datagram.
fn send_udp<'a>(
    store: Store<'a>,
    handle: &Resource<UdpPeer>,
    datagram: WasmList<u8>,
) -> Waiting<'a, (Result<u64, Failure>,)> {
    let peer = match udp(&store, handle) {
        Ok(peer) => SendWrapper::new(peer),
        Err(trap) => return failed(trap),
    };
    Box::new(async move {
        loop {
            match peer.send(local(&store).user.client(), datagram.as_le_slice(&store)) {
                Ok(Some(Nanos(at))) => return Ok((Ok(at),)),
                Ok(None) => {}
                Err(error) => return Ok((Err(error.into()),)),
            }
            let peer = Rc::clone(&peer);
            let room = wait(&store, u64::MAX, move |context| peer.poll_room(context).map(Ok));
            room.await.map_err(|error| wasmtime::format_err!("{error}"))?;
        }
    })
}

fn udp(store: &Store<'_>, handle: &Resource<UdpPeer>) -> wasmtime::Result<Rc<UdpPeer>> {
    let held = local(store).sockets.udp.get(handle.rep());
    held.map(|held| Rc::clone(&held.0)).ok_or_else(|| gone("a UDP socket"))
}

//! `squall:scenario/websocket`: connections that the measured client carries. Here the guest takes its turns.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use send_wrapper::SendWrapper;
use squall_http::{CloseReason, Content, CookieJar, Error, Response, TimedMessage, WebSocket, WebSocketError};
use squall_metrics::Nanos;
use squall_plan::Limits;
use wasmtime::StoreContextMut;
use wasmtime::component::{
    ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType, WasmList, WasmStr,
};

use super::http::{cookie_jar, hold_response};
use super::text::{book, text};
use super::wait::wait;
use crate::contract::WEBSOCKET;
use crate::data_handles::{Blob, gone};
use crate::state::{State, local};
use crate::websockets::{ConnectOptions, WebSocketHandle};

type Store<'a> = StoreContextMut<'a, State>;
type Waiting<'a, T> = Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>;
type Options = Resource<ConnectOptions>;
type Connection = Resource<WebSocket>;
type Message = Resource<TimedMessage>;

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
    #[component(name = "handshake")]
    Handshake(String),
    #[component(name = "reset")]
    Reset(String),
    #[component(name = "protocol")]
    Protocol(String),
    #[component(name = "too-large")]
    TooLarge(String),
    #[component(name = "closed")]
    Closed(String),
    #[component(name = "refused-by-policy")]
    RefusedByPolicy(String),
    #[component(name = "invalid-request")]
    InvalidRequest(String),
    #[component(name = "other")]
    Other(String),
}

impl From<WebSocketError> for Failure {
    fn from(error: WebSocketError) -> Failure {
        match error {
            WebSocketError::Handshake(text) => Failure::Handshake(text),
            WebSocketError::Closed(text) => Failure::Closed(text),
            WebSocketError::Failed(error) => error.into(),
        }
    }
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

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
enum Kind {
    #[component(name = "text")]
    Text,
    #[component(name = "binary")]
    Binary,
    #[component(name = "ping")]
    Ping,
    #[component(name = "pong")]
    Pong,
    #[component(name = "close")]
    Close,
}

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(WEBSOCKET)?;
    // All three first: functions of one speak of the others.
    interface.resource("connect-options", ResourceType::host::<ConnectOptions>(), |mut store: Store<'_>, handle| {
        store.data_mut().local_mut().websockets.options.remove(handle);
        Ok(())
    })?;
    interface.resource("message", ResourceType::host::<TimedMessage>(), |mut store: Store<'_>, handle| {
        store.data_mut().local_mut().websockets.messages.remove(handle);
        Ok(())
    })?;
    interface.resource("connection", ResourceType::host::<WebSocket>(), |mut store: Store<'_>, handle| {
        store.data_mut().local_mut().websockets.connections.remove(handle);
        Ok(())
    })?;
    link_options(&mut interface)?;
    link_message(&mut interface)?;
    link_opening(&mut interface)?;
    link_sending(&mut interface)?;
    link_receiving(&mut interface)?;
    link_closing(&mut interface)
}

fn link_options(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap("[constructor]connect-options", |mut store: Store<'_>, ()| {
        let booked = local(&store).user.client().account().receipt();
        let options = ConnectOptions { settings: Default::default(), headers: Vec::new(), booked };
        let handle = store.data_mut().local_mut().websockets.options.hold(options)?;
        Ok((Options::new_own(handle),))
    })?;
    interface.func_wrap(
        "[method]connect-options.set-name",
        |mut store: Store<'_>, (options, name): (Options, WasmStr)| {
            let name = local(&store).worker.recorder.borrow_mut().name(&text(&store, &name)?);
            set(&mut store, &options, |options| options.settings.name = Some(name))
        },
    )?;
    interface.func_wrap(
        "[method]connect-options.set-tags",
        |mut store: Store<'_>, (options, tags): (Options, Vec<(String, String)>)| {
            let tags = local(&store).worker.recorder.borrow().registry().tag_set(tags);
            set(&mut store, &options, |options| options.settings.tags = Some(tags))
        },
    )?;
    interface.func_wrap(
        "[method]connect-options.set-timeout",
        |mut store: Store<'_>, (options, ns): (Options, u64)| {
            set(&mut store, &options, |options| options.settings.timeout = Some(Duration::from_nanos(ns)))
        },
    )?;
    interface.func_wrap(
        "[method]connect-options.add-header",
        |mut store: Store<'_>, (options, name, value): (Options, WasmStr, WasmStr)| {
            let field = (text(&store, &name)?.into_owned(), text(&store, &value)?.into_owned());
            let options = options_mut(&mut store, &options)?;
            if options.headers.len() >= Limits::HEADERS {
                wasmtime::bail!("a handshake has at most {} headers", Limits::HEADERS);
            }
            options.booked.add(size_of_val(&field) + field.0.len() + field.1.len())?;
            options.headers.push(field);
            Ok(())
        },
    )?;
    interface.func_wrap(
        "[method]connect-options.set-subprotocols",
        |mut store: Store<'_>, (options, names): (Options, WasmList<WasmStr>)| {
            let names = texts(&mut store, &names)?;
            let options = options_mut(&mut store, &options)?;
            options.booked.add(names.iter().map(|name| size_of_val(name) + name.len()).sum())?;
            options.settings.subprotocols = names;
            Ok(())
        },
    )?;
    interface.func_wrap(
        "[method]connect-options.set-compression",
        |mut store: Store<'_>, (options, offer): (Options, bool)| {
            set(&mut store, &options, |options| options.settings.compression = offer)
        },
    )?;
    interface.func_wrap(
        "[method]connect-options.set-inbox",
        |mut store: Store<'_>, (options, bytes): (Options, u64)| {
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            set(&mut store, &options, |options| options.settings.inbox = Some(bytes))
        },
    )?;
    interface.func_wrap(
        "[method]connect-options.set-cookie-jar",
        |mut store: Store<'_>, (options, jar): (Options, Resource<CookieJar>)| {
            let jar = Rc::clone(cookie_jar(&store, &jar)?);
            set(&mut store, &options, |options| options.settings.cookie_jar = Some(jar))
        },
    )
}

fn options_mut<'a>(store: &'a mut Store<'_>, options: &Options) -> wasmtime::Result<&'a mut ConnectOptions> {
    let held = store.data_mut().local_mut().websockets.options.get_mut(options.rep());
    held.ok_or_else(|| gone("a connect-options"))
}

fn set(store: &mut Store<'_>, options: &Options, change: impl FnOnce(&mut ConnectOptions)) -> wasmtime::Result<()> {
    options_mut(store, options).map(change)
}

fn texts(store: &mut Store<'_>, list: &WasmList<WasmStr>) -> wasmtime::Result<Vec<String>> {
    if list.len() > Limits::HEADERS {
        wasmtime::bail!("a handshake offers at most {} subprotocols", Limits::HEADERS);
    }
    let names: Vec<WasmStr> = list.iter(&mut *store)?.collect::<wasmtime::Result<_>>()?;
    names.iter().map(|name| Ok(text(store, name)?.into_owned())).collect()
}

fn link_message(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = (Message,);
    interface.func_wrap("[method]message.kind", |store: Store<'_>, (handle,): Handle| {
        Ok((match message(&store, &handle)?.content {
            Content::Text(_) => Kind::Text,
            Content::Binary(_) => Kind::Binary,
            Content::Ping(_) => Kind::Ping,
            Content::Pong(_) => Kind::Pong,
            Content::Close(..) => Kind::Close,
        },))
    })?;
    interface.func_wrap("[method]message.size", |store: Store<'_>, (handle,): Handle| {
        Ok((message(&store, &handle)?.content.len() as u64,))
    })?;
    interface.func_wrap("[method]message.text", |store: Store<'_>, (handle,): Handle| {
        let content = &message(&store, &handle)?.content;
        // A second copy: lowering needs the store that the message lies in. A byte that is not UTF-8 becomes three.
        let _booked = book(&store, if content.is_text() { content.len() } else { 3 * content.len() })?;
        Ok((content.text().into_owned(),))
    })?;
    interface.func_wrap("[method]message.bytes", |store: Store<'_>, (handle,): Handle| {
        let content = &message(&store, &handle)?.content;
        let _booked = book(&store, content.len())?;
        Ok((content.bytes().to_vec(),))
    })?;
    interface
        .func_wrap("[method]message.at", |store: Store<'_>, (handle,): Handle| Ok((message(&store, &handle)?.at.0,)))?;
    interface.func_wrap("[method]message.code", |store: Store<'_>, (handle,): Handle| {
        Ok((match message(&store, &handle)?.content {
            Content::Close(code, _) => code,
            _ => 0,
        },))
    })
}

fn message<'a>(store: &'a Store<'_>, handle: &Message) -> wasmtime::Result<&'a TimedMessage> {
    local(store).websockets.messages.get(handle.rep()).ok_or_else(|| gone("a message"))
}

fn link_opening(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap_async(
        "[static]connection.open",
        |mut store: Store<'_>, (url, options): (WasmStr, Option<Options>)| {
            let socket = match start(&mut store, &url, options.as_ref()) {
                Ok(Ok(socket)) => socket,
                Ok(Err(error)) => return ready::<(Result<Connection, Failure>,)>(Ok((Err(error.into()),))),
                Err(trap) => return ready(Err(trap)),
            };
            let opened = waiting(&store, u64::MAX, &socket, WebSocket::poll_opened);
            let socket = SendWrapper::new(socket);
            Box::new(async move {
                Ok((match opened.await {
                    Ok(()) => Ok(hold(&mut store, socket.take())?),
                    Err(failure) => Err(failure),
                },))
            })
        },
    )?;
    interface.func_wrap(
        "[static]connection.start",
        |mut store: Store<'_>, (url, options): (WasmStr, Option<Options>)| {
            let socket = match start(&mut store, &url, options.as_ref())? {
                Ok(socket) => socket,
                Err(error) => local(&store).user.client().refuse_websocket(error)?,
            };
            Ok((hold(&mut store, socket)?,))
        },
    )?;
    interface.func_wrap_async("[method]connection.opened", |store: Store<'_>, (handle, ns): (Connection, u64)| {
        let socket = match socket(&store, &handle) {
            Ok(socket) => socket,
            Err(trap) => return ready::<(Result<(), Failure>,)>(Err(trap)),
        };
        let opened = waiting(&store, ns, &socket, WebSocket::poll_opened);
        Box::new(async move { Ok((opened.await,)) })
    })?;
    interface.func_wrap("[method]connection.response", |mut store: Store<'_>, (handle,): (Connection,)| {
        let response: Option<Box<Response>> = socket(&store, &handle)?.response()?;
        Ok((match response {
            Some(response) => hold_response(&mut store, Ok(response))?.ok(),
            None => None,
        },))
    })?;
    interface.func_wrap("[method]connection.subprotocol", |store: Store<'_>, (handle,): (Connection,)| {
        Ok((socket(&store, &handle)?.subprotocol(),))
    })
}

/// Lets a connection be opened. The outer error is a trap.
fn start(
    store: &mut Store<'_>,
    url: &WasmStr,
    options: Option<&Options>,
) -> wasmtime::Result<Result<Rc<WebSocket>, Error>> {
    store.data_mut().local_mut().websockets.check_room()?;
    let url = text(store, url)?;
    let local = local(store);
    let _booked = local.user.client().account().book(2 * url.len())?;
    let prepared = match options {
        None => local.user.client().prepare_websocket(&url, std::iter::empty(), &Default::default()),
        Some(options) => {
            let options = local.websockets.options.get(options.rep()).ok_or_else(|| gone("a connect-options"))?;
            let headers = options.headers.iter().map(|(name, value)| (&**name, &**value));
            local.user.client().prepare_websocket(&url, headers, &options.settings)
        }
    };
    let (prepared, socket) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return Ok(Err(error)),
    };
    let (user, carried) = (Rc::clone(&local.user), Rc::clone(&socket));
    drop(url);
    let work = async move { user.client().websocket(prepared, carried).await };
    store.data_mut().local_mut().websockets.carry(&socket, work);
    Ok(Ok(socket))
}

fn hold(store: &mut Store<'_>, socket: Rc<WebSocket>) -> wasmtime::Result<Connection> {
    let table = &mut store.data_mut().local_mut().websockets.connections;
    Ok(Resource::new_own(table.hold(WebSocketHandle(socket))?))
}

fn socket(store: &Store<'_>, handle: &Connection) -> wasmtime::Result<Rc<WebSocket>> {
    let held = local(store).websockets.connections.get(handle.rep());
    held.map(|held| Rc::clone(&held.0)).ok_or_else(|| gone("a connection"))
}

fn ready<'a, T: Send + 'a>(outcome: wasmtime::Result<T>) -> Waiting<'a, T> {
    Box::new(std::future::ready(outcome))
}

type WaitingFor<T> = SendWrapper<Pin<Box<dyn Future<Output = Result<T, Failure>>>>>;

/// Waits for something of a connection.
fn waiting<T: 'static>(
    store: &Store<'_>,
    ns: u64,
    socket: &Rc<WebSocket>,
    poll: impl Fn(&WebSocket, &mut Context<'_>) -> Poll<Result<T, WebSocketError>> + 'static,
) -> WaitingFor<T> {
    let socket = Rc::clone(socket);
    let waiting = wait(store, ns, move |context| poll(&socket, context).map(Ok)).take();
    SendWrapper::new(Box::pin(async move { waiting.await?.map_err(Failure::from) }))
}

type Sent = Result<u64, Failure>;

fn link_sending(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap_async(
        "[method]connection.send-text",
        |store: Store<'_>, (handle, content): (Connection, WasmStr)| {
            send(store, &handle, move |store, socket| Ok(socket.send_text(&text(store, &content)?)))
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.send-bytes",
        |store: Store<'_>, (handle, content): (Connection, WasmList<u8>)| {
            send(store, &handle, move |store, socket| Ok(socket.send_binary(content.as_le_slice(store))))
        },
    )?;
    interface.func_wrap_async(
        "[method]connection.send-from",
        |store: Store<'_>, (handle, blob): (Connection, Resource<Blob>)| {
            let bytes = match local(&store).data.blob(&blob) {
                Ok(bytes) => SendWrapper::new(bytes.clone()),
                Err(trap) => return ready(Err(trap)),
            };
            send(store, &handle, move |_, socket| Ok(socket.send_binary(&bytes)))
        },
    )?;
    interface.func_wrap("[method]connection.ping", |store: Store<'_>, (handle,): (Connection,)| {
        Ok((socket(&store, &handle)?.ping().map_err(Failure::from),))
    })?;
    interface.func_wrap("[method]connection.buffered", |store: Store<'_>, (handle,): (Connection,)| {
        Ok((socket(&store, &handle)?.buffered() as u64,))
    })
}

/// Sends a message once there is room for it.
fn send<'a>(
    store: Store<'a>,
    handle: &Connection,
    send: impl FnOnce(&Store<'_>, &WebSocket) -> wasmtime::Result<Result<Nanos, WebSocketError>> + Send + 'a,
) -> Waiting<'a, (Sent,)> {
    let socket = match socket(&store, handle) {
        Ok(socket) => socket,
        Err(trap) => return ready(Err(trap)),
    };
    let room = waiting(&store, u64::MAX, &socket, WebSocket::poll_room);
    let socket = SendWrapper::new(socket);
    Box::new(async move {
        if let Err(failure) = room.await {
            return Ok((Err(failure),));
        }
        let sent = send(&store, &socket)?;
        Ok((sent.map(|at| at.0).map_err(Failure::from),))
    })
}

fn link_receiving(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Timed = (Connection, u64);
    interface.func_wrap_async("[method]connection.receive", |store: Store<'_>, (handle, ns): Timed| {
        receive(store, &handle, ns, false)
    })?;
    interface.func_wrap_async("[method]connection.receive-any", |store: Store<'_>, (handle, ns): Timed| {
        receive(store, &handle, ns, true)
    })?;
    interface.func_wrap_async("[method]connection.receive-text", |store: Store<'_>, (handle, ns): Timed| {
        let socket = match socket(&store, &handle) {
            Ok(socket) => socket,
            Err(trap) => return ready::<(Result<Option<String>, Failure>,)>(Err(trap)),
        };
        let message = waiting(&store, ns, &socket, |socket, context| socket.poll_message(false, context));
        Box::new(async move {
            let message = SendWrapper::new(message.await);
            Ok((match message.take() {
                // The text itself, and not a copy: nobody else has it.
                Ok(Some(message)) => Ok(Some(message.content.into_text())),
                Ok(None) => Ok(None),
                Err(failure) => Err(failure),
            },))
        })
    })
}

fn receive<'a>(
    mut store: Store<'a>,
    handle: &Connection,
    ns: u64,
    any: bool,
) -> Waiting<'a, (Result<Option<Message>, Failure>,)> {
    let socket = match socket(&store, handle) {
        Ok(socket) => socket,
        Err(trap) => return ready(Err(trap)),
    };
    let message = waiting(&store, ns, &socket, move |socket, context| socket.poll_message(any, context));
    Box::new(async move {
        let message = SendWrapper::new(message.await);
        Ok((match message.take() {
            Ok(Some(message)) => {
                let messages = &mut store.data_mut().local_mut().websockets.messages;
                Ok(Some(Resource::new_own(messages.hold(message)?)))
            }
            Ok(None) => Ok(None),
            Err(failure) => Err(failure),
        },))
    })
}

fn link_closing(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap(
        "[method]connection.close",
        |store: Store<'_>, (handle, code, reason): (Connection, Option<u16>, WasmStr)| {
            let socket = socket(&store, &handle)?;
            let reason = match code {
                None => None,
                Some(code) => match CloseReason::new(code, &text(&store, &reason)?) {
                    Ok(reason) => Some(reason),
                    Err(error) => return Ok((Err(Failure::InvalidRequest(error.to_string())),)),
                },
            };
            socket.close(reason.as_ref());
            Ok((Ok(()),))
        },
    )?;
    interface.func_wrap("[method]connection.key", |store: Store<'_>, (handle,): (Connection,)| {
        Ok((socket(&store, &handle)?.key(local(&store).user.client().readiness()),))
    })?;
    interface.func_wrap("[method]connection.closed", |store: Store<'_>, (handle,): (Connection,)| {
        Ok((socket(&store, &handle)?.closed(),))
    })
}

//! Calls: unary ones, and ones with streams.

use std::rc::Rc;

use send_wrapper::SendWrapper;
use squall_grpc::Method;
use squall_http::{BodyQueue, Call, Channel, Error, PreparedCall};
use wasmtime::component::{LinkerInstance, Resource};

use super::options::of_handle;
use super::reply::hold_message;
use super::{Failure, Payload, Store, Waiting, channel, encoded, method, ready};
use crate::calls::{HeldCall, HeldMessage, HeldReply, OwnOptions};
use crate::data_handles::gone;
use crate::host::wait::wait;
use crate::state::{State, local};

type Channels = Resource<Channel>;
type Methods = Resource<Method>;
type Options = Option<Resource<OwnOptions>>;
type Answered = Result<Resource<HeldReply>, Failure>;

pub(super) fn link(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap_async(
        "invoke",
        |store: Store<'_>, (channel, method, message, options): (Channels, Methods, Payload, Options)| {
            invoke(store, &channel, &method, &message, options.as_ref())
        },
    )?;
    interface.func_wrap(
        "[static]call.start",
        |mut store: Store<'_>, (channel, method, options): (Channels, Methods, Options)| {
            Ok((start(&mut store, &channel, &method, options.as_ref())?.map_err(Failure::from),))
        },
    )?;
    interface.func_wrap_async(
        "[method]call.send",
        |store: Store<'_>, (handle, message): (Resource<HeldCall>, Payload)| send(store, &handle, &message),
    )?;
    interface.func_wrap("[method]call.finish", |store: Store<'_>, (handle,): (Resource<HeldCall>,)| {
        held(&store, &handle)?.call.finish();
        Ok((Ok::<(), Failure>(()),))
    })?;
    interface
        .func_wrap_async("[method]call.receive", |store: Store<'_>, (handle, ns): (Resource<HeldCall>, u64)| {
            receive(store, &handle, ns)
        })?;
    interface.func_wrap("[method]call.key", |store: Store<'_>, (handle,): (Resource<HeldCall>,)| {
        Ok((held(&store, &handle)?.call.key(local(&store).user.client().readiness()),))
    })?;
    interface.func_wrap("[method]call.reply", |mut store: Store<'_>, (handle,): (Resource<HeldCall>,)| {
        let held = held(&store, &handle)?;
        let reply = held.call.reply().map_err(|error| wasmtime::format_err!("{error}"))?;
        let reply = reply.map(|reply| HeldReply { reply: Box::new(reply), method: held.method.clone() });
        let table = &mut store.data_mut().local_mut().calls.replies;
        Ok((reply.map(|reply| table.hold(reply)).transpose()?.map(Resource::<HeldReply>::new_own),))
    })
}

fn held<'a>(store: &'a Store<'_>, handle: &Resource<HeldCall>) -> wasmtime::Result<&'a HeldCall> {
    local(store).calls.calls.get(handle.rep()).ok_or_else(|| gone("a call"))
}

fn invoke<'a>(
    mut store: Store<'a>,
    channel: &Channels,
    of: &Methods,
    message: &Payload,
    options: Option<&Resource<OwnOptions>>,
) -> Waiting<'a, (Answered,)> {
    let prepared =
        method(&store, of).and_then(|method| Ok((prepare_unary(&store, channel, &method, message, options)?, method)));
    let (call, method) = match prepared {
        Ok((Ok(call), method)) => (call, SendWrapper::new(method)),
        Ok((Err(error), _)) => return ready(Ok((Err(error.into()),))),
        Err(trap) => return ready(Err(trap)),
    };
    let user = Rc::clone(&local(&store).user);
    // Boxed where it is made: it is large, and each move of it would be a copy.
    let calling = SendWrapper::new(Box::pin(async move { user.client().invoke(call).await }));
    Box::new(async move {
        let reply = SendWrapper::new(calling.await);
        Ok((match reply.take() {
            Ok(reply) => {
                let table = &mut store.data_mut().local_mut().calls.replies;
                Ok(Resource::new_own(table.hold(HeldReply { reply, method: method.take() })?))
            }
            Err(error) => Err(error.into()),
        },))
    })
}

/// Copies a call out of the guest's memory. The outer error is a trap.
fn prepare_unary(
    store: &Store<'_>,
    of: &Channels,
    method: &Method,
    message: &Payload,
    options: Option<&Resource<OwnOptions>>,
) -> wasmtime::Result<Result<PreparedCall, Error>> {
    let (options, client) = (of_handle(store, options)?, local(store).user.client());
    if method.client_streams() || method.server_streams() {
        let name = method.name();
        return Ok(Err(client.refuse_call(format!("{name} has streams: it cannot be invoked, only started"))));
    }
    Ok(match encoded(store, method, message)? {
        Ok(message) => client.prepare_unary(channel(store, of)?, method.path(), &message, &options),
        Err(error) => Err(client.refuse_call(error.to_string())),
    })
}

fn start(
    store: &mut Store<'_>,
    of: &Channels,
    with: &Methods,
    options: Option<&Resource<OwnOptions>>,
) -> wasmtime::Result<Result<Resource<HeldCall>, Error>> {
    let (options, method) = (of_handle(store, options)?, method(store, with)?);
    store.data_mut().local_mut().streams.check_room()?;
    let user = Rc::clone(&local(store).user);
    let client = user.client();
    let channel = channel(store, of)?;
    let (queue, messages) = BodyQueue::new(None, client.account());
    let prepared = match client.prepare_streaming(channel, method.path(), messages, &options) {
        Ok(prepared) => prepared,
        Err(error) => return Ok(Err(error)),
    };
    let call = Call::new(client, &prepared, queue, channel.send_limit());
    let (caller, under_way) = (Rc::clone(&user), Rc::clone(&call));
    let exchange = async move { caller.client().call(prepared, &under_way).await };
    let local = store.data_mut().local_mut();
    local.streams.start(&call, exchange);
    Ok(Ok(Resource::new_own(local.calls.calls.hold(HeldCall { call, method })?)))
}

fn send<'a>(store: Store<'a>, handle: &Resource<HeldCall>, message: &Payload) -> Waiting<'a, (Result<(), Failure>,)> {
    let ready_to_send = held(&store, handle).and_then(|held| {
        let message = encoded(&store, &held.method, message)?.map(std::borrow::Cow::into_owned);
        Ok((Rc::clone(&held.call), message))
    });
    let (call, message) = match ready_to_send {
        Ok((call, Ok(message))) => (SendWrapper::new(call), message),
        Ok((_, Err(error))) => return ready(Ok((Err(error.into()),))),
        Err(trap) => return ready(Err(trap)),
    };
    let booked = match crate::host::text::book(&store, message.len()) {
        Ok(booked) => SendWrapper::new(booked),
        Err(trap) => return ready(Err(trap)),
    };
    let room = {
        let call = Rc::clone(&call);
        wait(&store, u64::MAX, move |context| call.poll_room_to_send(context).map(Ok))
    };
    Box::new(async move {
        room.await.map_err(|error| wasmtime::format_err!("{error}"))?;
        let sent = call.send(&message).map_err(Failure::from);
        drop(booked);
        Ok((sent,))
    })
}

fn receive<'a>(
    mut store: Store<'a>,
    handle: &Resource<HeldCall>,
    ns: u64,
) -> Waiting<'a, (Result<Option<Resource<HeldMessage>>, Failure>,)> {
    let (call, method) = match held(&store, handle) {
        Ok(held) => (Rc::clone(&held.call), SendWrapper::new(held.method.clone())),
        Err(trap) => return ready(Err(trap)),
    };
    let waiting = wait(&store, ns, move |context| call.poll_message(context));
    Box::new(async move {
        let message = SendWrapper::new(waiting.await);
        Ok((match message.take() {
            Ok(Some(message)) => Ok(Some(hold_message(&mut store, message, method.take())?)),
            Ok(None) => Ok(None),
            Err(error) => Err(Failure::from(error)),
        },))
    })
}

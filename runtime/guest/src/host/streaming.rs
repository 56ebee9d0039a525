//! `squall:scenario/streaming`: responses and bodies that come and go piece by piece. The measured client carries them; here
//! the guest takes its turns.

use std::future::Future;
use std::rc::Rc;

use send_wrapper::SendWrapper;
use squall_http::{BodyQueue, Error, Incoming, JsonPointer, OverLimit, PreparedStream, QueuedBody, TimedEvent};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType, WasmList, WasmStr};

use super::http::{Failure, Request, RequestParts, ResponseResult, hold_response, with_parts};
use super::text::{book, text};
use super::wait::wait;
use crate::contract::STREAMING;
use crate::data_handles::{Blob, gone};
use crate::state::{State, local};
use crate::streams::{IncomingHandle, OutgoingHandle};

type Store<'a> = StoreContextMut<'a, State>;
type Waiting<'a, T> = Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>;
type IncomingResult = Result<Resource<Incoming>, Failure>;
type Prepared = wasmtime::Result<Result<PreparedStream<QueuedBody>, Error>>;

const LAST_EVENT_ID: &str = "last-event-id";
const MILLISECOND: u64 = 1_000_000;

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(STREAMING)?;
    // All three first: functions of one speak of the others.
    interface.resource("incoming", ResourceType::host::<Incoming>(), |mut store: Store<'_>, handle| {
        store.data_mut().local_mut().streams.incoming.remove(handle);
        Ok(())
    })?;
    interface.resource("event", ResourceType::host::<TimedEvent>(), |mut store: Store<'_>, handle| {
        store.data_mut().local_mut().streams.events.remove(handle);
        Ok(())
    })?;
    interface.resource("outgoing", ResourceType::host::<BodyQueue>(), |mut store: Store<'_>, handle| {
        store.data_mut().local_mut().streams.outgoing.remove(handle);
        Ok(())
    })?;
    link_opening(&mut interface)?;
    link_incoming(&mut interface)?;
    link_event(&mut interface)?;
    link_outgoing(&mut interface)
}

fn link_opening(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.func_wrap_async("[static]incoming.open", |mut store: Store<'_>, (request,): (Request,)| {
        let prepared = prepare(&mut store, &request, None);
        open(store, prepared, None)
    })?;
    interface.func_wrap("[static]incoming.start", |mut store: Store<'_>, (request,): (Request,)| {
        let incoming = match prepare(&mut store, &request, None)? {
            Ok(stream) => start(&mut store, stream, None)?,
            Err(error) => Incoming::refused(local(&store).user.client(), error),
        };
        Ok((hold_incoming(&mut store, incoming)?,))
    })?;
    interface.func_wrap_async(
        "[static]incoming.reopen",
        |mut store: Store<'_>, (previous, request): (Resource<Incoming>, Request)| {
            let id = match incoming(&store, &previous) {
                Ok(previous) => previous.last_event_id(),
                Err(trap) => return failed(trap),
            };
            let prepared = prepare(&mut store, &request, Some(&id));
            open(store, prepared, Some(&id))
        },
    )
}

/// Copies a request out of the guest's memory. Of one that continues a stream, the id of the last event goes along.
fn prepare(store: &mut Store<'_>, request: &Request, after: Option<&str>) -> Prepared {
    with_parts(store, request, |client, RequestParts { method, url, headers, body, options }| {
        let is_own = |name: &str| after.is_some() && name.eq_ignore_ascii_case(LAST_EVENT_ID);
        let own = headers.iter().map(|(name, value)| (&**name, &**value)).filter(|(name, _)| !is_own(name));
        let id = after.filter(|id| !id.is_empty()).map(|id| (LAST_EVENT_ID, id));
        client.prepare_stream((method, url), own.chain(id), body, None, options)
    })
}

/// Sends a request, and waits for the head of its response.
fn open<'a>(mut store: Store<'a>, prepared: Prepared, after: Option<&str>) -> Waiting<'a, (IncomingResult,)> {
    let started = match prepared {
        Ok(Ok(stream)) => start(&mut store, stream, after),
        Ok(Err(error)) => return Box::new(std::future::ready(Ok((Err(error.into()),)))),
        Err(trap) => Err(trap),
    };
    let incoming = match started {
        Ok(incoming) => incoming,
        Err(trap) => return failed(trap),
    };
    let answered = {
        let incoming = Rc::clone(&incoming);
        wait(&store, u64::MAX, move |context| incoming.poll_head(context))
    };
    let incoming = SendWrapper::new(incoming);
    Box::new(async move {
        match answered.await {
            Ok(_head) => Ok((Ok(hold_incoming(&mut store, incoming.take())?),)),
            Err(error) => Ok((Err(error.into()),)),
        }
    })
}

fn failed<'a, T: Send + 'a>(trap: wasmtime::Error) -> Waiting<'a, T> {
    Box::new(std::future::ready(Err(trap)))
}

/// Lets a request be sent, and its response come.
fn start(
    store: &mut Store<'_>,
    stream: PreparedStream<QueuedBody>,
    after: Option<&str>,
) -> wasmtime::Result<Rc<Incoming>> {
    let local = store.data_mut().local_mut();
    local.streams.check_room()?;
    let incoming = Incoming::new(local.user.client(), &stream, after);
    let (user, answered) = (Rc::clone(&local.user), Rc::clone(&incoming));
    let exchange = async move { user.client().stream(stream, &answered).await };
    local.streams.start(&incoming, exchange);
    Ok(incoming)
}

fn hold_incoming(store: &mut Store<'_>, incoming: Rc<Incoming>) -> wasmtime::Result<Resource<Incoming>> {
    let table = &mut store.data_mut().local_mut().streams.incoming;
    Ok(Resource::new_own(table.hold(IncomingHandle(incoming))?))
}

fn incoming(store: &Store<'_>, handle: &Resource<Incoming>) -> wasmtime::Result<Rc<Incoming>> {
    let held = local(store).streams.incoming.get(handle.rep());
    held.map(|held| Rc::clone(&held.0)).ok_or_else(|| gone("an incoming"))
}

fn link_incoming(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = (Resource<Incoming>,);
    type Timed = (Resource<Incoming>, u64);
    interface.func_wrap_async("[method]incoming.head", |mut store: Store<'_>, (handle, ns): Timed| {
        let incoming = match incoming(&store, &handle) {
            Ok(incoming) => incoming,
            Err(trap) => return failed::<(ResponseResult,)>(trap),
        };
        let waiting = wait(&store, ns, move |context| incoming.poll_head(context));
        Box::new(async move {
            let head = SendWrapper::new(waiting.await);
            Ok((hold_response(&mut store, head.take())?,))
        })
    })?;
    interface.func_wrap_async(
        "[method]incoming.read",
        |store: Store<'_>, (handle, most, ns): (Resource<Incoming>, u32, u64)| {
            let incoming = match incoming(&store, &handle) {
                Ok(incoming) => incoming,
                Err(trap) => return failed::<(Result<Option<Vec<u8>>, Failure>,)>(trap),
            };
            let waiting = wait(&store, ns, move |context| incoming.poll_read(most as usize, context));
            Box::new(async move {
                let piece = waiting.await.map_err(Failure::from);
                let _booked = SendWrapper::new(match &piece {
                    Ok(Some(piece)) => Some(book(&store, piece.len())?),
                    _ => None,
                });
                Ok((piece.map(|piece| piece.map(Vec::from)),))
            })
        },
    )?;
    interface.func_wrap_async("[method]incoming.next-event", |mut store: Store<'_>, (handle, ns): Timed| {
        let incoming = match incoming(&store, &handle) {
            Ok(incoming) => incoming,
            Err(trap) => return failed::<(Result<Option<Resource<TimedEvent>>, Failure>,)>(trap),
        };
        let waiting = wait(&store, ns, move |context| incoming.poll_event(context));
        Box::new(async move {
            let event = SendWrapper::new(waiting.await);
            Ok((match event.take() {
                Ok(Some(event)) => {
                    let events = &mut store.data_mut().local_mut().streams.events;
                    Ok(Some(Resource::new_own(events.hold(event)?)))
                }
                Ok(None) => Ok(None),
                Err(error) => Err(Failure::from(error)),
            },))
        })
    })?;
    interface.func_wrap(
        "[method]incoming.count-tokens",
        |store: Store<'_>, (handle, place, total): (Resource<Incoming>, WasmStr, Option<WasmStr>)| {
            let incoming = incoming(&store, &handle)?;
            let place = JsonPointer::parse(&text(&store, &place)?);
            let total = total.map(|total| Ok::<_, wasmtime::Error>(JsonPointer::parse(&text(&store, &total)?)));
            let counted = match (place, total.transpose()?.transpose()) {
                (Ok(place), Ok(total)) => match incoming.count_tokens(place, total) {
                    true => Ok(()),
                    false => Err("tokens are counted in 8 places at most".to_owned()),
                },
                (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
            };
            Ok((counted.map_err(Failure::InvalidRequest),))
        },
    )?;
    interface.func_wrap("[method]incoming.last-event-id", |store: Store<'_>, (handle,): Handle| {
        Ok((incoming(&store, &handle)?.last_event_id(),))
    })?;
    interface.func_wrap("[method]incoming.retry", |store: Store<'_>, (handle,): Handle| {
        Ok((incoming(&store, &handle)?.retry().map(|millis| millis.saturating_mul(MILLISECOND)),))
    })?;
    interface.func_wrap("[method]incoming.key", |store: Store<'_>, (handle,): Handle| {
        Ok((incoming(&store, &handle)?.key(local(&store).user.client().readiness()),))
    })
}

fn link_event(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = (Resource<TimedEvent>,);
    interface.func_wrap("[method]event.name", |store: Store<'_>, (handle,): Handle| {
        let name = &event(&store, &handle)?.event.name;
        Ok((if name.is_empty() { "message".to_owned() } else { name.clone() },))
    })?;
    interface.func_wrap("[method]event.id", |store: Store<'_>, (handle,): Handle| {
        Ok((event(&store, &handle)?.event.id.to_string(),))
    })?;
    interface.func_wrap("[method]event.data", |store: Store<'_>, (handle,): Handle| {
        let data = &event(&store, &handle)?.event.data;
        // A second copy: lowering needs the store that the event lies in.
        let _booked = book(&store, data.len())?;
        Ok((data.clone(),))
    })?;
    interface.func_wrap(
        "[method]event.get",
        |store: Store<'_>, (handle, pointer): (Resource<TimedEvent>, WasmStr)| {
            let data = &event(&store, &handle)?.event.data;
            let _booked = book(&store, data.len())?;
            let pointer = JsonPointer::parse(&text(&store, &pointer)?).ok();
            Ok((pointer.and_then(|pointer| pointer.text(data).map(|value| value.into_owned())),))
        },
    )?;
    interface.func_wrap("[method]event.at", |store: Store<'_>, (handle,): Handle| Ok((event(&store, &handle)?.at.0,)))
}

fn event<'a>(store: &'a Store<'_>, handle: &Resource<TimedEvent>) -> wasmtime::Result<&'a TimedEvent> {
    local(store).streams.events.get(handle.rep()).ok_or_else(|| gone("an event"))
}

type Written = Result<(), Failure>;

fn link_outgoing(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = (Resource<BodyQueue>,);
    interface.func_wrap(
        "[static]outgoing.start",
        |mut store: Store<'_>, (request, length): (Request, Option<u64>)| {
            Ok((start_body(&mut store, &request, length)?.map_err(Failure::from),))
        },
    )?;
    interface.func_wrap_async(
        "[method]outgoing.write",
        |store: Store<'_>, (handle, piece): (Resource<BodyQueue>, WasmList<u8>)| {
            write(store, &handle, piece.len(), move |store, queue| queue.write(piece.as_le_slice(store)))
        },
    )?;
    interface.func_wrap_async(
        "[method]outgoing.write-from",
        |store: Store<'_>, (handle, blob): (Resource<BodyQueue>, Resource<Blob>)| {
            let bytes = match local(&store).data.blob(&blob) {
                Ok(bytes) => SendWrapper::new(bytes.clone()),
                Err(trap) => return failed(trap),
            };
            write(store, &handle, bytes.len(), move |_, queue| queue.write_shared(bytes.take()))
        },
    )?;
    interface.func_wrap("[method]outgoing.finish", |store: Store<'_>, (handle,): Handle| {
        let body = outgoing(&store, &handle)?;
        if let Some(left @ 1..) = body.queue.left() {
            body.queue.give_up();
            let text = format!("the body is {left} bytes shorter than announced");
            return Ok((Err::<(), Failure>(Failure::InvalidRequest(text)),));
        }
        body.queue.finish();
        Ok((Ok(()),))
    })?;
    interface.func_wrap("[method]outgoing.response", |mut store: Store<'_>, (handle,): Handle| {
        let body = store.data_mut().local_mut().streams.outgoing.get_mut(handle.rep());
        let response = body.ok_or_else(|| gone("an outgoing"))?.response.take();
        let response = response.ok_or_else(|| wasmtime::format_err!("a response that was taken before"))?;
        let table = &mut store.data_mut().local_mut().streams.incoming;
        Ok((Resource::<Incoming>::new_own(table.hold(response)?),))
    })
}

fn start_body(
    store: &mut Store<'_>,
    request: &Request,
    length: Option<u64>,
) -> wasmtime::Result<Result<Resource<BodyQueue>, Error>> {
    let (queue, body) = BodyQueue::new(length, local(store).user.client().account());
    let prepared = with_parts(store, request, |client, RequestParts { method, url, headers, body: own, options }| {
        if own.is_some() {
            return Err(Error::InvalidRequest(
                "the request brings a body, and is to be given one in pieces".to_owned(),
            ));
        }
        let headers = headers.iter().map(|(name, value)| (&**name, &**value));
        client.prepare_stream((method, url), headers, None, Some((body, length)), options)
    })?;
    let stream = match prepared {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(error)),
    };
    let incoming = start(store, stream, None)?;
    let response = Some(IncomingHandle(Rc::clone(&incoming)));
    let table = &mut store.data_mut().local_mut().streams.outgoing;
    Ok(Ok(Resource::new_own(table.hold(OutgoingHandle { queue, response, incoming })?)))
}

/// Writes a piece of that length once there is room for it.
fn write<'a>(
    store: Store<'a>,
    handle: &Resource<BodyQueue>,
    length: usize,
    write: impl FnOnce(&Store<'_>, &BodyQueue) -> Result<(), OverLimit> + Send + 'a,
) -> Waiting<'a, (Written,)> {
    let (queue, incoming) = match outgoing(&store, handle) {
        Ok(body) => (SendWrapper::new(Rc::clone(&body.queue)), SendWrapper::new(Rc::clone(&body.incoming))),
        Err(trap) => return failed(trap),
    };
    if let Some(left) = queue.left().filter(|left| *left < length as u64) {
        let text = format!("the body is {} bytes longer than announced", length as u64 - left);
        return Box::new(std::future::ready(Ok((Err(Failure::InvalidRequest(text)),))));
    }
    let room = {
        let queue = Rc::clone(&queue);
        wait(&store, u64::MAX, move |context| queue.poll_room(context).map(Ok))
    };
    Box::new(async move {
        room.await.map_err(|error| wasmtime::format_err!("{error}"))?;
        if !queue.is_open() {
            let why = incoming.failure().unwrap_or_else(|| Error::Reset("the body has ended".to_owned()));
            return Ok((Err(Failure::from(why)),));
        }
        Ok((write(&store, &queue).map_err(|over| Failure::from(Error::from(over))),))
    })
}

fn outgoing<'a>(store: &'a Store<'_>, handle: &Resource<BodyQueue>) -> wasmtime::Result<&'a OutgoingHandle> {
    local(store).streams.outgoing.get(handle.rep()).ok_or_else(|| gone("an outgoing"))
}

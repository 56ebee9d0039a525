//! The WebSockets of one instance. They end with it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use send_wrapper::SendWrapper;
use squall_http::{Booked, MemoryAccount, TimedMessage, WebSocket, WebSocketOptions};
use squall_plan::Limits;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use crate::handles::Handles;

/// Connections that the guest has closed and whose servers have not. The oldest is cut when there are more.
const MOST_LINGERING: usize = 16;

/// The handles of WebSockets that a guest holds, and the tasks that carry them.
pub(crate) struct WebSockets {
    pub(crate) options: Handles<ConnectOptions>,
    pub(crate) messages: Handles<TimedMessage>,
    pub(crate) connections: Handles<WebSocketHandle>,
    carried: Vec<Carried>,
}

/// Settings of connections.
pub(crate) struct ConnectOptions {
    pub(crate) settings: WebSocketOptions,
    pub(crate) headers: Vec<(String, String)>,
    /// The memory of texts in them.
    pub(crate) booked: Booked,
}

/// A connection. Dropped while it is open, it is closed.
pub(crate) struct WebSocketHandle(pub(crate) Rc<WebSocket>);

struct Carried {
    socket: Rc<WebSocket>,
    task: AbortOnDropJoinHandle<()>,
}

impl WebSockets {
    pub(crate) fn new(account: &Rc<MemoryAccount>) -> WebSockets {
        WebSockets {
            options: Handles::new("connect-options", account),
            messages: Handles::new("message", account),
            connections: Handles::new("connection", account),
            carried: Vec::new(),
        }
    }

    /// Whether another connection may be opened.
    pub(crate) fn check_room(&mut self) -> wasmtime::Result<()> {
        self.carried.retain(|carried| !carried.socket.is_finished());
        let lingers = |carried: &&Carried| carried.socket.has_ended() || carried.socket.is_gone();
        let lingering = self.carried.iter().filter(lingers);
        let too_many = lingering.clone().count().saturating_sub(MOST_LINGERING);
        lingering.take(too_many).for_each(|carried| carried.socket.cut());
        let open = self.carried.iter().filter(|carried| !lingers(carried)).count();
        if open >= Limits::STREAMS {
            wasmtime::bail!("too many open WebSockets: {open} are open, and no more are allowed");
        }
        Ok(())
    }

    /// Lets a connection go on, whatever the guest does.
    pub(crate) fn carry(&mut self, socket: &Rc<WebSocket>, work: impl Future<Output = ()> + 'static) {
        let task = spawn(SendWrapper::new(work));
        self.carried.push(Carried { socket: Rc::clone(socket), task });
    }

    /// Waits for handshakes that the guest has dropped, so that they are counted in its iteration: they end soon.
    pub(crate) async fn settle(&mut self) {
        poll_fn(|context| {
            let mut waiting = false;
            self.carried.retain_mut(|carried| {
                let under_way = Pin::new(&mut carried.task).poll(context).is_pending();
                waiting |= under_way && carried.socket.is_gone() && carried.socket.is_connecting();
                under_way
            });
            if waiting { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.carried.is_empty()
    }
}

impl Drop for WebSockets {
    /// Sessions that the guest has left open, or closing, count as far as they came.
    fn drop(&mut self) {
        self.carried.iter().for_each(|carried| carried.socket.cut());
    }
}

impl Drop for WebSocketHandle {
    fn drop(&mut self) {
        self.0.let_go();
    }
}

//! The streams of one instance: responses that come and bodies that go piece by piece. They end with it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use send_wrapper::SendWrapper;
use squall_http::{BodyQueue, Call, Incoming, MemoryAccount, TimedEvent};
use squall_plan::Limits;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use crate::handles::Handles;

/// The handles of streams that a guest holds, and the exchanges under way.
pub(crate) struct Streams {
    pub(crate) incoming: Handles<IncomingHandle>,
    pub(crate) events: Handles<TimedEvent>,
    pub(crate) outgoing: Handles<OutgoingHandle>,
    exchanges: Vec<Exchange>,
}

/// A response that comes. Dropped, the rest of it is given up.
pub(crate) struct IncomingHandle(pub(crate) Rc<Incoming>);

/// A body that goes, and its response until the guest has taken that. Dropped before its end, it is given up.
pub(crate) struct OutgoingHandle {
    pub(crate) queue: Rc<BodyQueue>,
    pub(crate) response: Option<IncomingHandle>,
    /// The same response: why nothing can be written any more.
    pub(crate) incoming: Rc<Incoming>,
}

/// A stream whose exchange goes on beside the guest.
pub(crate) trait UnderWay {
    /// Whether the exchange has ended.
    fn has_ended(&self) -> bool;
    /// Whether the guest has let go of it.
    fn is_gone(&self) -> bool;
}

impl UnderWay for Incoming {
    fn has_ended(&self) -> bool {
        Incoming::has_ended(self)
    }

    fn is_gone(&self) -> bool {
        Incoming::is_gone(self)
    }
}

impl UnderWay for Call {
    fn has_ended(&self) -> bool {
        Call::has_ended(self)
    }

    fn is_gone(&self) -> bool {
        Call::is_gone(self)
    }
}

struct Exchange {
    stream: Rc<dyn UnderWay>,
    task: AbortOnDropJoinHandle<()>,
}

impl Streams {
    pub(crate) fn new(account: &Rc<MemoryAccount>) -> Streams {
        Streams {
            incoming: Handles::new("incoming", account),
            events: Handles::new("event", account),
            outgoing: Handles::new("outgoing", account),
            exchanges: Vec::new(),
        }
    }

    /// Whether another exchange may begin.
    pub(crate) fn check_room(&mut self) -> wasmtime::Result<()> {
        self.exchanges.retain(|exchange| !exchange.stream.has_ended());
        if self.exchanges.len() >= Limits::STREAMS {
            wasmtime::bail!("too many open streams: {} are open, and no more are allowed", Limits::STREAMS);
        }
        Ok(())
    }

    /// Lets an exchange go on, whatever the guest does.
    pub(crate) fn start<S: UnderWay + 'static>(
        &mut self,
        stream: &Rc<S>,
        exchange: impl Future<Output = ()> + 'static,
    ) {
        let task = spawn(SendWrapper::new(exchange));
        self.exchanges.push(Exchange { stream: Rc::clone(stream) as Rc<dyn UnderWay>, task });
    }

    /// Waits for the exchanges that the guest has dropped, so that they are counted in its iteration: they end soon. Those
    /// that it holds go on into the next one.
    pub(crate) async fn settle(&mut self) {
        poll_fn(|context| {
            let mut waiting = false;
            self.exchanges.retain_mut(|exchange| {
                let under_way = Pin::new(&mut exchange.task).poll(context).is_pending();
                waiting |= under_way && exchange.stream.is_gone();
                under_way
            });
            if waiting { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.exchanges.is_empty()
    }
}

impl Drop for IncomingHandle {
    fn drop(&mut self) {
        self.0.let_go();
    }
}

impl Drop for OutgoingHandle {
    fn drop(&mut self) {
        self.queue.give_up();
    }
}

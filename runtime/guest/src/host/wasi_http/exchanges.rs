//! The exchanges of one instance. They end with it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use send_wrapper::SendWrapper;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};

use super::answer::WasiResponse;

/// The exchanges under way.
#[derive(Default)]
pub(crate) struct Exchanges(Vec<Exchange>);

struct Exchange {
    answer: Rc<WasiResponse>,
    task: AbortOnDropJoinHandle<()>,
}

impl Exchanges {
    /// Lets an exchange go on, whatever the guest does.
    pub(super) fn start(&mut self, answer: Rc<WasiResponse>, exchange: impl Future<Output = ()> + 'static) {
        self.forget_ended();
        self.0.push(Exchange { answer, task: spawn(SendWrapper::new(exchange)) });
    }

    fn forget_ended(&mut self) {
        self.0.retain(|exchange| !exchange.answer.has_ended());
    }

    /// Waits for the exchanges that the guest has dropped: they belong to its iteration. Those that it holds go on into
    /// the next one.
    pub(crate) async fn settle(&mut self) {
        self.forget_ended();
        if self.0.is_empty() {
            return;
        }
        // The library drops the guest's dropped values in a task of its own, which comes before this one in the queue.
        tokio::task::yield_now().await;
        poll_fn(|context| {
            let mut waiting = false;
            self.0.retain_mut(|exchange| {
                let under_way = Pin::new(&mut exchange.task).poll(context).is_pending();
                waiting |= under_way && exchange.answer.is_gone();
                under_way
            });
            if waiting { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }
}

//! Waiting for something of a stream. The time of a wait is not the guest's.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use send_wrapper::SendWrapper;
use squall_http::Error;
use squall_metrics::Nanos;
use wasmtime::StoreContextMut;

use crate::state::{State, local};

/// Longer than any run: such a wait needs no timer.
const FOREVER: u64 = 365 * 24 * 3600 * 1_000_000_000;

/// Waits until `poll` is ready, for at most `ns` nanoseconds; then the error is [`Error::Timeout`]. With 0 it only looks.
pub(super) fn wait<T, P>(
    store: &StoreContextMut<'_, State>,
    ns: u64,
    mut poll: P,
) -> SendWrapper<Pin<Box<impl Future<Output = Result<T, Error>> + use<T, P>>>>
where
    P: FnMut(&mut Context<'_>) -> Poll<Result<T, Error>>,
{
    let (user, worker) = (Rc::clone(&local(store).user), Rc::clone(&local(store).worker));
    SendWrapper::new(Box::pin(async move {
        if let Poll::Ready(outcome) = poll_fn(|context| Poll::Ready(poll(context))).await {
            return outcome;
        }
        let began = worker.clock.now();
        let outcome = if ns == 0 {
            // The stream has its turn: a guest that only looks would see nothing else.
            tokio::task::yield_now().await;
            match poll_fn(|context| Poll::Ready(poll(context))).await {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => Err(Error::Timeout),
            }
        } else if ns >= FOREVER {
            poll_fn(poll).await
        } else {
            let mut timer = worker.timer.sleep_until(began + Nanos(ns));
            poll_fn(|context| match poll(context) {
                Poll::Pending => timer.as_mut().poll(context).map(|()| Err(Error::Timeout)),
                ready => ready,
            })
            .await
        };
        user.was_away(worker.clock.now().since(began));
        outcome
    }))
}

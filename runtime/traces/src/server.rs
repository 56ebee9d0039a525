//! Connections: accepted at each address, a bounded number at a time, each with HTTP/1.1 or HTTP/2 as its client likes.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use squall_plain_http::pause;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, spawn_local};

use crate::answer::AnswerBody;
use crate::collector::Collector;
use crate::refusal::RefusalKind;
use crate::{grpc, http};

/// Connections at a time. One more takes the place of the one that has been idle for longest.
const MOST_CONNECTIONS: usize = 128;
/// The limit for the head of a request, and for silence before it: exporters of metrics send once a minute.
const HEAD_TIMEOUT: Duration = Duration::from_secs(65);
/// The largest head of a request.
const HEAD_LIMIT: usize = 16 << 10;
/// The most headers of a request.
const MOST_HEADERS: usize = 64;
/// Requests at a time in one connection of HTTP/2.
const MOST_STREAMS: u32 = 32;
/// Pause after a failed accept, usually for lack of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);

/// Accepts connections at one address, for ever.
pub(crate) async fn accept_all(listener: TcpListener, collector: Rc<Collector>, connections: Rc<Connections>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => connections.begin(stream, Rc::clone(&collector)),
            Err(_) => pause(ACCEPT_AGAIN).await,
        }
    }
}

/// The connections of all addresses.
#[derive(Default)]
pub(crate) struct Connections {
    open: Cell<Vec<(AbortHandle, Rc<Activity>)>>,
    /// Counts requests. It orders connections by their latest one.
    requests: Rc<Cell<u64>>,
}

/// The requests of one connection.
#[derive(Default)]
struct Activity {
    under_way: Cell<usize>,
    latest: Cell<u64>,
}

impl Connections {
    /// Serves a connection; closes one that does nothing if there are too many, or else this one.
    fn begin(&self, stream: TcpStream, collector: Rc<Collector>) {
        let mut open = self.open.take();
        open.retain(|(task, _)| !task.is_finished());
        if open.len() >= MOST_CONNECTIONS {
            close_idle(&mut open);
        }
        if open.len() >= MOST_CONNECTIONS {
            let refusal = RefusalKind::Busy.because(format!("more than {MOST_CONNECTIONS} connections at once"));
            collector.note(&refusal);
        } else {
            let activity = Rc::new(Activity { latest: Cell::new(self.requests.get()), ..Activity::default() });
            let conversation = converse(stream, Rc::clone(&activity), Rc::clone(&self.requests), collector);
            open.push((spawn_local(conversation).abort_handle(), activity));
        }
        self.open.set(open);
    }
}

fn close_idle(open: &mut Vec<(AbortHandle, Rc<Activity>)>) {
    let idle = open.iter().enumerate().filter(|(_, (_, activity))| activity.under_way.get() == 0);
    if let Some((longest, _)) = idle.min_by_key(|(_, (_, activity))| activity.latest.get()) {
        open.remove(longest).0.abort();
    }
}

async fn converse(stream: TcpStream, activity: Rc<Activity>, requests: Rc<Cell<u64>>, collector: Rc<Collector>) {
    // Without this, small answers may wait for an acknowledgement. If it fails the answers are late, not wrong.
    let _ = stream.set_nodelay(true);
    let service_collector = Rc::clone(&collector);
    let service = service_fn(move |request| {
        requests.set(requests.get() + 1);
        activity.latest.set(requests.get());
        let (under_way, collector) = (UnderWay::begin(Rc::clone(&activity)), Rc::clone(&service_collector));
        async move {
            let response = answer(request, &collector).await;
            drop(under_way);
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = auto::Builder::new(LocalExecutor);
    let mut http1 = builder.http1();
    http1.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_LIMIT).max_headers(MOST_HEADERS);
    let mut http2 = builder.http2();
    http2.max_concurrent_streams(MOST_STREAMS).max_header_list_size(HEAD_LIMIT as u32);
    // Other errors are clients that left in mid-sentence.
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await
        && error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
    {
        let hint = "a connection did not speak HTTP: let the exporter use http://, not https://";
        collector.note(&RefusalKind::Unreadable.because(hint));
    }
}

async fn answer(request: Request<Incoming>, collector: &Collector) -> Response<AnswerBody> {
    if grpc::is_grpc(&request) {
        grpc::answer(request, collector).await
    } else {
        http::answer(request, collector).await
    }
}

/// A request of a connection, until dropped.
struct UnderWay(Rc<Activity>);

impl UnderWay {
    fn begin(activity: Rc<Activity>) -> UnderWay {
        activity.under_way.set(activity.under_way.get() + 1);
        UnderWay(activity)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get() - 1);
    }
}

/// Streams of HTTP/2 stay on the receiver's thread.
#[derive(Clone)]
struct LocalExecutor;

impl<F: Future + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        spawn_local(async move {
            future.await;
        });
    }
}

//! Passes requests on to the user's own collector, as they came, by HTTP. A queue of bounded length and size lies
//! between, so a slow collector delays no answer: what has no room is dropped, and counted. Nothing is sent twice.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request};
use squall_plain_http::{authority, connect, credentials, headers, within};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, JoinSet, spawn_local};
use url::Url;

use crate::collector::{Export, Format, Signal};

/// The most requests in the queue.
const MOST_WAITING: usize = 1_000;
/// The most bytes of requests in the queue and on their way.
const MOST_BYTES: usize = 32 << 20;
/// Requests on their way at a time.
const AT_ONCE: usize = 4;
/// The limit for one exchange.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(5);
/// The time for the rest at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) struct Forward {
    queue: RefCell<Option<Sender<Export>>>,
    delivery: RefCell<Option<JoinHandle<()>>>,
    state: Rc<ForwardState>,
}

struct ForwardState {
    target: Url,
    headers: HeaderMap,
    /// Bytes in the queue and on their way.
    bytes: Cell<usize>,
    offered: Cell<u64>,
    delivered: Cell<u64>,
    first_problem: RefCell<Option<String>>,
}

/// The number of requests that were passed on, of all; and the reason if not all were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forwarded {
    pub delivered: u64,
    pub lost: u64,
    pub problem: Option<String>,
}

/// The headers of each request to a collector.
///
/// # Errors
/// If this is not the address of a collector.
pub(crate) fn headers_for(target: &Url) -> Result<HeaderMap, String> {
    if !matches!(target.scheme(), "http" | "https") || !target.has_host() {
        return Err("not an address that begins with http:// or https://".to_owned());
    }
    let mut headers = headers(target)?;
    if let Some(credentials) = credentials(target) {
        let value = HeaderValue::from_str(&credentials).map_err(|_| "its password cannot be sent".to_owned())?;
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

impl Forward {
    /// Begins to deliver, on this thread.
    pub fn begin(target: Url, headers: HeaderMap) -> Forward {
        let state = Rc::new(ForwardState {
            target,
            headers,
            bytes: Cell::default(),
            offered: Cell::default(),
            delivered: Cell::default(),
            first_problem: RefCell::default(),
        });
        let (queue, waiting) = channel(MOST_WAITING);
        let delivery = spawn_local(deliver_all(waiting, Rc::clone(&state)));
        Forward { queue: RefCell::new(Some(queue)), delivery: RefCell::new(Some(delivery)), state }
    }

    /// Lets a request wait for its delivery, if there is room.
    pub fn offer(&self, export: &Export) {
        let state = &self.state;
        state.offered.set(state.offered.get() + 1);
        let bytes = export.body.len();
        let has_room = state.bytes.get() + bytes <= MOST_BYTES;
        let queue = self.queue.borrow();
        let queued = queue.as_ref().filter(|_| has_room).is_some_and(|queue| queue.try_send(export.clone()).is_ok());
        if queued {
            state.bytes.set(state.bytes.get() + bytes);
        } else {
            state.note("it does not keep up".to_owned());
        }
    }

    /// Ends, with some time for what waits.
    pub async fn end(&self) {
        self.queue.take();
        if let Some(delivery) = self.delivery.take() {
            within(FLUSH_TIMEOUT, delivery).await;
        }
    }

    pub fn result(&self) -> Forwarded {
        let state = &self.state;
        let lost = state.offered.get() - state.delivered.get();
        let problem = (lost > 0).then(|| {
            let reason = state.first_problem.borrow().clone();
            let reason = reason.unwrap_or_else(|| format!("no answer in {}s at the end", FLUSH_TIMEOUT.as_secs()));
            format!(
                "{lost} of {} requests were not passed on to the collector at {}: {reason}",
                state.offered.get(),
                authority(&state.target)
            )
        });
        Forwarded { delivered: state.delivered.get(), lost, problem }
    }
}

impl ForwardState {
    fn note(&self, problem: String) {
        self.first_problem.borrow_mut().get_or_insert(problem);
    }

    async fn deliver(self: Rc<Self>, export: Export) {
        let bytes = export.body.len();
        let late = || Err(format!("no answer in {}s", EXCHANGE_TIMEOUT.as_secs()));
        match within(EXCHANGE_TIMEOUT, self.exchange(export)).await.unwrap_or_else(late) {
            Ok(()) => self.delivered.set(self.delivered.get() + 1),
            Err(problem) => self.note(problem),
        }
        self.bytes.set(self.bytes.get() - bytes);
    }

    async fn exchange(&self, export: Export) -> Result<(), String> {
        let path = path_for(&self.target, export.signal);
        let kind = match export.format {
            Format::Protobuf => "application/x-protobuf",
            Format::Json => "application/json",
        };
        let mut request =
            Request::post(path).body(Full::<Bytes>::new(export.body)).map_err(|error| error.to_string())?;
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if export.is_gzip {
            request.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let answer = squall_plain_http::send(connect(&self.target).await?, request).await?;
        let status = answer.head.status;
        if status.is_success() { Ok(()) } else { Err(format!("the answer is {status}")) }
    }
}

async fn deliver_all(mut waiting: Receiver<Export>, state: Rc<ForwardState>) {
    let mut deliveries = JoinSet::new();
    while let Some(export) = waiting.recv().await {
        while deliveries.len() >= AT_ONCE {
            deliveries.join_next().await;
        }
        deliveries.spawn_local(Rc::clone(&state).deliver(export));
    }
    while deliveries.join_next().await.is_some() {}
}

/// The path of a signal at a collector: behind the path of its address, which may be that of traces.
fn path_for(target: &Url, signal: Signal) -> String {
    let base = target.path().trim_end_matches('/');
    let base = base.strip_suffix("/v1/traces").unwrap_or(base);
    let query = target.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{base}{}{query}", signal.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_signals_behind_the_collectors_own() {
        let path = |url: &str, signal| path_for(&Url::parse(url).unwrap(), signal);
        assert_eq!(path("http://collector:4318", Signal::Traces), "/v1/traces");
        assert_eq!(path("http://collector:4318/", Signal::Logs), "/v1/logs");
        assert_eq!(path("http://collector/v1/traces", Signal::Traces), "/v1/traces");
        assert_eq!(path("http://collector/v1/traces", Signal::Metrics), "/v1/metrics");
        assert_eq!(path("https://collector/otlp/?key=7", Signal::Traces), "/otlp/v1/traces?key=7");
    }

    #[test]
    fn only_addresses_of_http_are_collectors() {
        let headers = |url: &str| headers_for(&Url::parse(url).unwrap());
        assert_eq!(headers("http://ada:secret@collector").unwrap()[AUTHORIZATION], "Basic YWRhOnNlY3JldA==");
        for url in ["grpc://collector:4317", "file:///tmp", "collector:4318"] {
            assert!(headers(url).is_err(), "{url}");
        }
    }
}

//! The client against small servers with exactly programmed behaviour.

mod batches;
mod bodies;
mod client_certificates;
mod connections;
mod failures;
mod grpc;
mod http2;
mod http2_server;
mod http3;
mod http3_server;
mod incoming;
mod measurements;
mod policy;
mod pool;
mod proxies;
mod redirects;
mod routes;
mod server;
mod server_timing;
mod sockets;
mod streams;
mod tls;
mod tracing;
mod websocket;

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use squall_metrics::{Clock, FailureClass, FlowId, Interval, Problem, Recorder, Registry, RequestCell, RequestKey};

use crate::deadline::within;
use crate::{
    BaseUrl, Client, ClientConfig, CookieJar, Error, MemoryLimits, Network, RequestOptions, Response, SharedTls,
};

const FLOW: FlowId = FlowId(3);

/// Runs a test as a worker thread runs its clients, and does not wait for ever.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = tokio::task::LocalSet::new();
    runtime.block_on(tasks.run_until(within(Duration::from_secs(60), test))).expect("the test hangs");
}

/// The network of a client without any settings.
pub(crate) fn network() -> Rc<Network> {
    Rc::clone(&World::new(ClientConfig::default()).client.network)
}

/// One client, and its recorder.
struct World {
    client: Client,
    recorder: Rc<RefCell<Recorder>>,
    clock: Clock,
}

impl World {
    fn new(config: ClientConfig) -> World {
        let clock = Clock::start();
        let recorder = Rc::new(RefCell::new(Recorder::new(Arc::new(Registry::new(100)))));
        let tls = SharedTls::build(&config.tls).unwrap();
        let client = Client::new(Network::new(config, tls, clock.clone(), Rc::clone(&recorder)));
        client.set_flow(FLOW);
        World { client, recorder, clock }
    }

    /// A client whose target is `base`.
    fn with_target(base: &str) -> World {
        World::new(ClientConfig { base: Some(BaseUrl::parse(base).unwrap()), ..ClientConfig::default() })
    }

    async fn send(
        &self,
        method: &str,
        url: &str,
        fields: &[(&str, &str)],
        body: Option<&[u8]>,
        options: &RequestOptions,
    ) -> Result<Box<Response>, Error> {
        let request = self.client.prepare(method, url, fields.iter().copied(), body, options)?;
        self.client.send(request).await
    }

    async fn get(&self, url: &str) -> Result<Box<Response>, Error> {
        self.send("GET", url, &[], None, &RequestOptions::default()).await
    }

    async fn post(&self, url: &str, body: &str) -> Result<Box<Response>, Error> {
        self.send("POST", url, &[], Some(body.as_bytes()), &RequestOptions::default()).await
    }

    /// The samples recorded since the last call.
    fn recorded(&self) -> Interval {
        self.recorder.borrow_mut().take()
    }

    /// The one series that was recorded since the last time.
    fn only_series(&self) -> (RequestKey, RequestCell) {
        let interval = self.recorded();
        assert_eq!(interval.requests.len(), 1, "{:?}", interval.requests.keys());
        interval.requests.into_iter().next().unwrap()
    }

    fn name_of(&self, key: &RequestKey) -> String {
        self.recorder.borrow().registry().name(key.name)
    }
}

/// Checks that one request failed, that it was recorded as such, and gives its text.
fn only_failure(world: &World, outcome: Result<Box<Response>, Error>, class: FailureClass) -> String {
    let error = outcome.expect_err("a failure was expected");
    assert_eq!(error.class(), class, "{error}");
    let interval = world.recorded();
    assert_eq!(interval.requests.len(), 1);
    let (key, cell) = interval.requests.iter().next().unwrap();
    assert_eq!((key.flow, key.failure, key.expected, cell.count), (FLOW, class as u8, false, 1));
    assert!(cell.response_time.sum().0 > 0);
    let problem = &interval.problems[&Problem::Request(FLOW, class)];
    format!("{error} | {problem:?}")
}

//! State shared by the clients of one worker thread: settings, names, addresses, buffers, and the recorder.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use squall_metrics::{Clock, Recorder};

use crate::buffers::Buffers;
use crate::config::ClientConfig;
use crate::error::Error;
use crate::pool::Pool;
use crate::reader::Limits;
use crate::resolve::Resolver;
use crate::stub::Stub;
use crate::tls::SharedTls;
use crate::trace_context::{TraceContext, TraceContexts};
use crate::url::{Origins, Target, UrlError};

/// Maximum size of one read, in bytes. One buffer serves the whole thread: a connection has none of its own.
const READ_SIZE: usize = 64 * 1024;

/// State shared by the clients of one worker thread.
pub struct Network {
    pub(crate) config: ClientConfig,
    pub(crate) tls: SharedTls,
    pub(crate) clock: Clock,
    pub(crate) recorder: Rc<RefCell<Recorder>>,
    pub(crate) origins: Origins,
    pub(crate) resolver: Resolver,
    /// Answers instead of every target.
    pub(crate) stub: Option<Stub>,
    pub(crate) buffers: Buffers,
    /// Names the traces of requests, if the target is to trace some.
    trace_contexts: Option<TraceContexts>,
    /// Replaces each client's own connections.
    pub(crate) pool: Option<Pool>,
    /// Every read goes here first; incomplete or kept data is copied out. Borrowed only while a socket is polled.
    pub(crate) scratch: RefCell<Box<[u8]>>,
}

impl Network {
    /// The network of one thread. `recorder` takes the samples of all its clients, `clock` times them.
    pub fn new(config: ClientConfig, tls: SharedTls, clock: Clock, recorder: Rc<RefCell<Recorder>>) -> Rc<Network> {
        Network::to(None, config, tls, clock, recorder)
    }

    /// The same, with a stub that answers instead of all targets.
    pub fn to_stub(
        stub: Stub,
        config: ClientConfig,
        tls: SharedTls,
        clock: Clock,
        recorder: Rc<RefCell<Recorder>>,
    ) -> Rc<Network> {
        Network::to(Some(stub), config, tls, clock, recorder)
    }

    fn to(
        stub: Option<Stub>,
        config: ClientConfig,
        tls: SharedTls,
        clock: Clock,
        recorder: Rc<RefCell<Recorder>>,
    ) -> Rc<Network> {
        let origins = Origins::new(config.base.as_ref());
        if origins.base().is_some_and(|origin| origin.secure) {
            // Now, and not in the first handshake, which is measured. An error is reported by that handshake.
            let _ = tls.client();
        }
        Rc::new(Network {
            origins,
            resolver: Resolver::new(clock.clone(), config.dns_ttl, config.turns),
            stub,
            buffers: Buffers::default(),
            trace_contexts: config.trace_sampling.map(TraceContexts::new),
            pool: config.pool.map(Pool::new),
            scratch: RefCell::new(vec![0; READ_SIZE].into()),
            config,
            tls,
            clock,
            recorder,
        })
    }

    /// Where a request of that URL goes.
    #[inline]
    pub(crate) fn resolve<'a>(&'a self, url: &'a str) -> Result<Target<'a>, Error> {
        self.origins.resolve(url).map_err(|error| {
            let text = error.to_string();
            if matches!(error, UrlError::NoTarget { .. }) {
                self.config.missing_target.report(&text);
            }
            Error::InvalidRequest(text)
        })
    }

    /// The trace context of a request that is prepared now, if it is to bring one.
    #[inline]
    pub(crate) fn next_trace_context(&self) -> Option<TraceContext> {
        self.trace_contexts.as_ref().map(|contexts| contexts.next(|| self.clock.now()))
    }

    #[inline]
    pub(crate) fn limits(&self) -> Limits {
        Limits { head: self.config.max_head, body: self.config.max_body }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Network").field("config", &self.config).finish_non_exhaustive()
    }
}

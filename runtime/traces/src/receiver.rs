//! The receiver's addresses, its thread, and its end.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use hyper::HeaderMap;
use squall_findings::span::TraceId;
use squall_plain_http::authority;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};
use tracing::info;
use url::{Host, Url};

use crate::collector::Collector;
use crate::forward::{Forward, headers_for};
use crate::intake::Intake;
use crate::received::Received;
use crate::server::{Connections, accept_all};

/// The ports of OTLP over HTTP, and over gRPC.
const PORTS: [u16; 2] = [4318, 4317];
/// Room for spans, in bytes: about 400,000 of them.
const ROOM: usize = 64 << 20;

/// The first 8 bytes of the trace ids of a run's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunPrefix(pub u64);

impl RunPrefix {
    /// Whether a trace is that of a request of this run.
    pub fn includes(self, trace: TraceId) -> bool {
        (trace.0 >> 64) as u64 == self.0
    }
}

/// What to receive, and where.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The addresses to listen at. Each speaks all forms of OTLP. With `127.0.0.1` goes `::1`, if there is IPv6: that is
    /// what `localhost` means to some exporters.
    pub addresses: Vec<SocketAddr>,
    /// The traces to keep.
    pub run: RunPrefix,
    /// Room for spans, in bytes. The texts that they share have another 16 MiB at most.
    pub room: usize,
    /// The user's collector, which gets each request as it came, by HTTP: `http://collector:4318`.
    pub forward: Option<Url>,
}

impl Settings {
    /// The ports of OTLP at loopback, and room for 64 MiB of spans.
    pub fn new(run: RunPrefix) -> Settings {
        let addresses = PORTS.map(|port| (Ipv4Addr::LOCALHOST, port).into());
        Settings { addresses: addresses.into(), run, room: ROOM, forward: None }
    }
}

/// The reasons why nothing can be received.
#[derive(Debug, Error)]
pub enum ReceiverError {
    /// Another program listens at the address.
    #[error("{address} is in use, so traces cannot be received there: choose another address with --otlp-listen")]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened at for another reason.
    #[error("cannot receive traces at {address}: {error}: choose another address with --otlp-listen")]
    Address {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        error: io::Error,
    },
    /// Nothing can be passed on to this collector.
    #[error("cannot pass traces on to {address}: {problem}: choose another address with --otlp-forward")]
    Forward {
        /// The collector's host and port.
        address: String,
        /// The reason.
        problem: String,
    },
    /// The system gives no thread.
    #[error("cannot receive traces: {0}")]
    Thread(#[from] io::Error),
}

/// Addresses that are bound. Connections wait there until [`Receiver::begin`].
#[derive(Debug)]
pub struct Receiver {
    runtime: Runtime,
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    settings: Settings,
    forward: Option<(Url, HeaderMap)>,
}

/// A receiver at work, on its own thread. It ends when it is finished, or dropped.
#[derive(Debug)]
pub struct ReceiverHandle {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Received>>,
    so_far: Arc<AtomicU64>,
}

impl Receiver {
    /// Takes the addresses.
    ///
    /// # Errors
    /// If one of them is not free, or not of this machine; or if nothing can be passed on to the user's collector.
    pub fn bind(settings: Settings) -> Result<Receiver, ReceiverError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let bind = |address| runtime.block_on(TcpListener::bind(address));
        let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
        for address in settings.addresses.iter().copied() {
            let failed = |error| describe(address, error);
            let listener = bind(address).map_err(failed)?;
            let bound = listener.local_addr().map_err(failed)?;
            listeners.push(listener);
            addresses.push(bound);
            if bound.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST) {
                // Without IPv6, 127.0.0.1 has to do.
                listeners.extend(bind((Ipv6Addr::LOCALHOST, bound.port()).into()));
            }
        }
        let forward = settings.forward.clone().map(|target| prepare_forward(target, &addresses)).transpose()?;
        info!(?addresses, "the receiver of traces listens");
        Ok(Receiver { runtime, listeners, addresses, settings, forward })
    }

    /// The addresses, with their ports, in the order of the settings.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Begins to receive.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn begin(self) -> Result<ReceiverHandle, ReceiverError> {
        let (end, ended) = oneshot::channel();
        let so_far = Arc::<AtomicU64>::default();
        let intake = Intake::new(self.settings.run, self.settings.room, Arc::clone(&so_far));
        let (runtime, listeners, forward) = (self.runtime, self.listeners, self.forward);
        let work = move || {
            let received = runtime.block_on(LocalSet::new().run_until(receive(listeners, intake, forward, ended)));
            // All other tasks ended with their set, so the collector is this one's alone.
            Rc::into_inner(received).map_or_else(Received::lost, Collector::finish)
        };
        let thread = std::thread::Builder::new().name("traces".to_owned()).spawn(work)?;
        Ok(ReceiverHandle { end: Some(end), thread: Some(thread), so_far })
    }
}

async fn receive(
    listeners: Vec<TcpListener>,
    intake: Intake,
    forward: Option<(Url, HeaderMap)>,
    ended: oneshot::Receiver<()>,
) -> Rc<Collector> {
    let forward = forward.map(|(target, headers)| Forward::begin(target, headers));
    let collector = Rc::new(Collector::new(intake, forward));
    let connections = Rc::new(Connections::default());
    for listener in listeners {
        spawn_local(accept_all(listener, Rc::clone(&collector), Rc::clone(&connections)));
    }
    // An error is a handle that was dropped, which is an end, too.
    let _ = ended.await;
    collector.end().await;
    collector
}

fn prepare_forward(target: Url, own: &[SocketAddr]) -> Result<(Url, HeaderMap), ReceiverError> {
    let is_loopback = match target.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let is_own = is_loopback && own.iter().any(|address| Some(address.port()) == target.port_or_known_default());
    let prepared = if is_own { Err("it is the receiver itself".to_owned()) } else { headers_for(&target) };
    let failed = |problem| ReceiverError::Forward { address: authority(&target), problem };
    prepared.map_err(failed).map(|headers| (target.clone(), headers))
}

fn describe(address: SocketAddr, error: io::Error) -> ReceiverError {
    match error.kind() {
        io::ErrorKind::AddrInUse => ReceiverError::InUse { address },
        _ => ReceiverError::Address { address, error },
    }
}

impl ReceiverHandle {
    /// The spans of this run's requests that came so far, kept or not. Costs next to nothing.
    pub fn spans_so_far(&self) -> u64 {
        self.so_far.load(Ordering::Relaxed)
    }

    /// Ends, and returns all that came. Does not wait for what is still on its way to the receiver. What is on its way
    /// to the user's collector has two more seconds.
    pub fn finish(mut self) -> Received {
        self.end().unwrap_or_else(Received::lost)
    }

    fn end(&mut self) -> Option<Received> {
        self.end.take();
        self.thread.take()?.join().ok()
    }
}

impl Drop for ReceiverHandle {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_at_unless_told_otherwise() {
        let settings = Settings::new(RunPrefix(1));
        assert_eq!(settings.addresses.len(), PORTS.len());
        assert!(settings.addresses.iter().all(|address| address.ip().is_loopback()));
    }
}

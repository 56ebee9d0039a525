//! The demo shop: a small web shop that runs inside `squall demo`, so that a first load test needs nothing but Squall.
//!
//! It is meant for a thread and a current-thread runtime of its own, on a machine whose cores the load generator needs
//! as well. So it is quick and plain: pages are rendered once, state is never shared between threads, nothing is
//! written to disk. The products are in `catalogue`, the visitors' baskets in `sessions`, the answers to each path in
//! `storefront`. It must not know of load tests, terminals or the scenario that visits it.

mod catalogue;
mod query;
mod sessions;
mod storefront;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::Request;
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use storefront::{ShopResponse, Storefront};

/// The largest request body that is read; a basket needs a hundredth of it.
const BODY_LIMIT: usize = 64 * 1024;

/// Faults that the shop has on purpose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Added to every answer.
    pub latency: Duration,
    /// The share of requests, 0 to 1, that are answered with 503. Spread evenly, so that every run sees the same.
    pub error_rate: f64,
}

/// A shop that has its address, and is open once it serves.
pub struct Shop {
    listener: TcpListener,
    address: SocketAddr,
    faults: Faults,
}

impl Shop {
    /// Takes the address (port 0: any that is free). Connections wait in line until [`Shop::serve`].
    pub async fn bind(address: SocketAddr, faults: Faults) -> io::Result<Shop> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Shop { listener, address, faults })
    }

    /// The shop's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is ready, then drops the connections that are still open.
    ///
    /// For a current-thread runtime with network and time enabled.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let storefront = Rc::new(RefCell::new(Storefront::new(self.faults.error_rate)));
        let connections = LocalSet::new();
        let open = connections.run_until(async {
            loop {
                match self.listener.accept().await {
                    Ok((connection, _)) => {
                        let storefront = Rc::clone(&storefront);
                        tokio::task::spawn_local(attend(connection, storefront, self.faults.latency));
                    }
                    // The visitor has gone already, or no file descriptor is free: others will be closed soon.
                    Err(_) => pause(Duration::from_millis(5)).await,
                }
            }
        });
        tokio::select! {
            () = stop => {}
            () = open => {}
        }
    }
}

/// Answers the requests of one connection until the visitor closes it.
async fn attend(connection: TcpStream, storefront: Rc<RefCell<Storefront>>, latency: Duration) {
    // Without this, small answers may wait for an acknowledgement. If it fails the answers are late, not wrong.
    let _ = connection.set_nodelay(true);
    let service = service_fn(|request| {
        let storefront = Rc::clone(&storefront);
        async move { Ok::<_, Infallible>(answer(request, &storefront, latency).await) }
    });
    // An error here is a visitor that left in mid-sentence, or did not speak HTTP: hyper has answered where possible.
    let _ = http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(connection), service).await;
}

/// Reads the request whole, takes the time that the faults ask for, and lets the storefront answer.
async fn answer(request: Request<Incoming>, storefront: &RefCell<Storefront>, latency: Duration) -> ShopResponse {
    let (head, body) = request.into_parts();
    let body = if body.is_end_stream() {
        Some(Bytes::new())
    } else {
        Limited::new(body, BODY_LIMIT).collect().await.ok().map(|whole| whole.to_bytes())
    };
    if !latency.is_zero() {
        pause(latency).await;
    }
    storefront.borrow_mut().answer(&head, body.as_deref())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the shop plays the system under test: its delays pace and measure nothing"
)]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

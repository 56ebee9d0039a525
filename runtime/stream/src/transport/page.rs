//! A page that is there to be fetched: the latest figures, for as long as the run goes on.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use squall_exchange::{pause, within};

/// Connections at a time; others wait in line.
const CONNECTIONS: usize = 16;
/// How long a connection may take. It carries one request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait where there are no descriptors left.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);
const PATH: &str = "/metrics";

pub(crate) struct Page {
    listener: Option<TcpListener>,
    address: SocketAddr,
    kind: &'static str,
    latest: watch::Sender<Bytes>,
}

impl Page {
    /// At this address. `first` is there before there is anything else.
    pub fn at(address: SocketAddr, kind: &'static str, first: Bytes) -> io::Result<Page> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Page { listener: Some(listener), address, kind, latest: watch::Sender::new(first) })
    }

    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Begins to answer, until the thread's runtime ends.
    pub fn serve(&mut self) -> Result<(), String> {
        let Some(listener) = self.listener.take() else {
            return Ok(());
        };
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
        let (kind, latest) = (HeaderValue::from_static(self.kind), self.latest.subscribe());
        tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                        Ok((connection, _)) => {
                            connections.spawn(within(PATIENCE, converse(connection, kind.clone(), latest.clone())));
                        }
                        Err(_) => pause(ACCEPT_AGAIN).await,
                    },
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(())
    }

    pub fn show(&self, page: &Bytes) {
        self.latest.send_replace(page.clone());
    }
}

async fn converse(connection: TcpStream, kind: HeaderValue, latest: watch::Receiver<Bytes>) {
    let service = service_fn(|request| {
        let response = answer(&request, &kind, &latest);
        async move { Ok::<_, Infallible>(response) }
    });
    let mut http = http1::Builder::new();
    http.keep_alive(false).header_read_timeout(None);
    // An error here is a client that left in mid-sentence, or did not speak HTTP.
    let _ = http.serve_connection(TokioIo::new(connection), service).await;
}

fn answer(request: &Request<Incoming>, kind: &HeaderValue, latest: &watch::Receiver<Bytes>) -> Response<Full<Bytes>> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, body) = match request.uri().path() {
        PATH if is_read => (StatusCode::OK, latest.borrow().clone()),
        PATH => (StatusCode::METHOD_NOT_ALLOWED, Bytes::from_static(b"this can be read alone\n")),
        _ => (StatusCode::NOT_FOUND, Bytes::from_static(b"look at /metrics\n")),
    };
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let kind = if status == StatusCode::OK { kind.clone() } else { plain };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

//! A page to fetch: the latest metrics, for as long as the run lasts.

use std::collections::VecDeque;
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
use tokio::task::AbortHandle;

use squall_plain_http::{pause, within};

/// The most connections at a time; one more replaces the oldest.
const CONNECTIONS: usize = 16;
/// The time limit of a connection. It carries one request.
const CONVERSATION_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause when there are no free descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);
const PATH: &str = "/metrics";

pub(crate) struct Page {
    listener: Option<TcpListener>,
    address: SocketAddr,
    kind: &'static str,
    latest: watch::Sender<Bytes>,
}

impl Page {
    /// Listens at this address. The page is `first` until the first batch.
    pub fn at(address: SocketAddr, kind: &'static str, first: Bytes) -> io::Result<Page> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Page { listener: Some(listener), address, kind, latest: watch::Sender::new(first) })
    }

    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Starts to answer, until the thread's runtime ends.
    pub fn serve(&mut self) -> Result<(), String> {
        let Some(listener) = self.listener.take() else {
            return Ok(());
        };
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
        let (kind, latest) = (HeaderValue::from_static(self.kind), self.latest.subscribe());
        tokio::spawn(async move {
            // The page is short and its readers ask at once. So at the limit, the oldest connection is an idle one.
            let mut oldest_first: VecDeque<AbortHandle> = VecDeque::new();
            loop {
                match listener.accept().await {
                    Ok((connection, _)) => {
                        oldest_first.retain(|conversation| !conversation.is_finished());
                        if oldest_first.len() >= CONNECTIONS
                            && let Some(oldest) = oldest_first.pop_front()
                        {
                            oldest.abort();
                        }
                        let conversation =
                            within(CONVERSATION_TIMEOUT, converse(connection, kind.clone(), latest.clone()));
                        oldest_first.push_back(tokio::spawn(conversation).abort_handle());
                    }
                    Err(_) => pause(ACCEPT_AGAIN).await,
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
    // An error here is a client that left early, or did not speak HTTP.
    let _ = http.serve_connection(TokioIo::new(connection), service).await;
}

fn answer(request: &Request<Incoming>, kind: &HeaderValue, latest: &watch::Receiver<Bytes>) -> Response<Full<Bytes>> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, body) = match request.uri().path() {
        PATH if is_read => (StatusCode::OK, latest.borrow().clone()),
        PATH => (StatusCode::METHOD_NOT_ALLOWED, Bytes::from_static(b"this page can only be read\n")),
        _ => (StatusCode::NOT_FOUND, Bytes::from_static(b"the metrics are at /metrics\n")),
    };
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let kind = if status == StatusCode::OK { kind.clone() } else { plain };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn silent_clients_do_not_block_others() {
        let first = Bytes::from_static(b"up 1\n");
        let mut page = Page::at(SocketAddr::from(([127, 0, 0, 1], 0)), "text/plain", first).unwrap();
        let address = page.address;
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                page.serve().unwrap();
                std::future::pending::<()>().await;
            });
        });
        let silent: Vec<_> = (0..40).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
        let mut asking = std::net::TcpStream::connect(address).unwrap();
        // Sooner than the time limit of the silent ones.
        asking.set_read_timeout(Some(CONVERSATION_TIMEOUT - Duration::from_secs(1))).unwrap();
        asking.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut answer = String::new();
        asking.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("up 1\n"), "{answer}");
        drop(silent);
    }
}

//! Servers that follow a script.

use std::cell::Cell;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::deadline::within;

/// Starts a server that runs `script` for each connection, with its number from 0. Gives its URL.
pub(super) async fn serve<F>(script: impl Fn(usize, Peer<TcpStream>) -> F + 'static) -> String
where
    F: Future<Output = ()> + 'static,
{
    serve_at("127.0.0.1", script).await.unwrap()
}

/// The same at some address, if the machine has it.
pub(super) async fn serve_at<F>(
    address: &str,
    script: impl Fn(usize, Peer<TcpStream>) -> F + 'static,
) -> std::io::Result<String>
where
    F: Future<Output = ()> + 'static,
{
    serve_at_port(address, 0, script).await
}

/// The same at a port of some address.
pub(super) async fn serve_at_port<F>(
    address: &str,
    port: u16,
    script: impl Fn(usize, Peer<TcpStream>) -> F + 'static,
) -> std::io::Result<String>
where
    F: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind((address, port)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::task::spawn_local(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::task::spawn_local(script(number, Peer::new(stream)));
        }
    });
    Ok(url)
}

/// Takes a port of an address where connections are neither accepted nor refused, until the returned sockets are
/// dropped.
pub(super) async fn be_silent_at(address: &str, port: u16) -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    let address = SocketAddr::new(address.parse().unwrap(), port);
    socket.bind(address).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut waiting = Vec::new();
    // Connections that the system accepts for the server, until its backlog is full.
    while let Ok(stream) = within(Duration::from_millis(100), TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    (listener, waiting)
}

/// Starts a server that answers every request on every connection with the result of `answer`.
pub(super) async fn serve_answers(answer: impl Fn(&Request) -> String + 'static) -> String {
    let answer = Rc::new(answer);
    serve(move |_, mut peer| {
        let answer = Rc::clone(&answer);
        async move {
            while let Some(request) = peer.request().await {
                peer.send(answer(&request).as_bytes()).await;
            }
        }
    })
    .await
}

/// A whole response of status 200.
pub(super) fn ok(body: &str) -> String {
    response("200 OK", &[], body)
}

/// A whole response.
pub(super) fn response(status: &str, fields: &[&str], body: &str) -> String {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A request that arrived.
#[derive(Debug)]
pub(super) struct Request {
    /// The head, as it came.
    pub head: String,
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        crate::reader::field(self.head.as_bytes(), name).map(|value| std::str::from_utf8(value).unwrap())
    }

    /// "GET /path".
    pub(super) fn line(&self) -> &str {
        self.head.split(" HTTP/1.1").next().unwrap()
    }
}

/// The server's end of a connection.
pub(super) struct Peer<S> {
    stream: S,
    unread: Vec<u8>,
    pub received: Rc<Cell<u64>>,
    pub sent: Rc<Cell<u64>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(super) fn new(stream: S) -> Peer<S> {
        Peer { stream, unread: Vec::new(), received: Rc::default(), sent: Rc::default() }
    }

    /// The next request, or none if the client has closed.
    pub(super) async fn request(&mut self) -> Option<Request> {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.read().await?;
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).unwrap();
        let mut request = Request { head, body: Vec::new() };
        let length: usize = request.field("content-length").map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length {
            self.read().await?;
        }
        request.body = self.unread.drain(..length).collect();
        Some(request)
    }

    /// Waits until the unread bytes end with `end`.
    pub(super) async fn wait_for(&mut self, end: &[u8]) {
        while !self.unread.ends_with(end) && self.read().await.is_some() {}
    }

    /// That many bytes, or none if the client closes before.
    pub(super) async fn exactly(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.unread.len() < count {
            self.read().await?;
        }
        Some(self.unread.drain(..count).collect())
    }

    /// The bytes that have arrived and were not taken yet.
    pub(super) fn take_unread(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.unread)
    }

    async fn read(&mut self) -> Option<()> {
        let count = self.stream.read_buf(&mut self.unread).await.unwrap_or(0);
        self.received.set(self.received.get() + count as u64);
        (count > 0).then_some(())
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        // The client may have gone; a test that cares sees it elsewhere.
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
        self.sent.set(self.sent.get() + bytes.len() as u64);
    }

    /// Sends byte by byte, and lets the client read in between.
    pub(super) async fn trickle(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.send(&[*byte]).await;
            tokio::task::yield_now().await;
        }
    }

    /// Waits until the client closes, reading and discarding its bytes.
    pub(super) async fn until_closed(&mut self) {
        while self.read().await.is_some() {}
    }
}

impl Peer<TcpStream> {
    /// Closes with a reset instead of a FIN.
    pub(super) fn reset(self) {
        #[allow(deprecated)] // Lingering for no time does not block, which is what the deprecation is about.
        self.stream.set_linger(Some(Duration::ZERO)).unwrap();
    }

    pub(super) fn into_stream(self) -> TcpStream {
        self.stream
    }
}

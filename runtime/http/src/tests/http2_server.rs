//! Servers of HTTP/2 that follow a script, frame by frame.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;

use squall_http2::hpack::{Decoder, Encoder, Indexing};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::serve;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// Starts a server that runs `script` for each connection, with its number from 0. Gives its URL.
pub(super) async fn serve_http2<F>(script: impl Fn(usize, Http2Peer<TcpStream>) -> F + 'static) -> String
where
    F: Future<Output = ()> + 'static,
{
    let script = Rc::new(script);
    serve(move |number, peer| {
        let script = Rc::clone(&script);
        async move {
            if let Some(peer) = Http2Peer::greet(peer.into_stream(), &[]).await {
                script(number, peer).await;
            }
        }
    })
    .await
}

/// Starts a server that answers every request with its method and path.
pub(super) async fn serve_echo() -> String {
    serve_http2(|_, mut peer| async move {
        while let Some(request) = peer.request().await {
            let text = format!("{} {}", request.field(":method"), request.field(":path"));
            peer.answer(request.stream, "200", &[], text.as_bytes()).await;
        }
    })
    .await
}

/// A request that arrived.
#[derive(Debug, Default)]
pub(super) struct Http2Request {
    pub stream: u32,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Http2Request {
    /// The value of a field; empty if there is none.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }
}

/// The server's end of a connection.
pub(super) struct Http2Peer<S> {
    stream: S,
    decoder: Decoder,
    encoder: Encoder,
    /// Requests whose body is still coming.
    coming: Vec<Http2Request>,
    /// Other frames of the client that were read: kind, stream, payload.
    pub noted: Vec<(u8, u32, Vec<u8>)>,
    pub received: Rc<Cell<u64>>,
    pub sent: Rc<Cell<u64>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2Peer<S> {
    /// Reads the client's preface, and sends settings.
    pub(super) async fn greet(mut stream: S, settings: &[(u16, u32)]) -> Option<Http2Peer<S>> {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.ok()?;
        assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut peer = Http2Peer {
            stream,
            decoder: Decoder::new(4096),
            encoder: Encoder::new(),
            coming: Vec::new(),
            noted: Vec::new(),
            received: Rc::new(Cell::new(24)),
            sent: Rc::default(),
        };
        peer.settings(settings).await;
        Some(peer)
    }

    pub(super) async fn settings(&mut self, settings: &[(u16, u32)]) {
        let bytes = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
        let payload: Vec<u8> = settings.iter().flat_map(bytes).collect();
        self.frame(SETTINGS, 0, 0, &payload).await;
    }

    /// The next request that is whole, or none if the client has closed. Other frames are noted.
    pub(super) async fn request(&mut self) -> Option<Http2Request> {
        loop {
            let (kind, flags, stream, payload) = self.read_frame().await?;
            match kind {
                HEADERS => {
                    let mut fields = Vec::new();
                    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                    let decoded = self.decoder.decode(&payload, |name, value| {
                        fields.push((text(name), text(value)));
                        Ok::<(), ()>(())
                    });
                    decoded.unwrap().unwrap();
                    self.coming.push(Http2Request { stream, fields, body: Vec::new() });
                }
                DATA => match self.coming.iter_mut().find(|request| request.stream == stream) {
                    Some(request) => request.body.extend_from_slice(&payload),
                    None => continue,
                },
                SETTINGS if flags == 0 => {
                    self.frame(SETTINGS, 1, 0, &[]).await;
                    continue;
                }
                _ => {
                    self.noted.push((kind, stream, payload));
                    continue;
                }
            }
            if flags & END_STREAM != 0 {
                let place = self.coming.iter().position(|request| request.stream == stream)?;
                return Some(self.coming.remove(place));
            }
        }
    }

    /// Reads until the client has sent a frame of that kind.
    pub(super) async fn wait_for(&mut self, kind: u8) -> Option<(u32, Vec<u8>)> {
        loop {
            let (found, _, stream, payload) = self.read_frame().await?;
            if found == kind {
                return Some((stream, payload));
            }
        }
    }

    async fn read_frame(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.ok()?;
        self.received.set(self.received.get() + 9 + length as u64);
        Some((head[3], head[4], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
    }

    /// Sends a whole response.
    pub(super) async fn answer(&mut self, stream: u32, status: &str, fields: &[(&str, &str)], body: &[u8]) {
        let end = if body.is_empty() { END_STREAM } else { 0 };
        self.head(stream, end, &[&[(":status", status)], fields].concat()).await;
        let mut pieces = body.chunks(16_384).peekable();
        while let Some(piece) = pieces.next() {
            let end = if pieces.peek().is_none() { END_STREAM } else { 0 };
            self.frame(DATA, end, stream, piece).await;
        }
    }

    /// Sends a head.
    pub(super) async fn head(&mut self, stream: u32, flags: u8, fields: &[(&str, &str)]) {
        let mut block = Vec::new();
        self.encoder.begin(&mut block);
        for (name, value) in fields {
            self.encoder.field(&mut block, name.as_bytes(), value.as_bytes(), Indexing::Indexed);
        }
        self.frame(HEADERS, flags | END_HEADERS, stream, &block).await;
    }

    pub(super) async fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        // The client may have gone; a test that cares sees it elsewhere.
        let _ = self.stream.write_all(&bytes).await;
        let _ = self.stream.flush().await;
        self.sent.set(self.sent.get() + bytes.len() as u64);
    }

    /// Ends the connection in order: streams above `last` were not looked at.
    pub(super) async fn go_away(&mut self, last: u32, code: u32) {
        self.frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat()).await;
    }

    /// Waits until the client closes.
    pub(super) async fn until_closed(&mut self) {
        while self.read_frame().await.is_some() {}
    }
}

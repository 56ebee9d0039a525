//! Servers of HTTP/3 that follow a script, stream by stream.

use std::cell::Cell;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream, VarInt};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use squall_http3::qpack::{self, Secrecy};
use squall_http3::{HeadKind, Receiver, ResponseReader, write_data, write_head};

/// A server with a self-signed certificate for "localhost".
pub(super) struct Http3Server {
    pub url: String,
    pub certificate: String,
    /// Datagrams' bytes, as the server's QUIC counts them: sent and received.
    pub traffic: Rc<Cell<(u64, u64)>>,
}

/// Starts a server that runs `script` for each connection, with its number from 0.
pub(super) async fn serve_http3<F>(script: impl Fn(usize, Http3Peer) -> F + 'static) -> Http3Server
where
    F: Future<Output = ()> + 'static,
{
    serve_limited(100, script).await
}

/// The same, with at most that many requests at a time on a connection.
pub(super) async fn serve_limited<F>(most_streams: u32, script: impl Fn(usize, Http3Peer) -> F + 'static) -> Http3Server
where
    F: Future<Output = ()> + 'static,
{
    let signing_key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&signing_key).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut tls = tls.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).unwrap()));
    let mut transport = quinn::TransportConfig::default();
    transport.max_concurrent_bidi_streams(VarInt::from_u32(most_streams));
    config.transport_config(Arc::new(transport));
    let endpoint = Endpoint::server(config, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)).unwrap();
    let url = format!("https://localhost:{}", endpoint.local_addr().unwrap().port());
    let traffic = Rc::<Cell<(u64, u64)>>::default();
    let counted = Rc::clone(&traffic);
    tokio::task::spawn_local(async move {
        for number in 0.. {
            let Some(incoming) = endpoint.accept().await else { return };
            let Ok(quic) = incoming.await else { continue };
            let mut control = quic.open_uni().await.unwrap();
            control.write_all(&squall_http3::opening(65_536)).await.unwrap();
            let counted = Rc::clone(&counted);
            let connection = quic.clone();
            tokio::task::spawn_local(async move {
                connection.closed().await;
                let stats = connection.stats();
                let (sent, received) = counted.get();
                counted.set((sent + stats.udp_tx.bytes, received + stats.udp_rx.bytes));
            });
            tokio::task::spawn_local(script(number, Http3Peer { quic, control }));
        }
    });
    Http3Server { url, certificate: certificate.pem(), traffic }
}

/// Starts a server that answers every request with its method and path.
pub(super) async fn serve_echo() -> Http3Server {
    serve_http3(|_, mut peer| async move {
        while let Some(request) = peer.request().await {
            let text = format!("{} {}", request.field(":method"), request.field(":path"));
            request.answer("200", &[], text.as_bytes()).await;
        }
    })
    .await
}

/// The server's end of a connection.
pub(super) struct Http3Peer {
    pub quic: Connection,
    control: SendStream,
}

impl Http3Peer {
    /// The next request, when it is whole.
    pub(super) async fn request(&mut self) -> Option<Http3Request> {
        let mut request = self.stream().await?;
        request.read().await;
        Some(request)
    }

    /// The next request, of which nothing has been read.
    pub(super) async fn stream(&mut self) -> Option<Http3Request> {
        let (send, receive) = self.quic.accept_bi().await.ok()?;
        Some(Http3Request { fields: Vec::new(), body: Vec::new(), send, receive })
    }

    /// Writes bytes on the control stream.
    pub(super) async fn say(&mut self, bytes: &[u8]) {
        self.control.write_all(bytes).await.unwrap();
    }

    pub(super) async fn until_closed(&self) {
        self.quic.closed().await;
    }
}

/// A request that arrived.
pub(super) struct Http3Request {
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub send: SendStream,
    pub receive: RecvStream,
}

impl Http3Request {
    /// The value of a field; empty if there is none.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// Reads all of it.
    pub(super) async fn read(&mut self) {
        let mut reader = ResponseReader::new(100_000);
        let mut bytes = vec![0; 65_536];
        while let Ok(Some(count)) = self.receive.read(&mut bytes).await {
            let mut parts = Parts { fields: &mut self.fields, body: &mut self.body };
            reader.push(&bytes[..count], &mut parts).unwrap();
        }
    }

    /// Answers it.
    pub(super) async fn answer(mut self, status: &str, fields: &[(&str, &str)], body: &[u8]) {
        self.head(status, fields).await;
        self.data(body).await;
        let _ = self.send.finish();
    }

    /// Sends a head.
    pub(super) async fn head(&mut self, status: &str, fields: &[(&str, &str)]) {
        let mut bytes = Vec::new();
        write_head(&mut bytes, |block| {
            for (name, value) in [(":status", status)].iter().chain(fields) {
                qpack::write(block, name.as_bytes(), value.as_bytes(), Secrecy::Public);
            }
        });
        let _ = self.send.write_all(&bytes).await;
    }

    /// Sends a piece of the body.
    pub(super) async fn data(&mut self, data: &[u8]) {
        let mut bytes = Vec::new();
        write_data(&mut bytes, data);
        let _ = self.send.write_all(&bytes).await;
    }
}

/// Takes a request apart. Its head is that of a response with other pseudo fields.
struct Parts<'a> {
    fields: &'a mut Vec<(String, String)>,
    body: &'a mut Vec<u8>,
}

impl Receiver for Parts<'_> {
    type Error = ();

    fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), ()> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.fields.push((text(name), text(value)));
        Ok(())
    }

    fn head_ended(&mut self) -> Result<HeadKind, ()> {
        Ok(HeadKind::Final)
    }

    fn data(&mut self, data: &[u8]) -> Result<(), ()> {
        self.body.extend_from_slice(data);
        Ok(())
    }
}

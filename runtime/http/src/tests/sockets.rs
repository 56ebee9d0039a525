//! Sockets whose protocol the guest speaks: timed at the socket, bounded, and held to the policy.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::Poll;

use squall_metrics::{Histogram, ManualClock, Nanos, SocketCell};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::tls::serve_tls;
use super::*;
use crate::{EgressPolicy, EgressRules, Readiness, TcpConnection, TlsConfig, UdpPeer};

const INBOX: usize = 1 << 20;
const MINUTE: Duration = Duration::from_secs(60);

fn millis(millis: u64) -> Nanos {
    Nanos(millis * 1_000_000)
}

/// A client whose clock stands still, and the hand that moves it.
fn still_world() -> (World, ManualClock) {
    let (clock, hand) = Clock::manual();
    let recorder = Rc::new(RefCell::new(Recorder::new(Arc::new(Registry::new(100)))));
    let config = ClientConfig::default();
    let tls = SharedTls::build(&config.tls).unwrap();
    let client = Client::new(Network::new(config, tls, clock.clone(), Rc::clone(&recorder)));
    client.set_flow(FLOW);
    (World { client, recorder, clock }, hand)
}

/// Starts a server that runs `script` for each connection. Gives its address.
async fn serve<F>(script: impl Fn(TcpStream) -> F + 'static) -> String
where
    F: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::task::spawn_local(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::task::spawn_local(script(stream));
        }
    });
    address
}

async fn open(world: &World, address: &str) -> Rc<TcpConnection> {
    let connection = world.client.open_tcp("", address, None, MINUTE).await.unwrap();
    tokio::task::spawn_local(Rc::clone(&connection).drive());
    connection
}

async fn receive(connection: &TcpConnection, most: usize) -> Result<Option<Vec<u8>>, Error> {
    poll_fn(|context| connection.poll_receive(most, context)).await
}

async fn exactly(connection: &TcpConnection, count: usize) -> Result<Option<Vec<u8>>, Error> {
    poll_fn(|context| connection.poll_exactly(count, context)).await
}

async fn until(connection: &TcpConnection, delimiter: &[u8], most: usize) -> Result<Option<Vec<u8>>, Error> {
    poll_fn(|context| connection.poll_until(delimiter, most, context)).await
}

async fn send(world: &World, connection: &TcpConnection, bytes: &[u8]) -> Nanos {
    poll_fn(|context| connection.poll_room(context)).await;
    connection.send(&world.client, bytes).unwrap()
}

/// The numbers recorded since the last call.
fn cell(world: &World) -> SocketCell {
    let interval = world.recorded();
    assert!(interval.requests.is_empty());
    assert!(interval.sockets.keys().all(|key| key.flow == FLOW));
    assert_eq!(interval.sockets.len(), 1);
    interval.sockets.into_values().next().unwrap()
}

fn one(time: Nanos) -> Histogram {
    let mut histogram = Histogram::default();
    histogram.record(time);
    histogram
}

#[test]
fn every_number_of_a_connection_is_known() {
    run(async {
        let (world, hand) = still_world();
        let of_server = hand.clone();
        let address = serve(move |mut stream| {
            let hand = of_server.clone();
            async move {
                let mut request = [0; 4];
                while stream.read_exact(&mut request).await.is_ok() {
                    hand.advance(millis(7).into());
                    stream.write_all(b"+PONG\r\n").await.unwrap();
                }
            }
        })
        .await;
        let connection = open(&world, &address).await;
        assert_eq!(send(&world, &connection, b"PING").await, Nanos::ZERO);
        assert_eq!(until(&connection, b"\r\n", 100).await.unwrap().unwrap(), b"+PONG\r\n");
        assert_eq!(connection.at(), millis(7));
        hand.advance(millis(3).into());
        assert_eq!(send(&world, &connection, b"PING").await, millis(10));
        assert_eq!(exactly(&connection, 7).await.unwrap().unwrap(), b"+PONG\r\n");
        hand.advance(millis(5).into());
        connection.let_go();
        assert!(connection.has_ended());
        let mut response = one(millis(7));
        response.record(millis(7));
        let expected = SocketCell {
            connections: 1,
            connecting: one(Nanos::ZERO),
            session_duration: one(millis(22)),
            response,
            sent: 8,
            received: 14,
            ..SocketCell::default()
        };
        assert_eq!(cell(&world), expected);
        let name = world.recorder.borrow_mut().name(&address);
        assert_eq!(world.recorder.borrow().registry().name(name), address);
    });
}

#[test]
fn what_a_slow_guest_does_not_take_stays_with_the_server() {
    run(async {
        let world = World::new(ClientConfig::default());
        let written = Rc::new(std::cell::Cell::new(0));
        let of_server = Rc::clone(&written);
        let address = serve(move |mut stream| {
            let written = Rc::clone(&of_server);
            async move {
                for _ in 0..64 {
                    stream.write_all(&[7; 1 << 20]).await.unwrap();
                    written.set(written.get() + (1_usize << 20));
                }
            }
        })
        .await;
        let connection = open(&world, &address).await;
        while world.recorder.borrow_mut().take().sockets.values().all(|cell| cell.inbox_full == 0) {
            tokio::task::yield_now().await;
        }
        let mut taken = 0;
        while let Some(bytes) = receive(&connection, usize::MAX).await.unwrap() {
            assert!(bytes.len() <= INBOX + (64 << 10), "{} bytes were held", bytes.len());
            taken += bytes.len();
        }
        assert_eq!((taken, written.get()), (64 << 20, 64 << 20));
        assert!(receive(&connection, 1).await.unwrap().is_none());
    });
}

#[test]
fn more_than_the_inbox_comes_if_the_guest_asks_for_it() {
    run(async {
        let world = World::new(ClientConfig::default());
        let address = serve(|mut stream| async move { stream.write_all(&[7; 3 << 20]).await.unwrap() }).await;
        let connection = open(&world, &address).await;
        assert_eq!(exactly(&connection, 3 << 20).await.unwrap().unwrap().len(), 3 << 20);
    });
}

#[test]
fn a_server_that_never_ends_its_line_is_bounded() {
    run(async {
        let config = ClientConfig { memory: MemoryLimits { own: 4 << 20, shared: None }, ..ClientConfig::default() };
        let world = World::new(config);
        let address = serve(|mut stream| async move { while stream.write_all(&[b'a'; 8192]).await.is_ok() {} }).await;
        let connection = open(&world, &address).await;
        let error = until(&connection, b"\n", 10_000).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge(_)), "{error}");
        // What is there can still be taken.
        assert_eq!(receive(&connection, 10_000).await.unwrap().unwrap().len(), 10_000);
        let error = until(&connection, b"\n", usize::MAX).await.unwrap_err();
        assert!(error.to_string().contains("raise with --host-memory"), "{error}");
        assert!(connection.has_ended());
        let interval = world.recorded();
        let problem = &interval.problems[&Problem::Request(FLOW, FailureClass::TooLarge)];
        assert_eq!(problem.count, 2);
        assert_eq!(interval.sockets.into_values().next().unwrap().errors, 2);
    });
}

#[test]
fn the_ways_in_which_a_server_ends_are_told_apart() {
    run(async {
        let world = World::new(ClientConfig::default());
        // In the middle of a line.
        let address = serve(|mut stream| async move { stream.write_all(b"half a li").await.unwrap() }).await;
        let connection = open(&world, &address).await;
        let error = until(&connection, b"\n", 100).await.unwrap_err();
        assert!(error.to_string().contains("the connection ended too early, after 9 more bytes"), "{error}");
        assert_eq!(receive(&connection, 100).await.unwrap().unwrap(), b"half a li");
        assert_eq!(until(&connection, b"\n", 100).await.unwrap(), None);
        // By a reset.
        let address = serve(|mut stream| async move {
            stream.read_u8().await.unwrap();
            super::server::Peer::new(stream).reset();
        })
        .await;
        let connection = open(&world, &address).await;
        send(&world, &connection, b"x").await;
        let error = receive(&connection, 100).await.unwrap_err();
        assert!(matches!(&error, Error::Reset(text) if text.contains("connection reset")), "{error}");
        assert_eq!(connection.send(&world.client, b"x").unwrap_err(), error);
        let interval = world.recorded();
        assert_eq!(interval.problems[&Problem::Request(FLOW, FailureClass::Reset)].count, 2);
    });
}

#[test]
fn the_guest_can_end_sending_and_still_receive() {
    run(async {
        let world = World::new(ClientConfig::default());
        let address = serve(|mut stream| async move {
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.unwrap();
            stream.write_all(format!("{} bytes", all.len()).as_bytes()).await.unwrap();
        })
        .await;
        let connection = open(&world, &address).await;
        for _ in 0..100 {
            send(&world, &connection, &[7; 64 << 10]).await;
        }
        connection.finish();
        assert_eq!(receive(&connection, 100).await.unwrap().unwrap(), b"6553600 bytes");
        assert_eq!(receive(&connection, 100).await.unwrap(), None);
        let error = connection.send(&world.client, b"x").unwrap_err();
        assert!(error.to_string().contains("after the end of sending"), "{error}");
        while !connection.has_ended() {
            tokio::task::yield_now().await;
        }
        let cell = cell(&world);
        assert_eq!((cell.sent, cell.received, cell.session_duration.count()), (6_553_600, 13, 1));
    });
}

#[test]
fn tls_is_measured_and_its_bytes_counted_below_it() {
    run(async {
        let server = serve_tls().await;
        let ca = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(ca.path(), &server.certificate).unwrap();
        let tls = TlsConfig { ca_file: Some(ca.path().to_owned()), ..TlsConfig::default() };
        let world = World::new(ClientConfig { tls, ..ClientConfig::default() });
        let address = server.url.rsplit('/').next().unwrap().to_owned();
        let connection = world.client.open_tcp("secure", &address, Some("localhost"), MINUTE).await.unwrap();
        tokio::task::spawn_local(Rc::clone(&connection).drive());
        send(&world, &connection, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert!(until(&connection, b"GET /", 1_000).await.unwrap().is_some());
        connection.let_go();
        let cell = cell(&world);
        assert_eq!((cell.connections, cell.tls_handshaking.count(), cell.response.count()), (1, 1, 1));
        assert!(cell.tls_handshaking.sum().0 > 0 && cell.sent > 300 && cell.received > 500, "{cell:?}");
        // For another name the certificate is not good.
        let error = world.client.open_tcp("", &address, Some("example.com"), MINUTE).await.unwrap_err();
        assert!(matches!(error, Error::Tls(_)), "{error}");
    });
}

#[test]
fn the_policy_holds_for_names_ports_and_addresses() {
    run(async {
        let address = serve(|_| async {}).await;
        let allowed = vec![address.parse().unwrap(), "cache.example.com:6379".parse().unwrap()];
        let egress = EgressPolicy::Only(EgressRules { allowed, vouched: Vec::new() });
        let world = World::new(ClientConfig { egress, ..ClientConfig::default() });
        let port = address.parse::<SocketAddr>().unwrap().port();
        world.client.network.resolver.answer_next("cache.example.com", &["10.0.0.7".parse().unwrap()]);
        assert!(world.client.open_tcp("", &address, None, MINUTE).await.is_ok());
        assert!(world.client.open_udp("", &address).await.is_ok());
        for (address, why) in [
            (format!("127.0.0.1:{}", port ^ 1), "is not allowed"),
            (format!("127.0.0.2:{port}"), "is not allowed"),
            ("example.com:25".to_owned(), "is not allowed"),
            ("169.254.169.254:80".to_owned(), "is not allowed"),
            ("cache.example.com:6379".to_owned(), "10.0.0.7, a private address"),
        ] {
            let refused = |outcome: Option<Error>| match outcome {
                Some(Error::RefusedByPolicy(text)) => assert!(text.contains(why), "{address}: {text}"),
                other => panic!("{address}: {other:?}"),
            };
            refused(world.client.open_udp("", &address).await.err());
            refused(world.client.open_tcp("", &address, None, MINUTE).await.err());
        }
        let interval = world.recorded();
        assert_eq!(interval.problems[&Problem::Request(FLOW, FailureClass::RefusedByPolicy)].count, 10);
        assert_eq!(interval.sockets.values().map(|cell| cell.errors + cell.datagram_errors).sum::<u64>(), 0);
    });
}

#[test]
fn a_connection_that_is_not_opened_is_recorded() {
    run(async {
        let world = World::new(ClientConfig::default());
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let error = world.client.open_tcp("cache", &free.to_string(), None, MINUTE).await.unwrap_err();
        assert!(error.to_string().contains("connection refused"), "{error}");
        let cell = cell(&world);
        assert_eq!((cell.connections, cell.errors), (0, 1));
    });
}

#[test]
fn a_stream_is_ready_when_the_last_call_would_return() {
    run(async {
        let world = World::new(ClientConfig::default());
        let address = serve(|mut stream| async move {
            for piece in [&b"ab"[..], b"c\n"] {
                stream.write_all(piece).await.unwrap();
                stream.read_u8().await.unwrap();
            }
        })
        .await;
        let connection = open(&world, &address).await;
        let readiness: &Rc<Readiness> = world.client.readiness();
        let key = connection.key(readiness);
        let next = || poll_fn(|context| readiness.poll_next(context));
        assert_eq!(next().await, key);
        let looked = poll_fn(|context| Poll::Ready(connection.poll_until(b"\n", 100, context))).await;
        assert!(looked.is_pending());
        let is_ready = poll_fn(|context| Poll::Ready(readiness.poll_next(context).is_ready())).await;
        assert!(!is_ready, "half a line is not a line");
        send(&world, &connection, b"x").await;
        assert_eq!(next().await, key);
        assert_eq!(until(&connection, b"\n", 100).await.unwrap().unwrap(), b"abc\n");
        send(&world, &connection, b"x").await;
        // The end is ready, and stays so.
        assert_eq!(next().await, key);
        assert_eq!(until(&connection, b"\n", 100).await.unwrap(), None);
        assert_eq!(next().await, key);
    });
}

async fn open_udp(world: &World, address: &SocketAddr) -> Rc<UdpPeer> {
    let peer = world.client.open_udp("clock", &address.to_string()).await.unwrap();
    tokio::task::spawn_local(Rc::clone(&peer).drive());
    peer
}

async fn send_datagram(world: &World, peer: &UdpPeer, datagram: &[u8]) -> Nanos {
    loop {
        if let Some(at) = peer.send(&world.client, datagram).unwrap() {
            return at;
        }
        poll_fn(|context| peer.poll_room(context)).await;
    }
}

async fn receive_datagram(peer: &UdpPeer) -> Result<Vec<u8>, Error> {
    poll_fn(|context| peer.poll_receive(context)).await
}

#[test]
fn every_number_of_datagrams_is_known() {
    run(async {
        let (world, hand) = still_world();
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let peer = open_udp(&world, &server.local_addr().unwrap()).await;
        assert_eq!(send_datagram(&world, &peer, b"time?").await, Nanos::ZERO);
        let mut request = [0; 9];
        let (count, client) = server.recv_from(&mut request).await.unwrap();
        assert_eq!(&request[..count], b"time?");
        hand.advance(millis(4).into());
        server.send_to(b"noon", client).await.unwrap();
        server.send_to(b"", client).await.unwrap();
        assert_eq!((receive_datagram(&peer).await.unwrap(), peer.at()), (b"noon".to_vec(), millis(4)));
        assert_eq!(receive_datagram(&peer).await.unwrap(), b"");
        // A stranger is not heard.
        UdpSocket::bind("127.0.0.1:0").await.unwrap().send_to(b"noise", client).await.unwrap();
        server.send_to(b"evening", client).await.unwrap();
        assert_eq!(receive_datagram(&peer).await.unwrap(), b"evening");
        peer.let_go();
        let expected = SocketCell {
            datagrams_sent: 1,
            datagrams_received: 3,
            datagram_response: one(millis(4)),
            sent: 5,
            received: 11,
            ..SocketCell::default()
        };
        assert_eq!(cell(&world), expected);
        let error = peer.send(&world.client, &[0; 65_508]).unwrap_err();
        assert!(matches!(error, Error::InvalidRequest(_)), "{error}");
    });
}

#[test]
fn datagrams_that_nobody_takes_are_dropped_and_counted() {
    run(async {
        let world = World::new(ClientConfig::default());
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let peer = open_udp(&world, &server.local_addr().unwrap()).await;
        send_datagram(&world, &peer, b"go").await;
        let (_, client) = server.recv_from(&mut [0; 9]).await.unwrap();
        let (mut received, mut dropped) = (0, 0);
        while dropped == 0 {
            server.send_to(&[7; 60_000], client).await.unwrap();
            tokio::task::yield_now().await;
            for cell in world.recorded().sockets.values() {
                (received, dropped) = (received + cell.datagrams_received, dropped + cell.datagrams_dropped);
            }
        }
        let kept = INBOX as u64 / 60_064;
        assert_eq!(received - dropped, kept);
        for _ in 0..kept {
            assert_eq!(receive_datagram(&peer).await.unwrap().len(), 60_000);
        }
    });
}

#[test]
fn a_datagram_that_comes_back_is_an_error_of_the_next_call() {
    run(async {
        let world = World::new(ClientConfig::default());
        let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let peer = open_udp(&world, &nobody).await;
        send_datagram(&world, &peer, b"anybody?").await;
        let error = receive_datagram(&peer).await.unwrap_err();
        assert!(matches!(&error, Error::Reset(text) if text.contains("connection refused")), "{error}");
        assert_eq!(cell(&world).datagram_errors, 1);
    });
}

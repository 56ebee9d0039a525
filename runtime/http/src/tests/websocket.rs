//! WebSockets: the handshake, messages timed at the socket, closes, and servers that break the rules.

use std::future::poll_fn;

use squall_metrics::{ManualClock, Nanos, WebSocketCell};
use squall_websocket::CloseReason;
use tokio::net::TcpStream;

use super::server::{Peer, serve};
use super::*;
use crate::{Content, EgressPolicy, EgressRules, TimedMessage, WebSocket, WebSocketError, WebSocketOptions};

/// A client whose clock stands still, and the hand that moves it.
fn still_world(url: &str) -> (Rc<World>, ManualClock) {
    let (clock, hand) = Clock::manual();
    let recorder = Rc::new(RefCell::new(Recorder::new(Arc::new(Registry::new(100)))));
    let config = ClientConfig { base: Some(BaseUrl::parse(url).unwrap()), ..ClientConfig::default() };
    let tls = SharedTls::build(&config.tls).unwrap();
    let client = Client::new(Network::new(config, tls, clock.clone(), Rc::clone(&recorder)));
    client.set_flow(FLOW);
    (Rc::new(World { client, recorder, clock }), hand)
}

fn world_at(url: &str) -> Rc<World> {
    Rc::new(World::with_target(url))
}

/// Opens a WebSocket, which a task carries.
fn start(world: &Rc<World>, url: &str, fields: &[(&str, &str)], options: &WebSocketOptions) -> Rc<WebSocket> {
    let prepared = world.client.prepare_websocket(url, fields.iter().copied(), options);
    let (prepared, socket) = prepared.unwrap();
    let (world, of_task) = (Rc::clone(world), Rc::clone(&socket));
    tokio::task::spawn_local(async move { world.client.websocket(prepared, of_task).await });
    socket
}

async fn opened(socket: &WebSocket) -> Result<(), WebSocketError> {
    poll_fn(|context| socket.poll_opened(context)).await
}

async fn open(world: &Rc<World>) -> Rc<WebSocket> {
    let socket = start(world, "/ws", &[], &WebSocketOptions::default());
    opened(&socket).await.unwrap();
    socket
}

async fn message(socket: &WebSocket) -> Result<Option<TimedMessage>, WebSocketError> {
    poll_fn(|context| socket.poll_message(false, context)).await
}

async fn any(socket: &WebSocket) -> Option<Content> {
    poll_fn(|context| socket.poll_message(true, context)).await.unwrap().map(|message| message.content)
}

async fn text(socket: &WebSocket) -> String {
    message(socket).await.unwrap().expect("a message").content.into_text()
}

async fn until_finished(socket: &WebSocket) {
    while !socket.is_finished() {
        tokio::task::yield_now().await;
    }
}

/// The numbers of the WebSockets of one name.
fn cell(world: &World) -> WebSocketCell {
    let interval = world.recorded();
    assert_eq!(interval.websockets.len(), 1);
    interval.websockets.into_values().next().unwrap()
}

/// The answer to a key.
fn accept(key: &str) -> String {
    use base64::Engine;
    use sha1::{Digest, Sha1};
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    base64::prelude::BASE64_STANDARD.encode(digest)
}

/// Agrees to the handshake, with more fields.
async fn agree(peer: &mut Peer<TcpStream>, fields: &str) -> super::server::Request {
    let request = peer.request().await.unwrap();
    let accept = accept(request.field("sec-websocket-key").unwrap());
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    peer.send(format!("{head}Sec-WebSocket-Accept: {accept}\r\n{fields}\r\n").as_bytes()).await;
    request
}

/// A short frame of the client's: its first byte, and the payload.
async fn frame(peer: &mut Peer<TcpStream>) -> Option<(u8, Vec<u8>)> {
    let head = peer.exactly(6).await?;
    let length = usize::from(head[1] & 0x7F);
    assert!(head[1] & 0x80 != 0 && length < 126);
    let payload = peer.exactly(length).await?;
    Some((head[0], payload.iter().enumerate().map(|(place, byte)| byte ^ head[2 + place % 4]).collect()))
}

/// A server that agrees, and then follows a script.
async fn serve_frames<F>(script: impl Fn(Peer<TcpStream>) -> F + 'static) -> String
where
    F: Future<Output = ()> + 'static,
{
    let script = Rc::new(script);
    serve(move |_, mut peer| {
        let script = Rc::clone(&script);
        async move {
            agree(&mut peer, "").await;
            script(peer).await;
        }
    })
    .await
}

#[test]
fn a_conversation_and_its_numbers() {
    run(async {
        let url = serve_frames(|mut peer| async move {
            assert_eq!(frame(&mut peer).await.unwrap(), (0x81, b"hello".to_vec()));
            peer.send(b"\x81\x05hello\x82\x03abc").await;
            assert_eq!(frame(&mut peer).await.unwrap(), (0x89, b"1".to_vec()));
            peer.send(b"\x8a\x011\x89\x02hi").await;
            assert_eq!(frame(&mut peer).await.unwrap(), (0x8a, b"hi".to_vec()));
            assert_eq!(frame(&mut peer).await.unwrap(), (0x88, b"\x03\xe8bye".to_vec()));
            peer.send(b"\x88\x02\x03\xe8").await;
        })
        .await;
        let world = world_at(&url);
        let socket = open(&world).await;
        assert_eq!(socket.response().unwrap().unwrap().status(), 101);
        let handed_over = socket.send_text("hello").unwrap();
        let answer = message(&socket).await.unwrap().unwrap();
        assert!(answer.content == Content::Text("hello".to_owned()) && answer.at > handed_over);
        assert_eq!(message(&socket).await.unwrap().unwrap().content, Content::Binary(b"abc".to_vec()));
        socket.ping().unwrap();
        assert!(message_is_missing(&socket).await);
        while cell_so_far(&world).ping.count() == 0 {
            tokio::task::yield_now().await;
        }
        socket.close(Some(&CloseReason::new(1000, "bye").unwrap()));
        assert!(message(&socket).await.unwrap().is_none());
        assert_eq!(socket.closed(), Some((1000, String::new())));
        until_finished(&socket).await;
        let late = socket.send_text("late").unwrap_err();
        assert!(late.to_string().ends_with("/ws: the connection is closed, or closing"), "{late}");
    });
}

/// Whether nothing has come.
async fn message_is_missing(socket: &WebSocket) -> bool {
    tokio::task::yield_now().await;
    poll_fn(|context| std::task::Poll::Ready(socket.poll_message(false, context).is_pending())).await
}

fn cell_so_far(world: &World) -> WebSocketCell {
    world.recorder.borrow_mut().take().websockets.into_values().next().unwrap_or_default()
}

#[test]
fn times_are_those_of_the_socket_not_of_the_guest() {
    run(async {
        let (to_server, mut at_server) = tokio::sync::mpsc::channel::<&'static [u8]>(1);
        let frames = Rc::new(RefCell::new(Some(at_server_of(&mut at_server))));
        let url = serve_frames(move |mut peer| {
            let mut frames = frames.borrow_mut().take().unwrap();
            async move {
                while let Some(bytes) = frames.recv().await {
                    peer.send(bytes).await;
                }
            }
        })
        .await;
        let (world, hand) = still_world(&url);
        let socket = open(&world).await;
        world.recorded();
        hand.advance(Duration::from_nanos(1_000));
        socket.send_text("a").unwrap();
        hand.advance(Duration::from_nanos(30));
        to_server.send(b"\x81\x01a").await.unwrap();
        until_read(&world, 1).await;
        hand.advance(Duration::from_nanos(50));
        to_server.send(b"\x81\x01b\x81\x01c").await.unwrap();
        let cell = until_read(&world, 2).await;
        // The guest comes much later.
        hand.advance(Duration::from_nanos(1_000_000));
        let at = message(&socket).await.unwrap().unwrap().at;
        assert_eq!(at, Nanos(1_030));
        assert_eq!((cell.message_gap.sum(), cell.message_gap.count()), (Nanos(50), 2));
        assert_eq!(cell.response.count(), 0, "nothing was sent between");
        socket.let_go();
        let cell = cell_so_far(&world);
        assert_eq!((cell.session_duration.sum(), cell.session_duration.count()), (Nanos(1_001_080), 1));
    });
}

fn at_server_of(
    receiver: &mut tokio::sync::mpsc::Receiver<&'static [u8]>,
) -> tokio::sync::mpsc::Receiver<&'static [u8]> {
    let (_, empty) = tokio::sync::mpsc::channel(1);
    std::mem::replace(receiver, empty)
}

/// Waits until that many messages have been read, and gives the numbers since.
async fn until_read(world: &World, messages: u64) -> WebSocketCell {
    let mut sum = cell_so_far(world);
    while sum.messages_received < messages {
        tokio::task::yield_now().await;
        squall_metrics::Cell::merge_fields(&mut sum, &cell_so_far(world));
    }
    sum
}

#[test]
fn a_handshake_brings_headers_cookies_and_subprotocols() {
    run(async {
        let url = serve(|_, mut peer| async move {
            let request = agree(&mut peer, "Sec-WebSocket-Protocol: superchat\r\nSet-Cookie: seen=1\r\n").await;
            assert_eq!(request.line(), "GET /ws?room=7");
            assert_eq!(request.field("cookie"), Some("id=7"));
            assert_eq!(request.field("x-token"), Some("t"));
            assert_eq!(request.field("sec-websocket-protocol"), Some("chat, superchat"));
            assert_eq!(request.field("upgrade"), Some("websocket"));
        })
        .await;
        let world = world_at(&url);
        world.client.set_cookie(world.client.cookie_jar(), &url, "id=7");
        let options = WebSocketOptions { subprotocols: vec!["chat".to_owned()], ..WebSocketOptions::default() };
        let fields = [("X-Token", "t"), ("Sec-WebSocket-Protocol", "superchat")];
        let ws = format!("{}/ws?room=7", url.replace("http", "ws"));
        let socket = start(&world, &ws, &fields, &options);
        opened(&socket).await.unwrap();
        assert_eq!(socket.subprotocol(), "superchat");
        assert_eq!(world.client.cookies_for(world.client.cookie_jar(), &url).len(), 2);
        let interval = world.recorded();
        assert!(interval.requests.is_empty(), "a handshake is a session, and not a request");
        let key = interval.websockets.keys().next().unwrap();
        assert_eq!(world.recorder.borrow().registry().name(squall_metrics::NameId(key.id)), ws);
        let own = world.client.prepare_websocket("/ws", [("Upgrade", "h2c")].into_iter(), &WebSocketOptions::default());
        assert!(own.unwrap_err().to_string().contains("Upgrade belongs to the handshake"));
    });
}

/// How a handshake fails: the error, and what was recorded.
async fn refusal(world: &Rc<World>) -> (Rc<WebSocket>, WebSocketError, FailureClass, WebSocketCell) {
    let socket = start(world, "/ws", &[], &WebSocketOptions::default());
    let error = opened(&socket).await.unwrap_err();
    let interval = world.recorded();
    let problem = interval.problems.keys().next().copied().unwrap();
    let Problem::Request(FLOW, class) = problem else { panic!("{problem:?}") };
    let cell = interval.websockets.into_values().next().unwrap_or_default();
    (socket, error, class, cell)
}

#[test]
fn a_server_that_does_not_agree_is_heard_out() {
    run(async {
        let url = serve(|_, mut peer| async move {
            peer.request().await.unwrap();
            peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno ticket").await;
        })
        .await;
        let (socket, error, class, cell) = refusal(&world_at(&url)).await;
        let text = format!("{}/ws: the server answered 403, not 101 Switching Protocols", url.replace("http", "ws"));
        assert_eq!(error, WebSocketError::Handshake(text));
        let response = socket.response().unwrap().unwrap();
        assert_eq!((response.status(), response.body()), (403, &b"no ticket"[..]));
        assert_eq!(class, FailureClass::Protocol);
        assert_eq!((cell.sessions, cell.failed, cell.connecting.count(), cell.session_duration.count()), (1, 1, 1, 0));
        assert!(cell.sent > 100 && cell.received == 54, "{} {}", cell.sent, cell.received);
    });
}

#[test]
fn servers_that_cannot_be_reached_or_say_nothing_fail_by_their_class() {
    run(async {
        let closing = serve(|_, mut peer| async move { drop(peer.request().await) }).await;
        assert_eq!(refusal(&world_at(&closing)).await.2, FailureClass::Reset);
        let refused = world_at("http://127.0.0.1:9");
        assert_eq!(refusal(&refused).await.2, FailureClass::Connect);
        let silent = serve(|_, mut peer| async move {
            peer.request().await.unwrap();
            std::future::pending::<()>().await;
        })
        .await;
        let world = world_at(&silent);
        let options = WebSocketOptions { timeout: Some(Duration::from_millis(50)), ..WebSocketOptions::default() };
        let socket = start(&world, "/ws", &[], &options);
        assert_eq!(opened(&socket).await.unwrap_err(), WebSocketError::Failed(Error::Timeout));
        let problems = world.recorded().problems;
        let text = &problems[&Problem::Request(FLOW, FailureClass::Timeout)].examples[0].0;
        assert!(text.ends_with("/ws: no answer to the handshake in time"), "{text}");
    });
}

#[test]
fn the_egress_policy_holds() {
    run(async {
        let url = serve(|_, _| async { panic!("it was reached") }).await;
        let rules = EgressRules { allowed: vec!["shop.test".parse().unwrap()], vouched: Vec::new() };
        let base = Some(BaseUrl::parse("http://shop.test").unwrap());
        let world =
            Rc::new(World::new(ClientConfig { egress: EgressPolicy::Only(rules), base, ..ClientConfig::default() }));
        let socket = start(&world, &url.replace("http", "ws"), &[], &WebSocketOptions::default());
        let error = opened(&socket).await.unwrap_err();
        assert_eq!(error.class(), FailureClass::RefusedByPolicy, "{error}");
        let interval = world.recorded();
        assert!(interval.websockets.is_empty(), "nothing was sent, so it is no session");
        assert!(interval.problems.contains_key(&Problem::Request(FLOW, FailureClass::RefusedByPolicy)));
    });
}

/// The end of a connection whose server has sent these bytes: the error, the server's close, and the numbers.
async fn end_after(bytes: &'static [u8]) -> (Result<(), String>, Option<u16>, WebSocketCell, Vec<u8>) {
    let said = Rc::new(RefCell::new(Vec::new()));
    let heard = Rc::clone(&said);
    let url = serve_frames(move |mut peer| {
        let heard = Rc::clone(&heard);
        async move {
            peer.send(bytes).await;
            while let Some((first, payload)) = frame(&mut peer).await {
                heard.borrow_mut().push(first);
                heard.borrow_mut().extend(payload);
            }
        }
    })
    .await;
    let world = world_at(&url);
    let socket = open(&world).await;
    let outcome = loop {
        match message(&socket).await {
            Ok(Some(_)) => {}
            Ok(None) => break Ok(()),
            Err(error) => break Err(error.to_string()),
        }
    };
    let closed = socket.closed().map(|(code, _)| code);
    let cell = cell(&world);
    socket.let_go();
    drop(socket);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let said = said.borrow().clone();
    (outcome, closed, cell, said)
}

#[test]
fn a_server_s_close_ends_the_session_and_is_answered() {
    run(async {
        let (outcome, closed, cell, said) = end_after(b"\x81\x01a\x88\x05\x03\xe8bye").await;
        assert_eq!((outcome, closed, &*said), (Ok(()), Some(1000), &b"\x88\x03\xe8"[..]));
        assert_eq!((cell.messages_received, cell.session_duration.count(), cell.closed_unexpectedly), (1, 1, 0));
        let (outcome, closed, cell, _) = end_after(b"\x88\x00").await;
        assert_eq!((outcome, closed, cell.closed_unexpectedly), (Ok(()), Some(1005), 0));
        let (outcome, closed, cell, _) = end_after(b"\x88\x02\x03\xf3").await;
        assert_eq!((outcome, closed, cell.closed_unexpectedly), (Ok(()), Some(1011), 1), "a fault of the server");
    });
}

#[test]
fn what_breaks_the_protocol_is_named_and_told_to_the_server() {
    run(async {
        for (bytes, reason, code) in [
            (&b"\x81\x01\xff"[..], "the server breaks the protocol: a text message is not UTF-8", 1007_u16),
            (b"\x83\x00", "the server breaks the protocol: a frame has an opcode that is reserved", 1002),
            (b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "(limit), raise with --max-body-size", 1009),
        ] {
            let (outcome, closed, cell, said) = end_after(bytes).await;
            let error = outcome.unwrap_err();
            assert!(error.ends_with(reason), "{error}");
            assert_eq!((closed, cell.closed_unexpectedly, cell.session_duration.count()), (Some(1006), 1, 1));
            assert_eq!(said, [&[0x88][..], &code.to_be_bytes()].concat());
        }
    });
}

#[test]
fn a_connection_that_is_lost_is_an_error_after_what_has_come() {
    run(async {
        let url = serve_frames(|mut peer| async move { peer.send(b"\x81\x01a").await }).await;
        let world = world_at(&url);
        let socket = open(&world).await;
        assert_eq!(text(&socket).await, "a");
        let error = message(&socket).await.unwrap_err();
        assert!(error.to_string().ends_with("the server closed the connection without a closing handshake"), "{error}");
        assert_eq!(error.class(), FailureClass::Reset);
        assert_eq!(socket.send_text("b").unwrap_err(), error);
        let interval = world.recorded();
        assert_eq!(interval.websockets.values().next().unwrap().closed_unexpectedly, 1);
        assert!(interval.problems.contains_key(&Problem::Request(FLOW, FailureClass::Reset)));
    });
}

#[test]
fn a_guest_that_does_not_take_its_messages_stops_the_server() {
    run(async {
        let sent = Rc::new(std::cell::Cell::new(0_usize));
        let counted = Rc::clone(&sent);
        let url = serve_frames(move |mut peer| {
            let counted = Rc::clone(&counted);
            async move {
                let frame = [&b"\x82\x7e\x40\x00"[..], &[7; 0x4000]].concat();
                for _ in 0..4_096 {
                    peer.send(&frame).await;
                    counted.set(counted.get() + 1);
                }
                peer.send(b"\x88\x00").await;
            }
        })
        .await;
        let world = world_at(&url);
        let socket = open(&world).await;
        let mut full = 0;
        while full == 0 {
            tokio::task::yield_now().await;
            full = cell_so_far(&world).inbox_full;
        }
        // What the systems' buffers hold is the server's to send, too.
        for _ in 0..2_000 {
            tokio::task::yield_now().await;
        }
        assert!(sent.get() < 3_000, "{} messages were sent", sent.get());
        let mut taken = 0;
        while message(&socket).await.unwrap().is_some() {
            taken += 1;
        }
        assert_eq!(taken, 4_096);
    });
}

#[test]
fn a_guest_s_memory_bounds_what_it_is_sent() {
    run(async {
        let url = serve_frames(|mut peer| async move {
            let frame = [&b"\x82\x7f\x00\x00\x00\x00\x00\x40\x00\x00"[..], &vec![7; 0x40_0000]].concat();
            peer.send(&frame).await;
        })
        .await;
        let memory = MemoryLimits { own: 1 << 20, shared: None };
        let base = Some(BaseUrl::parse(&url).unwrap());
        let world = Rc::new(World::new(ClientConfig { memory, base, ..ClientConfig::default() }));
        let socket = open(&world).await;
        let error = message(&socket).await.unwrap_err().to_string();
        assert!(error.contains("out of memory: at most 1048576 bytes"), "{error}");
        let too_much = open(&world).await.send_binary(&vec![0; 2 << 20]).unwrap_err();
        assert_eq!(too_much.class(), FailureClass::NoRoom);
    });
}

#[test]
fn pings_are_answered_while_the_guest_does_something_else() {
    run(async {
        let url = serve_frames(|mut peer| async move {
            peer.send(b"\x89\x01a").await;
            assert_eq!(frame(&mut peer).await.unwrap(), (0x8a, b"a".to_vec()));
            peer.send(b"\x89\x01b\x81\x01c\x88\x04\x03\xe8ok").await;
        })
        .await;
        let world = world_at(&url);
        let socket = open(&world).await;
        assert!(poll_fn(|context| std::task::Poll::Ready(socket.poll_message(true, context))).await.is_pending());
        let mut came = Vec::new();
        while let Some(content) = any(&socket).await {
            came.push(content);
        }
        let ping = |letter: &str| Content::Ping(letter.as_bytes().to_vec());
        let expected = [ping("a"), ping("b"), Content::Text("c".to_owned()), Content::Close(1000, "ok".to_owned())];
        assert!(expected.ends_with(&came) && came.len() >= 3, "{came:?}");
    });
}

#[test]
fn a_socket_that_is_dropped_says_so_and_leaves() {
    run(async {
        let (told, mut heard) = tokio::sync::mpsc::channel(8);
        let url = serve_frames(move |mut peer| {
            let told = told.clone();
            async move {
                while let Some(frame) = frame(&mut peer).await {
                    told.send(frame).await.unwrap();
                }
            }
        })
        .await;
        let world = world_at(&url);
        let socket = open(&world).await;
        socket.let_go();
        assert!(socket.is_finished());
        assert_eq!(heard.recv().await, Some((0x88, b"\x03\xe9".to_vec())), "1001");
        let cell = cell(&world);
        assert_eq!((cell.session_duration.count(), cell.closed_unexpectedly), (1, 0));
        // Before the answer to its handshake.
        let early = start(&world, "/ws", &[], &WebSocketOptions::default());
        early.let_go();
        assert!(
            opened(&early).await.unwrap_err().to_string().ends_with("given up by the guest before it was answered")
        );
    });
}

#[test]
fn compression_is_agreed_on_and_undone() {
    run(async {
        let url = serve(|_, mut peer| async move {
            let extension = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
            let request = agree(&mut peer, &format!("Sec-WebSocket-Extensions: {extension}\r\n")).await;
            assert_eq!(request.field("sec-websocket-extensions"), Some(extension));
            assert_eq!(frame(&mut peer).await.unwrap(), (0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00".to_vec()));
            peer.send(b"\xC1\x07\xf2\x48\xcd\xc9\xc9\x07\x00").await;
            std::future::pending::<()>().await;
        })
        .await;
        let world = world_at(&url);
        let options = WebSocketOptions { compression: true, ..WebSocketOptions::default() };
        let socket = start(&world, "/ws", &[], &options);
        opened(&socket).await.unwrap();
        socket.send_text("Hello").unwrap();
        assert_eq!(text(&socket).await, "Hello");
    });
}

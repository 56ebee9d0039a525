//! gRPC: calls with a status and without, their messages and their numbers, and what a server may do to them.

use std::future::poll_fn;

use squall_grpc::{Code, compress, frame};
use squall_metrics::{Nanos, Protocol, StreamCell};
use tokio::net::TcpStream;

use super::http2_server::*;
use super::measurements::sum;
use super::*;
use crate::{BodyQueue, Call, CallOptions, Channel, ChannelOptions, Reply};

const PATH: &str = "/p.S/M";
const GRPC: (&str, &str) = ("content-type", "application/grpc");

fn framed(messages: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    messages.iter().for_each(|message| frame(message, false, &mut bytes));
    bytes
}

/// Answers a call with a body and trailers.
async fn reply(peer: &mut Http2Peer<TcpStream>, stream: u32, body: &[u8], trailers: &[(&str, &str)]) {
    peer.head(stream, 0, &[(":status", "200"), GRPC, ("x-head", "h")]).await;
    peer.frame(DATA, 0, stream, body).await;
    peer.head(stream, END_STREAM, trailers).await;
}

fn world_and_channel(url: &str) -> (World, Channel) {
    let world = World::new(ClientConfig::default());
    let channel = world.client.channel(Some(url), ChannelOptions::default()).unwrap();
    (world, channel)
}

async fn invoke(world: &World, channel: &Channel, options: &CallOptions) -> Result<Box<Reply>, Error> {
    let call = world.client.prepare_unary(channel, PATH, b"hello", options)?;
    world.client.invoke(call).await
}

/// Calls a server that answers once, with what `answer` sends on the stream.
async fn once<F>(
    answer: impl Fn(u32, Http2Peer<TcpStream>) -> F + Clone + 'static,
) -> (World, Result<Box<Reply>, Error>)
where
    F: Future<Output = ()> + 'static,
{
    let url = serve_http2(move |_, mut peer| {
        let answer = answer.clone();
        async move {
            let request = peer.request().await.unwrap();
            answer(request.stream, peer).await;
        }
    })
    .await;
    let (world, channel) = world_and_channel(&url);
    let outcome = invoke(&world, &channel, &CallOptions::default()).await;
    (world, outcome)
}

#[test]
fn a_call_arrives_as_the_protocol_wants_it_and_its_phases_add_up() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            let request = peer.request().await.unwrap();
            assert_eq!((request.field(":method"), request.field(":path")), ("POST", PATH));
            assert_eq!((request.field("te"), request.field("content-type")), ("trailers", "application/grpc"));
            assert_eq!((request.field("grpc-timeout"), request.field("x-id")), ("1500000u", "7"));
            assert_eq!(request.field(":authority"), "other.test");
            assert_eq!(request.body, framed(&[b"hello"]));
            reply(&mut peer, request.stream, &framed(&[b"world"]), &[("grpc-status", "0"), ("x-tail", "t")]).await;
            peer.until_closed().await;
        })
        .await;
        let world = World::new(ClientConfig::default());
        let settings = ChannelOptions { authority: Some("other.test".to_owned()), ..ChannelOptions::default() };
        let channel = world.client.channel(Some(&url), settings).unwrap();
        let options = CallOptions {
            timeout: Some(Duration::from_millis(1_500)),
            metadata: Some([("x-id".to_owned(), "7".to_owned())].into()),
            ..CallOptions::default()
        };
        let reply = invoke(&world, &channel, &options).await.unwrap();
        assert_eq!((reply.code(), &*reply.message().unwrap().bytes), (Code::OK, &b"world"[..]));
        let value = |fields: &crate::Metadata<'_>, name: &str| {
            fields.iter().find(|(found, _)| *found == name).map(|(_, value)| value.to_string())
        };
        assert_eq!(value(&reply.headers(), "x-head").as_deref(), Some("h"));
        assert_eq!(value(&reply.trailers(), "x-tail").as_deref(), Some("t"));
        let (key, cell) = world.only_series();
        assert_eq!((key.proto, key.status, key.failure, key.expected), (Protocol::Grpc, 0, 0, true));
        assert_eq!((world.name_of(&key), cell.count), ("p.S/M".to_owned(), 1));
        assert_eq!(sum(&cell), cell.response_time.sum());
        assert!(cell.connecting.sum() > Nanos::ZERO && cell.waiting.sum() > Nanos::ZERO);
    });
}

#[test]
fn a_status_is_an_answer_wherever_it_stands() {
    run(async {
        let (world, outcome) = once(|stream, mut peer| async move {
            let fields = [(":status", "200"), GRPC, ("grpc-status", "14"), ("grpc-message", "down%20now")];
            peer.head(stream, END_STREAM, &fields).await;
            peer.until_closed().await;
        })
        .await;
        let reply = outcome.unwrap();
        assert_eq!((reply.code(), reply.status_message()), (Code::UNAVAILABLE, "down now"));
        assert!(reply.message().is_none());
        let (key, _) = world.only_series();
        assert_eq!((key.status, key.failure, key.expected), (14, 0, false));
    });
}

#[test]
fn what_is_not_grpc_has_a_status_that_stands_for_it() {
    run(async {
        let (world, outcome) = once(|stream, mut peer| async move {
            peer.answer(stream, "503", &[("content-type", "text/html")], b"<h1>no</h1>").await;
            peer.until_closed().await;
        })
        .await;
        let reply = outcome.unwrap();
        assert_eq!(reply.status_message(), "the response is not of gRPC: HTTP status 503");
        assert_eq!(world.only_series().0.status, 14);
    });
}

#[test]
fn answers_that_break_the_rules_are_named() {
    run(async {
        for (body, text) in [
            (framed(&[]), "the response has no message"),
            (framed(&[b"a", b"b"]), "the response to a unary call has several messages"),
        ] {
            let (_, outcome) = once(move |stream, mut peer| {
                let body = body.clone();
                async move {
                    reply(&mut peer, stream, &body, &[("grpc-status", "0")]).await;
                    peer.until_closed().await;
                }
            })
            .await;
            let reply = outcome.unwrap();
            assert_eq!((reply.code(), reply.status_message()), (Code::INTERNAL, text));
        }
        for (body, class, text) in [
            (b"\0\0\0\0\x09ab".to_vec(), FailureClass::Protocol, "the response ends within a message"),
            (b"\x01\0\0\0\x01a".to_vec(), FailureClass::Protocol, "but the response names no grpc-encoding"),
            (b"\0\xff\xff\xff\xff".to_vec(), FailureClass::TooLarge, "a message is larger than 4194304 bytes (limit)"),
        ] {
            let (world, outcome) = once(move |stream, mut peer| {
                let body = body.clone();
                async move {
                    reply(&mut peer, stream, &body, &[("grpc-status", "0")]).await;
                    peer.until_closed().await;
                }
            })
            .await;
            let error = outcome.unwrap_err();
            assert_eq!(error.class(), class, "{error}");
            assert!(error.to_string().ends_with(text), "{error}");
            assert_eq!(world.recorded().problems[&Problem::Request(FLOW, class)].count, 1);
        }
    });
}

#[test]
fn a_reset_and_a_deadline_are_failures_with_a_status() {
    run(async {
        let (world, outcome) = once(|stream, mut peer| async move {
            peer.frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()).await;
            peer.until_closed().await;
        })
        .await;
        assert_eq!(outcome.unwrap_err().class(), FailureClass::Reset);
        let (key, _) = world.only_series();
        assert_eq!((key.proto, key.status, key.expected), (Protocol::Grpc, 14, false));

        let url = serve_http2(|_, mut peer| async move {
            peer.request().await.unwrap();
            // A call that is given up is cancelled; the connection stays.
            let (_, code) = peer.wait_for(RST_STREAM).await.unwrap();
            assert_eq!(code, 8_u32.to_be_bytes());
            let request = peer.request().await.unwrap();
            reply(&mut peer, request.stream, &framed(&[b""]), &[("grpc-status", "0")]).await;
            peer.until_closed().await;
        })
        .await;
        let (world, channel) = world_and_channel(&url);
        let options = CallOptions { timeout: Some(Duration::from_millis(20)), ..CallOptions::default() };
        assert_eq!(invoke(&world, &channel, &options).await.unwrap_err(), Error::Timeout);
        assert_eq!(world.only_series().0.status, 4);
        assert!(invoke(&world, &channel, &CallOptions::default()).await.is_ok());
        assert_eq!(world.recorded().run.connections, 0, "the same connection");
    });
}

#[test]
fn calls_that_were_not_looked_at_are_made_again() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            let request = peer.request().await.unwrap();
            peer.frame(RST_STREAM, 0, request.stream, &7_u32.to_be_bytes()).await;
            let request = peer.request().await.unwrap();
            reply(&mut peer, request.stream, &framed(&[b"again"]), &[("grpc-status", "0")]).await;
            peer.until_closed().await;
        })
        .await;
        let (world, channel) = world_and_channel(&url);
        let reply = invoke(&world, &channel, &CallOptions::default()).await.unwrap();
        assert_eq!(&*reply.message().unwrap().bytes, b"again");
        let interval = world.recorded();
        assert_eq!((interval.requests.len(), interval.run.reconnects), (1, 1));
    });
}

#[test]
fn messages_may_be_compressed() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            let request = peer.request().await.unwrap();
            assert_eq!(request.field("grpc-encoding"), "gzip");
            assert_eq!(request.body[0], 1);
            let mut body = Vec::new();
            frame(&compress(&[7; 10_000]), true, &mut body);
            peer.head(request.stream, 0, &[(":status", "200"), GRPC, ("grpc-encoding", "gzip")]).await;
            peer.frame(DATA, 0, request.stream, &body).await;
            peer.head(request.stream, END_STREAM, &[("grpc-status", "0")]).await;
            peer.until_closed().await;
        })
        .await;
        let (world, channel) = world_and_channel(&url);
        let options = CallOptions { gzip: true, ..CallOptions::default() };
        let reply = invoke(&world, &channel, &options).await.unwrap();
        assert_eq!(&*reply.message().unwrap().bytes, &[7; 10_000]);
    });
}

#[test]
fn a_message_that_is_too_large_is_not_sent() {
    run(async {
        let world = World::new(ClientConfig::default());
        let settings = ChannelOptions { send_limit: Some(4), plaintext: true, ..ChannelOptions::default() };
        let channel = world.client.channel(Some("127.0.0.1:1"), settings).unwrap();
        let error = invoke(&world, &channel, &CallOptions::default()).await.unwrap_err();
        assert_eq!(error.to_string(), "a message of 5 bytes: at most 4 may be sent (limit)");
        let problems = world.recorded().problems;
        assert_eq!(problems[&Problem::Request(FLOW, FailureClass::InvalidRequest)].count, 1);
    });
}

/// A call with streams that goes on beside the test.
fn start(world: &Rc<World>, channel: &Channel, options: &CallOptions) -> Rc<Call> {
    let (queue, messages) = BodyQueue::new(None, world.client.account());
    let prepared = world.client.prepare_streaming(channel, PATH, messages, options).unwrap();
    let call = Call::new(&world.client, &prepared, queue, channel.send_limit());
    let (beside, under_way) = (Rc::clone(world), Rc::clone(&call));
    tokio::task::spawn_local(async move { beside.client.call(prepared, &under_way).await });
    call
}

async fn message(call: &Call) -> Result<Option<Vec<u8>>, Error> {
    let message = poll_fn(|context| call.poll_message(context)).await?;
    Ok(message.map(|message| message.bytes.to_vec()))
}

fn streams(interval: &Interval) -> StreamCell {
    interval.streams.values().next().cloned().unwrap_or_default()
}

#[test]
fn messages_go_and_come_on_a_stream_of_both_directions() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            // The head of the call comes at once, before its messages have ended.
            let (stream, _) = peer.wait_for(HEADERS).await.unwrap();
            peer.head(stream, 0, &[(":status", "200"), GRPC]).await;
            for text in [b"one", b"two"] {
                let (_, data) = peer.wait_for(DATA).await.unwrap();
                assert_eq!(data, framed(&[b"ping"]));
                peer.frame(DATA, 0, stream, &framed(&[text])).await;
            }
            let (_, data) = peer.wait_for(DATA).await.unwrap();
            assert!(data.is_empty(), "the end");
            peer.head(stream, END_STREAM, &[("grpc-status", "0"), ("x-tail", "t")]).await;
            peer.until_closed().await;
        })
        .await;
        let (world, channel) = world_and_channel(&url);
        let world = Rc::new(world);
        let call = start(&world, &channel, &CallOptions::default());
        for text in [b"one", b"two"] {
            call.send(b"ping").unwrap();
            assert_eq!(message(&call).await.unwrap().as_deref(), Some(&text[..]));
        }
        call.finish();
        assert_eq!(message(&call).await, Ok(None));
        let reply = call.reply().unwrap().unwrap();
        assert_eq!((reply.code(), reply.trailers().len()), (Code::OK, 2));
        assert!(call.send(b"late").is_err());
        let interval = world.recorded();
        let cell = streams(&interval);
        assert_eq!((cell.messages_sent, cell.messages_received), (2, 2));
        assert_eq!((cell.first_message.count(), cell.message_gap.count(), cell.message_response.count()), (1, 1, 2));
        let (key, requests) = interval.requests.iter().next().unwrap();
        assert_eq!((key.proto, key.status, key.expected), (Protocol::GrpcStream, 0, true));
        assert_eq!((requests.count, requests.response_time.count(), requests.duration.count()), (1, 0, 1));
    });
}

#[test]
fn a_stream_ends_by_status_deadline_reset_or_guest() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            let (first, _) = peer.wait_for(HEADERS).await.unwrap();
            reply(&mut peer, first, &framed(&[b"a"]), &[("grpc-status", "5"), ("grpc-message", "gone")]).await;
            let (second, _) = peer.wait_for(HEADERS).await.unwrap();
            peer.head(second, 0, &[(":status", "200"), GRPC]).await;
            let (cancelled, _) = peer.wait_for(RST_STREAM).await.unwrap();
            assert_eq!(cancelled, second);
            let (third, _) = peer.wait_for(HEADERS).await.unwrap();
            peer.head(third, 0, &[(":status", "200"), GRPC]).await;
            peer.frame(RST_STREAM, 0, third, &2_u32.to_be_bytes()).await;
            let (fourth, _) = peer.wait_for(HEADERS).await.unwrap();
            peer.head(fourth, 0, &[(":status", "200"), GRPC]).await;
            peer.frame(DATA, 0, fourth, &framed(&[b"b"])).await;
            let (cancelled, _) = peer.wait_for(RST_STREAM).await.unwrap();
            assert_eq!(cancelled, fourth);
            peer.until_closed().await;
        })
        .await;
        let (world, channel) = world_and_channel(&url);
        let world = Rc::new(world);
        let call = start(&world, &channel, &CallOptions::default());
        assert_eq!(message(&call).await.unwrap().as_deref(), Some(&b"a"[..]));
        assert_eq!(message(&call).await, Ok(None));
        let status = call.reply().unwrap().unwrap();
        assert_eq!((status.code(), status.status_message()), (Code(5), "gone"));

        let limited = CallOptions { timeout: Some(Duration::from_millis(30)), ..CallOptions::default() };
        let call = start(&world, &channel, &limited);
        assert_eq!(message(&call).await, Ok(None));
        assert_eq!(call.reply().unwrap().unwrap().code(), Code::DEADLINE_EXCEEDED);

        let call = start(&world, &channel, &CallOptions::default());
        assert!(matches!(message(&call).await, Err(Error::Reset(_))));
        assert!(call.reply().unwrap().is_none());

        world.recorded();
        let call = start(&world, &channel, &CallOptions::default());
        assert_eq!(message(&call).await.unwrap().as_deref(), Some(&b"b"[..]));
        call.let_go();
        while !call.has_ended() {
            tokio::task::yield_now().await;
        }
        let (key, _) = world.only_series();
        assert_eq!((key.status, key.failure, key.expected), (0, 0, true), "a scenario may have had enough");
    });
}

#[test]
fn a_guest_that_takes_nothing_makes_the_server_wait() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            let (stream, _) = peer.wait_for(HEADERS).await.unwrap();
            peer.head(stream, 0, &[(":status", "200"), GRPC]).await;
            let message = framed(&[&[7; 16_000]]);
            for _ in 0..200 {
                peer.frame(DATA, 0, stream, &message).await;
            }
            peer.head(stream, END_STREAM, &[("grpc-status", "0")]).await;
            peer.until_closed().await;
        })
        .await;
        let (world, channel) = world_and_channel(&url);
        let world = Rc::new(world);
        let call = start(&world, &channel, &CallOptions::default());
        let mut came = 0;
        while message(&call).await.unwrap().is_some() {
            came += 1;
        }
        assert_eq!(came, 200);
        assert_eq!(call.reply().unwrap().unwrap().code(), Code::OK);
    });
}

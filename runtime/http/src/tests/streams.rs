//! Bodies in pieces: measured like any other request, and bounded like it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use squall_metrics::Nanos;

use super::server::{ok, serve, serve_answers};
use super::*;
use crate::{BodySource, Booked, GivenUp, Head, Listener, OriginLimit, StreamLimits, StreamedBody, TooMuch};

/// A body that lies ready in pieces, and perhaps breaks off.
struct Ready(VecDeque<Result<&'static str, GivenUp>>);

impl BodySource for Ready {
    fn poll_next(&mut self, _context: &mut Context<'_>) -> Poll<Option<Result<Bytes, GivenUp>>> {
        Poll::Ready(self.0.pop_front().map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes()))))
    }
}

fn pieces(texts: &[&'static str], length: Option<u64>) -> StreamedBody<Ready> {
    StreamedBody::Pieces(Ready(texts.iter().map(|text| Ok(*text)).collect()), length)
}

/// Takes a response, as far as it wants to.
#[derive(Default)]
struct Reader {
    status: Cell<u16>,
    fields: RefCell<Vec<(String, String)>>,
    body: RefCell<Vec<u8>>,
    /// Receipts of the data it was given, which stay booked.
    booked: RefCell<Vec<Booked>>,
    /// Whether it leaves immediately (0), or after this many bytes of the body.
    goes: Cell<Option<usize>>,
    waker: RefCell<Option<Waker>>,
}

impl Listener for Reader {
    fn head(&self, head: &Head<'_>, booked: Booked) {
        self.booked.borrow_mut().push(booked);
        self.status.set(head.status);
        let fields = head.fields().map(|(name, value)| (name.to_owned(), String::from_utf8_lossy(value).into_owned()));
        self.fields.replace(fields.collect());
    }

    fn data(&self, piece: Bytes, booked: Booked, _at: Nanos) -> Result<(), TooMuch> {
        self.booked.borrow_mut().push(booked);
        self.body.borrow_mut().extend_from_slice(&piece);
        Ok(())
    }

    fn poll_gone(&self, context: &mut Context<'_>) -> Poll<()> {
        self.waker.replace(Some(context.waker().clone()));
        let came = self.body.borrow().len();
        if self.goes.get().is_some_and(|enough| came >= enough) { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn reader_that_goes(after: usize) -> Reader {
    Reader { goes: Cell::new(Some(after)), ..Reader::default() }
}

async fn send_to(
    world: &World,
    (method, url): (&str, &str),
    body: StreamedBody<Ready>,
    limits: StreamLimits,
    reader: &Reader,
) -> Result<(), Error> {
    let options = RequestOptions::default();
    let request = world.client.prepare_streamed((method, url), std::iter::empty(), body, &options, limits)?;
    world.client.send_streamed(request, &OriginLimit::default(), reader).await
}

#[test]
fn a_response_comes_piece_by_piece_and_is_one_sample() {
    run(async {
        let url = serve_answers(|_| {
            "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".to_owned()
        })
        .await;
        let (world, reader) = (World::with_target(&url), Reader::default());
        send_to(&world, ("GET", "/a"), StreamedBody::Nothing, StreamLimits::default(), &reader).await.unwrap();
        assert_eq!(reader.status.get(), 200);
        assert_eq!(reader.fields.borrow()[0], ("X-A".to_owned(), "b".to_owned()));
        assert_eq!(*reader.body.borrow(), b"abcde");
        let (key, cell) = world.only_series();
        assert_eq!((key.status, key.expected, cell.count), (200, true, 1));
        assert_eq!(world.client.idle_connections(), 1);
        assert!(world.client.waited() > Nanos::ZERO);
    });
}

#[test]
fn a_body_with_a_length_is_sent_as_it_is_and_one_without_in_chunks() {
    run(async {
        let url = serve(|_, mut peer| async move {
            let request = peer.request().await.unwrap();
            let text = String::from_utf8(request.body).unwrap();
            peer.send(ok(&text).as_bytes()).await;
            // The harness reads bodies by their length alone.
            let chunked = peer.request().await.unwrap();
            assert_eq!(chunked.field("transfer-encoding"), Some("chunked"));
            assert_eq!(chunked.field("content-length"), None);
            peer.wait_for(b"\r\n0\r\n\r\n").await;
            let wire = String::from_utf8(peer.take_unread()).unwrap();
            peer.send(ok(&wire).as_bytes()).await;
        })
        .await;
        let world = World::with_target(&url);
        let reader = Reader::default();
        let body = pieces(&["hello ", "", "world"], Some(11));
        send_to(&world, ("PUT", "/"), body, StreamLimits::default(), &reader).await.unwrap();
        assert_eq!(*reader.body.borrow(), b"hello world");
        let reader = Reader::default();
        let body = pieces(&["hello ", "", "world!"], None);
        send_to(&world, ("PUT", "/"), body, StreamLimits::default(), &reader).await.unwrap();
        assert_eq!(*reader.body.borrow(), b"6\r\nhello \r\n6\r\nworld!\r\n0\r\n\r\n");
        assert_eq!(world.only_series().1.count, 2);
    });
}

#[test]
fn a_body_that_is_not_what_was_announced_is_given_up() {
    run(async {
        let url = serve(|_, mut peer| async move { peer.until_closed().await }).await;
        for body in [
            pieces(&["abc"], Some(4)),
            pieces(&["abcde"], Some(4)),
            StreamedBody::Pieces(Ready([Ok("a"), Err(GivenUp)].into()), None),
        ] {
            let world = World::with_target(&url);
            let outcome = send_to(&world, ("POST", "/"), body, StreamLimits::default(), &Reader::default()).await;
            let text = only_failure_of(&world, outcome, FailureClass::Abandoned);
            assert!(text.contains("given up by the guest"), "{text}");
        }
    });
}

fn only_failure_of(world: &World, outcome: Result<(), Error>, class: FailureClass) -> String {
    let error = outcome.expect_err("a failure was expected");
    assert_eq!(error.class(), class, "{error}");
    let interval = world.recorded();
    let (key, cell) = interval.requests.iter().next().unwrap();
    assert_eq!((key.failure, key.expected, cell.count), (class as u8, false, 1));
    format!("{error} | {:?}", interval.problems)
}

#[test]
fn a_request_that_is_given_up_counts_as_failed_with_the_time_it_had() {
    run(async {
        let url = serve(|_, mut peer| async move { peer.until_closed().await }).await;
        let world = World::with_target(&url);
        let reader = reader_that_goes(0);
        let outcome = send_to(&world, ("GET", "/a"), StreamedBody::Nothing, StreamLimits::default(), &reader).await;
        let text = only_failure_of(&world, outcome, FailureClass::Abandoned);
        assert!(text.contains("/a: given up by the guest before it was answered"), "{text}");
    });
}

#[test]
fn abandoned_responses_of_known_length_are_read_to_their_end() {
    run(async {
        let url = serve(|_, mut peer| async move {
            while peer.request().await.is_some() {
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc").await;
                tokio::task::yield_now().await;
                peer.send(b"def").await;
            }
        })
        .await;
        let world = World::with_target(&url);
        let reader = reader_that_goes(1);
        send_to(&world, ("GET", "/"), StreamedBody::Nothing, StreamLimits::default(), &reader).await.unwrap();
        let (key, cell) = world.only_series();
        assert_eq!((key.status, key.expected, cell.count), (200, true, 1));
        assert_eq!(world.client.idle_connections(), 1, "the connection is kept");
    });
}

#[test]
fn abandoned_responses_without_length_are_cut() {
    run(async {
        let url = serve(|_, mut peer| async move {
            peer.request().await;
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").await;
            peer.until_closed().await;
        })
        .await;
        let world = World::with_target(&url);
        let reader = reader_that_goes(1);
        send_to(&world, ("GET", "/events"), StreamedBody::Nothing, StreamLimits::default(), &reader).await.unwrap();
        let (key, _) = world.only_series();
        assert_eq!((key.status, key.expected), (200, true));
        assert_eq!(world.client.idle_connections(), 0);
    });
}

#[test]
fn the_guest_s_own_limits_hold() {
    run(async {
        let url = serve(|_, mut peer| async move {
            let request = peer.request().await.unwrap();
            if request.line() == "GET /half" {
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc").await;
            }
            peer.until_closed().await;
        })
        .await;
        let short = Some(Duration::from_millis(30));
        let world = World::with_target(&url);
        let limits = StreamLimits { first_byte: short, ..StreamLimits::default() };
        let outcome = send_to(&world, ("GET", "/none"), StreamedBody::Nothing, limits, &Reader::default()).await;
        let text = only_failure_of(&world, outcome, FailureClass::Timeout);
        assert!(text.contains("/none: no response within 30ms"), "{text}");
        let limits = StreamLimits { between_bytes: short, ..StreamLimits::default() };
        let reader = Reader::default();
        let outcome = send_to(&world, ("GET", "/half"), StreamedBody::Nothing, limits, &reader).await;
        only_failure_of(&world, outcome, FailureClass::Timeout);
        assert_eq!(*reader.body.borrow(), b"abc");
    });
}

#[test]
fn a_response_larger_than_allowed_fails() {
    run(async {
        let url = serve_answers(|_| {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabcdefghi\r\n0\r\n\r\n".to_owned()
        })
        .await;
        let base = Some(BaseUrl::parse(&url).unwrap());
        let world = World::new(ClientConfig { base, max_body: 8, ..ClientConfig::default() });
        let outcome =
            send_to(&world, ("GET", "/"), StreamedBody::Nothing, StreamLimits::default(), &Reader::default()).await;
        only_failure_of(&world, outcome, FailureClass::TooLarge);
    });
}

#[test]
fn pieces_are_booked_while_the_guest_holds_them() {
    run(async {
        let url = serve_answers(|_| ok(&"a".repeat(40_000))).await;
        let memory = MemoryLimits { own: 100_000, shared: None };
        let base = Some(BaseUrl::parse(&url).unwrap());
        let world = World::new(ClientConfig { base, memory, ..ClientConfig::default() });
        let send = async |reader: &Reader| {
            send_to(&world, ("GET", "/"), StreamedBody::Nothing, StreamLimits::default(), reader).await
        };
        let held: Vec<Reader> = std::iter::repeat_with(Reader::default).take(3).collect();
        assert_eq!((send(&held[0]).await, send(&held[1]).await), (Ok(()), Ok(())));
        let error = send(&held[2]).await.unwrap_err();
        assert!(error.to_string().ends_with("for a virtual user (limit, raise with --host-memory)"), "{error}");
        drop(held);
        assert_eq!(send(&Reader::default()).await, Ok(()));
    });
}

#[test]
fn a_head_of_very_many_fields_is_not_handed_out() {
    run(async {
        for (fields, fits) in [(1_000, true), (1_001, false), (40_000, false)] {
            let head = format!("HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n", "a:\r\n".repeat(fields - 1));
            let world = World::with_target(&serve_answers(move |_| head.clone()).await);
            let outcome =
                send_to(&world, ("GET", "/"), StreamedBody::Nothing, StreamLimits::default(), &Reader::default()).await;
            let message = format!("the head has {fields} fields: at most 1000 are allowed (limit)");
            match outcome {
                Ok(_) => assert!(fits, "{fields}"),
                Err(error) => assert!(!fits && error.to_string().ends_with(&message), "{error}"),
            }
        }
    });
}

#[test]
fn only_so_many_are_under_way_to_one_origin() {
    run(async {
        let open = Rc::new(Cell::new((0, 0)));
        let counted = Rc::clone(&open);
        let url = serve(move |_, mut peer| {
            let open = Rc::clone(&counted);
            async move {
                while peer.request().await.is_some() {
                    let (now, most): (usize, usize) = open.get();
                    open.set((now + 1, most.max(now + 1)));
                    for _ in 0..20 {
                        tokio::task::yield_now().await;
                    }
                    open.set((open.get().0 - 1, open.get().1));
                    peer.send(ok("a").as_bytes()).await;
                }
            }
        })
        .await;
        let base = Some(BaseUrl::parse(&url).unwrap());
        let world = Rc::new(World::new(ClientConfig { base, batch_per_origin: 2, ..ClientConfig::default() }));
        let turns = Rc::new(OriginLimit::default());
        let tasks: Vec<_> = (0..7)
            .map(|_| {
                let (world, turns) = (Rc::clone(&world), Rc::clone(&turns));
                tokio::task::spawn_local(async move {
                    let options = RequestOptions::default();
                    let body = StreamedBody::<Ready>::Nothing;
                    let limits = StreamLimits::default();
                    let fields = std::iter::empty();
                    let request = world.client.prepare_streamed(("GET", "/"), fields, body, &options, limits).unwrap();
                    world.client.send_streamed(request, &turns, &Reader::default()).await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(open.get().1, 2);
        assert_eq!(world.only_series().1.count, 7);
    });
}

#[test]
fn a_connection_that_was_closed_is_replaced_unless_the_body_has_begun_to_go() {
    run(async {
        let url = serve(|_, mut peer| async move {
            peer.request().await;
            peer.send(ok("a").as_bytes()).await;
        })
        .await;
        let world = World::with_target(&url);
        for _ in 0..3 {
            let reader = Reader::default();
            send_to(&world, ("PUT", "/"), pieces(&["b"], Some(1)), StreamLimits::default(), &reader).await.unwrap();
            world.client.idle_connections_are_stale();
        }
        assert_eq!(world.only_series().1.count, 3);
    });
}

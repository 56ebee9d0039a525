//! Responses that guests read piece by piece, and server-sent events: timed at the socket, bounded, and with the cookies,
//! redirects and policy of other requests.

use std::cell::Cell;
use std::future::poll_fn;

use squall_metrics::{Histogram, ManualClock, NameId, Nanos, StreamCell};

use super::server::{Peer, ok, response, serve, serve_answers};
use super::*;
use crate::{BodyQueue, EgressPolicy, EgressRules, Incoming, JsonPointer, QueuedBody, TimedEvent};

const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";
const INBOX: usize = 1 << 20;

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

/// Sends a request in a task of its own.
fn open(
    world: &Rc<World>,
    path: &str,
    body: Option<(QueuedBody, Option<u64>)>,
    options: &RequestOptions,
) -> Rc<Incoming> {
    continue_after(world, path, body, options, None)
}

fn continue_after(
    world: &Rc<World>,
    path: &str,
    body: Option<(QueuedBody, Option<u64>)>,
    options: &RequestOptions,
    after: Option<&str>,
) -> Rc<Incoming> {
    let method = if body.is_none() { "GET" } else { "POST" };
    let stream = world.client.prepare_stream((method, path), std::iter::empty(), None, body, options).unwrap();
    let incoming = Incoming::new(&world.client, &stream, after);
    let (world, of_task) = (Rc::clone(world), Rc::clone(&incoming));
    tokio::task::spawn_local(async move { world.client.stream(stream, &of_task).await });
    incoming
}

fn get(world: &Rc<World>, path: &str) -> Rc<Incoming> {
    open(world, path, None, &RequestOptions::default())
}

async fn head(incoming: &Incoming) -> Result<Box<Response>, Error> {
    poll_fn(|context| incoming.poll_head(context)).await
}

async fn event(incoming: &Incoming) -> Result<Option<TimedEvent>, Error> {
    poll_fn(|context| incoming.poll_event(context)).await
}

async fn bytes(incoming: &Incoming, most: usize) -> Result<Option<Vec<u8>>, Error> {
    poll_fn(|context| incoming.poll_read(most, context)).await.map(|piece| piece.map(Into::into))
}

async fn all_bytes(incoming: &Incoming) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    while let Some(piece) = bytes(incoming, usize::MAX).await? {
        all.extend(piece);
    }
    Ok(all)
}

async fn until_ended(incoming: &Incoming) {
    while !incoming.has_ended() {
        tokio::task::yield_now().await;
    }
}

/// The numbers of the streams of one name.
fn streams(interval: &Interval) -> StreamCell {
    assert_eq!(interval.streams.len(), 1);
    interval.streams.values().next().unwrap().clone()
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// Counts to `count`, as the other side of a script does.
#[derive(Clone, Default)]
struct Step(Rc<Cell<usize>>);

impl Step {
    async fn reach(&self, count: usize) {
        while self.0.get() < count {
            tokio::task::yield_now().await;
        }
    }

    fn next(&self) {
        self.0.set(self.0.get() + 1);
    }
}

fn millis(time: u64) -> Nanos {
    Nanos(time * 1_000_000)
}

fn sum(histogram: &Histogram) -> (u64, Nanos) {
    (histogram.count(), histogram.sum())
}

/// Runs a stream whose pieces the server sends at these times, in milliseconds, each as a chunk of its own when the one
/// before was read. The head goes with the first, the end with the last.
async fn script(pieces: &'static [(u64, &'static str)], take: impl AsyncFn(&World, &Incoming, &Step)) -> Interval {
    let (read, hand) = (Step::default(), Rc::new(RefCell::new(None::<ManualClock>)));
    let (read_by_client, of_server) = (read.clone(), Rc::clone(&hand));
    let url = serve(move |_, mut peer| {
        let (read, hand) = (read.clone(), Rc::clone(&of_server));
        async move {
            peer.request().await;
            let advance = |time| hand.borrow().as_ref().unwrap().advance_to(millis(time));
            for (index, (time, piece)) in pieces.iter().enumerate() {
                read.reach(index).await;
                advance(*time);
                let head = if index == 0 { HEAD } else { "" };
                let piece = if piece.is_empty() { String::new() } else { chunk(piece) };
                let end = if index + 1 == pieces.len() { "0\r\n\r\n" } else { "" };
                peer.send(format!("{head}{piece}{end}").as_bytes()).await;
            }
        }
    })
    .await;
    let (world, clock) = still_world(&url);
    hand.replace(Some(clock));
    let incoming = get(&world, "/events");
    take(&world, &incoming, &read_by_client).await;
    until_ended(&incoming).await;
    world.recorded()
}

#[test]
fn each_number_of_an_event_stream_is_that_of_its_reads() {
    run(async {
        let pieces = &[(10, ""), (35, "data: a\n\ndat"), (40, "a: b\n"), (60, "\ndata: c\n\ndata: d\n\n"), (100, "")];
        let interval = script(pieces, async |_, incoming, read| {
            assert_eq!(head(incoming).await.unwrap().status(), 200);
            read.next();
            let mut events = Vec::new();
            for expected in [("a", 35, 1), ("b", 60, 2), ("c", 60, 0), ("d", 60, 0)] {
                if expected.0 == "b" {
                    // Half of an event: nothing to take.
                    read.next();
                    until_idle().await;
                    read.next();
                }
                let event = event(incoming).await.unwrap().unwrap();
                events.push((event.event.data, event.at.0 / 1_000_000));
                if expected.0 == "d" {
                    read.next();
                }
            }
            assert_eq!(events, [("a", 35), ("b", 60), ("c", 60), ("d", 60)].map(|(data, at)| (data.to_owned(), at)));
            assert!(event(incoming).await.unwrap().is_none());
            assert!(event(incoming).await.unwrap().is_none(), "the end stays the end");
        })
        .await;
        let cell = streams(&interval);
        assert_eq!(cell.events, 4);
        assert_eq!(sum(&cell.first_event), (1, millis(35)));
        assert_eq!(sum(&cell.event_gap), (3, millis(25)));
        assert_eq!(sum(&cell.duration), (1, millis(100)));
        assert_eq!((cell.reconnects, cell.inbox_full, cell.output_tokens), (0, 0, 0));
        let (key, request) = interval.requests.iter().next().unwrap();
        assert_eq!((key.status, request.count), (200, 1));
        assert_eq!((sum(&request.waiting), sum(&request.receiving)), ((1, millis(10)), (1, millis(90))));
        assert_eq!(sum(&request.duration), sum(&cell.duration));
    });
}

/// Lets real time pass.
async fn pause(millis: u64) {
    let _over = within(Duration::from_millis(millis), std::future::pending::<()>()).await;
}

/// Lets all other tasks have some turns.
async fn until_idle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_guest_that_takes_nothing_changes_no_number() {
    run(async {
        let pieces = &[(10, ""), (35, "data: a\n\n\n"), (60, "data: b\n\n"), (70, "")];
        let interval = script(pieces, async |_, _, read| {
            for _ in pieces {
                until_idle().await;
                read.next();
            }
        })
        .await;
        let cell = streams(&interval);
        assert_eq!((cell.events, sum(&cell.first_event)), (2, (1, millis(35))));
        assert_eq!((sum(&cell.event_gap), sum(&cell.duration)), ((1, millis(25)), (1, millis(70))));
    });
}

#[test]
fn each_number_of_the_tokens_is_that_of_its_reads() {
    run(async {
        let pieces = &[
            (10, ""),
            (200, "data: {\"text\": \"\"}\n\n"),
            (250, "data: {\"text\": \"One\"}\n\n"),
            (270, "data: {\"text\": \", two, \"}\n\n"),
            (310, "data: {\"text\": \"three\"}\n\n"),
            (320, "data: {\"usage\": {\"tokens\": 7}}\n\n"),
        ];
        let interval = script(pieces, async |_, incoming, read| {
            let pointer = |text: &str| JsonPointer::parse(text).unwrap();
            head(incoming).await.unwrap();
            // The first two events have come before they are counted.
            for _ in 0..3 {
                read.next();
                until_idle().await;
            }
            assert!(incoming.count_tokens(pointer("/text"), Some(pointer("/usage/tokens"))));
            for _ in 0..3 {
                read.next();
                until_idle().await;
            }
        })
        .await;
        let cell = streams(&interval);
        assert_eq!((cell.events, cell.output_tokens), (5, 7));
        assert_eq!((sum(&cell.first_event), sum(&cell.first_token)), ((1, millis(200)), (1, millis(250))));
        assert_eq!(sum(&cell.inter_token), (2, millis(60)));
        assert_eq!(sum(&cell.time_per_output_token), (1, millis(10)), "from 250 to 310 ms, for 6 tokens");
    });
}

#[test]
fn bytes_are_read_as_they_came() {
    run(async {
        let url = serve_answers(|_| ok("hello, world")).await;
        let world = Rc::new(World::with_target(&url));
        let incoming = get(&world, "/");
        let response = head(&incoming).await.unwrap();
        assert_eq!((response.status(), response.body().len(), response.reason().into_owned()), (200, 0, "OK".into()));
        assert_eq!(response.url(), format!("{url}/"));
        assert_eq!(bytes(&incoming, 5).await, Ok(Some(b"hello".to_vec())));
        assert_eq!(bytes(&incoming, 100).await, Ok(Some(b", world".to_vec())));
        assert_eq!((bytes(&incoming, 1).await, bytes(&incoming, 1).await), (Ok(None), Ok(None)));
        let error = event(&incoming).await.unwrap_err();
        assert_eq!(error.to_string(), "the response is read as bytes, not as events");
        until_ended(&incoming).await;
        assert_eq!(world.client.idle_connections(), 1);
        let interval = world.recorded();
        let cell = streams(&interval);
        assert_eq!((cell.duration.count(), cell.events, cell.first_event.count()), (1, 0, 0));
        assert_eq!(interval.requests.len(), 1);
    });
}

#[test]
fn events_of_any_response_are_taken_if_the_guest_asks_for_events() {
    run(async {
        let url = serve_answers(|_| ok("data: a\n\nid: 7\nretry: 20\nevent: b\ndata: c\n\n")).await;
        let world = Rc::new(World::with_target(&url));
        for is_asked_early in [true, false] {
            let incoming = get(&world, "/");
            if !is_asked_early {
                until_ended(&incoming).await;
            }
            assert_eq!(event(&incoming).await.unwrap().unwrap().event.data, "a");
            let second = event(&incoming).await.unwrap().unwrap().event;
            assert_eq!((&*second.name, &*second.id, &*second.data), ("b", "7", "c"));
            assert!(event(&incoming).await.unwrap().is_none());
            assert_eq!((incoming.last_event_id(), incoming.retry()), ("7".to_owned(), Some(20)));
            assert!(bytes(&incoming, 1).await.unwrap_err().to_string().contains("read as events"));
            assert_eq!(streams(&world.recorded()).events, 2);
        }
    });
}

#[test]
fn encoded_events_are_refused() {
    run(async {
        let fields = ["Content-Type: text/event-stream", "Content-Encoding: gzip"];
        let url = serve_answers(move |_| response("200 OK", &fields, "abc")).await;
        let world = Rc::new(World::with_target(&url));
        let incoming = get(&world, "/");
        head(&incoming).await.unwrap();
        let error = event(&incoming).await.unwrap_err();
        assert!(error.to_string().ends_with("in gzip: send no accept-encoding"), "{error}");
    });
}

#[test]
fn a_stream_that_continues_another_counts_and_keeps_its_id() {
    run(async {
        let url = serve_answers(|_| ok("data: a\n\n")).await;
        let world = Rc::new(World::with_target(&url));
        let incoming = continue_after(&world, "/", None, &RequestOptions::default(), Some("41"));
        assert_eq!(incoming.last_event_id(), "41");
        head(&incoming).await.unwrap();
        assert_eq!(&*event(&incoming).await.unwrap().unwrap().event.id, "41");
        assert_eq!(streams(&world.recorded()).reconnects, 1);
    });
}

#[test]
fn a_stream_that_breaks_gives_its_events_and_then_the_error() {
    run(async {
        let url = serve(|_, mut peer| async move {
            peer.request().await;
            peer.send(format!("{HEAD}{}", chunk("data: a\n\n")).as_bytes()).await;
        })
        .await;
        let world = Rc::new(World::with_target(&url));
        let incoming = get(&world, "/");
        head(&incoming).await.unwrap();
        until_ended(&incoming).await;
        assert_eq!(event(&incoming).await.unwrap().unwrap().event.data, "a");
        for _ in 0..2 {
            let error = event(&incoming).await.unwrap_err();
            assert_eq!(error.class(), FailureClass::Reset, "{error}");
        }
        let interval = world.recorded();
        let (key, _) = interval.requests.iter().next().unwrap();
        assert_eq!((key.failure, key.expected), (FailureClass::Reset as u8, false));
        assert_eq!((streams(&interval).events, streams(&interval).duration.count()), (1, 1));
    });
}

#[test]
fn a_stream_that_is_dropped_is_cut_and_counts_as_answered() {
    run(async {
        let closed = Rc::new(Cell::new(false));
        let noted = Rc::clone(&closed);
        let url = serve(move |_, mut peer| {
            let closed = Rc::clone(&noted);
            async move {
                peer.request().await;
                peer.send(format!("{HEAD}{}", chunk("data: a\n\n")).as_bytes()).await;
                peer.until_closed().await;
                closed.set(true);
            }
        })
        .await;
        let world = Rc::new(World::with_target(&url));
        let incoming = get(&world, "/");
        event(&incoming).await.unwrap();
        incoming.let_go();
        until_ended(&incoming).await;
        while !closed.get() {
            tokio::task::yield_now().await;
        }
        let (key, cell) = world.only_series();
        assert_eq!((key.status, key.expected, cell.count), (200, true, 1));
        assert_eq!(world.client.idle_connections(), 0);
    });
}

#[test]
fn a_stream_that_is_dropped_before_its_head_was_abandoned() {
    run(async {
        let url = serve(|_, mut peer| async move { peer.until_closed().await }).await;
        let world = Rc::new(World::with_target(&url));
        let incoming = get(&world, "/");
        until_idle().await;
        incoming.let_go();
        until_ended(&incoming).await;
        let interval = world.recorded();
        let (key, _) = interval.requests.iter().next().unwrap();
        assert_eq!(key.failure, FailureClass::Abandoned as u8);
        assert!(interval.streams.is_empty());
    });
}

#[test]
fn the_time_limit_holds_up_to_the_head() {
    run(async {
        let url = serve(|_, mut peer| async move {
            while let Some(request) = peer.request().await {
                if request.line() == "GET /late" {
                    peer.until_closed().await;
                    return;
                }
                peer.send(HEAD.as_bytes()).await;
                pause(150).await;
                peer.send(format!("{}0\r\n\r\n", chunk("data: a\n\n")).as_bytes()).await;
            }
        })
        .await;
        let world = Rc::new(World::with_target(&url));
        let options = RequestOptions { timeout: Some(Duration::from_millis(60)), ..RequestOptions::default() };
        let late = open(&world, "/late", None, &options);
        assert_eq!(head(&late).await.unwrap_err(), Error::Timeout);
        world.recorded();
        let long = open(&world, "/long", None, &options);
        assert_eq!(event(&long).await.unwrap().unwrap().event.data, "a");
        assert!(event(&long).await.unwrap().is_none());
    });
}

#[test]
fn redirects_are_followed_with_cookies_and_each_is_a_sample() {
    run(async {
        let url = serve_answers(|request| match request.line() {
            "GET /start" => response("302 Found", &["Location: /events", "Set-Cookie: a=1"], "moved"),
            "GET /events" => {
                let cookie = request.field("cookie").unwrap_or("none");
                response(
                    "200 OK",
                    &["Content-Type: text/event-stream", "Set-Cookie: b=2"],
                    &format!("data: {cookie}\n\n"),
                )
            }
            line => panic!("{line}"),
        })
        .await;
        let world = Rc::new(World::with_target(&url));
        let incoming = get(&world, "/start");
        assert_eq!(head(&incoming).await.unwrap().url(), format!("{url}/events"));
        assert_eq!(event(&incoming).await.unwrap().unwrap().event.data, "a=1");
        let cookies = world.client.cookies_for(world.client.cookie_jar(), "/");
        assert_eq!(cookies.len(), 2, "{cookies:?}");
        until_ended(&incoming).await;
        let interval = world.recorded();
        assert_eq!(interval.requests.values().map(|cell| cell.count).sum::<u64>(), 2);
        assert_eq!(streams(&interval).duration.count(), 1);

        let none = open(&world, "/start", None, &RequestOptions { redirects: Some(0), ..Default::default() });
        assert_eq!((head(&none).await.unwrap().status(), all_bytes(&none).await), (302, Ok(b"moved".to_vec())));
    });
}

#[test]
fn too_many_redirects_are_an_error_unless_the_last_is_asked_for() {
    run(async {
        let url = serve_answers(|_| response("302 Found", &["Location: /again"], "moved")).await;
        let world = Rc::new(World::with_target(&url));
        let options = RequestOptions { redirects: Some(2), ..RequestOptions::default() };
        let error = head(&open(&world, "/", None, &options)).await.unwrap_err();
        assert_eq!(error.class(), FailureClass::TooManyRedirects, "{error}");
        let interval = world.recorded();
        let failed = interval.requests.iter().filter(|(key, _)| !key.expected);
        let failed: Vec<_> = failed.map(|(key, cell)| (key.failure, cell.count)).collect();
        assert_eq!(failed, [(FailureClass::TooManyRedirects as u8, 1)]);
        let options = RequestOptions { return_last_redirect: true, ..options };
        assert_eq!(head(&open(&world, "/", None, &options)).await.unwrap().status(), 302);
    });
}

#[test]
fn a_redirect_to_a_forbidden_host_is_refused() {
    run(async {
        let url = serve_answers(|_| response("302 Found", &["Location: http://10.1.2.3/"], "")).await;
        let rules = EgressRules { allowed: vec!["127.0.0.1".parse().unwrap()], vouched: Vec::new() };
        let egress = EgressPolicy::Only(rules);
        let base = Some(BaseUrl::parse(&url).unwrap());
        let world = Rc::new(World::new(ClientConfig { base, egress, ..ClientConfig::default() }));
        let error = head(&get(&world, "/")).await.unwrap_err();
        assert_eq!(error.class(), FailureClass::RefusedByPolicy, "{error}");
    });
}

#[test]
fn a_slow_guest_stops_the_server_and_is_counted() {
    run(async {
        let sent = Rc::new(Cell::new(0));
        let noted = Rc::clone(&sent);
        let url = serve(move |_, mut peer: Peer<_>| {
            let sent = Rc::clone(&noted);
            async move {
                peer.request().await;
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n").await;
                for _ in 0..64 {
                    peer.send(&[b'x'; 1 << 20]).await;
                    sent.set(sent.get() + 1);
                }
            }
        })
        .await;
        let world = Rc::new(World::with_target(&url));
        let incoming = get(&world, "/");
        head(&incoming).await.unwrap();
        let mut before = usize::MAX;
        while sent.get() != before {
            before = sent.get();
            pause(50).await;
        }
        assert!(sent.get() < 64, "all was sent to a guest that reads nothing");
        assert_eq!(world.recorded().streams.values().next().unwrap().inbox_full, 1);
        let first = bytes(&incoming, usize::MAX).await.unwrap().unwrap();
        assert!(first.len() <= INBOX);
        assert_eq!(
            first.len() + all_bytes(&incoming).await.unwrap().len(),
            64 << 20,
            "larger than a body that is kept"
        );
        assert_eq!(sent.get(), 64);
    });
}

#[test]
fn an_inbox_full_of_comments_does_not_keep_an_event_away() {
    run(async {
        let url = serve(|_, mut peer: Peer<_>| async move {
            peer.request().await;
            peer.send(HEAD.as_bytes()).await;
            peer.send(
                format!("{}0\r\n\r\n", chunk(&format!("{}data: a\n\n", ": comment\n".repeat(800_000)))).as_bytes(),
            )
            .await;
        })
        .await;
        let world = Rc::new(World::with_target(&url));
        let incoming = get(&world, "/");
        head(&incoming).await.unwrap();
        while !world.recorded().streams.values().any(|cell| cell.inbox_full > 0) {
            pause(10).await;
        }
        assert_eq!(event(&incoming).await.unwrap().unwrap().event.data, "a");
        assert!(event(&incoming).await.unwrap().is_none());
    });
}

#[test]
fn an_event_larger_than_the_inbox_ends_the_stream() {
    run(async {
        let url = serve_answers(|_| {
            response("200 OK", &["Content-Type: text/event-stream"], &format!("data: {}\n\n", "x".repeat(INBOX)))
        })
        .await;
        let world = Rc::new(World::with_target(&url));
        let incoming = get(&world, "/");
        let error = event(&incoming).await.unwrap_err();
        assert_eq!(error.class(), FailureClass::TooLarge, "{error}");
        assert!(error.to_string().ends_with("an event is larger than 1048576 bytes (limit)"), "{error}");
        assert_eq!(world.only_series().0.failure, FailureClass::TooLarge as u8);
    });
}

#[test]
fn what_waits_for_the_guest_is_booked() {
    run(async {
        let events = "data: 0123456789\n\n".repeat(1_000);
        let url = serve_answers(move |_| response("200 OK", &["Content-Type: text/event-stream"], &events)).await;
        let memory = MemoryLimits { own: 200_000, shared: None };
        let base = Some(BaseUrl::parse(&url).unwrap());
        let world = Rc::new(World::new(ClientConfig { base, memory, ..ClientConfig::default() }));
        let incoming = get(&world, "/");
        until_ended(&incoming).await;
        let error = loop {
            match event(&incoming).await {
                Ok(event) => assert!(event.is_some()),
                Err(error) => break error,
            }
        };
        assert!(error.to_string().ends_with("(limit, raise with --host-memory)"), "{error}");
        drop(incoming);
        // All of it has been given back.
        assert!(world.client.account().book(199_000).is_ok());
    });
}

#[test]
fn a_body_is_written_while_it_is_sent() {
    run(async {
        let url = serve(|_, mut peer| async move {
            let request = peer.request().await.unwrap();
            assert_eq!(request.field("transfer-encoding"), Some("chunked"));
            peer.wait_for(b"3\r\none\r\n").await;
            peer.send(format!("{HEAD}{}", chunk("data: one\n\n")).as_bytes()).await;
            peer.wait_for(b"3\r\ntwo\r\n0\r\n\r\n").await;
            peer.send(format!("{}0\r\n\r\n", chunk("data: two\n\n")).as_bytes()).await;
            peer.until_closed().await;
        })
        .await;
        let world = Rc::new(World::with_target(&url));
        let (queue, body) = BodyQueue::new(None, world.client.account());
        let incoming = open(&world, "/", Some((body, None)), &RequestOptions::default());
        queue.write(b"one").unwrap();
        assert_eq!(event(&incoming).await.unwrap().unwrap().event.data, "one", "before the body has ended");
        queue.write_shared("two".into()).unwrap();
        queue.finish();
        assert_eq!(event(&incoming).await.unwrap().unwrap().event.data, "two");
        assert!(event(&incoming).await.unwrap().is_none());
        assert!(!queue.is_open());
        assert_eq!(world.client.idle_connections(), 1);
    });
}

#[test]
fn a_writer_waits_for_a_server_that_does_not_read() {
    run(async {
        let url = serve(|_, peer| async move {
            let _unread = peer;
            std::future::pending::<()>().await;
        })
        .await;
        let world = Rc::new(World::with_target(&url));
        let (queue, body) = BodyQueue::new(None, world.client.account());
        let incoming = open(&world, "/", Some((body, None)), &RequestOptions::default());
        let mut written = 0;
        let write = async {
            loop {
                poll_fn(|context| queue.poll_room(context)).await;
                queue.write(&[0; 64 << 10]).unwrap();
                written += 1;
            }
        };
        assert!(within(Duration::from_millis(300), write).await.is_err());
        assert!(written > 1, "{written}");
        // The guest goes: the exchange ends, and a writer waits no more.
        incoming.let_go();
        until_ended(&incoming).await;
        assert!(!queue.is_open());
        poll_fn(|context| queue.poll_room(context)).await;
    });
}

#[test]
fn a_body_that_is_given_up_ends_the_request() {
    run(async {
        let url = serve(|_, mut peer| async move { peer.until_closed().await }).await;
        let world = Rc::new(World::with_target(&url));
        let (queue, body) = BodyQueue::new(Some(10), world.client.account());
        let incoming = open(&world, "/", Some((body, Some(10))), &RequestOptions::default());
        queue.write(b"abc").unwrap();
        assert_eq!(queue.left(), Some(7));
        until_idle().await;
        queue.give_up();
        let error = head(&incoming).await.unwrap_err();
        assert_eq!(error.class(), FailureClass::Abandoned, "{error}");
    });
}

#[test]
fn a_request_with_a_written_body_is_not_redirected() {
    run(async {
        let url = serve(|_, mut peer| async move {
            while peer.request().await.is_some() {
                peer.send(response("307 Temporary Redirect", &["Location: /b"], "").as_bytes()).await;
            }
        })
        .await;
        let world = Rc::new(World::with_target(&url));
        let (queue, body) = BodyQueue::new(Some(3), world.client.account());
        let incoming = open(&world, "/", Some((body, Some(3))), &RequestOptions::default());
        queue.write(b"abc").unwrap();
        queue.finish();
        assert_eq!(head(&incoming).await.unwrap().status(), 307);
    });
}

#[test]
fn samples_have_the_name_and_the_flow_of_the_request() {
    run(async {
        let url = serve_answers(|_| ok("data: a\n\n")).await;
        let world = Rc::new(World::with_target(&url));
        let name = world.recorder.borrow_mut().name("feed");
        let incoming = open(&world, "/7", None, &RequestOptions { name: Some(name), ..Default::default() });
        // Another flow begins while it is open.
        world.client.set_flow(FlowId(9));
        all_bytes(&incoming).await.unwrap();
        until_ended(&incoming).await;
        let interval = world.recorded();
        let key = *interval.streams.keys().next().unwrap();
        assert_eq!((key.flow, NameId(key.id)), (FLOW, name));
        assert!(interval.requests.keys().all(|key| (key.flow, key.name) == (FLOW, name)));
    });
}

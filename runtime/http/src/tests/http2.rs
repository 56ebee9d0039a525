//! HTTP/2: streams, their times and bytes, and what a server may do to them.

use std::cell::Cell;

use squall_metrics::{Method, Nanos, Protocol};

use super::http2_server::*;
use super::measurements::sum;
use super::server::{ok, serve, serve_answers};
use super::*;
use crate::HttpVersion;

fn config(base: &str) -> ClientConfig {
    ClientConfig {
        base: Some(BaseUrl::parse(base).unwrap()),
        http: HttpVersion::Http2PriorKnowledge,
        ..ClientConfig::default()
    }
}

fn world(base: &str) -> World {
    World::new(config(base))
}

/// What happened to connections since the last time: opened, and opened again.
fn connections(world: &World) -> (u64, u64) {
    let interval = world.recorded();
    (interval.run.connections, interval.run.reconnects)
}

#[test]
fn a_request_arrives_as_it_was_written_and_its_phases_add_up() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            let request = peer.request().await.unwrap();
            let fields = [
                (":method", "POST"),
                (":scheme", "http"),
                (":authority", request.field(":authority")),
                (":path", "/a?b"),
                ("x-test", "Value"),
                ("user-agent", concat!("squall/", env!("CARGO_PKG_VERSION"))),
                ("content-length", "5"),
            ];
            let came: Vec<_> = request.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(came, fields);
            assert!(request.field(":authority").starts_with("127.0.0.1:"));
            assert_eq!(request.body, b"hello");
            peer.answer(
                request.stream,
                "201",
                &[("content-type", "a/b"), ("X-Upper".to_lowercase().as_str(), "c")],
                b"world",
            )
            .await;
            peer.until_closed().await;
        })
        .await;
        let world = world(&url);
        let fields = [("X-Test", "Value"), ("Connection", "keep-alive"), ("TE", "gzip")];
        let options = RequestOptions::default();
        let response = world.send("POST", "/a?b", &fields, Some(b"hello"), &options).await.unwrap();
        assert_eq!((response.status(), response.body(), &*response.reason()), (201, &b"world"[..], ""));
        assert_eq!(response.protocol(), "HTTP/2.0");
        let headers: Vec<_> = response.headers().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(headers, ["content-type: a/b", "x-upper: c"]);
        let (key, cell) = world.only_series();
        assert_eq!((key.method, key.status, key.expected, cell.count), (Method::Post, 201, true, 1));
        assert_eq!(key.proto, Protocol::Http2);
        assert_eq!(sum(&cell), cell.response_time.sum());
        assert!(response.phases().connecting > Nanos::ZERO && response.phases().waiting > Nanos::ZERO);
    });
}

#[test]
fn one_connection_carries_requests_one_after_the_other() {
    run(async {
        let world = world(&serve_echo().await);
        for number in 0..20 {
            let path = format!("/{number}");
            assert_eq!(world.get(&path).await.unwrap().body(), format!("GET {path}").as_bytes());
        }
        assert_eq!(connections(&world), (1, 0));
        let response = world.get("/").await.unwrap();
        assert_eq!((response.phases().blocked, response.phases().connecting), (Nanos::ZERO, Nanos::ZERO));
    });
}

#[test]
fn a_batch_shares_one_connection_and_may_be_answered_in_any_order() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            let mut requests = Vec::new();
            // Answers only when six requests wait at the same time: with fewer the test would hang.
            for _ in 0..6 {
                requests.push(peer.request().await.unwrap());
            }
            for request in requests.iter().rev() {
                peer.answer(request.stream, "200", &[], request.field(":path").as_bytes()).await;
            }
            peer.until_closed().await;
        })
        .await;
        let world = world(&url);
        let prepare = |number| {
            world.client.prepare("GET", &format!("/{number}"), [].into_iter(), None, &RequestOptions::default())
        };
        let answers = world.client.send_all((0..6).map(prepare).collect()).await;
        for (number, answer) in answers.iter().enumerate() {
            assert_eq!(answer.as_ref().unwrap().body(), format!("/{number}").as_bytes());
        }
        let interval = world.recorded();
        assert_eq!(interval.run.connections, 1);
        for cell in interval.requests.values() {
            assert_eq!(sum(cell), cell.response_time.sum());
        }
    });
}

#[test]
fn all_bytes_on_the_wire_are_counted() {
    run(async {
        let counts = Rc::new(RefCell::new((Rc::default(), Rc::default())));
        let url = {
            let counts = Rc::clone(&counts);
            serve_http2(move |_, mut peer| {
                counts.replace((Rc::clone(&peer.received), Rc::clone(&peer.sent)));
                async move {
                    while let Some(request) = peer.request().await {
                        let body = vec![b'x'; request.body.len() * 3 + 10];
                        peer.answer(request.stream, "200", &[("a", "b")], &body).await;
                    }
                }
            })
            .await
        };
        let world = world(&url);
        for length in [0, 100, 10_000] {
            world.post("/", &"x".repeat(length)).await.unwrap();
        }
        let (_, cell) = world.only_series();
        let (received, sent): (Rc<Cell<u64>>, Rc<Cell<u64>>) = counts.borrow().clone();
        assert_eq!((cell.sent, cell.received), (received.get(), sent.get()));
    });
}

#[test]
fn a_body_waits_for_the_windows_of_the_server() {
    run(async {
        let url = serve(|_, peer| async move {
            let mut peer = Http2Peer::greet(peer.into_stream(), &[(4, 1_000)]).await.unwrap();
            let (granted, mut body) = (3_000_u32, Vec::new());
            // The client cannot have known of the small window before.
            loop {
                let (stream, piece) = peer.wait_for(DATA).await.unwrap();
                body.extend(piece);
                if body.len() == 100_000 {
                    peer.answer(stream, "200", &[], body.len().to_string().as_bytes()).await;
                    break;
                }
                peer.frame(WINDOW_UPDATE, 0, stream, &granted.to_be_bytes()).await;
                peer.frame(WINDOW_UPDATE, 0, 0, &granted.to_be_bytes()).await;
                if body.len() < 66_000 {
                    // Enough for what was sent before the setting arrived.
                    peer.frame(WINDOW_UPDATE, 0, stream, &64_535_u32.to_be_bytes()).await;
                }
            }
            peer.until_closed().await;
        })
        .await;
        let world = world(&url);
        let body = "x".repeat(100_000);
        assert_eq!(world.post("/", &body).await.unwrap().body(), b"100000");
    });
}

#[test]
fn a_server_may_go_away_between_requests_and_within_them() {
    run(async {
        let served = Rc::new(Cell::new(0));
        let url = {
            let served = Rc::clone(&served);
            serve_http2(move |number, mut peer| {
                let served = Rc::clone(&served);
                async move {
                    let first = peer.request().await.unwrap();
                    served.set(served.get() + 1);
                    peer.answer(first.stream, "200", &[], b"first").await;
                    if number == 0 {
                        // Ends in order; the client sees it before its next request.
                        peer.go_away(first.stream, 0).await;
                    } else if number == 1 {
                        // Ends with a request under way that it has not looked at.
                        let _ignored = peer.request().await.unwrap();
                        peer.go_away(first.stream, 0).await;
                    }
                    peer.until_closed().await;
                }
            })
            .await
        };
        let world = world(&url);
        for _ in 0..3 {
            // Not idempotent, and sent again all the same.
            assert_eq!(world.post("/", "x").await.unwrap().body(), b"first");
            tokio::task::yield_now().await;
        }
        assert_eq!((served.get(), connections(&world)), (3, (3, 2)));
    });
}

#[test]
fn a_refused_stream_is_sent_again_but_not_for_ever() {
    run(async {
        let seen = Rc::new(Cell::new(0_u32));
        let url = {
            let seen = Rc::clone(&seen);
            serve_http2(move |_, mut peer| {
                let seen = Rc::clone(&seen);
                async move {
                    while let Some(request) = peer.request().await {
                        seen.set(seen.get() + 1);
                        match (request.field(":path"), seen.get()) {
                            ("/once", 2) => peer.answer(request.stream, "200", &[], b"ok").await,
                            _ => peer.frame(RST_STREAM, 0, request.stream, &7_u32.to_be_bytes()).await,
                        }
                    }
                }
            })
            .await
        };
        let world = world(&url);
        assert_eq!(world.post("/once", "x").await.unwrap().body(), b"ok");
        assert_eq!((seen.replace(0), connections(&world)), (2, (1, 1)));
        let text = only_failure(&world, world.post("/never", "x").await, FailureClass::Reset);
        assert!(text.contains("refused the stream (REFUSED_STREAM)"), "{text}");
        assert_eq!(seen.get(), 4);
    });
}

#[test]
fn a_stream_that_is_reset_fails_alone() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            while let Some(request) = peer.request().await {
                match request.field(":path") {
                    "/reset" => peer.frame(RST_STREAM, 0, request.stream, &2_u32.to_be_bytes()).await,
                    _ => peer.answer(request.stream, "200", &[], b"ok").await,
                }
            }
        })
        .await;
        let world = world(&url);
        let text = only_failure(&world, world.get("/reset").await, FailureClass::Reset);
        assert!(text.contains("reset the stream (INTERNAL_ERROR)"), "{text}");
        assert_eq!(world.get("/").await.unwrap().body(), b"ok");
        assert_eq!(connections(&world), (0, 0));
    });
}

#[test]
fn a_request_that_is_late_is_cancelled_and_the_connection_goes_on() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            while let Some(request) = peer.request().await {
                if request.field(":path") == "/cancelled" {
                    let cancelled = peer.noted.contains(&(RST_STREAM, 1, 8_u32.to_be_bytes().to_vec()));
                    peer.answer(request.stream, "200", &[], cancelled.to_string().as_bytes()).await;
                }
            }
        })
        .await;
        let world = world(&url);
        let options = RequestOptions { timeout: Some(Duration::from_millis(30)), ..RequestOptions::default() };
        let late = world.send("GET", "/late", &[], None, &options).await;
        only_failure(&world, late, FailureClass::Timeout);
        assert_eq!(world.get("/cancelled").await.unwrap().body(), b"true");
        assert_eq!(connections(&world), (0, 0));
    });
}

#[test]
fn a_server_of_another_protocol_is_named() {
    run(async {
        let world = world(
            &serve(|_, mut peer| async move {
                peer.request().await;
                peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                peer.until_closed().await;
            })
            .await,
        );
        let text = only_failure(&world, world.get("/").await, FailureClass::Protocol);
        assert!(text.contains("it answers in HTTP/1, not in HTTP/2"), "{text}");
    });
    run(async {
        let world = World::new(ClientConfig { http: HttpVersion::Http2, ..config(&serve_answers(|_| ok("")).await) });
        let error = world.get("/").await.unwrap_err();
        assert_eq!(error.class(), FailureClass::InvalidRequest);
        assert!(error.to_string().contains("--http 2-prior-knowledge"), "{error}");
    });
}

#[test]
fn responses_that_break_the_rules_are_refused() {
    type Fields = &'static [(&'static str, &'static str)];
    let cases: [(Fields, &[u8], FailureClass, &str); 10] = [
        (&[("a", "b")], b"", FailureClass::Protocol, "not with a :status"),
        (&[(":status", "2x0")], b"", FailureClass::Protocol, "not with a :status"),
        (&[(":status", "200"), ("Upper", "x")], b"", FailureClass::Protocol, "\"Upper\" is not the name"),
        (&[(":status", "200"), (":late", "x")], b"", FailureClass::Protocol, "\":late\" is not the name"),
        (&[(":status", "200"), ("connection", "close")], b"", FailureClass::Protocol, "\"connection\" is not"),
        (&[(":status", "200"), ("a", "b\r\nc: d")], b"", FailureClass::Protocol, "control character"),
        (&[(":status", "200"), ("content-length", "3")], b"ab", FailureClass::Protocol, "ends 1 bytes before"),
        (
            &[(":status", "200"), ("content-length", "1")],
            b"ab",
            FailureClass::Protocol,
            "longer than its content-length",
        ),
        (&[(":status", "101")], b"", FailureClass::Protocol, "status 101"),
        (&[(":status", "200"), ("content-length", "999999999999")], b"ab", FailureClass::TooLarge, "--max-body-size"),
    ];
    run(async move {
        let url = serve_http2(move |_, mut peer| async move {
            while let Some(request) = peer.request().await {
                let (fields, body, ..) = cases[request.field(":path")[1..].parse::<usize>().unwrap()];
                let end = if body.is_empty() { END_STREAM } else { 0 };
                peer.head(request.stream, end, fields).await;
                if !body.is_empty() {
                    peer.frame(DATA, END_STREAM, request.stream, body).await;
                }
            }
        })
        .await;
        let world = world(&url);
        for (number, (.., class, reason)) in cases.into_iter().enumerate() {
            let text = only_failure(&world, world.get(&format!("/{number}")).await, class);
            assert!(text.contains(reason), "{reason}: {text}");
        }
        assert_eq!(connections(&world), (0, 0), "one connection served them all");
        // A field that is refused, and a body: the time until then is all that their phases have.
        for number in [2, 6] {
            world.get(&format!("/{number}")).await.unwrap_err();
            let (_, cell) = world.only_series();
            assert_eq!(sum(&cell), cell.response_time.sum());
        }
    });
}

#[test]
fn heads_and_bodies_beyond_their_limits_are_too_large() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            let long = "x".repeat(5_000);
            while let Some(request) = peer.request().await {
                match request.field(":path") {
                    // Small on the wire, since each field but the first is one byte.
                    "/head" => {
                        let fields = vec![("a", "x"); 100];
                        peer.head(request.stream, END_STREAM, &[&[(":status", "200")], &fields[..]].concat()).await;
                    }
                    _ => peer.answer(request.stream, "200", &[], long.as_bytes()).await,
                }
            }
        })
        .await;
        let world = World::new(ClientConfig { max_head: 2_000, max_body: 4_000, ..config(&url) });
        let text = only_failure(&world, world.get("/head").await, FailureClass::TooLarge);
        assert!(text.contains("the head is larger than 2000 bytes"), "{text}");
        let text = only_failure(&world, world.get("/body").await, FailureClass::TooLarge);
        assert!(text.contains("the body is larger than 4000 bytes"), "{text}");
    });
}

#[test]
fn a_flood_ends_the_connection_with_a_reason_and_the_next_request_has_another() {
    run(async {
        let url = serve_http2(|number, mut peer| async move {
            while let Some(request) = peer.request().await {
                if number == 0 {
                    // Never reads the answers.
                    loop {
                        peer.frame(PING, 0, 0, b"12345678").await;
                        if peer.sent.get() > 100_000_000 {
                            return;
                        }
                    }
                }
                peer.answer(request.stream, "200", &[], b"ok").await;
            }
        })
        .await;
        let world = world(&url);
        let text = only_failure(&world, world.get("/").await, FailureClass::Protocol);
        assert!(text.contains("does not read the answers (ENHANCE_YOUR_CALM)"), "{text}");
        assert_eq!(world.get("/").await.unwrap().body(), b"ok");
    });
}

#[test]
fn a_connection_that_breaks_is_opened_again_for_what_is_safe_to_repeat() {
    run(async {
        let url = serve_http2(|number, mut peer| async move {
            let first = peer.request().await.unwrap();
            peer.answer(first.stream, "200", &[], number.to_string().as_bytes()).await;
            let _unanswered = peer.request().await;
        })
        .await;
        let world = world(&url);
        assert_eq!(world.get("/").await.unwrap().body(), b"0");
        assert_eq!(world.get("/").await.unwrap().body(), b"1");
        assert_eq!(connections(&world), (2, 1));
        let text = only_failure(&world, world.post("/", "x").await, FailureClass::Reset);
        assert!(text.contains("closed the connection before the response was whole"), "{text}");
    });
}

#[test]
fn a_limit_of_streams_is_waited_for() {
    run(async {
        let url = serve(|_, peer| async move {
            let mut peer = Http2Peer::greet(peer.into_stream(), &[(3, 1)]).await.unwrap();
            while let Some(request) = peer.request().await {
                peer.answer(request.stream, "200", &[], request.field(":path").as_bytes()).await;
            }
        })
        .await;
        let world = world(&url);
        world.get("/").await.unwrap();
        let prepare = |number| {
            world.client.prepare("GET", &format!("/{number}"), [].into_iter(), None, &RequestOptions::default())
        };
        let answers = world.client.send_all((0..5).map(prepare).collect()).await;
        for (number, answer) in answers.iter().enumerate() {
            assert_eq!(answer.as_ref().unwrap().body(), format!("/{number}").as_bytes());
        }
        let interval = world.recorded();
        assert_eq!(interval.run.connections, 1);
        for cell in interval.requests.values() {
            assert_eq!(sum(cell), cell.response_time.sum());
        }
    });
}

#[test]
fn a_place_is_free_again_when_a_request_is_given_up() {
    run(async {
        let url = serve(|_, peer| async move {
            let mut peer = Http2Peer::greet(peer.into_stream(), &[(3, 1)]).await.unwrap();
            while let Some(request) = peer.request().await {
                if request.field(":path") != "/late" {
                    peer.answer(request.stream, "200", &[], b"ok").await;
                }
            }
        })
        .await;
        let world = world(&url);
        world.get("/").await.unwrap();
        let options = RequestOptions { timeout: Some(Duration::from_millis(30)), ..RequestOptions::default() };
        let late = world.client.prepare("GET", "/late", [].into_iter(), None, &options);
        let next = world.client.prepare("GET", "/", [].into_iter(), None, &RequestOptions::default());
        let answers = world.client.send_all(vec![late, next]).await;
        assert_eq!(answers[0].as_ref().unwrap_err().class(), FailureClass::Timeout);
        assert_eq!(answers[1].as_ref().unwrap().status(), 200);
    });
}

#[test]
fn clients_share_the_connections_of_a_pool() {
    run(async {
        let most = Rc::new(Cell::new(0_usize));
        let url = {
            let most = Rc::clone(&most);
            serve_http2(move |_, mut peer| {
                let most = Rc::clone(&most);
                async move {
                    // Three requests at a time on this connection, as eight clients on two connections with at most three streams.
                    loop {
                        let mut requests = Vec::new();
                        for _ in 0..3 {
                            let Some(request) = peer.request().await else { return };
                            requests.push(request.stream);
                        }
                        most.set(most.get().max(requests.len()));
                        for stream in requests {
                            peer.answer(stream, "200", &[], b"ok").await;
                        }
                    }
                }
            })
            .await
        };
        let first = World::new(ClientConfig { pool: Some(2), max_streams: 3, ..config(&url) });
        let network = Rc::clone(&first.client.network);
        let clients: Vec<_> = (0..12).map(|_| Client::new(Rc::clone(&network))).collect();
        let tasks: Vec<_> = clients
            .into_iter()
            .map(|client| {
                tokio::task::spawn_local(async move {
                    let request = client.prepare("GET", "/", [].into_iter(), None, &RequestOptions::default()).unwrap();
                    client.send(request).await.unwrap().status()
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 200);
        }
        let interval = first.recorded();
        assert_eq!((interval.run.connections, most.get()), (2, 3));
        for cell in interval.requests.values() {
            assert_eq!((cell.count, sum(cell)), (12, cell.response_time.sum()));
        }
    });
}

#[test]
fn responses_without_a_body_and_early_hints_are_understood() {
    run(async {
        let url = serve_http2(|_, mut peer| async move {
            while let Some(request) = peer.request().await {
                match request.field(":method") {
                    "HEAD" => {
                        peer.head(request.stream, END_STREAM, &[(":status", "200"), ("content-length", "99")]).await
                    }
                    _ => {
                        peer.head(request.stream, 0, &[(":status", "103"), ("link", "</a>")]).await;
                        peer.head(request.stream, 0, &[(":status", "200"), ("set-cookie", "a=b")]).await;
                        peer.frame(DATA, 0, request.stream, b"body").await;
                        peer.head(request.stream, END_STREAM, &[("trailer", "x")]).await;
                    }
                }
            }
        })
        .await;
        let world = world(&url);
        let head = world.send("HEAD", "/", &[], None, &RequestOptions::default()).await.unwrap();
        assert_eq!(
            (head.status(), head.header("content-length").unwrap().as_ref(), head.body()),
            (200, "99", &b""[..])
        );
        let get = world.get("/").await.unwrap();
        assert_eq!(
            (get.status(), get.body(), get.header("link"), get.header("trailer")),
            (200, &b"body"[..], None, None)
        );
        assert_eq!(world.client.cookies_for(world.client.cookie_jar(), "/"), [("a".to_owned(), "b".to_owned())]);
    });
}

//! HTTP/3: streams of QUIC connections, their times and bytes, and what a server may do to them.

use std::cell::Cell;
use std::net::UdpSocket;

use squall_address::Proxies;
use squall_http3::ErrorCode;
use squall_metrics::{Method, Nanos, Protocol};

use super::http3_server::*;
use super::measurements::sum;
use super::tls::given;
use super::*;
use crate::{EgressPolicy, EgressRules, HttpVersion, RouteConfig, TlsConfig, TlsVersion};

fn config(url: &str) -> ClientConfig {
    let tls = TlsConfig { insecure: true, ..TlsConfig::default() };
    ClientConfig { base: Some(BaseUrl::parse(url).unwrap()), http: HttpVersion::Http3, tls, ..ClientConfig::default() }
}

fn world(server: &Http3Server) -> World {
    World::new(config(&server.url))
}

/// What happened to connections since the last time: opened, and opened again.
fn connections(world: &World) -> (u64, u64) {
    let interval = world.recorded();
    (interval.run.connections, interval.run.reconnects)
}

#[allow(clippy::disallowed_methods, reason = "the server takes its time")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

fn varint(code: ErrorCode) -> quinn::VarInt {
    quinn::VarInt::from_u64(code.0).unwrap()
}

#[test]
fn a_request_arrives_as_it_was_written_and_its_phases_add_up() {
    run(async {
        let server = serve_http3(|_, mut peer| async move {
            let request = peer.request().await.unwrap();
            let authority = request.field(":authority").to_owned();
            let fields = [
                (":method", "POST"),
                (":scheme", "https"),
                (":authority", &*authority),
                (":path", "/a?b"),
                ("x-test", "Value"),
                ("user-agent", concat!("squall/", env!("CARGO_PKG_VERSION"))),
                ("content-length", "5"),
            ];
            let came: Vec<_> = request.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(came, fields);
            assert!(authority.starts_with("localhost:"));
            assert_eq!(request.body, b"hello");
            request.answer("201", &[("content-type", "a/b"), ("x-upper", "c")], b"world").await;
            peer.until_closed().await;
        })
        .await;
        let (_file, tls) = given(&server.certificate);
        let world = World::new(ClientConfig { tls, ..config(&server.url) });
        let fields = [("X-Test", "Value"), ("Connection", "keep-alive"), ("TE", "gzip")];
        let options = RequestOptions::default();
        let response = world.send("POST", "/a?b", &fields, Some(b"hello"), &options).await.unwrap();
        assert_eq!((response.status(), response.body(), response.protocol()), (201, &b"world"[..], "HTTP/3.0"));
        let headers: Vec<_> = response.headers().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(headers, ["content-type: a/b", "x-upper: c"]);
        let (key, cell) = world.only_series();
        assert_eq!((key.method, key.status, key.expected, cell.count), (Method::Post, 201, true, 1));
        assert_eq!(key.proto, Protocol::Http3);
        assert_eq!(sum(&cell), cell.response_time.sum());
        let phases = response.phases();
        assert!(
            phases.connecting > Nanos::ZERO && phases.tls_handshaking > Nanos::ZERO && phases.waiting > Nanos::ZERO
        );
    });
}

#[test]
fn one_connection_carries_requests_one_after_the_other() {
    run(async {
        let server = serve_echo().await;
        let world = world(&server);
        for number in 0..20 {
            let path = format!("/{number}");
            assert_eq!(world.get(&path).await.unwrap().body(), format!("GET {path}").as_bytes());
        }
        assert_eq!(connections(&world), (1, 0));
        let response = world.get("/").await.unwrap();
        assert_eq!((response.phases().connecting, response.phases().tls_handshaking), (Nanos::ZERO, Nanos::ZERO));
    });
}

#[test]
fn bytes_are_those_of_the_datagrams() {
    run(async {
        let server = serve_http3(|_, mut peer| async move {
            while let Some(request) = peer.request().await {
                let body = request.body.clone();
                request.answer("200", &[], &body).await;
            }
        })
        .await;
        let world = world(&server);
        let body = vec![b'x'; 300_000];
        world.send("POST", "/", &[], Some(&body), &RequestOptions::default()).await.unwrap();
        let interval = world.recorded();
        world.client.close();
        while server.traffic.get() == (0, 0) {
            tokio::task::yield_now().await;
        }
        let (sent, received) = server.traffic.get();
        let ours = interval.requests.values().fold((0, 0), |sum, cell| (sum.0 + cell.sent, sum.1 + cell.received));
        // The packets that close the connection belong to no request, and the server's count leaves out its first one.
        let rest = 5_000;
        assert!(received.abs_diff(ours.0) < rest && sent.abs_diff(ours.1) < rest, "{ours:?} {sent} {received}");
        assert!(ours.0 > 300_000 && ours.1 > 300_000, "{ours:?}");
    });
}

#[test]
fn the_parts_of_a_slow_exchange_are_told_apart() {
    run(async {
        const PAUSE: Duration = Duration::from_millis(60);
        let server = serve_http3(|_, mut peer| async move {
            let mut request = peer.request().await.unwrap();
            pause(PAUSE).await;
            request.head("200", &[]).await;
            request.data(b"first").await;
            pause(PAUSE).await;
            request.data(b" second").await;
            request.send.finish().unwrap();
            peer.until_closed().await;
        })
        .await;
        let world = world(&server);
        let response = world.get("/").await.unwrap();
        assert_eq!(response.body(), b"first second");
        let phases = response.phases();
        let pause = Nanos::from(PAUSE);
        assert!(phases.waiting >= pause && phases.receiving >= pause, "{phases:?}");
        assert!(phases.sending < pause && phases.connecting + phases.tls_handshaking < pause, "{phases:?}");
        let (_, cell) = world.only_series();
        assert_eq!(sum(&cell), cell.response_time.sum());
    });
}

#[test]
fn a_batch_shares_one_connection_and_waits_where_the_server_limits_it() {
    run(async {
        let server = serve_limited(3, |_, mut peer| async move {
            let mut requests = Vec::new();
            // Three are under way at the same time: with fewer the test would hang.
            for _ in 0..3 {
                requests.push(peer.request().await.unwrap());
            }
            for request in requests.into_iter().rev() {
                let path = request.field(":path").to_owned();
                request.answer("200", &[], path.as_bytes()).await;
            }
            while let Some(request) = peer.request().await {
                let path = request.field(":path").to_owned();
                request.answer("200", &[], path.as_bytes()).await;
            }
        })
        .await;
        let world = world(&server);
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
fn large_bodies_go_both_ways() {
    run(async {
        let server = serve_http3(|_, mut peer| async move {
            while let Some(request) = peer.request().await {
                let body = request.body.clone();
                request.answer("200", &[("content-length", &body.len().to_string())], &body).await;
            }
        })
        .await;
        let world = world(&server);
        // More than the windows of both sides.
        let body: Vec<u8> = (0..6_000_000_u32).map(|number| (number % 251) as u8).collect();
        let response = world.send("POST", "/", &[], Some(&body), &RequestOptions::default()).await.unwrap();
        assert!(response.body() == body);
    });
}

#[test]
fn interim_heads_and_trailers_are_no_part_of_the_response() {
    run(async {
        let server = serve_http3(|_, mut peer| async move {
            let mut request = peer.request().await.unwrap();
            request.head("103", &[("link", "</style.css>")]).await;
            request.head("200", &[]).await;
            request.data(b"body").await;
            let mut trailers = Vec::new();
            squall_http3::write_head(&mut trailers, |block| {
                squall_http3::qpack::write(block, b"x-sum", b"1", squall_http3::qpack::Secrecy::Public);
            });
            request.send.write_all(&trailers).await.unwrap();
            request.send.finish().unwrap();
            peer.until_closed().await;
        })
        .await;
        let response = world(&server).get("/").await.unwrap();
        assert_eq!((response.status(), response.body(), response.headers().count()), (200, &b"body"[..], 0));
    });
}

#[test]
fn what_the_server_did_not_look_at_is_sent_again() {
    run(async {
        let rejected = Rc::new(Cell::new(0));
        let server = {
            let rejected = Rc::clone(&rejected);
            serve_http3(move |_, mut peer| {
                let rejected = Rc::clone(&rejected);
                async move {
                    while let Some(mut request) = peer.request().await {
                        if rejected.replace(rejected.get() + 1) == 0 {
                            request.send.reset(varint(ErrorCode::REQUEST_REJECTED)).unwrap();
                        } else {
                            request.answer("200", &[], b"").await;
                        }
                    }
                }
            })
            .await
        };
        let world = world(&server);
        assert_eq!(world.post("/", "body").await.unwrap().status(), 200);
        assert_eq!(connections(&world), (1, 1));
    });
}

#[test]
fn a_server_that_goes_away_gets_no_more_requests_on_that_connection() {
    run(async {
        let server = serve_http3(|number, mut peer| async move {
            while let Some(request) = peer.request().await {
                request.answer("200", &[], number.to_string().as_bytes()).await;
                // GOAWAY: nothing from stream 4 on.
                peer.say(&[7, 1, 4]).await;
            }
        })
        .await;
        let world = world(&server);
        assert_eq!(world.get("/").await.unwrap().body(), b"0");
        // The frame comes with the response, or just after it.
        while world.get("/").await.unwrap().body() != b"1" {}
        assert_eq!(connections(&world), (2, 1));
    });
}

#[test]
fn a_connection_that_breaks_is_named_and_replaced() {
    run(async {
        let server = serve_http3(|number, mut peer| async move {
            while let Some(request) = peer.request().await {
                if number == 0 && request.field(":path") == "/break" {
                    return peer.quic.close(varint(ErrorCode::EXCESSIVE_LOAD), b"");
                }
                request.answer("200", &[], number.to_string().as_bytes()).await;
            }
        })
        .await;
        let world = world(&server);
        let text = only_failure(&world, world.post("/break", "").await, FailureClass::Reset);
        assert!(text.contains("closed the connection (H3_EXCESSIVE_LOAD)"), "{text}");
        assert_eq!(world.get("/").await.unwrap().body(), b"1");
    });
}

#[test]
fn a_reset_stream_fails_its_request_alone() {
    run(async {
        let server = serve_http3(|_, mut peer| async move {
            while let Some(mut request) = peer.request().await {
                if request.field(":path") == "/reset" {
                    request.head("200", &[]).await;
                    request.send.reset(varint(ErrorCode::REQUEST_CANCELLED)).unwrap();
                } else {
                    request.answer("200", &[], b"").await;
                }
            }
        })
        .await;
        let world = world(&server);
        let text = only_failure(&world, world.get("/reset").await, FailureClass::Reset);
        assert!(text.contains("reset the stream (H3_REQUEST_CANCELLED)"), "{text}");
        assert_eq!(world.get("/").await.unwrap().status(), 200);
        assert_eq!(connections(&world), (0, 0));
    });
}

#[test]
fn a_late_request_is_cancelled_and_the_connection_goes_on() {
    run(async {
        let server = serve_http3(|_, mut peer| async move {
            let late = peer.request().await.unwrap();
            // Its stream is reset, which a server learns when it writes.
            assert!(late.send.stopped().await.is_ok_and(|code| code == Some(varint(ErrorCode::REQUEST_CANCELLED))));
            let request = peer.request().await.unwrap();
            request.answer("200", &[], b"next").await;
            peer.until_closed().await;
        })
        .await;
        let world = world(&server);
        let options = RequestOptions { timeout: Some(Duration::from_millis(300)), ..RequestOptions::default() };
        let outcome = world.send("GET", "/late", &[], None, &options).await;
        only_failure(&world, outcome, FailureClass::Timeout);
        assert_eq!(world.get("/").await.unwrap().body(), b"next");
        assert_eq!(connections(&world), (0, 0));
    });
}

#[test]
fn a_response_that_breaks_the_rules_is_named() {
    run(async {
        // Data before a head; a head larger than allowed; a header block with a dynamic table; a head that is announced and
        // does not come.
        let responses: [(&[u8], FailureClass, &str); 4] = [
            (b"\x00\x01x", FailureClass::Protocol, "has data before a head (H3_FRAME_UNEXPECTED)"),
            (b"\x01\xc0\0\0\0\x7f\xff\xff\xff", FailureClass::TooLarge, "the head is larger than 262144 bytes (limit)"),
            (b"\x01\x03\x01\x00\x80", FailureClass::Protocol, "header block that is malformed"),
            (b"\x01\x20\0\0", FailureClass::Protocol, "ends within a frame"),
        ];
        for (bytes, class, expected) in responses {
            let server = serve_http3(move |_, mut peer| async move {
                while let Some(mut request) = peer.request().await {
                    request.send.write_all(bytes).await.unwrap();
                    request.send.finish().unwrap();
                }
            })
            .await;
            let world = world(&server);
            let text = only_failure(&world, world.get("/").await, class);
            assert!(text.contains(expected), "{text}");
        }
    });
}

#[test]
fn a_control_stream_that_breaks_the_rules_ends_the_connection() {
    run(async {
        let server = serve_http3(|_, mut peer| async move {
            let _request = peer.request().await.unwrap();
            // Settings for the second time.
            peer.say(&[4, 0]).await;
            peer.until_closed().await;
        })
        .await;
        let world = world(&server);
        let text = only_failure(&world, world.get("/").await, FailureClass::Protocol);
        assert!(text.contains("its control stream has settings twice (H3_FRAME_UNEXPECTED)"), "{text}");
    });
}

#[test]
fn a_certificate_that_is_not_trusted_is_refused() {
    run(async {
        let server = serve_echo().await;
        let world = World::new(ClientConfig { tls: TlsConfig::default(), ..config(&server.url) });
        let text = only_failure(&world, world.get("/").await, FailureClass::Tls);
        assert!(text.contains("QUIC handshake with localhost:"), "{text}");
    });
}

#[test]
fn what_cannot_be_sent_over_http3_is_refused_with_the_reason() {
    run(async {
        let server = serve_echo().await;
        let world = world(&server);
        let plain = world.get(&server.url.replace("https", "http")).await.unwrap_err().to_string();
        assert!(plain.contains("HTTP/3 is always encrypted"), "{plain}");
        let tls = TlsConfig { insecure: true, highest: Some(TlsVersion::Tls12), ..TlsConfig::default() };
        let old = World::new(ClientConfig { tls, ..config(&server.url) });
        let text = only_failure(&old, old.get("/").await, FailureClass::Tls);
        assert!(text.contains("QUIC needs TLS 1.3"), "{text}");
    });
}

#[test]
fn a_port_without_a_server_is_refused_at_once() {
    run(async {
        let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let world = World::new(config(&format!("https://127.0.0.1:{free}")));
        let text = only_failure(&world, world.get("/").await, FailureClass::Connect);
        assert!(text.contains("connection refused (nothing listens at this UDP port)"), "{text}");
    });
}

#[test]
fn where_datagrams_cannot_go_nothing_is_sent() {
    run(async {
        let server = serve_echo().await;
        let proxies = Proxies::all("http://127.0.0.1:1".parse().unwrap(), "direct.test".parse().unwrap());
        let routes = RouteConfig { proxies, ..RouteConfig::default() };
        let world = World::new(ClientConfig { routes, ..config(&server.url) });
        let error = world.get("/").await.unwrap_err();
        assert_eq!(error.class(), FailureClass::InvalidRequest);
        assert!(error.to_string().contains("carries no datagrams"), "{error}");
    });
}

#[test]
fn the_policy_holds() {
    run(async {
        let server = serve_echo().await;
        let elsewhere = EgressPolicy::Only(EgressRules {
            allowed: vec!["elsewhere.invalid:443".parse().unwrap()],
            vouched: Vec::new(),
        });
        let world = World::new(ClientConfig { egress: elsewhere, ..config(&server.url) });
        let text = world.get("/").await.unwrap_err().to_string();
        assert!(text.contains("is not allowed"), "{text}");
    });
}

//! How bodies arrive, and which parts of them are returned.

use super::server::{ok, response, serve, serve_answers};
use super::*;

async fn answered_with(answer: Vec<u8>) -> World {
    let url = serve(move |_, mut peer| {
        let answer = answer.clone();
        async move {
            peer.request().await;
            peer.trickle(&answer).await;
        }
    });
    World::with_target(&url.await)
}

#[test]
fn a_chunked_body_that_comes_byte_by_byte() {
    run(async {
        let answer =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n";
        let world = answered_with(answer.to_vec()).await;
        let response = world.get("/").await.unwrap();
        assert_eq!(response.body(), b"hello");
        assert_eq!(world.only_series().1.received as usize, answer.len());
        assert_eq!(world.client.idle_connections(), 1);
    });
}

#[test]
fn interim_responses_are_skipped() {
    run(async {
        let answer = format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n{}", ok("hello"));
        let world = answered_with(answer.into_bytes()).await;
        let response = world.get("/").await.unwrap();
        assert_eq!((response.status(), response.body(), response.header("link")), (200, &b"hello"[..], None));
    });
}

#[test]
fn the_answer_to_head_has_no_body() {
    run(async {
        let url = serve_answers(|request| match request.line() {
            "HEAD /" => "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_owned(),
            _ => ok("next"),
        });
        let world = World::with_target(&url.await);
        let head = world.send("HEAD", "/", &[], None, &RequestOptions::default()).await.unwrap();
        assert_eq!((head.body(), head.header("Content-Length").unwrap().as_ref()), (&b""[..], "1000"));
        assert_eq!(world.get("/next").await.unwrap().body(), b"next");
    });
}

#[test]
fn a_body_may_last_until_the_server_closes() {
    run(async {
        let world = answered_with(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello".to_vec()).await;
        let response = world.get("/").await.unwrap();
        assert_eq!(response.body(), b"hello");
        assert_eq!(response.header("content-TYPE").unwrap(), "text/plain");
        assert_eq!(world.client.idle_connections(), 0);
    });
}

#[test]
fn header_fields_are_handed_out_in_order_and_in_lower_case() {
    run(async {
        let url = serve_answers(|_| response("200 OK", &["X-Two:  2 ", "x-one: \u{fc}", "X-TWO: again"], "")).await;
        let response = World::with_target(&url).get("/a?b#c").await.unwrap();
        let fields: Vec<_> = response.headers().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(fields, ["x-two=2", "x-one=\u{fc}", "x-two=again", "content-length=0"]);
        assert_eq!(response.header("X-Two").unwrap(), "2");
        assert_eq!(response.url(), format!("{url}/a?b"));
    });
}

#[test]
fn a_compressed_body_is_handed_out_decoded() {
    run(async {
        let zipped = {
            use std::io::Write;
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&[b'a'; 5000]).unwrap();
            encoder.finish().unwrap()
        };
        let mut answer =
            format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", zipped.len())
                .into_bytes();
        answer.extend(&zipped);
        let world = answered_with(answer.clone()).await;
        assert_eq!(world.get("/").await.unwrap().body(), [b'a'; 5000]);
        assert_eq!(world.only_series().1.received as usize, answer.len());
        // Thrown away, it is not decoded either.
        let options = RequestOptions { discard_body: Some(true), ..RequestOptions::default() };
        let world = answered_with(answer.clone()).await;
        assert_eq!(world.send("GET", "/", &[], None, &options).await.unwrap().body(), b"");

        let url = serve(move |_, mut peer| {
            let answer = answer.clone();
            async move {
                peer.request().await;
                peer.send(&answer).await;
            }
        });
        let world = World::new(ClientConfig { max_body: 4999, ..ClientConfig::default() });
        let outcome = world.get(&format!("{}/", url.await)).await;
        let error = outcome.unwrap_err();
        assert!(error.to_string().contains("the decoded body is larger than 4999 bytes"), "{error}");
        let (key, _) = world.only_series();
        assert_eq!((key.status, key.failure), (200, FailureClass::TooLarge as u8));
    });
}

#[test]
fn requests_say_what_they_carry() {
    run(async {
        let url =
            serve_answers(|request| ok(&format!("{} {:?}", request.line(), request.field("content-length")))).await;
        let world = World::with_target(&url);
        let options = RequestOptions::default();
        for (method, body, expected) in [
            ("GET", None, "GET / None"),
            ("DELETE", None, "DELETE / None"),
            ("POST", None, "POST / Some(\"0\")"),
            ("GET", Some(&b""[..]), "GET / Some(\"0\")"),
            ("PROPFIND", Some(b"xyz"), "PROPFIND / Some(\"3\")"),
        ] {
            let response = world.send(method, "/", &[], body, &options).await.unwrap();
            assert_eq!(std::str::from_utf8(response.body()).unwrap(), expected);
        }
    });
}

#[test]
fn a_body_that_others_hold_is_sent_from_there() {
    run(async {
        let sum = |body: &[u8]| body.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        let url = serve_answers(move |request| match request.line().rsplit('/').next().unwrap().parse::<u16>() {
            Ok(status) => response(&format!("{status} Moved"), &["Location: /end"], ""),
            Err(_) => ok(&format!("{} {} {}", request.line(), request.body.len(), sum(&request.body))),
        });
        let world = World::with_target(&url.await);
        for length in [0, 3, 8 * 1024, 8 * 1024 + 1, 1_000_000] {
            let body: Vec<u8> = (0..length).map(|place| place as u8).collect();
            let total = sum(&body);
            let options = RequestOptions { body: Some(body.into()), ..RequestOptions::default() };
            for (path, expected) in [
                ("/", format!("POST / {length} {total}")),
                ("/307", format!("POST /end {length} {total}")),
                ("/302", "GET /end 0 0".to_owned()),
            ] {
                let response = world.send("POST", path, &[], None, &options).await.unwrap();
                assert_eq!(std::str::from_utf8(response.body()).unwrap(), expected);
            }
            // A request's own body goes first.
            let response = world.send("POST", "/", &[], Some(b"own"), &options).await.unwrap();
            assert_eq!(std::str::from_utf8(response.body()).unwrap(), format!("POST / 3 {}", sum(b"own")));
        }
    });
}

#[test]
fn bodies_are_booked_until_they_are_dropped() {
    run(async {
        let url = serve_answers(|_| ok(&"a".repeat(40_000))).await;
        let memory = MemoryLimits { own: 200_000, shared: None };
        let base = Some(BaseUrl::parse(&url).unwrap());
        let world = World::new(ClientConfig { base, memory, ..ClientConfig::default() });
        for _ in 0..20 {
            world.get("/").await.unwrap();
        }
        let mut held = Vec::new();
        let error = loop {
            match world.get("/").await {
                Ok(response) => held.push(response),
                Err(error) => break error,
            }
        };
        assert!((2..=4).contains(&held.len()), "{}", held.len());
        assert!(error.to_string().ends_with("for a virtual user (limit, raise with --host-memory)"), "{error}");
        let body = "b".repeat(150_000);
        // A request is booked, too: before it is copied.
        assert!(matches!(world.post("/", &body).await, Err(Error::NoRoom(_))));
        held.clear();
        world.post("/", &body).await.unwrap();
    });
}

#[test]
fn a_url_has_a_length() {
    run(async {
        let url = serve_answers(|_| ok("a")).await;
        let world = World::with_target(&url);
        // The name of a user is the longest thing that may stand there.
        let before = |length: usize| url.replace("//", &format!("//{}@", "a".repeat(length - url.len() - 1)));
        for url in [format!("/{}", "a".repeat((64 << 10) - 1)), format!("{}/", before(1024))] {
            world.get(&url).await.unwrap();
        }
        for (url, message) in [
            (format!("/{}", "a".repeat(64 << 10)), "it has 65537 bytes: at most 65536 are allowed"),
            (format!("{}/", before(1025)), "the part before its path has 1025 bytes: at most 1024 are allowed"),
        ] {
            let error = world.get(&url).await.unwrap_err();
            assert!(error.to_string().ends_with(message), "{error}");
        }
    });
}

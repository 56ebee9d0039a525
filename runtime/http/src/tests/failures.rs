//! Each failure has a class, a text and a sample.

use super::server::{ok, serve, serve_answers};
use super::*;

/// Sends one GET to a server that answers `answer` and closes.
async fn get_answer(answer: &'static [u8], config: ClientConfig) -> (World, Result<Box<Response>, Error>) {
    let url = serve(move |_, mut peer| async move {
        peer.request().await;
        peer.send(answer).await;
    })
    .await;
    let world = World::new(config);
    let outcome = world.get(&format!("{url}/")).await;
    (world, outcome)
}

async fn failure_of(answer: &'static [u8], class: FailureClass) -> String {
    let config = ClientConfig { max_head: 1000, max_body: 1000, ..ClientConfig::default() };
    let (world, outcome) = get_answer(answer, config).await;
    only_failure(&world, outcome, class)
}

#[test]
fn a_server_that_does_not_answer_in_time() {
    run(async {
        let url = serve(|_, mut peer| async move { peer.until_closed().await }).await;
        let world = World::with_target(&url);
        let options = RequestOptions { timeout: Some(Duration::from_millis(30)), ..RequestOptions::default() };
        let outcome = world.send("GET", "/slow", &[], None, &options).await;
        assert!(matches!(outcome, Err(Error::Timeout)));
        let recorded = world.recorded();
        let cell = recorded.requests.values().next().unwrap();
        assert!(cell.response_time.min().as_millis_f64() >= 29.0);
        assert!(cell.waiting.sum() > cell.sending.sum());
        let text = format!("{:?}", recorded.problems);
        assert!(text.contains("/slow: no response within 30ms"), "{text}");
    });
}

#[test]
fn a_request_s_own_time_is_no_longer_than_the_run_s() {
    run(async {
        let url = serve(|_, mut peer| async move { peer.until_closed().await }).await;
        let base = Some(BaseUrl::parse(&url).unwrap());
        let short = Duration::from_millis(40);
        let world = World::new(ClientConfig {
            base,
            request_timeout: short,
            longest_timeout: short,
            ..ClientConfig::default()
        });
        let options = RequestOptions { timeout: Some(Duration::from_secs(3600)), ..RequestOptions::default() };
        assert!(matches!(world.send("GET", "/slow", &[], None, &options).await, Err(Error::Timeout)));
        let text = format!("{:?}", world.recorded().problems);
        assert!(text.contains("/slow: no response within 40ms (limit, raise with --timeout)"), "{text}");
        // One that is within the run's is the scenario's own business.
        let options = RequestOptions { timeout: Some(short / 2), ..RequestOptions::default() };
        assert!(world.send("GET", "/slow", &[], None, &options).await.is_err());
        let text = format!("{:?}", world.recorded().problems);
        assert!(text.contains("no response within 20ms") && !text.contains("--timeout"), "{text}");
    });
}

#[test]
fn no_server_listens() {
    run(async {
        let port = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let world = World::new(ClientConfig::default());
        let outcome = world.get(&format!("http://127.0.0.1:{port}/")).await;
        let text = only_failure(&world, outcome, FailureClass::Connect);
        assert!(text.starts_with(&format!("connect to 127.0.0.1:{port}: connection refused |")), "{text}");
    });
}

#[test]
fn the_name_does_not_exist() {
    run(async {
        let world = World::new(ClientConfig::default());
        let outcome = world.get("http://no-such-host.invalid/").await;
        let text = only_failure(&world, outcome, FailureClass::Dns);
        assert!(text.starts_with("look up no-such-host.invalid: "), "{text}");
    });
}

#[test]
fn the_connection_breaks_within_the_body() {
    run(async {
        let text = failure_of(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", FailureClass::Reset).await;
        assert!(text.contains("closed the connection before the response was whole"), "{text}");
        failure_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", FailureClass::Reset).await;
        failure_of(b"HTTP/1.1 200 OK\r\nContent-", FailureClass::Reset).await;
        failure_of(b"", FailureClass::Reset).await;

        let url = serve(|_, mut peer| async move {
            peer.request().await;
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").await;
            peer.reset();
        });
        let world = World::with_target(&url.await);
        let text = only_failure(&world, world.get("/").await, FailureClass::Reset);
        assert!(text.contains("connection reset"), "{text}");
    });
}

#[test]
fn the_answer_is_not_http() {
    run(async {
        let text = failure_of(b"SSH-2.0-OpenSSH_9.6\r\n", FailureClass::Protocol).await;
        assert!(text.contains("not HTTP/1.1") && text.contains("SSH-2.0"), "{text}");
        failure_of(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", FailureClass::Protocol).await;
        failure_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", FailureClass::Protocol).await;
        let not_gzip = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc";
        let text = failure_of(not_gzip, FailureClass::Protocol).await;
        assert!(text.contains("its content-encoding is gzip, but its body is not:"), "{text}");
    });
}

#[test]
fn a_head_has_256_kib() {
    const MOST: usize = 256 << 10;
    run(async {
        let start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: ";
        for (length, fits) in [(MOST, true), (MOST + 1, false)] {
            let head: &[u8] = format!("{start}{}\r\n\r\n", "a".repeat(length - start.len() - 4)).leak().as_bytes();
            let (_, outcome) = get_answer(head, ClientConfig::default()).await;
            match outcome {
                Ok(_) => assert!(fits, "{length}"),
                Err(error) => {
                    assert!(!fits && error.to_string().contains("the head is larger than 262144 bytes"), "{error}")
                }
            }
        }
    });
}

#[test]
fn the_answer_is_too_large() {
    run(async {
        let head = b"HTTP/1.1 200 OK\r\nA: ".repeat(60);
        let text = failure_of(head.leak(), FailureClass::TooLarge).await;
        assert!(text.contains("the head is larger than 1000 bytes"), "{text}");
        let text = failure_of(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", FailureClass::TooLarge).await;
        assert!(text.contains("the body is larger than 1000 bytes"), "{text}");
        let answer = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &[b'x'; 2000]].concat().leak();
        failure_of(answer, FailureClass::TooLarge).await;
        let discarding = ClientConfig { max_body: 1000, discard_bodies: true, ..ClientConfig::default() };
        assert_eq!(get_answer(answer, discarding).await.1.unwrap().body(), b"");
    });
}

#[test]
fn a_request_that_makes_no_sense_is_no_sample() {
    run(async {
        let world = World::new(ClientConfig::default());
        for (method, url, field) in [
            ("GET", "/path", ("a", "b")),
            ("GET", "http://host/a\nb", ("a", "b")),
            ("G T", "http://host/", ("a", "b")),
            ("GET", "http://host/", ("a", "b\r\nc: d")),
        ] {
            let outcome = world.send(method, url, &[field], None, &RequestOptions::default()).await;
            assert_eq!(outcome.unwrap_err().class(), FailureClass::InvalidRequest);
            let recorded = world.recorded();
            assert!(recorded.requests.is_empty());
            assert!(recorded.problems.contains_key(&Problem::Request(FLOW, FailureClass::InvalidRequest)));
        }
    });
}

#[test]
fn a_server_may_answer_before_it_has_read_everything() {
    run(async {
        let url = serve(|_, mut peer| async move {
            peer.send(super::server::response("413 Content Too Large", &["Connection: close"], "no").as_bytes()).await;
            peer.until_closed().await;
        });
        let world = World::with_target(&url.await);
        let body = "x".repeat(20_000_000);
        let response = world.post("/", &body).await.unwrap();
        assert_eq!((response.status(), response.body()), (413, &b"no"[..]));
    });
}

#[test]
fn large_bodies_go_both_ways_at_once() {
    run(async {
        let url = serve_answers(|request| ok(std::str::from_utf8(&request.body).unwrap())).await;
        let world = World::with_target(&url);
        let body = "0123456789".repeat(500_000);
        let response = world.post("/", &body).await.unwrap();
        assert!(response.body() == body.as_bytes());
    });
}

#[test]
fn a_path_without_a_target_is_reported_once_and_a_url_is_not() {
    run(async {
        let world = World::new(ClientConfig::default());
        let missing = Arc::clone(&world.client.network.config.missing_target);
        let prepare = |url| world.client.prepare("GET", url, std::iter::empty(), None, &RequestOptions::default());
        assert!(prepare("http://127.0.0.1:1/").is_ok() && prepare("nonsense").is_err());
        assert_eq!(missing.problem(), None);
        assert!(prepare("/a").is_err() && prepare("/b").is_err());
        missing.reported().await;
        let problem = missing.problem().unwrap();
        assert!(problem.starts_with("\"/a\" is only a path") && problem.contains("--target URL"), "{problem}");
    });
}

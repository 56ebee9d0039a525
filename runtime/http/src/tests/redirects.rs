//! Redirects and cookies.

use super::server::{Request, answering, ok, response};
use super::*;

/// Sends what it got back: the request line, its body, and the fields that redirects are careful with.
fn echo(request: &Request) -> String {
    let body = String::from_utf8_lossy(&request.body);
    let of = |name| request.field(name).unwrap_or("-").to_owned();
    ok(&format!("{} {body} {} {} {}", request.line(), of("authorization"), of("cookie"), of("content-type")))
}

fn redirect(status: u16, location: &str) -> String {
    response(&format!("{status} Moved"), &[&format!("Location: {location}")], "gone")
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

#[test]
fn every_code_keeps_or_drops_the_body() {
    run(async {
        let url = answering(|request| match request.line().rsplit('/').next().unwrap().parse() {
            Ok(status) => redirect(status, "../end?x=y"),
            Err(_) => echo(request),
        });
        let world = World::with_target(&url.await);
        let fields = [("Content-Type", "text/plain"), ("Authorization", "secret"), ("Cookie", "a=b")];
        let options = RequestOptions::default();
        for (method, status, expected) in [
            ("POST", 301, "GET /end?x=y  secret a=b -"),
            ("POST", 302, "GET /end?x=y  secret a=b -"),
            ("POST", 303, "GET /end?x=y  secret a=b -"),
            ("POST", 307, "POST /end?x=y body secret a=b text/plain"),
            ("PUT", 308, "PUT /end?x=y body secret a=b text/plain"),
            ("PUT", 302, "PUT /end?x=y body secret a=b text/plain"),
            ("PUT", 303, "GET /end?x=y  secret a=b -"),
            ("POST", 300, "gone"),
        ] {
            let path = format!("/from/{status}");
            let response = world.send(method, &path, &fields, Some(b"body"), &options).await.unwrap();
            assert_eq!(text(&response), expected, "{method} {status}");
        }
    });
}

#[test]
fn each_hop_is_a_sample_of_its_own() {
    run(async {
        let url = answering(|request| match request.line() {
            "GET /a" => redirect(302, "/b#part"),
            _ => ok("there"),
        });
        let url = url.await;
        let world = World::with_target(&url);
        let narrow = RequestOptions { expected: Some([(200, 200)].into()), ..RequestOptions::default() };
        let response = world.send("GET", "/a", &[], None, &narrow).await.unwrap();
        assert_eq!((text(&response), response.url()), ("there", format!("{url}/b")));
        let recorded = world.recorded();
        let mut series: Vec<_> =
            recorded.requests.keys().map(|key| (world.name_of(key), key.status, key.expected)).collect();
        series.sort();
        assert_eq!(series, [("/a".to_owned(), 302, true), (format!("{url}/b"), 200, true)]);

        let name = Some(world.recorder.borrow_mut().name("chosen"));
        let options = RequestOptions { name, ..RequestOptions::default() };
        world.send("GET", "/a", &[], None, &options).await.unwrap();
        assert!(world.recorded().requests.keys().all(|key| world.name_of(key) == "chosen"));
    });
}

#[test]
fn secrets_do_not_cross_origins() {
    run(async {
        let elsewhere = answering(echo).await;
        let location = format!("{elsewhere}/end");
        let url = answering(move |_| redirect(307, &location)).await;
        let fields = [("Authorization", "secret"), ("Cookie", "a=b"), ("Host", "other.example"), ("X-Kept", "1")];
        let world = World::with_target(&url);
        let response = world.send("GET", "/", &fields, None, &RequestOptions::default()).await.unwrap();
        assert_eq!(text(&response), "GET /end  - - -");
        assert_eq!(response.url(), format!("{elsewhere}/end"));
    });
}

#[test]
fn a_loop_comes_to_an_end() {
    run(async {
        let world = World::with_target(&answering(|_| redirect(302, "/again")).await);
        let options = RequestOptions { redirects: Some(3), ..RequestOptions::default() };
        let error = world.send("GET", "/start", &[], None, &options).await.unwrap_err();
        assert!(error.to_string().ends_with("/again: more than 3 redirects"), "{error}");
        let recorded = world.recorded();
        assert_eq!(recorded.requests.values().map(|cell| cell.count).sum::<u64>(), 4);
        let failed: Vec<_> = recorded.requests.iter().filter(|(key, _)| key.failure != 0).collect();
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].0.status, failed[0].1.count), (302, 1));
    });
}

#[test]
fn a_redirect_may_be_handed_out_or_lead_nowhere() {
    run(async {
        let world = World::with_target(
            &answering(|request| match request.line() {
                "GET /ftp" => redirect(302, "ftp://host/"),
                "GET /none" => response("302 Found", &[], "no location"),
                _ => redirect(301, "/b"),
            })
            .await,
        );
        let options = RequestOptions { redirects: Some(0), ..RequestOptions::default() };
        let response = world.send("GET", "/a", &[], None, &options).await.unwrap();
        assert_eq!((response.status(), response.header("location").unwrap().as_ref()), (301, "/b"));
        assert_eq!(text(&world.get("/none").await.unwrap()), "no location");
        let error = world.get("/ftp").await.unwrap_err();
        assert_eq!(error.class(), FailureClass::Protocol);
        assert!(error.to_string().contains("only http"), "{error}");
    });
}

#[test]
fn the_time_allowed_is_for_all_hops_together() {
    run(async {
        let world = World::with_target(&answering(|_| redirect(302, "/again")).await);
        let options = RequestOptions {
            redirects: Some(u32::MAX),
            timeout: Some(Duration::from_millis(30)),
            ..RequestOptions::default()
        };
        let error = world.send("GET", "/", &[], None, &options).await.unwrap_err();
        assert_eq!(error, Error::Timeout);
    });
}

#[test]
fn cookies_come_back_until_they_are_forgotten() {
    run(async {
        let url = answering(|request| match request.line() {
            "GET /login" => response("302 Found", &["Set-Cookie: id=7; Path=/", "Location: /home"], ""),
            _ => echo(request),
        });
        let world = World::with_target(&url.await);
        assert_eq!(text(&world.get("/login").await.unwrap()), "GET /home  - id=7 -");
        let own = [("Cookie", "own=1")];
        let options = RequestOptions::default();
        let response = world.send("GET", "/x", &own, None, &options).await.unwrap();
        assert_eq!(text(&response), "GET /x  - own=1; id=7 -");
        world.client.clear_cookies();
        assert_eq!(text(&world.get("/x").await.unwrap()), "GET /x  - - -");
    });
}

//! Redirects and cookies.

use super::server::{Request, ok, response, serve_answers};
use super::*;

/// Returns what it received: the request line, the body, and the fields that redirects treat specially.
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
        let url = serve_answers(|request| match request.line().rsplit('/').next().unwrap().parse() {
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
            ("PUT", 301, "GET /end?x=y  secret a=b -"),
            ("PUT", 302, "GET /end?x=y  secret a=b -"),
            ("PUT", 303, "GET /end?x=y  secret a=b -"),
            ("DELETE", 302, "GET /end?x=y  secret a=b -"),
            ("OPTIONS", 301, "GET /end?x=y  secret a=b -"),
            ("GET", 302, "GET /end?x=y  secret a=b -"),
            ("DELETE", 307, "DELETE /end?x=y body secret a=b text/plain"),
            ("POST", 300, "gone"),
        ] {
            let path = format!("/from/{status}");
            let response = world.send(method, &path, &fields, Some(b"body"), &options).await.unwrap();
            assert_eq!(text(&response), expected, "{method} {status}");
        }
        for status in [301, 302, 303, 307, 308] {
            let response = world.send("HEAD", &format!("/from/{status}"), &fields, None, &options).await.unwrap();
            assert_eq!((response.status(), text(&response)), (200, ""), "HEAD {status}");
        }
    });
}

#[test]
fn each_hop_is_a_sample_of_its_own() {
    run(async {
        let url = serve_answers(|request| match request.line() {
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
        // An unexpected status counts as such in the middle of a chain, too.
        assert_eq!(series, [("/a".to_owned(), 302, false), (format!("{url}/b"), 200, true)]);
        world.get("/a").await.unwrap();
        assert!(world.recorded().requests.keys().all(|key| key.expected), "3xx is expected unless told otherwise");

        let name = Some(world.recorder.borrow_mut().name("chosen"));
        let options = RequestOptions { name, ..RequestOptions::default() };
        world.send("GET", "/a", &[], None, &options).await.unwrap();
        assert!(world.recorded().requests.keys().all(|key| world.name_of(key) == "chosen"));
    });
}

/// The fields that must not reach another origin, and one that may.
const SECRETS: [(&str, &str); 5] = [
    ("Authorization", "secret"),
    ("Proxy-Authorization", "secret"),
    ("Cookie", "a=secret"),
    ("Host", "secret.example"),
    ("X-Kept", "1"),
];

/// The whole head.
fn head(request: &Request) -> String {
    ok(&request.head)
}

#[test]
fn secrets_do_not_cross_origins() {
    run(async {
        let elsewhere = serve_answers(head).await;
        for status in [301, 302, 303, 307, 308] {
            let location = format!("{elsewhere}/end");
            let url = serve_answers(move |_| redirect(status, &location)).await;
            let world = World::with_target(&url);
            let jar = Some(Rc::default());
            for options in [RequestOptions::default(), RequestOptions { cookie_jar: jar, ..RequestOptions::default() }]
            {
                let response = world.send("POST", "/", &SECRETS, Some(b"body"), &options).await.unwrap();
                assert!(!text(&response).contains("secret"), "{status}: {}", text(&response));
                assert!(text(&response).contains("X-Kept: 1"));
                assert_eq!(response.url(), format!("{elsewhere}/end"));
            }
            let many =
                world.client.prepare("POST", "/", SECRETS.into_iter(), Some(b"body"), &RequestOptions::default());
            for response in world.client.send_all(vec![many]).await {
                assert!(!text(response.as_ref().unwrap()).contains("secret"), "in a batch");
            }
        }
    });
}

#[test]
fn secrets_do_not_come_back_from_another_origin() {
    run(async {
        let home: Rc<std::cell::RefCell<String>> = Rc::default();
        let back = Rc::clone(&home);
        let elsewhere = serve_answers(move |_| redirect(302, &format!("{}/end", back.borrow()))).await;
        let url = serve_answers(move |request| match request.line() {
            "GET /end" => head(request),
            _ => redirect(302, &elsewhere),
        });
        let url = url.await;
        home.replace(url.clone());
        let world = World::with_target(&url);
        let response = world.send("GET", "/", &SECRETS, None, &RequestOptions::default()).await.unwrap();
        assert!(!text(&response).contains("secret"), "{}", text(&response));
    });
}

#[test]
fn secrets_stay_with_their_origin_however_it_is_written() {
    run(async {
        let url = serve_answers(|request| match request.line() {
            "GET /end" => head(request),
            _ => redirect(302, &format!("HTTP://{}/end", request.field("x-where").unwrap().to_uppercase())),
        });
        let url = url.await;
        let world = World::with_target(&url);
        let here = ("X-Where", url.trim_start_matches("http://"));
        let fields = [&SECRETS[..], &[here]].concat();
        let response = world.send("GET", "/", &fields, None, &RequestOptions::default()).await.unwrap();
        for (name, value) in SECRETS {
            assert!(text(&response).contains(&format!("{name}: {value}\r\n")), "{name} in {}", text(&response));
        }
    });
}

#[test]
fn a_loop_comes_to_an_end() {
    run(async {
        let world = World::with_target(&serve_answers(|_| redirect(302, "/again")).await);
        let options = RequestOptions { redirects: Some(3), ..RequestOptions::default() };
        let error = world.send("GET", "/start", &[], None, &options).await.unwrap_err();
        assert!(error.to_string().ends_with("/again: more than 3 redirects"), "{error}");
        let recorded = world.recorded();
        assert_eq!(recorded.requests.values().map(|cell| cell.count).sum::<u64>(), 4);
        let failed: Vec<_> = recorded.requests.iter().filter(|(key, _)| key.failure != 0).collect();
        assert_eq!(failed.len(), 1);
        assert_eq!((failed[0].0.status, failed[0].1.count), (302, 1));

        let options = RequestOptions { return_last_redirect: true, ..options };
        let response = world.send("GET", "/start", &[], None, &options).await.unwrap();
        assert_eq!((response.status(), text(&response)), (302, "gone"));
        let recorded = world.recorded();
        assert_eq!(recorded.requests.values().map(|cell| cell.count).sum::<u64>(), 4);
        assert!(recorded.requests.keys().all(|key| key.expected && key.failure == 0));
    });
}

#[test]
fn a_location_is_read_as_browsers_read_it() {
    run(async {
        let world = World::with_target(
            &serve_answers(|request| match request.line().strip_prefix("GET /to/") {
                Some(location) => redirect(302, &location.replace("%20", " ").replace("%C3%BC", "ü")),
                None => echo(request),
            })
            .await,
        );
        for (location, expected) in [
            ("/a b?c d", "GET /a%20b?c%20d  - - -"),
            ("/ü?ü", "GET /%C3%BC?%C3%BC  - - -"),
            ("/x/./../end?a", "GET /end?a  - - -"),
        ] {
            let way = location.replace(' ', "%20").replace('ü', "%C3%BC");
            assert_eq!(text(&world.get(&format!("/to/{way}")).await.unwrap()), expected, "{location}");
        }
        // Without a place to go to it is a response like others.
        assert_eq!(world.get("/to/").await.unwrap().status(), 302);
    });
}

#[test]
fn a_redirect_may_be_handed_out_or_lead_nowhere() {
    run(async {
        let world = World::with_target(
            &serve_answers(|request| match request.line() {
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
        let base = Some(BaseUrl::parse(&serve_answers(|_| redirect(302, "/again")).await).unwrap());
        let world = World::new(ClientConfig { base, most_redirects: u32::MAX, ..ClientConfig::default() });
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
        let url = serve_answers(|request| match request.line() {
            "GET /login" => response("302 Found", &["Set-Cookie: id=7; Path=/", "Location: /home"], ""),
            _ => echo(request),
        });
        let world = World::with_target(&url.await);
        assert_eq!(text(&world.get("/login").await.unwrap()), "GET /home  - id=7 -");
        let own = [("Cookie", "own=1")];
        let options = RequestOptions::default();
        let response = world.send("GET", "/x", &own, None, &options).await.unwrap();
        assert_eq!(text(&response), "GET /x  - own=1; id=7 -");
        world.client.cookie_jar().clear();
        assert_eq!(text(&world.get("/x").await.unwrap()), "GET /x  - - -");
    });
}

#[test]
fn a_jar_of_its_own_is_kept_through_redirects_and_batches() {
    run(async {
        let url = serve_answers(|request| match request.line() {
            "GET /login" => response("302 Found", &["Set-Cookie: id=7; Path=/", "Location: /home"], ""),
            _ => echo(request),
        });
        let world = World::with_target(&url.await);
        let jar: Rc<CookieJar> = Rc::default();
        assert!(world.client.set_cookie(&jar, "/", "own=1"));
        assert!(!world.client.set_cookie(&jar, "/", "own=1; Domain=other.example"));
        let options = RequestOptions { cookie_jar: Some(Rc::clone(&jar)), ..RequestOptions::default() };
        let login = || world.client.prepare("GET", "/login", std::iter::empty(), None, &options);
        let responses = world.client.send_all(vec![login()]).await;
        assert_eq!(text(responses[0].as_ref().unwrap()), "GET /home  - own=1; id=7 -");
        let pairs = [("own".to_owned(), "1".to_owned()), ("id".to_owned(), "7".to_owned())];
        assert_eq!(world.client.cookies_for(&jar, "/x"), pairs);
        assert_eq!(text(&world.get("/x").await.unwrap()), "GET /x  - - -", "the client's own jar is another");
    });
}

#[test]
fn a_cookie_may_take_the_place_of_the_jar_s() {
    run(async {
        let url = serve_answers(|request| match request.line() {
            "GET /a" => response("302 Found", &["Set-Cookie: id=8; Path=/", "Location: /b"], ""),
            _ => echo(request),
        });
        let world = World::with_target(&url.await);
        for cookie in ["id=7", "other=1"] {
            world.client.set_cookie(world.client.cookie_jar(), "/", cookie);
        }
        let options = RequestOptions { replaced_cookies: Some(["id".to_owned()].into()), ..RequestOptions::default() };
        for path in ["/a", "/x"] {
            let response = world.send("GET", path, &[("Cookie", "id=mine")], None, &options).await.unwrap();
            assert!(text(&response).ends_with("  - id=mine; other=1 -"), "{}", text(&response));
        }
    });
}

#[test]
fn a_request_s_own_redirects_are_no_more_than_the_run_s() {
    run(async {
        let url = serve_answers(|_| redirect(302, "/again")).await;
        let base = Some(BaseUrl::parse(&url).unwrap());
        let world = World::new(ClientConfig { base, most_redirects: 3, ..ClientConfig::default() });
        let options = RequestOptions { redirects: Some(u32::MAX), ..RequestOptions::default() };
        let error = world.send("GET", "/again", &[], None, &options).await.err().unwrap();
        assert!(error.to_string().ends_with("more than 3 redirects (limit, raise with --max-redirects)"), "{error}");
    });
}

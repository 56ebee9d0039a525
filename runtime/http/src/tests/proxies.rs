//! Proxies: the real exchanges with small proxies, and with hostile ones.

use std::cell::RefCell;
use std::rc::Rc;

use squall_address::Proxies;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use super::server::{Peer, ok, serve, serve_answers};
use super::tls::{given, serve_tls};
use super::*;
use crate::{ConnectionReuse, EgressPolicy, EgressRules, RouteConfig};

/// What a proxy was asked for.
type Asked = Rc<RefCell<Vec<String>>>;

/// An HTTP proxy whose tunnels all lead to `server` ("127.0.0.1:8080"), with or without a login.
async fn http_proxy(server: &str, login: Option<&'static str>) -> (String, Asked) {
    let (asked, server) = (Asked::default(), server.to_owned());
    let log = Rc::clone(&asked);
    let url = serve(move |_, mut peer| {
        let (log, server) = (Rc::clone(&log), server.clone());
        async move {
            while let Some(request) = peer.request().await {
                log.borrow_mut().push(request.line().to_owned());
                if request.field("proxy-authorization") != login {
                    peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await;
                    continue;
                }
                if request.line().starts_with("CONNECT ") {
                    peer.send(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n").await;
                    let mut server = TcpStream::connect(&server).await.unwrap();
                    let _ = copy_bidirectional(&mut peer.into_stream(), &mut server).await;
                    return;
                }
                peer.send(ok(request.field("host").unwrap()).as_bytes()).await;
            }
        }
    })
    .await;
    (url, asked)
}

/// A SOCKS5 proxy whose connections all lead to `server`. With a login, it wants that.
async fn socks_proxy(server: &str, login: Option<&'static [u8]>) -> (String, Asked) {
    let (asked, server) = (Asked::default(), server.to_owned());
    let log = Rc::clone(&asked);
    let url = serve(move |_, peer| {
        let (log, server) = (Rc::clone(&log), server.clone());
        async move {
            let _ = socks_session(peer.into_stream(), &server, login, &log).await;
        }
    })
    .await;
    (url.replace("http://", ""), asked)
}

async fn socks_session(mut client: TcpStream, server: &str, login: Option<&[u8]>, log: &Asked) -> std::io::Result<()> {
    let mut head = [0; 2];
    client.read_exact(&mut head).await?;
    let mut methods = vec![0; usize::from(head[1])];
    client.read_exact(&mut methods).await?;
    match login {
        None => client.write_all(&[5, 0]).await?,
        Some(_) if !methods.contains(&2) => return client.write_all(&[5, 255]).await,
        Some(expected) => {
            client.write_all(&[5, 2]).await?;
            let mut given = vec![0; expected.len()];
            client.read_exact(&mut given).await?;
            client.write_all(&[1, u8::from(given != expected)]).await?;
        }
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let length = match request[3] {
        1 => 4,
        4 => 16,
        _ => usize::from(client.read_u8().await?),
    };
    let mut place = vec![0; length];
    client.read_exact(&mut place).await?;
    let port = client.read_u16().await?;
    let place = if request[3] == 3 { String::from_utf8(place).unwrap() } else { format!("{place:?}") };
    log.borrow_mut().push(format!("{place} at {port}"));
    if port == 9 {
        return client.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await;
    }
    client.write_all(&[5, 0, 0, 3, 4, b'e', b'x', b'i', b't', 0, 80]).await?;
    let mut server = TcpStream::connect(server).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

fn through(proxy: &str) -> RouteConfig {
    let proxies = Proxies::all(proxy.parse().unwrap(), "direct.test".parse().unwrap());
    RouteConfig { proxies, ..RouteConfig::default() }
}

fn world_through(proxy: &str) -> World {
    World::new(ClientConfig { routes: through(proxy), ..ClientConfig::default() })
}

fn place_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

#[test]
fn plain_http_names_whole_urls_to_a_proxy_and_keeps_its_connection() {
    run(async {
        let (proxy, asked) = http_proxy("127.0.0.1:9", None).await;
        let world = world_through(&proxy);
        for path in ["/a?b=c", "/d"] {
            let response = world.get(&format!("http://shop.example.com:8080{path}")).await.unwrap();
            assert_eq!(response.body(), b"shop.example.com:8080");
            assert!(response.url().ends_with(path), "{}", response.url());
        }
        let expected = ["GET http://shop.example.com:8080/a?b=c", "GET http://shop.example.com:8080/d"];
        assert_eq!(*asked.borrow(), expected);
        assert_eq!(world.recorded().run.connections, 1);
    });
}

#[test]
fn tls_goes_through_a_tunnel() {
    run(async {
        let server = serve_tls().await;
        let (proxy, asked) = http_proxy(&server.url.replace("https://localhost", "127.0.0.1"), None).await;
        let (_file, tls) = given(&server.certificate);
        let world = World::new(ClientConfig { tls, routes: through(&proxy), ..ClientConfig::default() });
        for _ in 0..2 {
            assert_eq!(world.get("https://localhost/a").await.unwrap().body(), b"GET /a");
        }
        assert_eq!(*asked.borrow(), ["CONNECT localhost:443"]);
        let (_, cell) = world.only_series();
        let phases = cell.blocked.sum() + cell.connecting.sum() + cell.tls_handshaking.sum() + cell.duration.sum();
        assert_eq!(phases, cell.response_time.sum());
        // The exchange with the proxy is counted as well.
        let (received, sent) = server.traffic.get();
        assert!(cell.sent > received && cell.received > sent, "{} {received} {} {sent}", cell.sent, cell.received);
    });
}

#[test]
fn a_proxy_wants_its_login() {
    run(async {
        const LOGIN: &str = "Basic YWRhOnNlY3JldA==";
        let server = serve_tls().await;
        let (proxy, _) = http_proxy(&server.url.replace("https://localhost", "127.0.0.1"), Some(LOGIN)).await;
        let with_login = proxy.replace("http://", "http://ada:secret@");
        let (_file, tls) = given(&server.certificate);
        let world = |proxy: &str| {
            World::new(ClientConfig { tls: tls.clone(), routes: through(proxy), ..ClientConfig::default() })
        };
        assert!(world(&with_login).get("https://localhost/").await.is_ok());
        assert!(world(&with_login).get("http://localhost/").await.is_ok());
        // A refusal of a plain request is an answer like others.
        assert_eq!(world(&proxy).get("http://localhost/").await.unwrap().status(), 407);
        for (given, expected) in [
            (proxy.clone(), "it wants a user and a password"),
            (with_login.replace("secret", "wrong"), "it does not accept this user and password"),
        ] {
            let world = world(&given);
            let outcome = world.get("https://localhost/").await;
            let text = only_failure(&world, outcome, FailureClass::Connect);
            let begin =
                format!("proxy {proxy}: connect to localhost:443: 407 Proxy Authentication Required ({expected}");
            assert!(text.starts_with(&begin), "{text}");
            assert!(!text.contains("wrong") && !text.contains("secret"), "{text}");
        }
    });
}

#[test]
fn socks_is_told_a_name_or_an_address() {
    run(async {
        let server = serve_answers(|request| ok(request.line())).await;
        let (proxy, asked) = socks_proxy(place_of(&server), None).await;
        let world = world_through(&format!("socks5h://{proxy}"));
        assert_eq!(world.get("http://shop.example.com:8080/a").await.unwrap().body(), b"GET /a");
        let world = world_through(&format!("socks5://{proxy}"));
        world.client.network.resolver.answer_next("shop.example.com", &["10.0.0.1".parse().unwrap()]);
        assert_eq!(world.get("http://shop.example.com:8080/b").await.unwrap().body(), b"GET /b");
        assert_eq!(world_through(&format!("socks5h://{proxy}")).get("http://[::1]/c").await.unwrap().body(), b"GET /c");
        let v6 = format!("{:?} at 80", std::net::Ipv6Addr::LOCALHOST.octets());
        assert_eq!(*asked.borrow(), ["shop.example.com at 8080", "[10, 0, 0, 1] at 8080", &v6]);
    });
}

#[test]
fn socks_wants_its_login_and_says_why_it_refuses() {
    run(async {
        let server = serve_answers(|request| ok(request.line())).await;
        let (proxy, _) = socks_proxy(place_of(&server), Some(b"\x01\x03ada\x06secret")).await;
        let good = format!("socks5h://ada:secret@{proxy}");
        assert!(world_through(&good).get("http://shop.example.com/").await.is_ok());
        for (given, url, expected) in [
            (format!("socks5h://{proxy}"), "http://shop.example.com/", "it wants a user and a password"),
            (good.replace("secret", "wrongs"), "http://shop.example.com/", "it does not accept this user and password"),
            (good, "http://shop.example.com:9/", "connect to shop.example.com:9: connection refused"),
        ] {
            let world = world_through(&given);
            let outcome = world.get(url).await;
            let text = only_failure(&world, outcome, FailureClass::Connect);
            assert!(text.starts_with(&format!("proxy socks5h://{proxy}: ")) && text.contains(expected), "{text}");
        }
    });
}

#[test]
fn hosts_can_be_left_out() {
    run(async {
        let server = serve_answers(|request| ok(request.line())).await;
        let world = world_through("http://127.0.0.1:9");
        world.client.network.resolver.answer_next("direct.test", &["127.0.0.1".parse().unwrap()]);
        let url = server.replace("127.0.0.1", "direct.test");
        assert_eq!(world.get(&format!("{url}/a")).await.unwrap().body(), b"GET /a");
        let outcome = world.get("http://other.test/").await;
        let error = outcome.unwrap_err();
        let expected = "connect to proxy http://127.0.0.1:9 at 127.0.0.1:9 for other.test: connection refused";
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn the_policy_holds_for_the_proxy_and_for_the_hosts_behind_it() {
    run(async {
        let (local, asked) = http_proxy("127.0.0.1:9", None).await;
        let rules = |texts: &[&str]| texts.iter().map(|rule| rule.parse().unwrap()).collect();
        let world = |proxy: &str, allowed: &[&str], vouched: &[&str]| {
            let egress = EgressPolicy::Only(EgressRules { allowed: rules(allowed), vouched: rules(vouched) });
            let reuse = ConnectionReuse::Never;
            World::new(ClientConfig { routes: through(proxy), egress, reuse, ..ClientConfig::default() })
        };
        for (proxy, url, allowed, vouched, expected) in [
            // The proxy's own address.
            ("http://93.184.216.34:3128", "http://shop.test/", &["shop.test"][..], &[][..], "on the public Internet"),
            ("http://169.254.169.254:80", "http://shop.test/", &["shop.test"], &["*"], "where a cloud keeps"),
            // A host that was not named, by name or address.
            (&local, "http://other.test/", &["shop.test"], &["*"], "other.test:80 is not allowed"),
            (&local, "https://other.test/", &["shop.test"], &["*"], "other.test:443 is not allowed"),
            (&local, "http://169.254.169.254/", &["*", "169.254.0.0/16"], &["*"], "169.254.169.254:80 is not allowed"),
            // The proxy itself is not a target.
            (&local, &local, &["shop.test"], &["*"], "is not allowed"),
            // A name that may be public, whose address is not seen here.
            (&local, "http://shop.example.com/", &["shop.example.com"], &[], "is looked up by the proxy"),
        ] {
            let world = world(proxy, allowed, vouched);
            let outcome = world.get(url).await;
            let text = only_failure(&world, outcome, FailureClass::RefusedByPolicy);
            assert!(text.contains(expected), "{proxy} {url}: {text}");
        }
        assert!(asked.borrow().is_empty());
        for (allowed, vouched, url) in [
            (&["shop.test"][..], &[][..], "http://shop.test/"),
            (&["shop.example.com"], &["shop.example.com"], "http://shop.example.com/"),
        ] {
            assert!(world(&local, allowed, vouched).get(url).await.is_ok(), "{url}");
        }
        // Through socks5:// names are looked up here, and their addresses checked.
        let (socks, asked) = socks_proxy("127.0.0.1:9", None).await;
        let world = world(&format!("socks5://{socks}"), &["shop.example.com"], &["*"]);
        world.client.network.resolver.answer_next("shop.example.com", &["10.0.0.1".parse().unwrap()]);
        let outcome = world.get("http://shop.example.com/").await;
        let text = only_failure(&world, outcome, FailureClass::RefusedByPolicy);
        assert!(text.contains("DNS rebinding"), "{text}");
        assert!(asked.borrow().is_empty());
    });
}

#[test]
fn a_proxy_that_breaks_the_rules_is_named() {
    run(async {
        for (answer, expected) in [
            ("", "it closed the connection"),
            ("SSH-2.0-OpenSSH\r\n\r\n", "its answer is not HTTP/1.1: \"SSH-2.0-OpenSSH\""),
            ("HTTP/1.1 502 Bad\u{1b}[2J Gateway\r\n\r\n", "502 Bad\\u{1b}[2J Gateway"),
            ("HTTP/1.1 99 x\r\n\r\n", "its answer is not HTTP/1.1"),
        ] {
            let proxy = serve(move |_, mut peer| async move {
                peer.request().await;
                peer.send(answer.as_bytes()).await;
            })
            .await;
            let world = world_through(&proxy);
            let outcome = world.get("https://shop.test/").await;
            let text = only_failure(&world, outcome, FailureClass::Connect);
            assert!(text.starts_with(&format!("proxy {proxy}: connect to shop.test:443: ")), "{text}");
            assert!(text.contains(expected), "{text}");
        }
        let endless = serve(|_, mut peer| async move {
            peer.request().await;
            peer.send(&[b'a'; 17 << 10]).await;
            peer.until_closed().await;
        })
        .await;
        let world = world_through(&endless);
        let text = only_failure(&world, world.get("https://shop.test/").await, FailureClass::Connect);
        assert!(text.contains("its answer has more than 16384 bytes"), "{text}");
        for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], &[4, 0], &[5, 1]] {
            let proxy = serve(move |_, mut peer: Peer<TcpStream>| async move {
                peer.send(answer).await;
                peer.until_closed().await;
            })
            .await;
            let world = world_through(&proxy.replace("http", "socks5h"));
            let outcome = world.get("http://shop.test/").await;
            only_failure(&world, outcome, FailureClass::Connect);
        }
    });
}

#[test]
fn a_silent_proxy_is_given_up() {
    run(async {
        let silent = serve(|_, mut peer| async move { peer.until_closed().await }).await;
        let config = ClientConfig {
            routes: through(&silent),
            connect_timeout: Duration::from_millis(30),
            ..ClientConfig::default()
        };
        let world = World::new(config);
        let text = only_failure(&world, world.get("https://shop.test/").await, FailureClass::Connect);
        assert!(text.contains("no answer within 30ms"), "{text}");
    });
}

#[test]
fn a_socket_goes_through_a_tunnel_and_datagrams_do_not_pass_a_proxy_by() {
    run(async {
        let server = serve(|_, mut peer| async move {
            peer.wait_for(b"hello\n").await;
            peer.send(b"welcome\n").await;
        })
        .await;
        let (http, asked_http) = http_proxy(place_of(&server), None).await;
        let (socks, asked_socks) = socks_proxy(place_of(&server), None).await;
        for (proxy, asked, place) in [
            (http.clone(), asked_http, "CONNECT cache.test:6379"),
            (format!("socks5h://{socks}"), asked_socks, "cache.test at 6379"),
        ] {
            let world = world_through(&proxy);
            let connection = world.client.open_tcp("", "cache.test:6379", None, Duration::from_secs(60)).await.unwrap();
            tokio::task::spawn_local(Rc::clone(&connection).drive());
            connection.send(&world.client, b"hello\n").unwrap();
            let answer = std::future::poll_fn(|context| connection.poll_until(b"\n", 100, context)).await;
            assert_eq!(answer.unwrap().unwrap(), b"welcome\n");
            assert_eq!(*asked.borrow(), [place]);
            let refused = world.client.open_udp("", "cache.test:6379").await.unwrap_err();
            assert!(refused.to_string().contains("carries no datagrams"), "{refused}");
            world.client.network.resolver.answer_next("direct.test", &["127.0.0.1".parse().unwrap()]);
            assert!(world.client.open_udp("", "direct.test:53").await.is_ok());
        }
    });
}

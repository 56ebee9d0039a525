//! Where connections go, and where they come from.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

use squall_address::HostMap;
use tokio::net::UnixListener;

use super::server::{Peer, ok, serve_answers, serve_at};
use super::*;
use crate::{ConnectPace, ConnectionReuse, EgressPolicy, EgressRules, RouteConfig, SocketConfig};

/// A policy that allows these hosts, and loads on those public ones.
fn only(allowed: &[&str], vouched: &[&str]) -> EgressPolicy {
    let rules = |texts: &[&str]| texts.iter().map(|rule| rule.parse().unwrap()).collect();
    EgressPolicy::Only(EgressRules { allowed: rules(allowed), vouched: rules(vouched) })
}

fn mapped(entries: &[(&str, &str)]) -> RouteConfig {
    let written = entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let hosts = HostMap::try_from(written.collect::<std::collections::BTreeMap<_, _>>()).unwrap();
    RouteConfig { hosts, ..RouteConfig::default() }
}

fn world(routes: RouteConfig, egress: EgressPolicy) -> World {
    World::new(ClientConfig { routes, egress, reuse: ConnectionReuse::Never, ..ClientConfig::default() })
}

/// A server that answers with the name that it was asked for.
async fn serve_names() -> (String, u16) {
    let url = serve_answers(|request| ok(request.field("host").unwrap())).await;
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    (url.strip_prefix("http://").unwrap().to_owned(), port)
}

#[test]
fn a_host_is_found_at_its_given_address_and_keeps_its_name() {
    run(async {
        let (server, port) = serve_names().await;
        for entries in [
            &[("shop.example.com", server.as_str())][..],
            &[("shop.example.com:8080", &server), ("*", "127.0.0.9:1")],
            &[("*.example.com", &server)],
        ] {
            let world = world(mapped(entries), only(&["shop.example.com"], &[]));
            let response = world.get("http://shop.example.com:8080/").await.unwrap();
            assert_eq!(response.body(), b"shop.example.com:8080", "{entries:?}");
        }
        // Without a port of its own, an address is asked at the URL's.
        let world = world(mapped(&[("shop.example.com", "127.0.0.1")]), only(&["shop.example.com"], &[]));
        assert!(world.get(&format!("http://shop.example.com:{port}/")).await.is_ok());
        assert_eq!(world.client.network.resolver.answers_left(), 0);
    });
}

#[test]
fn a_given_address_is_held_to_the_policy() {
    run(async {
        for (address, allowed, vouched, expected) in [
            ("93.184.216.34", &["shop.example.com"][..], &[][..], "is on the public Internet"),
            ("169.254.169.254", &["shop.example.com"], &["*"], "where a cloud keeps its credentials"),
            ("::ffff:169.254.169.254", &["shop.example.com"], &["*"], "where a cloud keeps its credentials"),
            ("127.0.0.1", &["other.example.com"], &["*"], "is not allowed"),
        ] {
            let world = world(mapped(&[("shop.example.com", address)]), only(allowed, vouched));
            let outcome = world.get("http://shop.example.com:9/").await;
            let text = only_failure(&world, outcome, FailureClass::RefusedByPolicy);
            assert!(text.contains(expected), "{address}: {text}");
        }
    });
}

#[test]
fn another_server_stands_in_for_a_host() {
    run(async {
        let (server, port) = serve_names().await;
        for (connect_to, url) in [
            (format!("shop.example.com:80:127.0.0.1:{port}"), "http://shop.example.com/"),
            (format!("::127.0.0.1:{port}"), "http://shop.example.com/"),
            (format!("shop.example.com::localhost:{port}"), "http://shop.example.com:8080/"),
        ] {
            let connect_to = vec![connect_to.parse().unwrap()];
            let routes = RouteConfig { connect_to, ..RouteConfig::default() };
            let world = world(routes, only(&["shop.example.com"], &[]));
            let response = world.get(url).await.unwrap();
            assert_eq!(response.body(), &url.as_bytes()[7..url.len() - 1]);
        }
        // What stands in may be mapped in its turn.
        let connect_to = vec!["shop.example.com:80:edge.test:8443".parse().unwrap()];
        let routes = RouteConfig { connect_to, ..mapped(&[("edge.test:8443", &server)]) };
        assert!(world(routes, only(&["shop.example.com"], &[])).get("http://shop.example.com/").await.is_ok());
    });
}

#[test]
fn a_server_that_stands_in_is_held_to_the_policy_and_named_in_errors() {
    run(async {
        let at = |to: &str| RouteConfig {
            connect_to: vec![format!("shop.example.com:80:{to}").parse().unwrap()],
            ..RouteConfig::default()
        };
        for (to, answer, expected) in [
            ("93.184.216.34:80", None, "93.184.216.34:80 (93.184.216.34) is on the public Internet"),
            ("169.254.169.254:80", None, "where a cloud keeps its credentials"),
            // A name that an outsider may have registered does not lead inside.
            ("edge.example.com:80", Some("10.0.0.1"), "edge.example.com:80 leads to 10.0.0.1"),
        ] {
            let world = world(at(to), only(&["shop.example.com"], &[]));
            if let Some(answer) = answer {
                world.client.network.resolver.answer_next("edge.example.com", &[answer.parse().unwrap()]);
            }
            let outcome = world.get("http://shop.example.com/").await;
            let text = only_failure(&world, outcome, FailureClass::RefusedByPolicy);
            assert!(text.contains(expected), "{to}: {text}");
        }
        let world = world(at("127.0.0.1:9"), only(&["shop.example.com"], &[]));
        let outcome = world.get("http://shop.example.com/").await;
        let text = only_failure(&world, outcome, FailureClass::Connect);
        assert!(text.starts_with("connect to 127.0.0.1:9 for shop.example.com: connection refused"), "{text}");
    });
}

#[test]
fn all_connections_go_to_a_unix_socket() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.sock");
        let listener = UnixListener::bind(&path).unwrap();
        tokio::task::spawn_local(async move {
            loop {
                let mut peer = Peer::new(listener.accept().await.unwrap().0);
                tokio::task::spawn_local(async move {
                    while let Some(request) = peer.request().await {
                        let host = request.field("host").unwrap().to_owned();
                        peer.send(ok(&host).as_bytes()).await;
                    }
                });
            }
        });
        let through = |path: &std::path::Path| {
            let routes = RouteConfig { unix_socket: Some(path.to_owned()), ..RouteConfig::default() };
            World::new(ClientConfig { routes, egress: only(&["shop.example.com"], &[]), ..ClientConfig::default() })
        };
        let world = through(&path);
        for _ in 0..2 {
            assert_eq!(world.get("http://shop.example.com/").await.unwrap().body(), b"shop.example.com");
        }
        let (_, cell) = world.only_series();
        assert_eq!(cell.count, 2);
        assert!(cell.sent > 0 && cell.received > 0);
        // It is the same hosts that may be named.
        let outcome = world.get("http://other.example.com/").await;
        only_failure(&world, outcome, FailureClass::RefusedByPolicy);
        let missing = folder.path().join("missing.sock");
        let world = through(&missing);
        let outcome = world.get("http://shop.example.com/").await;
        let text = only_failure(&world, outcome, FailureClass::Connect);
        let expected =
            format!("connect to the Unix socket {} for shop.example.com: entity not found", missing.display());
        assert!(text.starts_with(&expected), "{text}");
    });
}

/// A server that keeps the addresses that connections come from.
async fn serve_sources() -> (String, Rc<RefCell<Vec<IpAddr>>>) {
    let seen: Rc<RefCell<Vec<IpAddr>>> = Rc::default();
    let url = {
        let seen = Rc::clone(&seen);
        serve_at("127.0.0.1", move |_, peer| {
            let stream = peer.into_stream();
            seen.borrow_mut().push(stream.peer_addr().unwrap().ip());
            async move {
                let mut peer = Peer::new(stream);
                while peer.request().await.is_some() {
                    peer.send(ok("hello").as_bytes()).await;
                }
            }
        })
        .await
        .unwrap()
    };
    (url, seen)
}

#[test]
fn users_take_turns_at_the_source_addresses_and_keep_theirs() {
    run(async {
        let (url, seen) = serve_sources().await;
        let sources = Some("127.0.0.2-127.0.0.3,127.0.0.9".parse().unwrap());
        let sockets = SocketConfig { sources, ..SocketConfig::default() };
        let world = World::new(ClientConfig { sockets, reuse: ConnectionReuse::Never, ..ClientConfig::default() });
        let network = Rc::clone(&world.client.network);
        for _ in 0..2 {
            world.get(&url).await.unwrap();
        }
        for _ in 0..3 {
            let client = Client::new(Rc::clone(&network));
            let none = std::iter::empty();
            let request = client.prepare("GET", &url, none, None, &RequestOptions::default()).unwrap();
            client.send(request).await.unwrap();
        }
        let seen: Vec<String> = seen.borrow().iter().map(ToString::to_string).collect();
        assert_eq!(seen, ["127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.9", "127.0.0.2"]);
    });
}

#[test]
fn a_source_address_that_cannot_be_used_is_named() {
    run(async {
        let from = |source: &str| {
            let sockets = SocketConfig { sources: Some(source.parse().unwrap()), ..SocketConfig::default() };
            World::new(ClientConfig { sockets, ..ClientConfig::default() })
        };
        for (source, expected) in [
            ("203.0.113.1", "no local port or address is free (from 203.0.113.1)"),
            ("::1", "it has no IPv6 address, and connections come from ::1 (--local-ips)"),
        ] {
            let world = from(source);
            let outcome = world.get("http://127.0.0.1:9/").await;
            let text = only_failure(&world, outcome, FailureClass::Connect);
            assert!(text.contains(expected), "{text}");
        }
    });
}

#[test]
fn connections_are_opened_at_a_pace_and_the_wait_is_blocked() {
    run(async {
        let (url, seen) = serve_sources().await;
        let interval = Duration::from_millis(20);
        let sockets = SocketConfig { pace: Some(ConnectPace { interval }), ..SocketConfig::default() };
        let world = World::new(ClientConfig { sockets, reuse: ConnectionReuse::Never, ..ClientConfig::default() });
        let start = world.clock.now();
        for _ in 0..4 {
            world.get(&url).await.unwrap();
        }
        let took: Duration = world.clock.now().since(start).into();
        assert!(took >= 3 * interval, "{took:?}");
        assert_eq!(seen.borrow().len(), 4);
        let (_, cell) = world.only_series();
        assert!(Duration::from(cell.blocked.sum()) > Duration::from(cell.connecting.sum()));
    });
}

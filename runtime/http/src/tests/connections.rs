//! The choice of a connection for a request, and retries.

use std::cell::RefCell;
use std::rc::Rc;

use std::net::IpAddr;

use super::server::{be_silent_at, ok, response, serve, serve_answers, serve_at, serve_at_port};
use super::*;
use crate::{AddressTurns, ConnectionReuse, EgressPolicy, EgressRules};

/// The requests that arrived, each with the number of its connection.
type Log = Rc<RefCell<Vec<(usize, String)>>>;

/// A server that closes its first connection after `served` requests: after reading another one if `reads_another`, or
/// immediately.
async fn serve_and_close(served: usize, reads_another: bool, log: &Log) -> String {
    let log = Rc::clone(log);
    serve(move |number, mut peer| {
        let log = Rc::clone(&log);
        async move {
            let mut count = 0;
            while number > 0 || count < served || reads_another {
                let Some(request) = peer.request().await else { return };
                log.borrow_mut().push((number, request.line().to_owned()));
                count += 1;
                if number == 0 && count > served {
                    return;
                }
                peer.send(ok("hello").as_bytes()).await;
            }
        }
    })
    .await
}

/// Waits until the client can know that its idle connection is of no use.
async fn until_stale(world: &World) {
    loop {
        if world.client.idle_connections_are_stale() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn one_connection_serves_many_requests() {
    run(async {
        let log = Log::default();
        let world = World::with_target(&serve_and_close(9, false, &log).await);
        for _ in 0..3 {
            assert_eq!(world.get("/a").await.unwrap().body(), b"hello");
        }
        assert_eq!(*log.borrow(), [(0, "GET /a".into()), (0, "GET /a".into()), (0, "GET /a".into())]);
        world.client.close();
        world.get("/a").await.unwrap();
        assert_eq!(log.borrow()[3].0, 1);
    });
}

#[test]
fn a_connection_that_is_to_be_closed_is_not_used_again() {
    run(async {
        let log = Log::default();
        let url = serve_and_close(9, false, &log).await;
        let world = World::with_target(&url);
        let options = RequestOptions::default();
        world.send("GET", "/asked", &[("Connection", "close")], None, &options).await.unwrap();
        let told = World::new(ClientConfig { reuse: ConnectionReuse::Never, ..ClientConfig::default() });
        told.get(&format!("{url}/")).await.unwrap();
        told.get(&format!("{url}/")).await.unwrap();
        world.get("/last").await.unwrap();
        assert_eq!(log.borrow().iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 1, 2, 3]);

        let server = serve_answers(|_| response("200 OK", &["Connection: close"], "")).await;
        let world = World::with_target(&server);
        world.get("/").await.unwrap();
        assert!(world.client.idle_connections() == 0);
    });
}

#[test]
fn a_connection_that_the_server_closed_is_replaced_before_anything_is_sent() {
    run(async {
        let log = Log::default();
        let world = World::with_target(&serve_and_close(1, false, &log).await);
        world.get("/first").await.unwrap();
        until_stale(&world).await;
        // Even a POST: the server cannot have seen it.
        world.post("/second", "body").await.unwrap();
        assert_eq!(*log.borrow(), [(0, "GET /first".into()), (1, "POST /second".into())]);
        let recorded = world.recorded();
        assert_eq!((recorded.run.connections, recorded.run.reconnects), (2, 1));
        assert_eq!(recorded.requests.values().map(|cell| cell.count).sum::<u64>(), 2);
    });
}

#[test]
fn an_idempotent_request_is_sent_again_when_the_connection_turns_out_to_be_closed() {
    run(async {
        let log = Log::default();
        let world = World::with_target(&serve_and_close(1, true, &log).await);
        world.get("/a").await.unwrap();
        assert_eq!(world.get("/b").await.unwrap().status(), 200);
        assert_eq!(*log.borrow(), [(0, "GET /a".into()), (0, "GET /b".into()), (1, "GET /b".into())]);
        let recorded = world.recorded();
        assert_eq!(recorded.run.reconnects, 1);
        let cells: Vec<_> = recorded.requests.values().collect();
        assert_eq!(cells.iter().map(|cell| cell.count).sum::<u64>(), 2);
        // Both attempts count as sent, and all the time as spent.
        assert!(cells.iter().any(|cell| cell.sent as usize > 2 * "GET /b".len() + 60));
    });
}

#[test]
fn a_post_is_not_sent_again() {
    run(async {
        let log = Log::default();
        let world = World::with_target(&serve_and_close(1, true, &log).await);
        world.get("/a").await.unwrap();
        world.recorded();
        let text = only_failure(&world, world.post("/b", "body").await, FailureClass::Reset);
        assert!(text.contains("closed the connection before the response was whole"), "{text}");
        assert_eq!(log.borrow().len(), 2);
    });
}

#[test]
fn a_fresh_connection_is_not_tried_twice() {
    run(async {
        let log = Log::default();
        let world = World::with_target(&serve_and_close(0, true, &log).await);
        only_failure(&world, world.get("/a").await, FailureClass::Reset);
        assert_eq!(log.borrow().len(), 1);
    });
}

#[test]
fn bytes_that_nobody_asked_for_end_a_connection() {
    run(async {
        let log = Log::default();
        let url = {
            let log = Rc::clone(&log);
            serve(move |number, mut peer| {
                let log = Rc::clone(&log);
                async move {
                    while let Some(request) = peer.request().await {
                        log.borrow_mut().push((number, request.line().to_owned()));
                        peer.send(format!("{}HTTP/1.1 200 OK\r\n", ok("")).as_bytes()).await;
                    }
                }
            })
            .await
        };
        let world = World::with_target(&url);
        world.get("/a").await.unwrap();
        world.get("/a").await.unwrap();
        assert_eq!(log.borrow().iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 1]);
    });
}

#[test]
fn a_send_that_is_dropped_takes_its_connection_with_it_and_records_nothing() {
    run(async {
        let closed = Rc::new(tokio::sync::Notify::new());
        let asked = Rc::new(tokio::sync::Notify::new());
        let url = {
            let (asked, closed) = (Rc::clone(&asked), Rc::clone(&closed));
            serve(move |_, mut peer| {
                let (asked, closed) = (Rc::clone(&asked), Rc::clone(&closed));
                async move {
                    peer.request().await.unwrap();
                    asked.notify_one();
                    peer.until_closed().await;
                    closed.notify_one();
                }
            })
            .await
        };
        let world = World::with_target(&url);
        tokio::select! {
            _ = world.get("/") => panic!("nobody answered"),
            () = asked.notified() => {}
        }
        closed.notified().await;
        let recorded = world.recorded();
        assert!(recorded.requests.is_empty() && recorded.problems.is_empty());
        assert!(world.client.waited().0 > 0);
    });
}

#[test]
fn ipv6_and_names_lead_there_too() {
    run(async {
        let port = |url: &str| url.rsplit(':').next().unwrap().to_owned();
        let v4 = serve_answers(|request| ok(request.field("host").unwrap())).await;
        let named = format!("localhost:{}", port(&v4));
        // "localhost" may be [::1] first, where no server listens.
        let response = World::new(ClientConfig::default()).get(&format!("http://{named}/")).await.unwrap();
        assert_eq!(response.body(), named.as_bytes());
        let v6 = serve_at("::1", |_, mut peer| async move {
            let host = peer.request().await.unwrap().field("host").unwrap().to_owned();
            peer.send(ok(&host).as_bytes()).await;
        });
        // Not every machine has IPv6.
        if let Ok(v6) = v6.await {
            let response = World::with_target(&v6).get("/").await.unwrap();
            assert_eq!(response.body(), format!("[::1]:{}", port(&v6)).as_bytes());
        }
    });
}

/// The loopback address that each connection goes to, with servers at these.
async fn served_at(world: &World, port: u16, times: usize) -> Vec<String> {
    let mut served = Vec::new();
    for _ in 0..times {
        let response = world.get(&format!("http://several.example:{port}/")).await.unwrap();
        served.push(std::str::from_utf8(response.body()).unwrap().to_owned());
        world.client.close();
    }
    served
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// Servers at one port of several addresses, each of which answers with its own.
async fn serve_several(hosts: &[&'static str]) -> u16 {
    let mut port = 0;
    for host in hosts.iter().copied() {
        let url = serve_at_port(host, port, move |_, mut peer| async move {
            while peer.request().await.is_some() {
                peer.send(ok(host).as_bytes()).await;
            }
        });
        port = url.await.unwrap().rsplit(':').next().unwrap().parse().unwrap();
    }
    port
}

#[test]
fn connections_are_spread_over_the_addresses_of_a_name() {
    run(async {
        let port = serve_several(&["127.0.0.1", "127.0.0.2", "127.0.0.3"]).await;
        let world = World::new(ClientConfig::default());
        let all = addresses(&["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
        world.client.network.resolver.answer_next("several.example", &all);
        let served = served_at(&world, port, 6).await;
        assert_eq!(served, ["127.0.0.1", "127.0.0.2", "127.0.0.3"].repeat(2));
    });
}

#[test]
fn the_connections_of_several_threads_are_spread_as_those_of_one() {
    run(async {
        let port = serve_several(&["127.0.0.1", "127.0.0.2", "127.0.0.3"]).await;
        let mut served = Vec::new();
        for first in 0..2 {
            let turns = AddressTurns { first, step: 2 };
            let world = World::new(ClientConfig { turns, ..ClientConfig::default() });
            let all = addresses(&["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
            world.client.network.resolver.answer_next("several.example", &all);
            served.extend(served_at(&world, port, 3).await);
        }
        served.sort();
        assert_eq!(served, ["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3"]);
    });
}

#[test]
fn an_address_that_does_not_answer_is_passed_over() {
    run(async {
        // No server listens at .4, and .5 never answers.
        let port = serve_several(&["127.0.0.1", "127.0.0.2"]).await;
        let _silent = be_silent_at("127.0.0.5", port).await;
        for dead in ["127.0.0.4", "127.0.0.5"] {
            let world = World::new(ClientConfig::default());
            let all = addresses(&[dead, "127.0.0.1", "127.0.0.2"]);
            world.client.network.resolver.answer_next("several.example", &all);
            assert_eq!(served_at(&world, port, 3).await, ["127.0.0.1", "127.0.0.1", "127.0.0.2"]);
            let interval = world.recorded();
            assert!(interval.problems.is_empty(), "{:?}", interval.problems);
        }
    });
}

#[test]
fn each_address_is_one_that_the_policy_allows() {
    run(async {
        let port = serve_several(&["127.0.0.1", "127.0.0.2"]).await;
        let allowed = [format!("several.example:{port}"), "127.0.0.2".to_owned()];
        let allowed = allowed.iter().map(|rule| rule.parse().unwrap()).collect();
        let egress = EgressPolicy::Only(EgressRules { allowed, vouched: Vec::new() });
        let world = World::new(ClientConfig { egress, ..ClientConfig::default() });
        world.client.network.resolver.answer_next("several.example", &addresses(&["127.0.0.1", "127.0.0.2"]));
        assert_eq!(served_at(&world, port, 3).await, ["127.0.0.2"; 3]);
    });
}

#[test]
fn when_no_address_answers_the_last_reason_is_told() {
    run(async {
        let world = World::new(ClientConfig::default());
        world.client.network.resolver.answer_next("several.example", &addresses(&["127.0.0.5", "127.0.0.6"]));
        let outcome = world.get("http://several.example:9/").await;
        let text = only_failure(&world, outcome, FailureClass::Connect);
        assert!(text.starts_with("connect to several.example:9 (127.0.0.5 and 1 more): connection refused"), "{text}");
    });
}

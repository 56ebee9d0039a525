//! The egress policy, with names that change their addresses and servers that redirect clients elsewhere.

use std::net::IpAddr;

use super::server::{ok, response, serve_answers};
use super::*;
use crate::{ConnectionReuse, DnsConfig, EgressPolicy, EgressRules};

/// A client that may go to these hosts, looks names up each time, and keeps no connection.
fn world(allowed: &[&str]) -> World {
    let allowed = allowed.iter().map(|rule| rule.parse().unwrap()).collect();
    let egress = EgressPolicy::Only(EgressRules { allowed, vouched: Vec::new() });
    World::new(ClientConfig {
        egress,
        dns: DnsConfig { ttl: Duration::ZERO, ..DnsConfig::default() },
        reuse: ConnectionReuse::Never,
        ..ClientConfig::default()
    })
}

fn port_of(url: &str) -> &str {
    url.rsplit(':').next().unwrap()
}

#[test]
fn a_name_that_changes_its_mind_gains_nothing() {
    run(async {
        let url = serve_answers(|_| ok("hello")).await;
        let port = port_of(&url);
        let world = world(&["shop.example.com", &format!("127.0.0.1:{port}")]);
        let resolver = &world.client.network.resolver;
        for answer in ["127.0.0.1", "127.0.0.2", "169.254.169.254", "::ffff:10.0.0.1"] {
            resolver.answer_next("shop.example.com", &[answer.parse().unwrap()]);
        }
        let url = format!("http://shop.example.com:{port}/");
        assert_eq!(world.get(&url).await.unwrap().status(), 200);
        world.recorded();
        for inside in
            ["127.0.0.2, this machine", "169.254.169.254, where a cloud", "::ffff:10.0.0.1, a private address"]
        {
            let outcome = world.get(&url).await;
            let text = outcome.as_ref().unwrap_err().to_string();
            assert!(matches!(outcome, Err(Error::RefusedByPolicy(_))) && text.contains(inside), "{text}");
        }
    });
}

#[test]
fn a_redirect_is_asked_about_like_any_request() {
    run(async {
        let other = serve_answers(|_| ok("secrets")).await;
        let places = [format!("{other}/admin"), "http://169.254.169.254/latest/meta-data/".to_owned()];
        for place in places {
            let url = serve_answers(move |_| response("302 Found", &[&format!("Location: {place}")], "")).await;
            let world = world(&[&format!("127.0.0.1:{}", port_of(&url))]);
            let outcome = world.get(&url).await;
            assert!(matches!(outcome, Err(Error::RefusedByPolicy(_))), "{outcome:?}");
        }
    });
}

#[test]
fn unnamed_hosts_are_not_looked_up() {
    run(async {
        let world = world(&["shop.test"]);
        world.client.network.resolver.answer_next("secret.evil.example", &[IpAddr::from([127, 0, 0, 1])]);
        let outcome = world.get("http://secret.evil.example/").await;
        assert!(matches!(outcome, Err(Error::RefusedByPolicy(_))), "{outcome:?}");
        assert_eq!(world.client.network.resolver.answers_left(), 1);
    });
}

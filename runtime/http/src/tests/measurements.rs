//! Times add up, bytes are counted to the last, and a client stays small.

use squall_metrics::{Nanos, Protocol};

use super::server::{ok, serve, serve_answers};
use super::*;

pub(super) fn sum(cell: &RequestCell) -> Nanos {
    let connection = cell.blocked.sum() + cell.connecting.sum() + cell.tls_handshaking.sum();
    connection + cell.sending.sum() + cell.waiting.sum() + cell.receiving.sum()
}

#[test]
fn the_phases_add_up_to_the_response_time() {
    run(async {
        let world = World::with_target(&serve_answers(|_| ok("hello")).await);
        let first = world.get("/").await.unwrap();
        let (key, cell) = world.only_series();
        assert_eq!((key.status, key.failure, key.expected, cell.count), (200, 0, true, 1));
        assert_eq!(key.proto, Protocol::Http1);
        assert_eq!(sum(&cell), cell.response_time.sum());
        assert_eq!(cell.duration.sum(), first.phases().duration());
        assert!(first.phases().connecting > Nanos::ZERO && first.phases().waiting > Nanos::ZERO);
        assert_eq!(world.client.waited(), cell.response_time.sum());

        let second = world.get("/").await.unwrap();
        let (_, cell) = world.only_series();
        assert_eq!(sum(&cell), cell.response_time.sum());
        assert_eq!((second.phases().blocked, second.phases().connecting), (Nanos::ZERO, Nanos::ZERO));
    });
}

#[test]
fn a_failure_has_its_phases_too() {
    run(async {
        let world = World::with_target(&serve(|_, _| async {}).await);
        world.get("/").await.unwrap_err();
        let (key, cell) = world.only_series();
        assert_eq!((key.status, key.proto), (0, Protocol::None));
        assert_eq!(sum(&cell), cell.response_time.sum());
    });
}

#[test]
fn bytes_are_counted_exactly() {
    run(async {
        let counts = Rc::new(RefCell::new(Vec::new()));
        let url = {
            let counts = Rc::clone(&counts);
            serve(move |_, mut peer| {
                counts.borrow_mut().push((Rc::clone(&peer.received), Rc::clone(&peer.sent)));
                async move {
                    while let Some(request) = peer.request().await {
                        let answer = ok(&"x".repeat(request.body.len() * 3));
                        peer.trickle(&answer.as_bytes()[..20]).await;
                        peer.send(&answer.as_bytes()[20..]).await;
                    }
                }
            })
            .await
        };
        let world = World::with_target(&url);
        for length in [0, 10, 100_000] {
            world.post("/", &"y".repeat(length)).await.unwrap();
        }
        let (_, cell) = world.only_series();
        let counts = counts.borrow();
        assert_eq!(counts.len(), 1);
        assert_eq!((cell.sent, cell.received), (counts[0].0.get(), counts[0].1.get()));
    });
}

#[test]
fn expected_statuses_can_be_chosen() {
    run(async {
        let world = World::with_target(&serve_answers(|_| super::server::response("404 Not Found", &[], "")).await);
        world.get("/").await.unwrap();
        assert!(!world.only_series().0.expected);
        let options = RequestOptions { expected: Some([(200, 299), (404, 404)].into()), ..RequestOptions::default() };
        world.send("GET", "/", &[], None, &options).await.unwrap();
        assert!(world.only_series().0.expected);
    });
}

#[test]
fn a_client_is_small() {
    run(async {
        let world = World::with_target(&serve_answers(|_| ok("hello")).await);
        assert!(size_of::<Client>() <= 256, "{}", size_of::<Client>());
        let request = world.client.prepare("GET", "/", [].into_iter(), None, &RequestOptions::default()).unwrap();
        let future = world.client.send(request);
        assert!(size_of_val(&future) <= 2560, "{}", size_of_val(&future));
        // A response leaves nothing except the connection.
        drop(future.await.unwrap());
        assert_eq!(world.client.idle_connections(), 1);
        assert!(size_of::<crate::connect::Connection>() <= 96, "{}", size_of::<crate::connect::Connection>());
    });
}

//! Batches of requests.

use std::cell::Cell;

use tokio::sync::Barrier;

use super::server::{ok, serve, serve_answers};
use super::*;

#[test]
fn answers_keep_the_order_and_origins_their_limit() {
    run(async {
        // Answers only when six requests wait at the same time: with fewer the test would hang.
        let barrier = Rc::new(Barrier::new(6));
        let (waiting, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let url = {
            let (waiting, most) = (Rc::clone(&waiting), Rc::clone(&most));
            serve(move |_, mut peer| {
                let (barrier, waiting, most) = (Rc::clone(&barrier), Rc::clone(&waiting), Rc::clone(&most));
                async move {
                    while let Some(request) = peer.request().await {
                        waiting.set(waiting.get() + 1);
                        most.set(most.get().max(waiting.get()));
                        barrier.wait().await;
                        waiting.set(waiting.get() - 1);
                        peer.send(ok(request.line()).as_bytes()).await;
                    }
                }
            })
            .await
        };
        let other = serve_answers(|_| ok("other")).await;
        let world = World::with_target(&url);
        let prepare = |url: &str| world.client.prepare("GET", url, [].into_iter(), None, &RequestOptions::default());
        let mut requests: Vec<_> = (0..12).map(|number| prepare(&format!("/{number}"))).collect();
        requests.insert(3, prepare("no url"));
        requests.insert(7, prepare(&format!("{other}/")));
        let answers = world.client.send_all(requests).await;
        assert_eq!(most.get(), 6);
        assert_eq!(answers.len(), 14);
        assert_eq!(answers[3].as_ref().unwrap_err().class(), FailureClass::InvalidRequest);
        assert_eq!(answers[7].as_ref().unwrap().body(), b"other");
        let ours = answers.iter().enumerate().filter(|(place, _)| ![3, 7].contains(place));
        for (number, (_, answer)) in ours.enumerate() {
            assert_eq!(answer.as_ref().unwrap().body(), format!("GET /{number}").as_bytes());
        }
        assert_eq!(world.client.idle_connections(), 7);
        let recorded = world.recorded();
        assert_eq!(recorded.requests.values().map(|cell| cell.count).sum::<u64>(), 13);
        // Waiting for a slot is being blocked, and the time of the batch counts once.
        let blocked = |path: &str| {
            let of_path = recorded.requests.iter().find(|(key, _)| world.name_of(key) == path);
            of_path.unwrap().1.blocked.sum()
        };
        assert!(blocked("/11") > recorded.requests.values().map(|cell| cell.sending.min()).min().unwrap());
        let longest = recorded.requests.values().map(|cell| cell.response_time.max()).max().unwrap();
        let waited = world.client.waited();
        assert!(waited >= longest && waited <= world.clock.now());
    });
}

#[test]
fn an_empty_batch_is_done_at_once() {
    run(async {
        let world = World::new(ClientConfig::default());
        assert!(world.client.send_all(Vec::new()).await.is_empty());
    });
}

//! The servers' own durations: recorded under the flow of the request, for buffered and streamed responses.

use squall_metrics::{CustomKey, Nanos};

use super::server::{ok, response, serve_answers};
use super::*;

#[test]
fn durations_reported_by_the_server_are_recorded() {
    run(async {
        let base = serve_answers(|request| match request.line() {
            "GET /timed" => {
                response("200 OK", &["Server-Timing: db;dur=12.5, cache;desc=HIT", "server-timing: app;dur=20"], "")
            }
            _ => ok(""),
        });
        let world = World::with_target(&base.await);
        world.get("/plain").await.unwrap();
        assert!(world.recorded().server_timings.is_empty());
        for _ in 0..2 {
            world.get("/timed").await.unwrap();
        }
        let timings = world.recorded().server_timings;
        let registry = Arc::clone(world.recorder.borrow().registry());
        let of = |name: &str| {
            let key = CustomKey { flow: FLOW, id: registry.intern(name).0 };
            timings.get(&key).map(|times| (times.count(), times.max()))
        };
        assert_eq!(of("db"), Some((2, Nanos(12_500_000))));
        assert_eq!(of("app"), Some((2, Nanos(20_000_000))));
        assert_eq!(timings.len(), 2, "an entry without a duration is none");
    });
}

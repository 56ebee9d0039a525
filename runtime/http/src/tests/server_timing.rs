//! What servers say of their work: recorded under the flow of the request, in time or piece by piece.

use squall_metrics::{CustomKey, Nanos};

use super::server::{answering, ok, response};
use super::*;

#[test]
fn what_a_server_says_of_its_work_is_recorded() {
    run(async {
        let base = answering(|request| match request.line() {
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

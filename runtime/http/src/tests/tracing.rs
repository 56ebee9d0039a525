//! The trace context that requests bring.

use super::server::{ok, response, serve_answers};
use super::*;
use crate::TraceSampling;

const SAMPLING: TraceSampling = TraceSampling { run: 0xABCD, share: 1.0, least_a_second: 0.0, seed: 1 };

/// A client whose target answers with the trace context that it received.
async fn world(trace_sampling: Option<TraceSampling>) -> World {
    let url = serve_answers(|request| match request.line() {
        "GET /from" => response("302 Found", &["Location: /to"], ""),
        _ => ok(request.field("traceparent").unwrap_or("-")),
    });
    let base = Some(BaseUrl::parse(&url.await).unwrap());
    World::new(ClientConfig { base, trace_sampling, ..ClientConfig::default() })
}

fn text(response: &Response) -> String {
    String::from_utf8(response.body().to_vec()).unwrap()
}

#[test]
fn a_sampled_request_is_recorded_under_the_trace_that_the_target_is_told() {
    run(async {
        let world = world(Some(SAMPLING)).await;
        let told = text(&world.get("/").await.unwrap());
        let recorded = world.recorded();
        let [traced] = recorded.traced.requests() else { panic!("{:?}", recorded.traced) };
        assert_eq!(told[..36], format!("00-{:032x}-", traced.trace));
        assert!(told.starts_with("00-000000000000abcd") && told.ends_with("-01"), "{told}");
        assert_eq!((traced.flow, traced.failed), (FLOW, false));
        assert!(traced.service_time.0 > 0 && traced.service_time <= world.clock.now());
    });
}

#[test]
fn the_target_is_told_not_to_trace_the_others() {
    run(async {
        let world = world(Some(TraceSampling { share: 0.0, ..SAMPLING })).await;
        let told = text(&world.get("/").await.unwrap());
        assert!(told.starts_with("00-000000000000abcd") && told.ends_with("-00"), "{told}");
        assert!(world.recorded().traced.requests().is_empty());
    });
}

#[test]
fn without_sampling_and_beside_the_guest_s_own_context_nothing_is_added() {
    run(async {
        let own = [("TraceParent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
        for sampling in [None, Some(SAMPLING)] {
            let world = world(sampling).await;
            for url in ["/", "/from"] {
                let answer = world.send("GET", url, &own, None, &RequestOptions::default()).await.unwrap();
                assert_eq!(text(&answer), own[0].1);
            }
            assert!(world.recorded().traced.requests().is_empty());
        }
        assert_eq!(text(&world(None).await.get("/").await.unwrap()), "-");
    });
}

#[test]
fn a_redirect_leads_to_a_trace_of_its_own() {
    run(async {
        let world = world(Some(SAMPLING)).await;
        let told = text(&world.get("/from").await.unwrap());
        let recorded = world.recorded();
        let [first, second] = recorded.traced.requests() else { panic!("{:?}", recorded.traced) };
        assert_ne!(first.trace, second.trace);
        assert_eq!(told[..36], format!("00-{:032x}-", second.trace));
    });
}

//! What a later run says of an item.

use serde_json::{Value, json};

use super::{items_of, world::document, world::run};
use crate::{State, progress};

/// What that run says of the first item of the known one.
fn after(later: &Value, item: usize) -> crate::Progress {
    progress(&items_of(&run())[item].record, &document(later), None)
}

fn mended() -> Value {
    let mut run = run();
    run["findings"]["findings"] = json!([]);
    run["requests"][0]["response_time"]["p95"] = json!(170.0);
    run["thresholds"][0]["outcome"] = json!("passed");
    run["thresholds"][0]["actual"] = json!(140.0);
    run
}

#[test]
fn a_finding_that_is_mended_is_gone_and_its_gain_beside_what_was_promised() {
    let progress = after(&mended(), 0);
    assert_eq!(progress.state, State::Gone);
    assert_eq!(progress.sentence(), "gone; p95 850ms → 170ms: improved by 80%, promised 40%");
    // The objective's own figures: 700 to 140.
    assert_eq!(after(&mended(), 1).sentence(), "gone; p95 700ms → 140ms: improved by 80%, promised 71%");
}

#[test]
fn a_finding_that_is_there_again_is_still_there() {
    let mut later = run();
    later["requests"][0]["response_time"]["p95"] = json!(935.0);
    assert_eq!(after(&later, 0).sentence(), "still there; p95 850ms → 935ms: worse by 10%, promised 40%");
}

#[test]
fn a_run_that_did_not_look_says_nothing_of_a_finding() {
    let mut later = mended();
    later["findings"] = Value::Null;
    let progress = after(&later, 0);
    assert_eq!(progress.state, State::NotSeen("the run did not look into the target: use --look-inside".to_owned()));
    let mut later = mended();
    later["requests"].as_array_mut().unwrap().remove(0);
    later["findings"]["endpoints"] = json!([]);
    assert_eq!(after(&later, 0).sentence(), "not seen: the run made no request of GET /products");
}

#[test]
fn a_run_under_another_load_proves_nothing_gone() {
    let mut later = mended();
    later["run"]["load"] = json!("2 VUs for 30s");
    assert_eq!(after(&later, 0).sentence(), "not seen: the run had another load");
    let mut later = run();
    later["run"]["load"] = json!("2 VUs for 30s");
    assert_eq!(after(&later, 0).state, State::StillThere);
}

#[test]
fn an_endpoint_that_only_the_target_calls_so_is_found_by_its_traces() {
    let mut later = mended();
    later["requests"].as_array_mut().unwrap().remove(0);
    assert_eq!(after(&later, 0).sentence(), "gone; p95 850ms → 800ms: improved by 6%, promised 40%");
}

#[test]
fn an_objective_that_was_not_judged_is_not_gone() {
    let mut later = mended();
    later["thresholds"] = json!([]);
    assert_eq!(after(&later, 1).state, State::NotSeen("the run was not held to it".to_owned()));
    // One of less load that meets it proves as little.
    let mut later = mended();
    later["run"]["load"] = json!("2 VUs for 30s");
    assert_eq!(after(&later, 1).state, State::NotSeen("the run had another load".to_owned()));
}

#[test]
fn a_finding_of_the_whole_target_can_be_gone() {
    let mut first = run();
    first["findings"]["findings"][0]["cause"] = json!("cpu");
    first["findings"]["findings"][0].as_object_mut().unwrap().remove("endpoint");
    let record = items_of(&first)[0].record.clone();
    assert_eq!(progress(&record, &document(&mended()), None).state, State::Gone);
}

#[test]
fn a_run_that_is_not_to_be_believed_proves_nothing_gone() {
    let mut later = mended();
    later["generator"]["health"] = json!("bottleneck");
    assert!(matches!(after(&later, 0).state, State::NotSeen(reason) if reason.contains("generator")));
    let mut later = mended();
    later["run"]["end"] = json!({ "as_planned": false, "text": "early: Ctrl-C" });
    assert_eq!(after(&later, 0).state, State::NotSeen("the run ended early: Ctrl-C".to_owned()));
}

#[test]
fn requests_that_are_counted_under_their_urls_are_of_their_endpoint() {
    let mut later = mended();
    later["requests"][0]["name"] = json!("http://shop/products?per_page=50");
    assert_eq!(after(&later, 0).sentence(), "gone; p95 850ms → 170ms: improved by 80%, promised 40%");
    // Two names: the traced requests stand for both.
    let other = later["requests"][0].clone();
    later["requests"].as_array_mut().unwrap().push(other);
    assert_eq!(after(&later, 0).p95_ms, Some(800.0));
}

//! `squall inspect`: a scenario's description, its needs, and whether it can run here.

use serde_json::Value;

use crate::support::component::{OK, Wat};
use crate::support::program::{Squall, guest};

#[test]
fn a_scenario_is_shown_whole() {
    let ended = Squall::new(&["inspect", &guest("shop")]).run().expect_code(0);
    for part in
        ["weight 60  (60%)", "runs here yes", "sha256:", "squall:scenario/http@0.1.0", "\"thresholds\"", "rust 0.1.0"]
    {
        assert!(ended.out.contains(part), "no {part:?} in\n{}", ended.out);
    }
}

#[test]
fn a_source_is_built_first() {
    let squall = Squall::new(&["inspect", "scenario.js"]);
    let text = "import { http } from 'squall';\nexport const flows = { browse: () => void http.get('/') };\n";
    std::fs::write(squall.folder().join("scenario.js"), text).unwrap();
    let ended = squall.run().expect_code(0);
    assert!(ended.out.starts_with("scenario.js\n") && ended.out.contains("browse  weight 1  (100%)"), "{}", ended.out);
}

#[test]
fn machines_get_json() {
    let ended = Squall::new(&["inspect", "--json", &guest("shop")]).run().expect_code(0);
    let document: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(document["runs"], true);
    assert_eq!(document["flows"][0]["name"], "browse");
    assert_eq!(document["flows"][0]["weight"], 60);
}

#[test]
fn a_component_that_cannot_run_is_reported_with_the_reason() {
    let squall = Squall::new(&["inspect", "guest.wasm"]);
    Wat::new(OK)
        .importing("squall:scenario/timing@0.3.0", "now", "(result u64)", "(result i64)")
        .write(squall.folder());
    let ended = squall.run().expect_code(107);
    assert!(ended.out.contains("runs here no: "), "{}", ended.out);
    assert!(ended.out.contains("built for squall:scenario 0.3.0"), "{}", ended.out);
}

//! `squall selfcheck`: other tests run at the same time, so the machine's speed is not asserted, only facts that hold
//! on any machine.

use crate::support::program::Squall;

#[test]
fn no_request_is_lost_and_no_stall_is_missed_however_busy_the_machine_is() {
    let ended = Squall::new(&["selfcheck", "--json"]).run();
    let result: serde_json::Value = serde_json::from_str(&ended.out).expect(&ended.err);
    let checks = result["checks"].as_array().expect("checks");
    let check = |name: &str| checks.iter().find(|check| check["check"].as_str().unwrap().starts_with(name)).unwrap();
    assert_eq!(check("requests counted")["verdict"], "ok", "{}", ended.out);

    let stall = check("p99 with a stall of 1s in 30s");
    assert_eq!(stall["expected"], "697.5ms ±1%");
    let measured = stall["measured"].as_str().and_then(|text| text.split(' ').next()).expect(&ended.out);
    let millis = match measured.strip_suffix("ms") {
        Some(millis) => millis.parse::<f64>().unwrap(),
        None => measured.strip_suffix('s').unwrap().parse::<f64>().unwrap() * 1_000.0,
    };
    assert!(millis >= 697.5 * 0.99, "{measured}: a part of the stall was not seen");

    assert_eq!(result["ok"], ended.code == 0);
    assert!([0, 98].contains(&ended.code), "{}", ended.err);
}

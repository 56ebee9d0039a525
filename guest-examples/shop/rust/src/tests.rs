//! The scenario against a shop of our own making. No Wasm, no network, no waiting.

use std::time::Duration;

use squall::testing::{Host, Reply};

use super::*;

fn shop() -> Host {
    let product = r#"{"id":7,"name":"lamp","price":12.5}"#;
    let cached = move |state: &'static str| move |_: &_| Ok(Reply::new(200).header("x-cache", state).body(product));
    let listing = format!(r#"{{"products":[{product}],"page":1,"pages":5}}"#);
    let found = format!(r#"{{"query":"lamp","results":[{product}]}}"#);
    Host::new()
        .respond("GET", "/", 200, "<html>")
        .respond("GET", "/products", 200, listing)
        .respond_with("GET", "/products/*", cached("HIT"))
        .respond("GET", "/search", 200, found)
        .respond("POST", "/basket", 201, r#"{"items":2,"total":25.0}"#)
        .respond("GET", "/basket", 200, r#"{"items":2,"total":25.0}"#)
        .respond("POST", "/checkout", 201, r#"{"order":123,"total":25.0}"#)
}

#[test]
fn browsing_ends_at_a_product() {
    let report = shop().run(browse).expect_ok();
    let urls: Vec<_> = report.requests.iter().map(|sent| sent.url.as_str()).collect();
    assert_eq!(urls[..2], ["/", "/products?page=1"]);
    assert_eq!(urls[3], "/products/7");
    assert_eq!(report.requests[3].name.as_deref(), Some("/products/{id}"));
    assert_eq!(report.values("cache_hit"), [0.0, 0.0, 1.0]);
}

#[test]
fn searching_looks_at_what_was_found() {
    let report = shop().run(search).expect_ok();
    assert!(report.requests[0].url.starts_with("/search?q="));
    assert_eq!(report.requests[1].url, "/products/7");
}

#[test]
fn searching_in_vain_is_no_failure() {
    let mut host = Host::new().respond("GET", "/search", 200, r#"{"query":"x","results":[]}"#);
    assert_eq!(host.run(search).expect_ok().requests.len(), 1);
}

#[test]
fn a_checkout_is_one_transaction_and_one_order() {
    let report = shop().run(checkout).expect_ok();
    assert_eq!(report.transactions, [("checkout".into(), true)]);
    assert_eq!(report.values("orders_placed"), [1.0]);
    assert_eq!(report.values("basket_value"), [25.0]);
    assert_eq!(report.requests[0].name.as_deref(), Some("/products/{id}"));
    let item = &report.requests[1];
    assert_eq!(item.header("content-type"), Some("application/json"));
    assert!(item.text().starts_with(r#"{"product_id":"#));
}

#[test]
fn an_order_that_is_refused_fails_the_transaction() {
    let mut host = Host::new()
        .respond("GET", "/products/*", 200, r#"{"id":7,"name":"lamp","price":12.5}"#)
        .respond("*", "/basket", 201, r#"{"items":1,"total":5.0}"#)
        .respond("POST", "/checkout", 409, r#"{"error":"basket is empty"}"#);
    let report = host.run(checkout);
    assert_eq!(report.outcome, Err("the shop did not take the order".into()));
    assert_eq!(report.transactions, [("checkout".into(), false)]);
    assert!(!report.passed("order is placed"));
    assert!(report.values("orders_placed").is_empty());
}

#[test]
fn think_time_is_scaled_and_can_be_switched_off() {
    let slept = |think: &str| shop().option("THINK", think).run(browse).slept;
    assert_eq!(slept("0"), Duration::ZERO);
    assert!(slept("10") >= Duration::from_secs(15));
    assert!(shop().run(browse).slept <= Duration::from_millis(4500));
}

#[test]
fn traffic_is_mixed_by_weight() {
    let report = shop().option("THINK", "0").rehearse(&SCENARIO, 100).expect_ok();
    let count = |url: &str| report.requests.iter().filter(|sent| sent.url.starts_with(url)).count();
    assert_eq!(count("/search"), 25);
    assert_eq!(report.values("orders_placed").len(), 15);
}

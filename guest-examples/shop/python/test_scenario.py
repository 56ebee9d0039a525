"""The scenario against a shop of our own making. No Wasm, no network, no waiting."""

import pytest
import scenario
from squall import Error
from squall.testing import Host

PRODUCT = {"id": 7, "name": "lamp", "price": 12.5}


def shop(*, think: str = "1") -> Host:
    return (
        Host(options={"THINK": think})
        .respond("GET", "/", body="<html>")
        .respond("GET", "/products", json={"products": [PRODUCT], "page": 1, "pages": 5})
        .respond("GET", "/products/*", json=PRODUCT, headers={"x-cache": "HIT"})
        .respond("GET", "/search", json={"query": "lamp", "results": [PRODUCT]})
        .respond("POST", "/basket", 201, json={"items": 2, "total": 25.0})
        .respond("GET", "/basket", json={"items": 2, "total": 25.0})
        .respond("POST", "/checkout", 201, json={"order": 123, "total": 25.0})
    )


def test_browsing_ends_at_a_product() -> None:
    report = shop().run(scenario.browse).expect_ok()
    urls = [sent.url for sent in report.requests]
    assert urls[:2] == ["/", "/products?page=1"]
    assert urls[3] == "/products/7"
    assert report.requests[3].name == "/products/{id}"
    assert report.values("cache_hit") == [0, 0, 1]


def test_searching_looks_at_what_was_found() -> None:
    report = shop().run(scenario.search).expect_ok()
    assert report.requests[0].url.startswith("/search?q=")
    assert report.requests[1].url == "/products/7"


def test_searching_in_vain_is_no_failure() -> None:
    host = Host().respond("GET", "/search", json={"query": "x", "results": []})
    assert len(host.run(scenario.search).expect_ok().requests) == 1


def test_a_checkout_is_one_transaction_and_one_order() -> None:
    report = shop().run(scenario.checkout).expect_ok()
    assert report.transactions == [("checkout", True)]
    assert report.values("orders_placed") == [1]
    assert report.values("basket_value") == [25]
    assert report.requests[0].name == "/products/{id}"
    item = report.requests[1]
    assert item.header("content-type") == "application/json"
    assert item.text.startswith('{"product_id":')


def test_an_order_that_is_refused_fails_the_transaction() -> None:
    host = (
        Host()
        .respond("GET", "/products/*", json=PRODUCT)
        .respond("*", "/basket", 201, json={"items": 1, "total": 5.0})
        .respond("POST", "/checkout", 409, json={"error": "basket is empty"})
    )
    report = host.run(scenario.checkout)
    with pytest.raises(Error, match="the shop did not take the order"):
        report.expect_ok()
    assert report.transactions == [("checkout", False)]
    assert not report.passed("order is placed")
    assert report.values("orders_placed") == []


def test_think_time_is_scaled_and_can_be_switched_off() -> None:
    def slept(think: str) -> float:
        return shop(think=think).run(scenario.browse).slept

    assert slept("0") == 0
    assert slept("10") >= 15
    assert slept("1") <= 4.5


def test_traffic_is_mixed_by_weight() -> None:
    report = shop(think="0").rehearse(scenario, 100).expect_ok()
    assert sum(sent.url.startswith("/search") for sent in report.requests) == 25
    assert len(report.values("orders_placed")) == 15

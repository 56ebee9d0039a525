"""The scenario against a shop of our own making."""

import pytest
import scenario
from squall.testing import Host


def shop(**options: str) -> Host:
    return (
        Host(options=options)
        .respond("GET", "/", body="<html>")
        .respond("GET", "/products/101", 404)
        .respond("GET", "/products/*", json={})
    )


def test_the_whole_life_is_lived() -> None:
    report = shop().rehearse(scenario, 6).expect_ok()
    assert report.values("visitors") == [1]
    assert report.values("products_seen") == [3] * 4
    assert report.values("first_byte") == [0] * 2
    assert report.slept == pytest.approx(0.4)
    assert report.logs == [("info", "all gone; prepared with status 200")]
    assert [sent.expected_statuses for sent in report.requests].count([(404, 404)]) == 2


def test_failures_come_on_demand() -> None:
    assert str(shop(FAIL="setup").rehearse(scenario, 1).error) == "setup fails, as asked"
    assert str(shop(FAIL="start").rehearse(scenario, 1).error) == "start fails, as asked"
    assert str(shop().run(scenario.give_up).error) == "virtual user 1 gave up"
    assert shop(ABORT="now").run(scenario.paced).aborted

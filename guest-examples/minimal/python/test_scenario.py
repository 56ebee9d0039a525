"""The scenario against a host of our own making."""

import scenario
from squall.testing import Host


def test_home_is_asked_for() -> None:
    report = Host().respond("GET", "/", body="<html>").run(scenario.home).expect_ok()
    assert len(report.requests) == 1
    assert report.requests[0].discard_body

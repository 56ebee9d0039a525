"""The scenario against a host of our own making."""

import pytest
import scenario
from squall.testing import Host


def test_ten_headers_go_out_and_json_comes_in() -> None:
    host = Host().respond("GET", "/json", json={"id": 1, "items": [{"id": 7, "price": 12.5}]})
    assert len(host.run(scenario.json).expect_ok().requests[0].headers) == 10


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        Host().respond("GET", "/json", body="<html>").run(scenario.json).expect_ok()

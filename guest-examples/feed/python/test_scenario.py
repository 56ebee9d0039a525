"""The scenario against a host of our own making."""

import pytest
import scenario

from squall.data import Exhausted
from squall.testing import Host


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has its own host, and its feeds must not keep the host of the test before."""
    for name in ("USERS", "DRAWN", "UPLOAD"):
        monkeypatch.setattr(getattr(scenario, name), "_handle", None)


def host() -> Host:
    users = [{"name": "ada", "email": "ada@example.test"}, {"name": "bob", "email": "bob@example.test"}]
    return Host().respond("POST", "*").feed("users", users).file("upload", "all of it")


def test_each_iteration_takes_a_row() -> None:
    report = host().rehearse(scenario, 3).expect_ok()
    assert [request.text for request in report.requests] == ["ada", "bob", "ada"]


def test_a_row_is_json() -> None:
    report = host().run(scenario.profile).expect_ok()
    assert report.requests[0].text == '{"name":"ada","email":"ada@example.test"}'


def test_once_each_comes_to_an_end() -> None:
    drawn = host()
    sent = [drawn.run(scenario.draw).expect_ok().requests[0].text for _ in range(2)]
    assert sent == ["ada", "bob"]
    assert isinstance(drawn.run(scenario.draw).error, Exhausted)


def test_a_file_is_sent_as_it_is() -> None:
    assert host().run(scenario.upload).expect_ok().requests[0].text == "all of it"

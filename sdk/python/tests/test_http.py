"""The sent requests, and the number of handles that are made."""

import pytest

from squall import http
from squall.http._options import CAPACITY
from squall.testing import Host, Reply, Sent


def sent_by(work: object) -> Sent:
    assert callable(work)
    report = Host().respond("*", "*").run(work).expect_ok()
    return report.requests[0]


def handles_made(work: object) -> int:
    assert callable(work)
    host = Host().respond("*", "*")
    host.run(work).expect_ok()
    return host._state.options_made


def test_params_are_encoded() -> None:
    params = {"q": "a b&c", "n": [1, 2], "none": None}
    assert sent_by(lambda: http.get("/x", params=params)).url == "/x?q=a%20b%26c&n=1&n=2"
    assert sent_by(lambda: http.get("/x?a=1", params=[("b", "/")])).url == "/x?a=1&b=%2F"
    assert sent_by(lambda: http.get("/x", params={})).url == "/x"


def test_bodies_say_what_they_are() -> None:
    sent = sent_by(lambda: http.post("/x", json={"name": "größe"}))
    assert (sent.text, sent.header("content-type")) == ('{"name":"größe"}', "application/json")
    sent = sent_by(lambda: http.post("/x", data={"a": "1 2"}))
    assert (sent.text, sent.header("content-type")) == ("a=1+2", "application/x-www-form-urlencoded")
    sent = sent_by(lambda: http.post("/x", data=b"\x00"))
    assert (sent.body, sent.header("content-type")) == (b"\x00", None)
    sent = sent_by(lambda: http.post("/x", json=[], headers={"Content-Type": "application/hal+json"}))
    assert sent.headers == [("Content-Type", "application/hal+json")]


def test_settings_reach_the_host() -> None:
    expected: list[int | range] = [404, range(200, 300)]
    sent = sent_by(
        lambda: http.get("/x", name="x", timeout=1.5, redirects=0, discard_body=True, expect_status=expected)
    )
    assert (sent.name, sent.timeout, sent.redirects, sent.discard_body) == ("x", 1.5, 0, True)
    assert sent.expected_statuses == [(404, 404), (200, 299)]


def test_equal_settings_share_a_handle() -> None:
    def work() -> None:
        for number in range(100):
            http.get(f"/{number}", name="shared-by-all", discard_body=True)

    # The host of a test makes one of its own only for a request without any.
    assert handles_made(work) == 1


def test_names_made_up_on_the_way_do_not_fill_the_host() -> None:
    def work() -> None:
        for number in range(3 * CAPACITY):
            http.get("/", name=f"made-up-{number}")

    assert handles_made(work) == 3 * CAPACITY
    from squall.http import _options

    assert len(_options._handles) <= CAPACITY


def test_responses_are_read_when_asked() -> None:
    host = Host(target="https://shop.test/").respond("GET", "/x", 201, json=[1], headers={"X-Cache": "HIT"})

    def work() -> None:
        response = http.get("/x")
        assert response.status == 201
        assert response.headers["x-cache"] == "HIT"
        assert response.headers.get("x-none", "none") == "none"
        assert list(response.headers) == ["x-cache"]
        assert response.json() == [1]
        assert response.url == "https://shop.test/x"
        assert http.get("/x", discard_body=True).body == b""

    host.run(work).expect_ok()


def test_errors_are_raised_and_told_in_batches() -> None:
    def slow(_: Sent) -> Reply:
        raise http.Timeout

    host = Host().respond_with("GET", "/slow", slow).respond("GET", "/quick")

    def work() -> None:
        with pytest.raises(http.Timeout, match="request timed out"):
            http.get("/slow")
        with pytest.raises(http.Error, match="the test host has no answer to GET /nowhere"):
            http.get("/nowhere")
        quick, slow = http.send_all([http.Request("GET", "/quick"), http.Request("GET", "/slow")])
        assert isinstance(quick, http.Response)
        assert isinstance(slow, http.Timeout)

    host.run(work).expect_ok()


def test_errors_say_their_class() -> None:
    assert str(http.ConnectError("127.0.0.1:1")) == "cannot connect: 127.0.0.1:1"
    assert str(http.OtherError("odd")) == "odd"

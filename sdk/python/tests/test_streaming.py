"""Streams of the test host."""

import pytest

from squall import http, streaming
from squall.data import Blob
from squall.testing import Host, Reply

FEED = 'id: 7\nretry: 1500\nevent: tick\ndata: {"a": ["x", 1]}\n\n: comment\ndata: two\ndata: lines\n\n'


def test_events_of_a_feed() -> None:
    def follow() -> None:
        feed = streaming.get("/feed")
        assert feed.status == 200
        first, second = feed
        assert (first.name, first.id, first.json(), first.get("/a/0"), first.get("/a/1")) == (
            "tick",
            "7",
            {"a": ["x", 1]},
            "x",
            "1",
        )
        assert (second.name, second.data, second.get("/a")) == ("message", "two\nlines", None)
        assert (feed.next(), feed.last_event_id, feed.retry) == (None, "7", 1.5)
        feed.count_tokens()
        again = feed.reopen("GET", "/feed", headers={"x-a": "b"})
        assert again.last_event_id == "7"

    report = Host().respond("GET", "/feed", body=FEED).run(follow).expect_ok()
    assert report.requests[1].headers == [("x-a", "b"), ("last-event-id", "7")]


def test_bytes_and_uploads() -> None:
    def work() -> None:
        upload = streaming.upload("POST", "/lines", headers={"x-a": "b"})
        upload.write("one")
        upload.write(b"two")
        upload.write(Blob("file"))
        with upload.finish() as response:
            assert response.read(3) == b"one"
            assert response.read() == b"twothree"
            assert response.read() is None

    host = Host().respond_with("POST", "/lines", lambda sent: Reply(201, sent.body)).file("file", b"three")
    assert host.run(work).expect_ok().requests[0].text == "onetwothree"


def test_there_may_be_no_response() -> None:
    def work() -> None:
        with pytest.raises(http.Error, match="no answer"):
            streaming.get("/x")

    Host().run(work).expect_ok()

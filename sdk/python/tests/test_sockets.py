"""Sockets of the test host, and waiting for them."""

import pytest

from squall import http, sockets, streaming
from squall.testing import Host
from squall.waiting import wait


def test_bytes_are_taken_as_they_are_asked_for() -> None:
    def talk() -> None:
        with sockets.connect("peer:1", name="peer", tls=True, timeout=2) as peer:
            peer.send("one\ntwo\nrest")
            assert peer.receive_line() == b"one\n"
            assert peer.receive_exactly(3) == b"two"
            assert peer.receive(2) == b"\nr"
            assert peer.receive_until("st") == b"est"
            with pytest.raises(http.Timeout):
                peer.receive()
            peer.finish()
            assert peer.receive() is None

    report = Host().serve("peer:1", bytes).run(talk).expect_ok()
    assert report.slept == 2


def test_datagrams_have_borders() -> None:
    def talk() -> None:
        peer = sockets.udp("peer:1")
        peer.send(b"a")
        peer.send("bc")
        assert (peer.receive(), peer.receive()) == (b"a", b"bc")
        with pytest.raises(http.Timeout):
            peer.receive(0)
        with pytest.raises(http.ConnectError):
            sockets.udp("peer:2")

    Host().serve("peer:1", bytes).run(talk).expect_ok()


def test_of_several_the_one_with_something_is_returned() -> None:
    def follow() -> None:
        one, other = sockets.connect("peer:1"), sockets.connect("peer:1")
        assert wait([one, other], timeout=3) is None
        other.send("x")
        assert wait([one, other]) is other
        feed = streaming.get("/feed")
        assert wait([one, feed]) is feed

    report = Host().serve("peer:1", bytes).respond("GET", "/feed", body="data: a\n\n").run(follow).expect_ok()
    assert report.slept == 3

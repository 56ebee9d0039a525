"""WebSockets of the test host."""

import pytest

from squall import websocket
from squall.data import Blob
from squall.testing import Host


def test_a_conversation() -> None:
    def chat() -> None:
        with websocket.connect("ws://shop.test/chat", name="chat", headers={"x-a": "b"}) as socket:
            assert (socket.subprotocol, socket.response, socket.closed) == ("", None, None)
            socket.send("hello")
            socket.send(b"\xff")
            socket.send(Blob("file"))
            first, second = socket.receive(), socket.receive_any(timeout=1)
            assert first is not None and second is not None
            assert (first.kind, first.text, first.bytes, first.size) == ("text", "hello", b"hello", 5)
            assert (second.kind, second.text, second.code) == ("binary", "\ufffd", 0)
            assert socket.receive_text() == "content"
            with pytest.raises(websocket.Timeout):
                socket.receive(timeout=2)
            socket.close(3000, "done")
            assert list(socket) == []
            with pytest.raises(websocket.Closed):
                socket.send("late")

    host = Host().websocket("*/chat", lambda sent: [sent]).file("file", "content")
    assert host.run(chat).expect_ok().slept == 2.0


def test_where_no_server_is() -> None:
    def chat() -> None:
        with pytest.raises(websocket.ConnectError, match="no WebSocket of this test is at /chat"):
            websocket.connect("/chat")

    Host().run(chat).expect_ok()

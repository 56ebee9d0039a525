"""gRPC of the test host."""

import pytest

from squall import grpc, http
from squall.testing import Host

SCHEMA = grpc.Schema({"a.proto": "..."})


def test_unary_calls() -> None:
    def work() -> None:
        channel = grpc.connect("127.0.0.1:1", plaintext=True)
        reply = channel.invoke(SCHEMA.method("p.S/M"), {"name": "Ada"}, metadata={"X-A": "1", "b-bin": b"2"}, timeout=1.5)
        assert (reply.ok, reply.status, reply.json()) == (True, 0, {"text": "hi"})
        assert channel.invoke(SCHEMA.method("p.S/Down"), "{}").status_message == "down"
        with pytest.raises(http.Error, match="no answer"):
            channel.invoke(SCHEMA.method("p.S/None"), b"")

    host = Host().answer_call("p.S/M", {"text": "hi"}).answer_call("p.S/Down", status=14, text="down")
    report = host.run(work).expect_ok()
    assert report.calls[0] == ("p.S/M", ['{"name": "Ada"}'], [("x-a", "1"), ("b-bin", b"2")])


def test_streams() -> None:
    def work() -> None:
        with grpc.connect().start(SCHEMA.method("p.S/Chat")) as call:
            call.send({"n": 1})
            call.send({"n": 2})
            call.finish()
            assert [message.json() for message in call] == [1, 2]
            assert call.reply is not None
            assert call.reply.ok

    report = Host().answer_call("p.S/Chat", 1, 2).run(work).expect_ok()
    assert report.calls[0][1] == ['{"n": 1}', '{"n": 2}']

"""Calls of a greeter by gRPC, each kind in a flow of its own.

The target is the greeter: ``--target http://HOST:PORT``. Options: ``NAME``, who is greeted.
"""

from functools import cache

from squall import check, env, flow, grpc

GREETINGS = 5
"""Greetings in each direction of a stream."""

# That of ../greeter.proto. A scenario's files lie beside it, so here it is a text.
PROTO = """
syntax = "proto3";
package greeter.v1;
service Greeter {
  rpc Hello(HelloRequest) returns (HelloReply);
  rpc Many(HelloRequest) returns (stream HelloReply);
  rpc Gather(stream HelloRequest) returns (HelloReply);
  rpc Chat(stream HelloRequest) returns (stream HelloReply);
}
message HelloRequest { string name = 1; int32 count = 2; int32 delay_ms = 3; }
message HelloReply { string text = 1; int64 number = 2; }
"""
SCHEMA = grpc.Schema({"greeter.proto": PROTO})


@cache
def channel() -> grpc.Channel:
    """Open the channel once, and keep it over iterations."""
    return grpc.connect()


def method(name: str) -> grpc.Method:
    """Return a method of the greeter."""
    return SCHEMA.method(f"greeter.v1.Greeter/{name}")


def request(count: int) -> dict[str, object]:
    """Return the message of all methods."""
    return {"name": env("NAME") or "Ada", "count": count}


@flow(weight=4)
def hello() -> None:
    reply = channel().invoke(method("Hello"), request(1), metadata={"x-flow": "hello"})
    check(reply.ok, "hello is answered")
    check("Hello, " in reply.json()["text"], "it is a greeting")


@flow
def many() -> None:
    with channel().start(method("Many")) as call:
        call.send(request(GREETINGS))
        call.finish()
        check(len(list(call)) == GREETINGS, "all greetings come")
        check(call.reply is not None and call.reply.ok, "the stream ends well")


@flow
def gather() -> None:
    with channel().start(method("Gather")) as call:
        for _ in range(GREETINGS):
            call.send(request(1))
        call.finish()
        greeting = call.receive()
        check(greeting is not None and greeting.json()["number"] == str(GREETINGS), "all were greeted at once")


@flow
def chat() -> None:
    with channel().start(method("Chat")) as call:
        for _ in range(GREETINGS):
            call.send(request(1))
            check(call.receive() is not None, "each greeting is answered")
        call.finish()
        check(call.receive() is None, "the chat ends")

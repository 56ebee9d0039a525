"""Calls by gRPC, with streams and without.

::

    from squall import check, flow, grpc

    SCHEMA = grpc.Schema({"greeter.proto": open("greeter.proto").read()})


    @flow
    def greet() -> None:
        channel = grpc.connect("127.0.0.1:50051", plaintext=True)
        reply = channel.invoke(SCHEMA.method("greeter.v1.Greeter/Hello"), {"name": "Ada"})
        check(reply.ok, "it answers")

Messages are JSON (protobuf's own mapping) or bytes; the host has the types. It times calls at the socket. A component
imports the contract's interface for gRPC only if its scenario imports this module.
"""

import json as _json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, TypedDict, Unpack

from squall._timing import nanoseconds
from squall.data import Blob
from squall.http._response import Timings

if sys.platform == "wasi":
    from squall._host import wasm_grpc as host
else:
    from squall._host import fake_grpc as host

__all__ = ["Call", "Channel", "Message", "Method", "Reply", "Schema", "Settings", "connect"]

_FOREVER = 2**64 - 1

Payload = Mapping[str, Any] | str | bytes | Blob
"""A message: an object (as JSON), the JSON itself, bytes as they are sent, or a blob in the host's memory."""


class Settings(TypedDict, total=False):
    """Settings of a call."""

    name: str
    """What the call is counted under, in place of ``package.Service/Method``."""
    timeout: float | timedelta
    """How long the call may take in all, in seconds. Sent to the server, too."""
    metadata: Mapping[str, str | bytes]
    """Metadata; keys that end in ``-bin`` have bytes as values."""
    expected: Sequence[int]
    """The status codes that count as expected; 0 otherwise."""
    discard: bool
    """Whether messages that come are measured and thrown away."""
    gzip: bool
    """Whether messages are sent compressed."""


class Method:
    """A method of a service, by its name in a schema."""

    __slots__ = ("_held", "_make")

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._held: Any = None

    @property
    def held(self) -> Any:
        """The host's handle; for the SDK."""
        if self._held is None:
            self._held = self._make()
        return self._held

    @property
    def client_streams(self) -> bool:
        """Whether the client may send several messages."""
        return bool(self.held.client_streams())

    @property
    def server_streams(self) -> bool:
        """Whether the server may send several messages."""
        return bool(self.held.server_streams())


class Schema:
    """Services and their messages: of ``.proto`` files, by the names under which they are imported, or of descriptors.

    It may be made at the top level of a scenario. The host compiles it when it is first used, once for all virtual
    users. The well-known types and gRPC's health service need not be given.
    """

    __slots__ = ("_held", "_make", "_methods")

    def __init__(self, files: Mapping[str, str] | None = None, *, descriptors: bytes | None = None) -> None:
        self._make: Callable[[], Any] = (
            (lambda: host.lifted(host.Schema.parse, list((files or {}).items())))
            if descriptors is None
            else (lambda: host.lifted(host.Schema.load, descriptors))
        )
        self._held: Any = None
        self._methods: dict[str, Method] = {}

    @classmethod
    def reflect(cls, channel: "Channel") -> "Schema":
        """Return what the server tells of itself, by its reflection service. Asked once for all virtual users."""
        schema = cls()
        schema._held = host.lifted(host.Schema.reflect, channel.held, None)
        return schema

    @property
    def held(self) -> Any:
        """The host's handle; for the SDK."""
        if self._held is None:
            self._held = self._make()
        return self._held

    def method(self, name: str) -> Method:
        """Return the method of that full name: ``package.Service/Method``."""
        if name not in self._methods:
            self._methods[name] = Method(lambda: host.lifted(self.held.method, name))
        return self._methods[name]

    @property
    def methods(self) -> list[str]:
        """The full names of all methods, sorted."""
        return list(self.held.methods())


class Message:
    """A message that has come. The host holds it until this is no longer used; each property copies its own value."""

    __slots__ = ("_held",)

    def __init__(self, held: Any) -> None:
        self._held = held

    @property
    def text(self) -> str:
        """Its JSON, as text."""
        return str(host.lifted(self._held.json))

    def json(self) -> Any:
        """Return the object that its JSON stands for. Fields that are not set have their defaults."""
        return _json.loads(self.text)

    @property
    def content(self) -> bytes:
        """Its bytes, as they came."""
        return bytes(self._held.bytes())

    @property
    def at(self) -> float:
        """The time of the read that completed it, in seconds since the run began, as `now`."""
        return float(self._held.at()) / 1e9


class Reply:
    """How a call ended."""

    __slots__ = ("_held", "status")

    status: int
    """The status code; 0 is OK."""

    def __init__(self, held: Any) -> None:
        self._held = held
        self.status = int(held.status())

    @property
    def ok(self) -> bool:
        """Whether the status is OK."""
        return self.status == 0

    @property
    def status_message(self) -> str:
        """The server's text about the status."""
        return str(self._held.status_message())

    @property
    def details(self) -> list[Any]:
        """The details of the status."""
        return list(_json.loads(self._held.details()))

    @property
    def message(self) -> Message | None:
        """The message of a unary call, if there is one."""
        message = self._held.message()
        return None if message is None else Message(message)

    def json(self) -> Any:
        """Return the object that the message's JSON stands for; ``None`` without a message."""
        message = self.message
        return None if message is None else message.json()

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What came before the messages: names in lower case, and values. Those of ``-bin`` are in base64."""
        return list(self._held.headers())

    @property
    def trailers(self) -> list[tuple[str, str]]:
        """What came after them."""
        return list(self._held.trailers())

    @property
    def timings(self) -> Timings:
        """How long each phase took, in seconds."""
        timings = self._held.timings()
        return Timings(*(getattr(timings, phase) / 1e9 for phase in Timings._fields))


class Call:
    """A call with a stream in either direction, or both.

    At the end of a ``with`` block, or with `close`, it is cancelled if it has not ended.
    """

    __slots__ = ("_held",)

    def __init__(self, held: Any) -> None:
        self._held = held

    def send(self, message: Payload) -> None:
        """Send a message. Waits while more than 64 KiB are unsent."""
        host.lifted(self._held.send, _payload(message))

    def finish(self) -> None:
        """End the messages of the client. The server's may go on."""
        host.lifted(self._held.finish)

    def receive(self, timeout: float | timedelta | None = None) -> Message | None:
        """Return the next message; ``None`` when the server has ended the call: see `reply`.

        Raises `http.Timeout` if none comes within that many seconds: nothing is lost then, and it can be asked again.
        With 0 it only looks.
        """
        limit = _FOREVER if timeout is None else nanoseconds(timeout)
        message = host.lifted(self._held.receive, limit)
        return None if message is None else Message(message)

    def __iter__(self) -> Iterator[Message]:
        while (message := self.receive()) is not None:
            yield message

    @property
    def reply(self) -> Reply | None:
        """How the call ended; ``None`` before its end."""
        reply = self._held.reply()
        return None if reply is None else Reply(reply)

    def close(self) -> None:
        """Cancel the call, if it has not ended."""
        host.drop(self._held)

    def __enter__(self) -> "Call":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Channel:
    """A server, and how it is spoken to. The first call opens the connection."""

    __slots__ = ("held",)

    held: Any
    """The host's handle; for the SDK."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def invoke(self, method: Method, message: Payload, **settings: Unpack[Settings]) -> Reply:
        """Make a unary call, and wait for its end.

        Raises `http.Error` when there is no status. A status is never an error.
        """
        return Reply(host.lifted(host.invoke, self.held, method.held, _payload(message), _options(settings)))

    def start(self, method: Method, **settings: Unpack[Settings]) -> Call:
        """Begin a call with streams."""
        return Call(host.lifted(host.Call.start, self.held, method.held, _options(settings)))


def connect(
    target: str | None = None,
    *,
    plaintext: bool = False,
    authority: str | None = None,
    receive_limit: int | None = None,
    send_limit: int | None = None,
) -> Channel:
    """Return a channel to ``host:port``, ``grpc://host:port`` (without TLS) or ``grpcs://host:port``.

    Without a target, to the one of the run. Limits are of messages, in bytes: 4 MiB for those that are received.
    """
    options = host.ChannelOptions()
    options.set_plaintext(plaintext)
    if authority is not None:
        options.set_authority(authority)
    if receive_limit is not None:
        options.set_receive_limit(receive_limit)
    if send_limit is not None:
        options.set_send_limit(send_limit)
    return Channel(host.lifted(host.Channel.open, target, options))


def _payload(message: Payload) -> Any:
    if isinstance(message, Blob):
        return host.held(message.held())
    if isinstance(message, bytes):
        return host.binary(message)
    return host.json(message if isinstance(message, str) else _json.dumps(message))


def _options(settings: Settings) -> Any:
    if not settings:
        return None
    options = host.CallOptions()
    if "name" in settings:
        options.set_name(settings["name"])
    if "timeout" in settings:
        options.set_timeout(nanoseconds(settings["timeout"]))
    for key, value in settings.get("metadata", {}).items():
        add = options.add_metadata if isinstance(value, str) else options.add_binary_metadata
        host.lifted(add, key, value)
    if "expected" in settings:
        options.set_expected_statuses(list(settings["expected"]))
    options.set_discard(settings.get("discard", False))
    options.set_gzip(settings.get("gzip", False))
    return options

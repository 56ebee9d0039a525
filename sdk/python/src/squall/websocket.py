"""WebSockets, carried and measured by the host.

::

    from squall import websocket


    @flow
    def chat() -> None:
        with websocket.connect("/chat") as socket:
            socket.send("hello")
            message = socket.receive(timeout=5)
            check(message is not None and message.text == "hello", "the server repeats what was said")

The host answers pings, and takes all times at the socket: how fast Python is changes no number. A component imports the
contract's interface for WebSockets only if its scenario imports this module.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from json import loads
from types import TracebackType
from typing import Any

from squall._timing import nanoseconds
from squall._websocket_error import (
    Closed,
    ConnectError,
    DnsError,
    Error,
    HandshakeError,
    InvalidRequest,
    OtherError,
    ProtocolError,
    RefusedByPolicy,
    ResetError,
    Timeout,
    TlsError,
    TooLarge,
)
from squall.data import Blob
from squall.http import Response
from squall.http._response import arrived

if sys.platform == "wasi":
    from squall._host import wasm_websocket as host
else:
    from squall._host import fake_websocket as host

__all__ = [
    "Closed",
    "ConnectError",
    "DnsError",
    "Error",
    "HandshakeError",
    "InvalidRequest",
    "Message",
    "OtherError",
    "ProtocolError",
    "RefusedByPolicy",
    "ResetError",
    "Timeout",
    "TlsError",
    "TooLarge",
    "WebSocket",
    "connect",
]

_FOREVER = 2**64 - 1


def _limit(timeout: float | timedelta | None) -> int:
    return _FOREVER if timeout is None else nanoseconds(timeout)


class Message:
    """Something that has come. The host holds it until this is no longer used; each property copies its own value."""

    __slots__ = ("_message",)

    def __init__(self, message: Any) -> None:
        self._message = message

    @property
    def kind(self) -> str:
        """``text``, ``binary``, ``ping``, ``pong`` or ``close``."""
        return host.kind(self._message)

    @property
    def size(self) -> int:
        """The length of its content, in bytes."""
        return int(self._message.size())

    @property
    def text(self) -> str:
        """Its content as text; bytes that are not UTF-8 are replaced. Of a close: the reason."""
        return str(self._message.text())

    @property
    def bytes(self) -> bytes:
        """Its content."""
        return bytes(self._message.bytes())

    def json(self) -> Any:
        """Return its text, read as JSON. Raises `ValueError` if it is not JSON."""
        return loads(self.text)

    @property
    def at(self) -> float:
        """The time of the read that completed it, in seconds since the run began, as `now`."""
        return float(self._message.at()) / 1e9

    @property
    def code(self) -> int:
        """Of a close: its code, or 1005 if it has none. Otherwise 0."""
        return int(self._message.code())


class WebSocket:
    """A connection. At the end of a ``with`` block it is closed with 1000, or with 1001 after an exception."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @property
    def response(self) -> Response | None:
        """The server's answer to the handshake; ``None`` if there was none."""
        response = self._connection.response()
        return None if response is None else arrived(response)

    @property
    def subprotocol(self) -> str:
        """The subprotocol that the server has chosen; empty if it has chosen none."""
        return str(self._connection.subprotocol())

    def send(self, content: str | bytes | Blob) -> float:
        """Send text as a text message, and bytes, or a file that the host holds, as a binary one.

        Waits while more than 1 MiB are unsent. Returns the time at which the message was handed over, in seconds since
        the run began.
        """
        if isinstance(content, Blob):
            at = host.lifted(self._connection.send_from, content.held())
        elif isinstance(content, str):
            at = host.lifted(self._connection.send_text, content)
        else:
            at = host.lifted(self._connection.send_bytes, content)
        return float(at) / 1e9

    def ping(self) -> None:
        """Send a ping. The host records the time until its pong (``ws_ping``)."""
        host.lifted(self._connection.ping)

    @property
    def buffered(self) -> int:
        """Bytes that were handed over and have not been written to the socket."""
        return int(self._connection.buffered())

    def receive(self, timeout: float | timedelta | None = None) -> Message | None:
        """Return the next text or binary message; ``None`` once the connection is closed.

        Raises `Timeout` if none comes within that many seconds: nothing is lost then, and it can be asked again. With 0
        it only looks.
        """
        message = host.lifted(self._connection.receive, _limit(timeout))
        return None if message is None else Message(message)

    def receive_any(self, timeout: float | timedelta | None = None) -> Message | None:
        """Do as `receive`, but hand out pings, pongs and the server's close, too, from the first call on."""
        message = host.lifted(self._connection.receive_any, _limit(timeout))
        return None if message is None else Message(message)

    def receive_text(self, timeout: float | timedelta | None = None) -> str | None:
        """Return the text of the next message: cheaper than `receive` for who wants no more."""
        text = host.lifted(self._connection.receive_text, _limit(timeout))
        return None if text is None else str(text)

    def __iter__(self) -> Iterator[Message]:
        while (message := self.receive()) is not None:
            yield message

    def _key(self) -> int:
        return int(self._connection.key())

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begin the closing handshake. What the server sends until its own close can be received."""
        host.lifted(self._connection.close, code, reason)

    @property
    def closed(self) -> tuple[int, str] | None:
        """The server's code and reason, once it has closed.

        1005 stands for a close without a code, 1006 for an end without a close.
        """
        closed = self._connection.closed()
        return None if closed is None else (int(closed[0]), str(closed[1]))

    def drop(self) -> None:
        """Give the connection up at once: an open one is closed with 1001 (going away)."""
        host.drop(self._connection)

    def __enter__(self) -> "WebSocket":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        self.drop()


def connect(
    url: str,
    *,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    timeout: float | timedelta | None = None,
    headers: Mapping[str, str] | None = None,
    subprotocols: Sequence[str] = (),
    compression: bool = False,
    inbox: int | None = None,
) -> WebSocket:
    """Connect to a URL that begins with ``ws://`` or ``wss://``, or to a path below the run's ``--target``.

    Waits for the handshake. It is counted under ``name``, or under its URL. ``compression`` offers
    ``permessage-deflate``. ``inbox`` is the number of bytes of messages that may wait to be received before the host
    stops reading: 1 MiB unless said otherwise. Raises `Error` without a connection.
    """
    options = host.ConnectOptions()
    if name is not None:
        options.set_name(name)
    if tags is not None:
        options.set_tags(list(tags.items()))
    if timeout is not None:
        options.set_timeout(nanoseconds(timeout))
    for field, value in (headers or {}).items():
        options.add_header(field, value)
    if subprotocols:
        options.set_subprotocols(list(subprotocols))
    if compression:
        options.set_compression(True)
    if inbox is not None:
        options.set_inbox(inbox)
    return WebSocket(host.lifted(host.Connection.open, url, options))

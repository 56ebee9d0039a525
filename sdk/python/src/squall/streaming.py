"""Bodies that come, or go, piece by piece: server-sent events, downloads, uploads.

::

    from squall import streaming


    @flow
    def follow() -> None:
        for event in streaming.get("/feed"):
            check(event.data != "", "an event has data")

The host times the events at the socket: how fast Python takes them changes no number. A component imports the
contract's interface for streams only if its scenario imports this module.
"""

import sys
from collections.abc import Iterator
from datetime import timedelta
from json import loads
from types import TracebackType
from typing import Any, Unpack

from squall._timing import nanoseconds
from squall.data import Blob
from squall.http import Request, Response, Settings
from squall.http._response import arrived

if sys.platform == "wasi":
    from squall._host import wasm_streaming as host
else:
    from squall._host import fake_streaming as host

__all__ = ["Event", "Stream", "Upload", "get", "post", "request", "upload"]

_FOREVER = 2**64 - 1
_PIECE = 64 * 1024


def _limit(timeout: float | timedelta | None) -> int:
    return _FOREVER if timeout is None else nanoseconds(timeout)


class Event:
    """A server-sent event. The host holds it until this is no longer used; each property copies its own value."""

    __slots__ = ("_event",)

    def __init__(self, event: Any) -> None:
        self._event = event

    @property
    def name(self) -> str:
        """Its type: ``message`` if it has none."""
        return str(self._event.name())

    @property
    def id(self) -> str:
        """The id of the last event that had one, which may be this one; empty if there was none."""
        return str(self._event.id())

    @property
    def data(self) -> str:
        """Its data."""
        return str(self._event.data())

    def json(self) -> Any:
        """Return its data, read as JSON. Raises `ValueError` if it is not JSON."""
        return loads(self.data)

    def get(self, pointer: str) -> str | None:
        """Return the value at a JSON pointer in its data: text unchanged, other values as JSON; ``None`` without one.

        The host finds it, which costs less than `json`.
        """
        value = self._event.get(pointer)
        return None if value is None else str(value)

    @property
    def at(self) -> float:
        """The time of the read that completed it, in seconds since the run began, as `now`."""
        return float(self._event.at()) / 1e9


class Stream:
    """A response that is read piece by piece, as server-sent events or as bytes.

    At the end of a ``with`` block, or with `close`, the rest is given up, and the connection is closed.
    """

    __slots__ = ("_incoming", "response")

    response: Response
    """The response without a body: status, header fields, URL, and timings up to the head."""

    def __init__(self, incoming: Any) -> None:
        self._incoming = incoming
        self.response = arrived(host.lifted(incoming.head, _FOREVER))

    @property
    def status(self) -> int:
        """The status code."""
        return self.response.status

    def next(self, timeout: float | timedelta | None = None) -> Event | None:
        """Return the next event; ``None`` at the end of the stream.

        Raises `http.Timeout` if none comes within that many seconds: nothing is lost then, and it can be asked again.
        With 0 it only looks.
        """
        event = host.lifted(self._incoming.next_event, _limit(timeout))
        return None if event is None else Event(event)

    def _key(self) -> int:
        return int(self._incoming.key())

    def __iter__(self) -> Iterator[Event]:
        while (event := self.next()) is not None:
            yield event

    def read(self, most: int = _PIECE, timeout: float | timedelta | None = None) -> bytes | None:
        """Return the next bytes as they came (not decoded), at most ``most`` of them; ``None`` at the end."""
        piece = host.lifted(self._incoming.read, most, _limit(timeout))
        return None if piece is None else bytes(piece)

    def count_tokens(
        self, text: str = "/choices/0/delta/content", total: str | None = "/usage/completion_tokens"
    ) -> None:
        """Count tokens of a language model (``llm_`` metrics).

        The defaults are those of an OpenAI-compatible server: ``text`` is the JSON pointer of texts in the events'
        data, ``total`` that of the server's own count. May be called again for texts in other places.
        """
        host.lifted(self._incoming.count_tokens, text, total)

    @property
    def last_event_id(self) -> str:
        """The id of the last event that came; empty if there was none."""
        return str(self._incoming.last_event_id())

    @property
    def retry(self) -> float | None:
        """How many seconds the stream asks its clients to wait before they reconnect."""
        ns = self._incoming.retry()
        return None if ns is None else float(ns) / 1e9

    def reopen(self, method: str, url: str, **settings: Unpack[Settings]) -> "Stream":
        """Send a request that continues this stream; it counts as a reconnect.

        The id of the last event goes along as ``last-event-id``. Wait before, as browsers do:
        ``sleep(feed.retry or 3)``.
        """
        return Stream(host.lifted(host.Incoming.reopen, self._incoming, Request(method, url, **settings)))

    def close(self) -> None:
        """Give up the rest, and close the connection."""
        host.drop(self._incoming)

    def __enter__(self) -> "Stream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Upload:
    """A request whose body is written while it is sent."""

    __slots__ = ("_outgoing", "_response")

    def __init__(self, outgoing: Any) -> None:
        self._outgoing = outgoing
        self._response: Stream | None = None

    def write(self, piece: str | bytes | Blob) -> None:
        """Send a piece. Waits while more than 64 KiB are unsent."""
        if isinstance(piece, Blob):
            host.lifted(self._outgoing.write_from, piece.held())
        else:
            host.lifted(self._outgoing.write, piece.encode() if isinstance(piece, str) else piece)

    def response(self) -> Stream:
        """Wait for the head of the response, which may come before the end of the body."""
        if self._response is None:
            self._response = Stream(self._outgoing.response())
        return self._response

    def finish(self) -> Stream:
        """End the body, and wait for the head of the response."""
        host.lifted(self._outgoing.finish)
        return self.response()


def request(method: str, url: str, **settings: Unpack[Settings]) -> Stream:
    """Send a request and wait for the head of its response. The settings are those of `http.Request`.

    Raises `http.Error` when there is no response. A status code is never an error.
    """
    return Stream(host.lifted(host.Incoming.open, Request(method, url, **settings)))


def get(url: str, **settings: Unpack[Settings]) -> Stream:
    """Send a ``GET`` request. See `request`."""
    return request("GET", url, **settings)


def post(url: str, **settings: Unpack[Settings]) -> Stream:
    """Send a ``POST`` request: ``streaming.post("/v1/chat/completions", json={"stream": True})``. See `request`."""
    return request("POST", url, **settings)


def upload(method: str, url: str, length: int | None = None, **settings: Unpack[Settings]) -> Upload:
    """Begin to send a request whose body is written piece by piece: with a length in bytes, or in chunks."""
    return Upload(host.lifted(host.Outgoing.start, Request(method, url, **settings), length))

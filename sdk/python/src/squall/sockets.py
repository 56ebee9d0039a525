r"""Bytes over TCP, with TLS if asked for, and datagrams over UDP: for protocols that a scenario speaks itself.

::

    from squall import sockets


    @flow
    def ping() -> None:
        with sockets.connect("127.0.0.1:6379") as redis:
            redis.send("PING\r\n")
            check(redis.receive_line() == b"+PONG\r\n", "Redis answers")

The host times reads and writes at the socket (``tcp_response``, ``udp_response``): how fast Python is changes no
number. A component imports the contract's interface for sockets only if its scenario imports this module.

Errors are those of `http`: `http.Timeout`, `http.ConnectError`, `http.ResetError` and so on.
"""

import sys
from datetime import timedelta
from types import TracebackType
from typing import Any

from squall._timing import nanoseconds

if sys.platform == "wasi":
    from squall._host import wasm_sockets as host
else:
    from squall._host import fake_sockets as host

__all__ = ["TcpSocket", "UdpSocket", "connect", "udp"]

_TIMEOUT = 60.0
_PIECE = 64 * 1024
_LONGEST_LINE = 1024 * 1024

_Seconds = float | timedelta


def _lower(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)


class _Socket:
    """What both kinds have."""

    __slots__ = ("_inner", "_timeout")

    def __init__(self, inner: Any, timeout: _Seconds) -> None:
        self._inner = inner
        self._timeout = timeout

    def _limit(self, timeout: _Seconds | None) -> int:
        return nanoseconds(self._timeout if timeout is None else timeout)

    def _key(self) -> int:
        return int(self._inner.key())

    @property
    def at(self) -> float:
        """When the last bytes received had come, in seconds since the run began, as `now`."""
        return float(self._inner.at()) / 1e9

    def close(self) -> None:
        """Close the socket."""
        host.drop(self._inner)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class TcpSocket(_Socket):
    """A TCP connection. At the end of a ``with`` block, or with `close`, it is closed.

    Methods that receive return ``None`` when the connection has ended. They raise `http.Timeout` if nothing comes in
    time: nothing is lost then, and they can be called again. With 0 they only look.
    """

    __slots__ = ()

    def send(self, data: str | bytes) -> float:
        """Send bytes, or text as UTF-8. Waits only while more than 64 KiB are unsent.

        Return when the last byte was written, in seconds since the run began; or the time of the call, if the socket
        does not take it now.
        """
        return float(host.lifted(self._inner.send, _lower(data))) / 1e9

    def receive(self, most: int = _PIECE, timeout: _Seconds | None = None) -> bytes | None:
        """Return the bytes that have come, at most ``most`` of them."""
        return _bytes(host.lifted(self._inner.receive, most, self._limit(timeout)))

    def receive_until(
        self, delimiter: str | bytes, most: int = _LONGEST_LINE, timeout: _Seconds | None = None
    ) -> bytes | None:
        """Return the bytes up to a delimiter, and the delimiter, which must be within ``most`` bytes."""
        return _bytes(host.lifted(self._inner.receive_until, _lower(delimiter), most, self._limit(timeout)))

    def receive_line(self, timeout: _Seconds | None = None) -> bytes | None:
        """Return the bytes up to a line feed, and it; at most 1 MiB."""
        return self.receive_until(b"\n", _LONGEST_LINE, timeout)

    def receive_exactly(self, count: int, timeout: _Seconds | None = None) -> bytes | None:
        """Return exactly that many bytes."""
        return _bytes(host.lifted(self._inner.receive_exactly, count, self._limit(timeout)))

    def finish(self) -> None:
        """End sending, as soon as all is written. The server can still send."""
        self._inner.finish()

    def __enter__(self) -> "TcpSocket":
        return self


class UdpSocket(_Socket):
    """A UDP socket, connected to one address."""

    __slots__ = ()

    def send(self, datagram: str | bytes) -> float:
        """Send a datagram of at most 65,507 bytes. Return when, in seconds since the run began."""
        return float(host.lifted(self._inner.send, _lower(datagram))) / 1e9

    def receive(self, timeout: _Seconds | None = None) -> bytes:
        """Return the next datagram. Raises `http.Timeout` if none comes in time; with 0 it only looks."""
        return bytes(host.lifted(self._inner.receive, self._limit(timeout)))

    def __enter__(self) -> "UdpSocket":
        return self


def _bytes(received: Any) -> bytes | None:
    return None if received is None else bytes(received)


def connect(address: str, *, tls: bool | str = False, name: str = "", timeout: _Seconds = _TIMEOUT) -> TcpSocket:
    """Connect to ``host:port``; an empty text stands for host and port of the run's target.

    ``tls`` is ``True``, or the name of a server that is not called as its address is. ``name`` is what the connection's
    samples are counted under, instead of its address. ``timeout`` is how long opening may take, and each call that
    receives, in seconds. Raises `http.Error` if there is no connection.
    """
    server = tls if isinstance(tls, str) else "" if tls else None
    return TcpSocket(host.lifted(host.Tcp.open, name, address, server, nanoseconds(timeout)), timeout)


def udp(address: str, *, name: str = "", timeout: _Seconds = _TIMEOUT) -> UdpSocket:
    """Open a UDP socket for ``host:port``; an empty text stands for those of the run's target. Nothing is sent."""
    return UdpSocket(host.lifted(host.Udp.open, name, address), timeout)

"""Sockets of a native test, whose host answers what is sent at once."""

from collections.abc import Callable
from typing import Any

from squall._host.fake_streaming import drop, lifted
from squall._http_error import ConnectError, ResetError, Timeout
from squall.testing._state import current

__all__ = ["Tcp", "Udp", "drop", "lifted"]

READY = 1
NOT_READY = 0


def _peer(address: str) -> Callable[[bytes], bytes]:
    """Return the server of an address."""
    peer = current().peers.get(address)
    if peer is None:
        raise ConnectError(f"{address}: this test has no such server (Host.serve)")
    return peer


def _time_out(ns: int) -> Any:
    current().sleep(ns)
    raise Timeout


class Tcp:
    """A TCP connection of the test."""

    def __init__(self, peer: Callable[[bytes], bytes]) -> None:
        self._peer = peer
        self._inbox = b""
        self._is_finished = False

    @classmethod
    def open(cls, _name: str, address: str, _tls: str | None, _ns: int) -> "Tcp":
        return cls(_peer(address))

    def send(self, data: bytes) -> int:
        self._inbox += self._peer(bytes(data))
        return current().clock

    def _take(self, count: int | None, ns: int) -> bytes | None:
        if count is not None:
            taken, self._inbox = self._inbox[:count], self._inbox[count:]
            return taken
        if not self._is_finished:
            _time_out(ns)
        if self._inbox:
            raise ResetError("the connection ended too early")
        return None

    def receive(self, most: int, ns: int) -> bytes | None:
        return self._take(min(most, len(self._inbox)) or None, ns)

    def receive_until(self, delimiter: bytes, _most: int, ns: int) -> bytes | None:
        place = self._inbox.find(delimiter)
        return self._take(None if place < 0 else place + len(delimiter), ns)

    def receive_exactly(self, count: int, ns: int) -> bytes | None:
        return self._take(count if len(self._inbox) >= count else None, ns)

    def at(self) -> int:
        return current().clock

    def finish(self) -> None:
        self._is_finished = True

    def key(self) -> int:
        return READY if self._inbox or self._is_finished else NOT_READY


class Udp:
    """A UDP socket of the test. An empty answer is none."""

    def __init__(self, peer: Callable[[bytes], bytes]) -> None:
        self._peer = peer
        self._inbox: list[bytes] = []

    @classmethod
    def open(cls, _name: str, address: str) -> "Udp":
        return cls(_peer(address))

    def send(self, datagram: bytes) -> int:
        answer = self._peer(bytes(datagram))
        self._inbox += [answer] if answer else []
        return current().clock

    def receive(self, ns: int) -> bytes:
        return self._inbox.pop(0) if self._inbox else _time_out(ns)

    def at(self) -> int:
        return current().clock

    def key(self) -> int:
        return READY if self._inbox else NOT_READY

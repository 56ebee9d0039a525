"""Waiting for whichever of several streams has something first.

::

    from squall import sockets, streaming
    from squall.waiting import wait


    @flow
    def follow() -> None:
        feed, redis = streaming.get("/feed"), sockets.connect("127.0.0.1:6379")
        while (ready := wait([feed, redis], timeout=5)) is not None:
            message = feed.next(0) if ready is feed else redis.receive_line(0)

A component imports the contract's interface for it only if its scenario imports this module.
"""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from squall._timing import nanoseconds

if sys.platform == "wasi":
    from squall._host.wasm_waiting import next_of
else:
    from squall._host.fake_waiting import next_of

__all__ = ["Waitable", "wait"]

_FOREVER = 2**64 - 1


class Waitable(Protocol):
    """Something that can be waited for: a `streaming.Stream`, a `sockets.TcpSocket`, a `sockets.UdpSocket`."""

    def _key(self) -> int: ...


def wait(streams: Sequence[Waitable], timeout: float | timedelta | None = None) -> Waitable | None:
    """Wait until one of these has something: data, its end, or an error. Return it.

    Of several, it is the one that has been ready longest. ``None`` if none is ready within that many seconds. Nothing
    is taken: the next call of its own returns at once. A stream that was just opened may have only a part of an event.
    """
    keys = [stream._key() for stream in streams]
    ready = next_of(keys, _FOREVER if timeout is None else nanoseconds(timeout))
    return None if ready is None else streams[keys.index(ready)]

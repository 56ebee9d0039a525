"""Waiting in a native test, whose host has answered everything that it will answer."""

from squall._host.fake_sockets import READY
from squall.testing._state import current


def next_of(keys: list[int], ns: int) -> int | None:
    """Return the key of a ready stream; without one the time passes."""
    if READY in keys:
        return READY
    current().sleep(ns)
    return None

"""The run's clock, and waiting. All time is the host's, so tests can drive it."""

from datetime import timedelta

from squall import _host as host
from squall._random import random

# As many nanoseconds as the contract can carry (584 years).
_MOST = 2**64 - 1


def nanoseconds(time: float | timedelta) -> int:
    """Return a length of time for the contract. Negative numbers and NaN count as 0."""
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    if not seconds > 0:
        return 0
    return _MOST if seconds >= _MOST / 1e9 else round(seconds * 1e9)


def now() -> float:
    """Return the time since the run began, in seconds."""
    return host.now() / 1e9


def sleep(time: float | timedelta) -> None:
    """Wait that many seconds. Part of the iteration's duration, of no request's latency."""
    length = nanoseconds(time)
    if length:
        host.sleep(length)


def think(least: float, most: float) -> None:
    """Wait for a random time between the two, in seconds: ``think(1, 3)``."""
    sleep(random.uniform(least, most) if most > least else least)


def pace(time: float | timedelta) -> None:
    """Wait until that many seconds have passed since this iteration began, or not at all if they have."""
    host.pace(nanoseconds(time))

"""Checks and custom metrics.

Metrics live in modules, beside the flows. The host is asked for each once per virtual user, when it is first used.
"""

from typing import Literal

from squall import _host as host

Unit = Literal["number", "time", "data"]
"""The unit of a trend's values: plain numbers, milliseconds, or bytes."""


def check(passed: object, name: str) -> bool:
    """Record whether a condition holds, under a name, and return it.

    A check that fails does not end the iteration.
    """
    result = bool(passed)
    host.check(name, result)
    return result


class Counter:
    """A sum: orders placed, bytes uploaded."""

    __slots__ = ("_handle", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._handle: host.Counter | None = None

    def add(self, value: float = 1) -> None:
        """Add to the sum. The host drops values that are negative or not finite."""
        if self._handle is None:
            self._handle = host.Counter(self.name)
        self._handle.add(value)


class Gauge:
    """A value of which the latest, the least and the greatest are kept: the length of a queue."""

    __slots__ = ("_handle", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._handle: host.Gauge | None = None

    def set(self, value: float) -> None:
        """Set the value."""
        if self._handle is None:
            self._handle = host.Gauge(self.name)
        self._handle.set(value)


class Rate:
    """A share: cache hits, successful logins."""

    __slots__ = ("_handle", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._handle: host.Rate | None = None

    def add(self, value: object) -> None:
        """Count one event that was (if the value is true), or was not, of the kind."""
        if self._handle is None:
            self._handle = host.Rate(self.name)
        self._handle.add(bool(value))


class Trend:
    """A distribution, of which percentiles are kept: items in a basket, time to checkout."""

    __slots__ = ("_handle", "name", "unit")

    def __init__(self, name: str, unit: Unit = "number") -> None:
        self.name = name
        self.unit: Unit = unit
        self._handle: host.Trend | None = None

    def add(self, value: float) -> None:
        """Add a value: of a ``time`` milliseconds, of ``data`` bytes. The host drops values that are not finite."""
        if self._handle is None:
            self._handle = host.Trend(self.name, self.unit)
        self._handle.add(value)

"""Settings of requests, and the host's handles for them.

A scenario has a handful of different settings and sends each many times. So the handles are made once per virtual user
and kept: a request costs one call of the host from its second time on.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from squall import _host as host
from squall._http_error import InvalidRequest
from squall._timing import nanoseconds
from squall.data import Blob, DataError

Statuses = int | range | Iterable[int | range]
"""Status codes: ``404``, ``range(200, 300)``, or several of these."""

# More than a sane scenario has. One that makes up names as it goes must not fill the host's tables.
CAPACITY = 64


class Wanted(NamedTuple):
    """A request's settings other than the defaults."""

    name: str | None
    timeout: float | timedelta | None
    redirects: int | None
    discard_body: bool | None
    expected_statuses: tuple[tuple[int, int], ...]
    body_from: Blob | None


_handles: dict[Wanted, host.RequestOptions] = {}


def handle_for(wanted: Wanted) -> host.RequestOptions:
    """Return the handle for those settings, which lives as long as it is referenced."""
    handle = _handles.get(wanted)
    if handle is None:
        if len(_handles) >= CAPACITY:
            _handles.clear()
        handle = _handles[wanted] = _make(wanted)
    return handle


def _make(wanted: Wanted) -> host.RequestOptions:
    handle = host.RequestOptions()
    if wanted.name is not None:
        handle.set_name(wanted.name)
    if wanted.timeout is not None:
        handle.set_timeout(nanoseconds(wanted.timeout))
    if wanted.redirects is not None:
        handle.set_redirects(wanted.redirects)
    if wanted.discard_body is not None:
        handle.set_discard_body(wanted.discard_body)
    if wanted.expected_statuses:
        handle.set_expected_statuses(list(wanted.expected_statuses))
    if wanted.body_from is not None:
        try:
            handle.set_body_from(wanted.body_from.held())
        except DataError as error:
            raise InvalidRequest(str(error)) from None
    return handle


def closed_ranges(statuses: Statuses) -> tuple[tuple[int, int], ...]:
    """Return status codes for the contract: the first and the last of each range."""
    if isinstance(statuses, int):
        return ((statuses, statuses),)
    if isinstance(statuses, range):
        if statuses.step != 1:
            return tuple((status, status) for status in statuses)
        return ((statuses.start, statuses.stop - 1),) if statuses else ()
    return tuple(bounds for item in statuses for bounds in closed_ranges(item))

"""This virtual user, its iteration, and the options of the run."""

from typing import overload

from squall import _host as host


def vu() -> int:
    """Return the number of this virtual user, from 1. It is 0 in ``setup`` and ``teardown``."""
    return host.vu()


def iteration() -> int:
    """Return the number of iterations that this virtual user has begun before this one."""
    return host.iteration()


def target() -> str | None:
    """Return the run's ``--target``, without a slash at its end; `None` if there is none.

    Paths are relative to it automatically; this is for code that needs it as text.
    """
    return host.target()


@overload
def env(key: str) -> str | None: ...
@overload
def env(key: str, default: str) -> str: ...
def env(key: str, default: str | None = None) -> str | None:
    """Return the run's value of ``-e KEY=VALUE``, or the default."""
    value = host.option(key)
    return default if value is None else value


def abort(reason: str) -> None:
    """Request the end of the whole run, as a failure. This iteration continues; no new one begins."""
    host.abort(reason)

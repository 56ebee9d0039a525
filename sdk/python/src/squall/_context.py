"""Who and where this virtual user is, and what was passed to the run."""

from typing import overload

from squall import _host as host


def vu() -> int:
    """Return the number of this virtual user, from 1. It is 0 in ``setup`` and ``teardown``."""
    return host.vu()


def iteration() -> int:
    """Return how many iterations this virtual user has begun before this one."""
    return host.iteration()


def target() -> str | None:
    """Return the run's ``--target``, without a slash at its end; `None` if there is none.

    Paths are below it by themselves; this is for what needs it in words.
    """
    return host.target()


@overload
def env(key: str) -> str | None: ...
@overload
def env(key: str, default: str) -> str: ...
def env(key: str, default: str | None = None) -> str | None:
    """Return the value that the run was given with ``-e KEY=VALUE``, or the default."""
    value = host.option(key)
    return default if value is None else value


def abort(reason: str) -> None:
    """Ask for the end of the whole run, as a failure. This iteration goes on; no new one begins."""
    host.abort(reason)

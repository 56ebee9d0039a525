"""Lines for the run's log, tagged with virtual user and flow by the host: ``log.info(f"basket of {items} items")``.

Printed text arrives there, too: standard output as `info`, standard error (and so `logging`) as `warning`.
"""

from squall import _host as host

__all__ = ["debug", "error", "info", "warning"]


def debug(message: str) -> None:
    """Write a line for the scenario's author: shown with ``squall run -v``."""
    host.log("debug", message)


def info(message: str) -> None:
    """Write a line with useful information."""
    host.log("info", message)


def warning(message: str) -> None:
    """Write a line about an unexpected event without an effect on the run."""
    host.log("warn", message)


def error(message: str) -> None:
    """Write a line about an error."""
    host.log("error", message)

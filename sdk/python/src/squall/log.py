"""Lines for the run's log, tagged with virtual user and flow by the host: ``log.info(f"basket of {items} items")``.

What is printed arrives there, too: standard output as `info`, standard error (and so `logging`) as `warning`.
"""

from squall import _host as host

__all__ = ["debug", "error", "info", "warning"]


def debug(message: str) -> None:
    """Write a line for whoever writes the scenario: shown with ``squall run -v``."""
    host.log("debug", message)


def info(message: str) -> None:
    """Write a line that is worth knowing."""
    host.log("info", message)


def warning(message: str) -> None:
    """Write a line about something odd, though the run goes on as meant."""
    host.log("warn", message)


def error(message: str) -> None:
    """Write a line about something wrong."""
    host.log("error", message)

"""Describes an exception: its text and the author's line, in one line that is the same each time."""

from traceback import format_exception, walk_tb

from squall import log
from squall._error import Error

# Known exceptions; a scenario that makes up its texts must not fill the memory.
_explained: set[str] = set()
_CAPACITY = 64


def describe(error: BaseException) -> str:
    """Return the text to count and show. The traceback goes to the log when it is new (``squall run -v`` shows it)."""
    text = _line(error)
    if text not in _explained and len(_explained) < _CAPACITY:
        _explained.add(text)
        log.debug("".join(format_exception(error)).rstrip())
    return text


def _line(error: BaseException) -> str:
    text = str(error)
    if not isinstance(error, Error):
        name = type(error).__name__
        text = f"{name}: {text}" if text else name
    place = _place(error)
    return f"{text} ({place})" if place else text


def _place(error: BaseException) -> str | None:
    """Return the place in the author's code at which it was raised: ``shop.py:42``."""
    place = None
    for frame, line in walk_tb(error.__traceback__):
        if not _is_library(frame.f_code.co_filename, frame.f_globals.get("__name__", "")):
            place = f"{_short(frame.f_code.co_filename)}:{line}"
    return place


def _is_library(path: str, module: str) -> bool:
    return path.startswith(("/python/", "<")) or module.partition(".")[0] in {"squall", "wit_world"}


def _short(path: str) -> str:
    """Return a path below the project: componentize-py mounts directories as ``/0``, ``/1``, ..."""
    head, _, rest = path.removeprefix("/").partition("/")
    return rest if head.isdigit() else path

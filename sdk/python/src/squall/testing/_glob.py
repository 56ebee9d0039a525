"""Patterns for URLs in tests."""

import re


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern, in which ``*`` stands for any characters, also none."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def matches_url(pattern: str, url: str) -> bool:
    """Whether a URL fits. A pattern that is a path is compared with the path; without ``?`` it ignores the query."""
    if pattern.startswith("/"):
        url = _path(url)
    if "?" not in pattern:
        url = url.partition("?")[0]
    return matches(pattern, url)


def absolute(url: str, target: str | None) -> str:
    """Return the URL that is sent: a path is relative to the target."""
    return target + url if target and url.startswith("/") else url


def _path(url: str) -> str:
    scheme, found, rest = url.partition("://")
    if not found:
        return scheme
    _, slash, path = rest.partition("/")
    return slash + path or "/"

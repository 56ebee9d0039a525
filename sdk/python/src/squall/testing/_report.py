"""A flow's actions, for tests."""

from dataclasses import dataclass, field
from typing import Literal, Self

Level = Literal["debug", "info", "warn", "error"]


@dataclass
class Sent:
    """A sent request."""

    method: str
    url: str
    """The URL, or the path below the target, as the flow wrote it, with its ``params``."""
    headers: list[tuple[str, str]]
    """The header fields that the flow set, in order."""
    body: bytes
    """Empty if there was none."""
    name: str | None
    timeout: float | None
    """In seconds."""
    redirects: int | None
    discard_body: bool | None
    """`None` if the flow did not set it."""
    expected_statuses: list[tuple[int, int]]
    """As closed ranges; empty for the default."""

    def header(self, name: str) -> str | None:
        """Return the value of the first header field of that name, in any case."""
        wanted = name.lower()
        return next((value for field, value in self.headers if field.lower() == wanted), None)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


@dataclass
class Report:
    """A flow's actions."""

    error: BaseException | None = None
    """The exception that it ended with."""
    requests: list[Sent] = field(default_factory=list)
    calls: list[tuple[str, list[str], list[tuple[str, str | bytes]]]] = field(default_factory=list)
    """Calls by gRPC: method, messages as they were given, and metadata."""
    checks: list[tuple[str, bool]] = field(default_factory=list)
    """By name, and whether they passed."""
    transactions: list[tuple[str, bool]] = field(default_factory=list)
    """Those that ended, by name, and whether they succeeded."""
    logs: list[tuple[Level, str]] = field(default_factory=list)
    slept: float = 0.0
    """In seconds, think time and pacing included."""
    aborted: str | None = None
    """The reason for which it asked for the end of the run."""
    cookies_cleared: int = 0
    samples: list[tuple[str, float]] = field(default_factory=list)
    """Values of metrics, by name."""

    def values(self, metric: str) -> list[float]:
        """Return the values of the metric of that name; `True` and `False` as 1 and 0."""
        return [value for name, value in self.samples if name == metric]

    def passed(self, check: str) -> bool:
        """Whether there was a check of that name, and it passed each time."""
        results = [passed for name, passed in self.checks if name == check]
        return bool(results) and all(results)

    def expect_ok(self) -> Self:
        """Return the report itself, for a flow that must have succeeded.

        Raises the flow's exception, or `AssertionError` when a check failed.
        """
        if self.error is not None:
            raise self.error
        failed = [name for name, passed in self.checks if not passed]
        assert not failed, f"checks failed: {failed}"
        return self

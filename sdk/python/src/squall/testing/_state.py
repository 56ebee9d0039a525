"""The state of the current test's host. One per context, so that tests may run in threads."""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field

from squall.testing._reply import Rule
from squall.testing._report import Report

_64_BITS = 2**64 - 1


@dataclass
class Table:
    """A table, and the number of rows taken."""

    rows: list[Mapping[str, str]]
    taken: int = 0

    def columns(self) -> list[str]:
        """Return all names that occur in any row, as the real host does."""
        return list(dict.fromkeys(name for row in self.rows for name in row))


@dataclass
class State:
    """A host's state, and its records."""

    rules: list[Rule] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    target: str | None = None
    vu: int = 1
    iteration: int = 0
    clock: int = 0
    """Nanoseconds since the run began."""
    iteration_began: int = 0
    seed: int = 0
    report: Report = field(default_factory=Report)
    options_made: int = 0
    """The number of handles for request options that were made."""

    tables: dict[str, Table] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    peers: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)
    calls: dict[str, tuple[int, str, list[str]]] = field(default_factory=dict)
    """Answers to calls by gRPC, by method: status, its text, and messages as JSON."""
    sockets: list[tuple[str, Callable[[str | bytes], Sequence[str | bytes]]]] = field(default_factory=list)
    """Servers of WebSockets: patterns of URLs, and what is sent in answer to a message."""

    def sleep(self, nanoseconds: int) -> None:
        """Let time pass."""
        self.clock += nanoseconds
        self.report.slept += nanoseconds / 1e9

    def next_random(self) -> int:
        """SplitMix64: one line of state, and good enough for tests."""
        self.seed = (self.seed + 0x9E37_79B9_7F4A_7C15) & _64_BITS
        mixed = ((self.seed ^ self.seed >> 30) * 0xBF58_476D_1CE4_E5B9) & _64_BITS
        mixed = ((mixed ^ mixed >> 27) * 0x94D0_49BB_1331_11EB) & _64_BITS
        return mixed ^ mixed >> 31


active: ContextVar[State] = ContextVar("squall_test_host")


def current() -> State:
    """Return the state of the current host."""
    try:
        return active.get()
    except LookupError:
        raise RuntimeError(
            "there is no host here: a scenario runs in `squall run`, or in a test by squall.testing.Host().run(flow)"
        ) from None

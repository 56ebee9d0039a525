"""Business operations that span several requests, measured as one."""

from types import TracebackType
from typing import Self

from squall import _host as host


class Transaction:
    """A business operation, measured from ``with`` to the end of its block. See `transaction`."""

    __slots__ = ("_handle", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._handle: host.Transaction | None = None

    def __enter__(self) -> Self:
        self._handle = host.Transaction(self.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            if kind is not None:
                handle.fail()
            handle.__exit__(None, None, None)

    def fail(self) -> None:
        """Mark it as failed, without an exception. Only inside the block."""
        if self._handle is None:
            raise RuntimeError(f"transaction {self.name!r} is not under way: call fail() inside its `with` block")
        self._handle.fail()


def transaction(name: str) -> Transaction:
    """Measure a ``with`` block as one business operation, under a name.

    It counts as failed when the block raises an exception, which goes on::

        with transaction("checkout"):
            http.post("/basket", json={"product_id": 7})
            order = http.post("/checkout").json()
    """
    return Transaction(name)

"""Data that the run was given.

Tables, whose rows a scenario takes (``--data users=users.csv``), and files that are sent unchanged
(``--data video=file:video.mp4``).

::

    USERS = Feed("users", policy="shuffle")
    VIDEO = Blob("video")


    @flow
    def login() -> None:
        user = USERS.next()
        http.post("/login", data={"name": user["name"], "password": user["password"]})
        http.post("/videos", data=VIDEO)

The host holds all of it once, for all virtual users: a scenario has only the fields that it asks for.
"""

import json as _json
from typing import Any, Literal

from squall import _host as host
from squall._data_error import DataError, Exhausted, NotGiven, UnknownColumn

__all__ = ["AtEnd", "Blob", "DataError", "Exhausted", "Feed", "NotGiven", "Policy", "Row", "UnknownColumn"]

Policy = Literal["sequential", "random", "shuffle", "unique-per-vu", "once-each"]
"""The order of rows."""

AtEnd = Literal["recycle", "stop", "error"]
"""The behaviour after the last row: the first row again, the end of the run, or `Exhausted`."""


class Blob:
    """Bytes that the host holds: a file that the run was given, or a field of a `Row`.

    As the ``data`` of a request they are sent without ever entering the scenario.
    """

    __slots__ = ("_handle", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._handle: Any = None

    def __len__(self) -> int:
        return int(self.held().length())

    def __bool__(self) -> bool:
        return True

    def read(self, offset: int = 0, length: int | None = None) -> bytes:
        """Return a copy of at most ``length`` bytes from ``offset`` on; fewer, or none, at the end."""
        handle = self.held()
        return bytes(handle.read(offset, max(handle.length() - offset, 0) if length is None else length))

    def held(self) -> Any:
        """Return the host's handle; for the SDK."""
        if self._handle is None:
            self._handle = host.open_blob(self._name)
        return self._handle


class Row:
    """A row. The host holds it; only requested values are copied."""

    __slots__ = ("_row",)

    def __init__(self, row: Any) -> None:
        self._row = row

    @property
    def index(self) -> int:
        """Its index in the file, from 0."""
        return int(self._row.index())

    def __getitem__(self, column: str) -> str:
        value = self.get(column)
        if value is None:
            raise DataError(f'a row has no "{column}", which others have')
        return value

    def get(self, column: str) -> str | None:
        """Return the value in that column; ``None`` if the row is a JSON object without that field.

        Other values of JSON are returned as JSON: ``42``, ``true``, ``null``, ``[1,2]``.
        """
        value: str | None = self._row.get(column)
        return value

    def fields(self) -> dict[str, str]:
        """Return all names and values, in the order of the columns."""
        return dict(self._row.fields())

    @property
    def text(self) -> str:
        """The whole row as a JSON object, in text: a body to send, for instance."""
        return str(self._row.json())

    def json(self) -> Any:
        """Return the whole row as an object of JSON."""
        return _json.loads(self.text)

    def blob(self, column: str) -> Blob:
        """Return the value in that column, to be sent as a body without entering the scenario."""
        blob = Blob("")
        blob._handle = self._row.blob(column)
        return blob


class Feed:
    """A table that the run was given. Made at the top of the module; the host is asked for it when it is first used.

    Rows come one after the other, and the first follows the last, unless this or who runs the scenario says otherwise;
    the latter goes first.
    """

    def __init__(self, name: str, *, policy: Policy | None = None, at_end: AtEnd | None = None) -> None:
        self._name = name
        self._policy = policy
        self._at_end = at_end
        self._handle: Any = None

    def next(self) -> Row:
        """Take the next row.

        Raises `Exhausted` if no row is left. Where that is to end the run, the run is ending, and an iteration that
        lets the exception pass does not count as failed.
        """
        row = self._host().next()
        if row is None:
            raise Exhausted(f'data "{self._name}" is exhausted, and the run ends')
        return Row(row)

    def at(self, index: int) -> Row | None:
        """Return the row at that index, from 0, whatever the policy; ``None`` beyond the last."""
        row = self._host().at(index)
        return None if row is None else Row(row)

    def __len__(self) -> int:
        return int(self._host().length())

    def __bool__(self) -> bool:
        return True

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in their order."""
        return list(self._host().columns())

    def _host(self) -> Any:
        if self._handle is None:
            self._handle = host.open_feed(self._name, self._policy, self._at_end)
        return self._handle

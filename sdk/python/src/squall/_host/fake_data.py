"""Data of a native test: the rows and files that the test gave to its host."""

import json

from squall._data_error import Exhausted, NotGiven, UnknownColumn
from squall.testing._state import Table, current


class Blob:
    """Bytes of the test's."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def length(self) -> int:
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        return self.content[offset : offset + length]


class Row:
    """A row of the test's."""

    def __init__(self, name: str, table: Table, index: int) -> None:
        self._name, self._table, self._index = name, table, index

    def index(self) -> int:
        return self._index

    def get(self, column: str) -> str | None:
        columns = self._table.columns()
        if column not in columns:
            known = ", ".join(columns)
            raise UnknownColumn(
                f"data {_quoted(self._name)}: there is no column {_quoted(column)}: the columns are {known}"
            )
        return self._table.rows[self._index].get(column)

    def fields(self) -> list[tuple[str, str]]:
        return list(self._table.rows[self._index].items())

    def json(self) -> str:
        return json.dumps(dict(self.fields()), ensure_ascii=False, separators=(",", ":"))

    def blob(self, column: str) -> Blob:
        return Blob((self.get(column) or "").encode())


class Feed:
    """A table of the test's: rows come in their order, whatever the policy."""

    def __init__(self, name: str, table: Table, at_end: str) -> None:
        self._name, self._table, self._at_end = name, table, at_end

    def length(self) -> int:
        return len(self._table.rows)

    def columns(self) -> list[str]:
        return self._table.columns()

    def next(self) -> Row | None:
        index = self._table.taken
        self._table.taken += 1
        if index >= self.length() and self._at_end == "stop":
            return None
        if index >= self.length() and self._at_end == "error":
            raise Exhausted(f"data {_quoted(self._name)} is exhausted")
        return self.at(index % self.length())

    def at(self, index: int) -> Row | None:
        return Row(self._name, self._table, index) if index < self.length() else None


def open_feed(name: str, policy: str | None, at_end: str | None) -> Feed:
    table = current().tables.get(name)
    if table is None:
        raise NotGiven(f"the test host has no data {_quoted(name)}: add Host.feed")
    return Feed(name, table, at_end or ("stop" if policy == "once-each" else "recycle"))


def open_blob(name: str) -> Blob:
    content = current().files.get(name)
    if content is None:
        raise NotGiven(f"the test host has no file {_quoted(name)}: add Host.file")
    return Blob(content)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

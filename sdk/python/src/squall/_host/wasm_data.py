"""Data of the real host: the component's imports."""

from typing import Any

from componentize_py_types import Err
from wit_world.imports import data

from squall import _data_error as _error

_ERRORS = {
    data.Error_NotGiven: _error.NotGiven,
    data.Error_UnknownColumn: _error.UnknownColumn,
    data.Error_Exhausted: _error.Exhausted,
    data.Error_Other: _error.DataError,
}


def _lifted(call: Any, *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except Err as failure:
        error = _ERRORS[type(failure.value)](failure.value.value)
    raise error


class _Row:
    def __init__(self, row: Any) -> None:
        self._row = row
        self.index, self.fields, self.json = row.index, row.fields, row.json

    def get(self, column: str) -> Any:
        return _lifted(self._row.get, column)

    def blob(self, column: str) -> Any:
        return _lifted(self._row.blob, column)


class _Feed:
    def __init__(self, feed: Any) -> None:
        self._feed = feed
        self.length, self.columns = feed.length, feed.columns

    def next(self) -> Any:
        row = _lifted(self._feed.next)
        return None if row is None else _Row(row)

    def at(self, index: int) -> Any:
        row = self._feed.at(index)
        return None if row is None else _Row(row)


def open_feed(name: str, policy: str | None, at_end: str | None) -> Any:
    chosen = policy and data.Policy[policy.upper().replace("-", "_")]
    end = at_end and data.AtEnd[at_end.upper()]
    return _Feed(_lifted(data.Feed.open, name, chosen, end))


def open_blob(name: str) -> Any:
    return _lifted(data.Blob.open, name)

"""Why there is no such data. Authors know it as `squall.data`."""

from squall._error import Error


class DataError(Error):
    """There is no such data; the text says what to do."""


class NotGiven(DataError):
    """The run was not given it."""


class UnknownColumn(DataError):
    """There is no such column."""


class Exhausted(DataError):
    """No row is left."""

"""The reason for missing data. Authors know it as `squall.data`."""

from squall._error import Error


class DataError(Error):
    """There is no such data; the text has the remedy."""


class NotGiven(DataError):
    """The user has not given it to the run."""


class UnknownColumn(DataError):
    """There is no such column."""


class Exhausted(DataError):
    """No row is left."""

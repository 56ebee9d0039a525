"""The result of ``setup``, for every virtual user.

It is passed as a pickle: the host copies the bytes to instances of the same component and reads none of them.
"""

import pickle
from typing import Any


class _Shared:
    """The host's bytes, and their value after the first call of `shared`."""

    __slots__ = ("data", "value")

    def __init__(self) -> None:
        self.data = b""
        self.value: Any = None


_shared = _Shared()


def shared() -> Any:
    """Return the result of ``setup``; `None` without a ``setup``, or in ``setup`` itself.

    Each virtual user has its own copy.
    """
    if _shared.data:
        _shared.value = pickle.loads(_shared.data)
        _shared.data = b""
    return _shared.value


def pack(value: Any) -> bytes:
    """Return the result of ``setup`` as bytes."""
    if value is None:
        return b""
    try:
        return pickle.dumps(value)
    except Exception as error:
        raise TypeError(f"setup cannot share a value of type {type(value).__name__}: {error}") from error


def store(data: bytes) -> None:
    """Take the bytes of `pack`. They become a value when `shared` is called first."""
    _shared.data = data
    _shared.value = None

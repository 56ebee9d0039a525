"""Streams of the real host: the component's imports."""

from typing import Any

from componentize_py_types import Err
from wit_world.imports import streaming

from squall._host.wasm import _error_of

Incoming = streaming.Incoming
Outgoing = streaming.Outgoing


def lifted(call: Any, *arguments: Any) -> Any:
    """Call the host; its error becomes one of Python."""
    try:
        return call(*arguments)
    except Err as failure:
        error = _error_of(failure.value)
    raise error


def drop(resource: Any) -> None:
    """Give a handle back to the host at once."""
    resource.__exit__(None, None, None)

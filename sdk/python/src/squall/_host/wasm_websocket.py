"""WebSockets of the real host: the component's imports."""

from typing import Any

from componentize_py_types import Err
from wit_world.imports import websocket

from squall import _websocket_error as _error

ConnectOptions = websocket.ConnectOptions
Connection = websocket.Connection

_ERRORS: dict[type, type[_error.Error]] = {
    websocket.Error_Timeout: _error.Timeout,
    websocket.Error_Dns: _error.DnsError,
    websocket.Error_Connect: _error.ConnectError,
    websocket.Error_Tls: _error.TlsError,
    websocket.Error_Handshake: _error.HandshakeError,
    websocket.Error_Reset: _error.ResetError,
    websocket.Error_Protocol: _error.ProtocolError,
    websocket.Error_TooLarge: _error.TooLarge,
    websocket.Error_Closed: _error.Closed,
    websocket.Error_RefusedByPolicy: _error.RefusedByPolicy,
    websocket.Error_InvalidRequest: _error.InvalidRequest,
    websocket.Error_Other: _error.OtherError,
}


def lifted(call: Any, *arguments: Any) -> Any:
    """Call the host; its error becomes one of Python."""
    try:
        return call(*arguments)
    except Err as failure:
        case = failure.value
        error = _ERRORS[type(case)](getattr(case, "value", ""))
    raise error


def kind(message: Any) -> str:
    """Return the name of a message's kind."""
    return str(message.kind().name).lower()


def drop(resource: Any) -> None:
    """Give a handle back to the host at once."""
    resource.__exit__(None, None, None)

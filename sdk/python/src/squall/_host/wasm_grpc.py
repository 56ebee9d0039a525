"""gRPC of the real host: the component's imports."""

from typing import Any

from componentize_py_types import Err
from wit_world.imports import grpc

from squall import _http_error as _error

Schema = grpc.Schema
Channel = grpc.Channel
ChannelOptions = grpc.ChannelOptions
CallOptions = grpc.CallOptions
Call = grpc.Call
invoke = grpc.invoke
json = grpc.Payload_Json
binary = grpc.Payload_Binary
held = grpc.Payload_Held

_ERRORS: dict[type, type[_error.Error]] = {
    grpc.Error_Timeout: _error.Timeout,
    grpc.Error_Dns: _error.DnsError,
    grpc.Error_Connect: _error.ConnectError,
    grpc.Error_Tls: _error.TlsError,
    grpc.Error_Reset: _error.ResetError,
    grpc.Error_Protocol: _error.ProtocolError,
    grpc.Error_TooLarge: _error.TooLarge,
    grpc.Error_RefusedByPolicy: _error.RefusedByPolicy,
    grpc.Error_InvalidRequest: _error.InvalidRequest,
    grpc.Error_Other: _error.OtherError,
}


def lifted(call: Any, *arguments: Any) -> Any:
    """Call the host; its error becomes one of Python."""
    try:
        return call(*arguments)
    except Err as failure:
        error = _ERRORS[type(failure.value)](getattr(failure.value, "value", ""))
    raise error


def drop(resource: Any) -> None:
    """Give a handle back to the host at once."""
    resource.__exit__(None, None, None)

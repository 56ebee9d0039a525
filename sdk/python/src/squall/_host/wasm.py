"""The real host: the component's imports, as componentize-py binds them."""

from typing import Any

from componentize_py_types import Err
from wit_world.imports import context, http, metrics, timing

from squall import _http_error as _error
from squall._host import finalizer as _finalizer  # noqa: F401 - for its effect on resources

RequestOptions = http.RequestOptions
Response = http.Response
Counter = metrics.Counter
Gauge = metrics.Gauge
Rate = metrics.Rate
Transaction = metrics.Transaction

clear_cookies = http.clear_cookies
check = metrics.check
now = timing.now
sleep = timing.sleep
pace = timing.pace
vu = context.vu
iteration = context.iteration
target = context.target
option = context.option
random = context.random
abort = context.abort

_ERRORS = {
    http.Error_Timeout: _error.Timeout,
    http.Error_Dns: _error.DnsError,
    http.Error_Connect: _error.ConnectError,
    http.Error_Tls: _error.TlsError,
    http.Error_Reset: _error.ResetError,
    http.Error_Protocol: _error.ProtocolError,
    http.Error_TooLarge: _error.TooLarge,
    http.Error_TooManyRedirects: _error.TooManyRedirects,
    http.Error_RefusedByPolicy: _error.RefusedByPolicy,
    http.Error_InvalidRequest: _error.InvalidRequest,
    http.Error_Other: _error.OtherError,
}


def _error_of(case: Any) -> _error.Error:
    return _ERRORS[type(case)](getattr(case, "value", ""))


def send(request: Any) -> Any:
    try:
        return http.send(request)
    except Err as failure:
        error = _error_of(failure.value)
    raise error


def get(url: str, options: Any) -> Any:
    try:
        return http.get(url, options)
    except Err as failure:
        error = _error_of(failure.value)
    raise error


def send_all(requests: list[Any]) -> list[Any]:
    results = http.send_all(requests)
    return [_error_of(result.value) if isinstance(result, Err) else result.value for result in results]


def Trend(name: str, unit: str) -> Any:
    return metrics.Trend(name, metrics.Unit[unit.upper()])


def log(level: str, message: str) -> None:
    context.log(context.Level[level.upper()], message)

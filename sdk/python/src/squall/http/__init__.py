"""HTTP requests, made and measured by the host, in the manner of the package `requests`.

::

    def buy() -> None:
        product = http.get(f"/products/{product_id}", name="/products/{id}")
        check(product.status == 200, "product is there")
        basket = http.post("/basket", json={"product_id": product_id, "quantity": 1}, expect_status=201).json()

Every request is counted and timed, whatever its result. The host holds the response: what is not asked for is never
copied, and with ``discard_body=True`` it is not even kept there.
"""

from typing import Unpack

from squall import _host as host
from squall._http_error import (
    ConnectError,
    DnsError,
    Error,
    InvalidRequest,
    OtherError,
    ProtocolError,
    RefusedByPolicy,
    ResetError,
    Timeout,
    TlsError,
    TooLarge,
    TooManyRedirects,
)
from squall.http._request import Request, Settings, get, send_all
from squall.http._response import Headers, Response, Timings

__all__ = [
    "ConnectError",
    "DnsError",
    "Error",
    "Headers",
    "InvalidRequest",
    "OtherError",
    "ProtocolError",
    "RefusedByPolicy",
    "Request",
    "ResetError",
    "Response",
    "Settings",
    "Timeout",
    "Timings",
    "TlsError",
    "TooLarge",
    "TooManyRedirects",
    "clear_cookies",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "request",
    "send_all",
]


def request(method: str, url: str, **settings: Unpack[Settings]) -> Response:
    """Send a request of that method (in capitals) and wait for the whole response.

    The URL is an absolute one, or a path below the run's ``--target``. The settings are those of `Request`.

    Raises `Error` when there is no response. A status code is never an error.
    """
    return Request(method, url, **settings).send()


def post(url: str, **settings: Unpack[Settings]) -> Response:
    """Send a ``POST`` request: ``http.post("/basket", json={"product_id": 7})``. See `request`."""
    return Request("POST", url, **settings).send()


def put(url: str, **settings: Unpack[Settings]) -> Response:
    """Send a ``PUT`` request. See `request`."""
    return Request("PUT", url, **settings).send()


def patch(url: str, **settings: Unpack[Settings]) -> Response:
    """Send a ``PATCH`` request. See `request`."""
    return Request("PATCH", url, **settings).send()


def delete(url: str, **settings: Unpack[Settings]) -> Response:
    """Send a ``DELETE`` request. See `request`."""
    return Request("DELETE", url, **settings).send()


def head(url: str, **settings: Unpack[Settings]) -> Response:
    """Send a ``HEAD`` request. See `request`."""
    return Request("HEAD", url, **settings).send()


def options(url: str, **settings: Unpack[Settings]) -> Response:
    """Send an ``OPTIONS`` request. See `request`."""
    return Request("OPTIONS", url, **settings).send()


def clear_cookies() -> None:
    """Forget the cookies that this virtual user has been given."""
    host.clear_cookies()

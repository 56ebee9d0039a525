"""A request, for the author and for the host."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from json import dumps
from typing import Any, TypedDict, Unpack
from urllib.parse import quote, urlencode

from squall import _host as host
from squall._http_error import Error
from squall.data import Blob
from squall.http._options import CAPACITY, Statuses, Wanted, closed_ranges, handle_for
from squall.http._response import Response, arrived

Pairs = Mapping[str, Any] | Iterable[tuple[str, Any]]
"""Names with values; a value that is a list stands for several, `None` for none."""


class Settings(TypedDict, total=False):
    """The settings of a request besides its method and URL."""

    params: Pairs
    """Added to the URL's query, percent-encoded."""
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    """Header fields. ``host``, ``content-length`` and ``user-agent`` are added by the host where they are missing."""
    data: str | bytes | Pairs | Blob
    """The body: text, bytes, the fields of a form, or a blob that the host sends from its memory."""
    json: Any
    """The body, as JSON."""
    name: str
    """The name under which the request is counted, instead of its URL: needed where the URL holds an id."""
    timeout: float | timedelta
    """Its time limit in seconds, redirects included. Default: the plan's, or 60."""
    redirects: int
    """The most redirects that are followed; with 0 a 3xx response is returned. Default: the plan's, or 10."""
    discard_body: bool
    """Whether the body is read and measured, but discarded. Default: the plan's, or no."""
    expect_status: Statuses
    """Status codes that do not count as failed: ``404``, ``range(200, 300)``, or several. Default: 200 to 399."""


class Request:
    """A request that can be sent more than once, or together with others by `send_all`.

    One that never changes is best made once, at the top of the module: ``HOME = http.Request("GET", "/")``.
    """

    # The first five are the contract's record `request`: the host reads them by these names.
    __slots__ = ("_handle", "_wanted", "body", "headers", "method", "url")

    def __init__(
        self,
        method: str,
        url: str,
        *,
        params: Pairs | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        data: str | bytes | Pairs | Blob | None = None,
        json: Any = None,
        name: str | None = None,
        timeout: float | timedelta | None = None,
        redirects: int | None = None,
        discard_body: bool | None = None,
        expect_status: Statuses = (),
    ) -> None:
        self.method = method
        self.url = url if params is None else _with_query(url, params)
        self.headers: list[tuple[str, str]] = [] if headers is None else _fields(headers)
        self.body: bytes | None = None
        if json is not None:
            self._set_body(dumps(json, ensure_ascii=False, separators=(",", ":")), "application/json")
        elif data is not None and not isinstance(data, Blob):
            if isinstance(data, (str, bytes)):
                self._set_body(data, None)
            else:
                self._set_body(_encode(data, form=True), "application/x-www-form-urlencoded")
        statuses = closed_ranges(expect_status) if expect_status else ()
        body_from = data if isinstance(data, Blob) and json is None else None
        wanted = Wanted(name, timeout, redirects, discard_body, statuses, body_from)
        self._wanted = None if wanted == _NOTHING else wanted
        self._handle: host.RequestOptions | None = None

    @property
    def options(self) -> host.RequestOptions | None:
        """The host's handle for the settings; for the host."""
        if self._handle is None and self._wanted is not None:
            self._handle = handle_for(self._wanted)
        return self._handle

    def send(self) -> Response:
        """Send the request and wait for the whole response.

        Raises `Error` when there is no response. A status code is never an error.
        """
        return arrived(host.send(self))

    def _set_body(self, body: str | bytes, content_type: str | None) -> None:
        self.body = body.encode() if isinstance(body, str) else body
        if content_type is not None and not any(name.lower() == "content-type" for name, _ in self.headers):
            self.headers.append(("content-type", content_type))


_NOTHING = Wanted(None, None, None, None, (), None)


def send_all(requests: Sequence[Request]) -> list[Response | Error]:
    """Send several requests at once, as a browser does, and wait for all of them.

    Returns a response or an error for each, in the order of the requests; nothing is raised.
    """
    results = host.send_all(list(requests))
    return [result if isinstance(result, Error) else arrived(result) for result in results]


_PLAIN = {"name", "timeout", "redirects", "discard_body", "expect_status"}
_known: dict[tuple[tuple[str, Any], ...], host.RequestOptions] = {}
"""The handles of settings of GETs, by their arguments."""


def get(url: str, **settings: Unpack[Settings]) -> Response:
    """Send a ``GET`` request: ``http.get("/products", params={"page": 2})``. See `request`."""
    # The most frequent case: a request with only known settings needs no `Request` object.
    if not settings:
        return arrived(host.get(url, None))
    try:
        handle = _known.get(tuple(settings.items()))
    except TypeError:  # Arguments that cannot be looked up, such as a dictionary, go to `Request`.
        handle = None
    return _first(url, settings) if handle is None else arrived(host.get(url, handle))


def _first(url: str, settings: Settings) -> Response:
    request = Request("GET", url, **settings)
    if request.options is not None and settings.keys() <= _PLAIN:
        _remember(settings, request.options)
    return request.send()


def _remember(settings: Settings, handle: host.RequestOptions) -> None:
    if len(_known) >= CAPACITY:
        _known.clear()
    with suppress(TypeError):
        _known[tuple(settings.items())] = handle


def _fields(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(headers.items() if isinstance(headers, Mapping) else headers)


def _with_query(url: str, params: Pairs) -> str:
    query = _encode(params, form=False)
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _encode(pairs: Pairs, *, form: bool) -> str:
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    said = [(name, value) for name, value in items if value is not None]
    # A form has `+` for a space; in a query every server understands `%20`.
    return urlencode(said, doseq=True) if form else urlencode(said, doseq=True, quote_via=quote, safe="")

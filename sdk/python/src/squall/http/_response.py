"""A response that has arrived. Each property here is one call of the host; only requested values are copied."""

from collections.abc import Iterator, Mapping
from json import loads
from typing import Any, NamedTuple

from squall import _host as host


class Timings(NamedTuple):
    """The time that a request spent in each phase, in seconds. After redirects: the last request of the chain."""

    blocked: float
    """Waiting for a free connection, name look-up included."""
    connecting: float
    """Opening the TCP connection; 0 on one that was already open."""
    tls_handshaking: float
    """The TLS handshake; 0 without TLS or on an open connection."""
    sending: float
    """Writing the request."""
    waiting: float
    """From the last byte written to the first byte read."""
    receiving: float
    """From the first byte read to the last."""

    @property
    def duration(self) -> float:
        """Sending, waiting and receiving together: what ``http_req_duration`` measures."""
        return self.sending + self.waiting + self.receiving


class Headers(Mapping[str, str]):
    """The header fields of a response, by name in any case: ``response.headers["content-type"]``."""

    __slots__ = ("_response",)

    def __init__(self, response: host.Response) -> None:
        self._response = response

    def __getitem__(self, name: str) -> str:
        value = self._response.header(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(dict(host.Response.headers(self._response)))

    def __len__(self) -> int:
        return len(dict(host.Response.headers(self._response)))

    def __repr__(self) -> str:
        return repr(self.fields())

    def fields(self) -> list[tuple[str, str]]:
        """Return all fields in the order of their arrival, names in lower case, repeated ones repeated."""
        return host.Response.headers(self._response)

    def get_all(self, name: str) -> list[str]:
        """Return the values of all fields of that name: ``headers.get_all("set-cookie")``."""
        wanted = name.lower()
        return [value for field, value in host.Response.headers(self._response) if field == wanted]


class Response(host.Response):
    """A complete response. The host holds it until this is no longer used."""

    # It is the host's own object, with properties where the contract has functions. One of ours around it would cost as
    # much as looking at the status.
    __slots__ = ()

    status: int = property(host.Response.status, doc="The status code.")  # type: ignore[assignment]

    body: bytes = property(  # type: ignore[assignment]
        host.Response.body, doc="The body, decoded; empty if it was discarded. Copied from the host each time."
    )

    size: int = property(  # type: ignore[assignment]
        host.Response.size, doc="The size of the body in bytes; 0 if it was discarded. The body stays with the host."
    )

    text: str = property(  # type: ignore[assignment]
        host.Response.text, doc="The body as text; bytes that are not UTF-8 are replaced. Copied from the host each time."
    )

    url: str = property(  # type: ignore[assignment]
        host.Response.url, doc="The URL that answered: after redirects, the last one."
    )

    @property
    def ok(self) -> bool:
        """Whether the status code is below 400."""
        return self.status < 400

    @property
    def headers(self) -> Headers:  # type: ignore[override]
        """The header fields, by name in any case."""
        return Headers(self)

    @property
    def timings(self) -> Timings:  # type: ignore[override]
        """The time that the request spent in each phase, in seconds."""
        cost = host.Response.timings(self)
        return Timings(
            cost.blocked / 1e9,
            cost.connecting / 1e9,
            cost.tls_handshaking / 1e9,
            cost.sending / 1e9,
            cost.waiting / 1e9,
            cost.receiving / 1e9,
        )

    def json(self) -> Any:
        """Return the body, read as JSON. Raises `ValueError` if it is not JSON."""
        return loads(self.text)

    def __repr__(self) -> str:
        return f"<Response {self.status} of {self.url}>"


def arrived(response: host.Response) -> Response:
    """Return the host's response in the author's form."""
    response.__class__ = Response
    return response  # type: ignore[return-value]

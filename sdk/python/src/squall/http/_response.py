"""A response that has arrived. Each property here is one call of the host; what is not asked for is not copied."""

from collections.abc import Iterator, Mapping
from json import loads
from typing import Any, NamedTuple

from squall import _host as host


class Timings(NamedTuple):
    """What a request cost, phase by phase, in seconds. After redirects: the last request of the chain."""

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
        return iter(dict(self._response.headers()))

    def __len__(self) -> int:
        return len(dict(self._response.headers()))

    def __repr__(self) -> str:
        return repr(self.fields())

    def fields(self) -> list[tuple[str, str]]:
        """Return all fields in the order in which they came, names in lower case, repeated ones repeated."""
        return self._response.headers()

    def get_all(self, name: str) -> list[str]:
        """Return the values of all fields of that name: ``headers.get_all("set-cookie")``."""
        wanted = name.lower()
        return [value for field, value in self._response.headers() if field == wanted]


class Response:
    """A response that has arrived whole. The host holds it until this is no longer used."""

    __slots__ = ("_response",)

    def __init__(self, response: host.Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        """The status code."""
        return self._response.status()

    @property
    def ok(self) -> bool:
        """Whether the status code is below 400."""
        return self._response.status() < 400

    @property
    def headers(self) -> Headers:
        """The header fields, by name in any case."""
        return Headers(self._response)

    @property
    def body(self) -> bytes:
        """The body, decoded; empty if it was discarded. Copied from the host each time."""
        return self._response.body()

    @property
    def size(self) -> int:
        """The size of the body in bytes; 0 if it was discarded. The body stays with the host."""
        return self._response.size()

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced. Copied from the host each time."""
        return self._response.text()

    @property
    def url(self) -> str:
        """The URL that answered: after redirects, the last one."""
        return self._response.url()

    @property
    def timings(self) -> Timings:
        """What the request cost, phase by phase, in seconds."""
        cost = self._response.timings()
        return Timings(
            cost.blocked / 1e9,
            cost.connecting / 1e9,
            cost.tls_handshaking / 1e9,
            cost.sending / 1e9,
            cost.waiting / 1e9,
            cost.receiving / 1e9,
        )

    def json(self) -> Any:
        """Return the body, read as JSON. Raises `ValueError` if it is none."""
        return loads(self._response.text())

    def __repr__(self) -> str:
        return f"<Response {self.status} of {self.url}>"

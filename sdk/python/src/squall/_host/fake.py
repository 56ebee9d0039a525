"""The host of a native test: it gives the test's responses, and records all calls. See `squall.testing`."""

from collections.abc import Sequence
from typing import Protocol

from squall._host.fake_data import Blob
from squall._http_error import Error, OtherError
from squall.testing._glob import absolute
from squall.testing._reply import Reply
from squall.testing._report import Level, Sent
from squall.testing._state import current


class RequestOptions:
    """Settings of a request."""

    def __init__(self) -> None:
        current().options_made += 1
        self.name: str | None = None
        self.timeout: float | None = None
        self.redirects: int | None = None
        self.discard_body: bool | None = None
        self.expected_statuses: list[tuple[int, int]] = []
        self.body = b""

    def set_name(self, name: str) -> None:
        self.name = name

    def set_timeout(self, ns: int) -> None:
        self.timeout = ns / 1e9

    def set_redirects(self, count: int) -> None:
        self.redirects = count

    def set_discard_body(self, discard: bool) -> None:
        self.discard_body = discard

    def set_expected_statuses(self, ranges: list[tuple[int, int]]) -> None:
        self.expected_statuses = ranges

    def set_body_from(self, blob: Blob) -> None:
        self.body = blob.content


class Request(Protocol):
    """The host's view of a request."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes | None

    @property
    def options(self) -> RequestOptions | None: ...


class Cost:
    """The time of a request here: zero."""

    blocked = connecting = tls_handshaking = sending = waiting = receiving = 0


class Response:
    """A response of the test."""

    def __init__(self, reply: Reply, url: str, *, discarded: bool) -> None:
        self._reply = reply
        self._url = url
        self._body = b"" if discarded else reply.body

    def status(self) -> int:
        return self._reply.status

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for field, value in self._reply.headers if field.lower() == wanted), None)

    def headers(self) -> list[tuple[str, str]]:
        return [(name.lower(), value) for name, value in self._reply.headers]

    def body(self) -> bytes:
        return self._body

    def size(self) -> int:
        return len(self._body)

    def text(self) -> str:
        return self._body.decode(errors="replace")

    def url(self) -> str:
        return self._url

    def timings(self) -> Cost:
        return Cost()


def send(request: Request) -> Response:
    return _answer(request.method, request.url, list(request.headers), request.body, request.options)


def get(url: str, options: RequestOptions | None) -> Response:
    return _answer("GET", url, [], None, options)


def _answer(
    method: str, url: str, headers: list[tuple[str, str]], body: bytes | None, given: RequestOptions | None
) -> Response:
    options = given or RequestOptions()
    sent = Sent(
        method=method,
        url=url,
        headers=headers,
        body=options.body if body is None else body,
        name=options.name,
        timeout=options.timeout,
        redirects=options.redirects,
        discard_body=options.discard_body,
        expected_statuses=list(options.expected_statuses),
    )
    state = current()
    state.report.requests.append(sent)
    rule = next((rule for rule in state.rules if rule.fits(sent)), None)
    if rule is None:
        raise OtherError(f"the test host has no answer to {sent.method} {sent.url}")
    reply = rule.answer(sent)
    return Response(reply, absolute(sent.url, state.target), discarded=sent.discard_body is True)


def send_all(requests: Sequence[Request]) -> list[Response | Error]:
    return [_send_one(request) for request in requests]


def _send_one(request: Request) -> Response | Error:
    try:
        return send(request)
    except Error as error:
        return error


def clear_cookies() -> None:
    current().report.cookies_cleared += 1


def now() -> int:
    return current().clock


def sleep(ns: int) -> None:
    current().sleep(ns)


def pace(ns: int) -> None:
    state = current()
    state.sleep(max(0, ns - (state.clock - state.iteration_began)))


def vu() -> int:
    return current().vu


def iteration() -> int:
    return current().iteration


def target() -> str | None:
    return current().target


def option(name: str) -> str | None:
    return current().options.get(name)


def random() -> int:
    return current().next_random()


def log(level: Level, message: str) -> None:
    current().report.logs.append((level, message))


def abort(reason: str) -> None:
    report = current().report
    report.aborted = report.aborted or reason


def check(name: str, passed: bool) -> None:
    current().report.checks.append((name, passed))


class _Metric:
    def __init__(self, name: str) -> None:
        self._name = name

    def _record(self, value: float) -> None:
        current().report.samples.append((self._name, float(value)))


class Counter(_Metric):
    """A sum."""

    def add(self, value: float) -> None:
        self._record(value)


class Gauge(_Metric):
    """A value of which the latest is kept."""

    def set(self, value: float) -> None:
        self._record(value)


class Rate(_Metric):
    """A share."""

    def add(self, value: bool) -> None:
        self._record(value)


class Trend(_Metric):
    """A distribution."""

    def __init__(self, name: str, _unit: str) -> None:
        super().__init__(name)

    def add(self, value: float) -> None:
        self._record(value)


class Transaction:
    """A business operation."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._succeeded = True

    def fail(self) -> None:
        self._succeeded = False

    def __exit__(self, *_: object) -> None:
        current().report.transactions.append((self._name, self._succeeded))

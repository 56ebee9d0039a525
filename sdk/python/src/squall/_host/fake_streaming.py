"""Streams of a native test: the answers of its host, all of which are there at once."""

import json
from typing import Any

from squall._host.fake import Request, Response, send
from squall._host.fake_data import Blob
from squall._http_error import Error
from squall.testing._state import current


class Event:
    """A server-sent event of the test."""

    def __init__(self, name: str, id: str, data: str, at: int) -> None:
        self._name, self._id, self._data, self._at = name, id, data, at

    def name(self) -> str:
        return self._name

    def id(self) -> str:
        return self._id

    def data(self) -> str:
        return self._data

    def get(self, pointer: str) -> str | None:
        try:
            value = json.loads(self._data)
            for step in pointer.split("/")[1:]:
                key = step.replace("~1", "/").replace("~0", "~")
                value = value[int(key) if isinstance(value, list) else key]
        except (ValueError, LookupError, TypeError):
            return None
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))

    def at(self) -> int:
        return self._at


class Incoming:
    """A response of the test. Its events are taken from the body: lines end with a line feed."""

    def __init__(self, answer: Response | Error, last_id: str = "") -> None:
        self._answer = answer
        self._body = b"" if isinstance(answer, Error) else answer.body()
        self._id = last_id
        self._retry: int | None = None

    @classmethod
    def open(cls, request: Request) -> "Incoming":
        return cls(send(request))

    @classmethod
    def reopen(cls, previous: "Incoming", request: Request) -> "Incoming":
        id_field = [("last-event-id", previous._id)] if previous._id else []
        request.headers = [*request.headers, *id_field]
        return cls(send(request), previous._id)

    def head(self, _ns: int) -> Response:
        if isinstance(self._answer, Error):
            raise self._answer
        return Response(self._answer._reply, self._answer.url(), discarded=True)

    def read(self, most: int, _ns: int) -> bytes | None:
        piece, self._body = self._body[: max(most, 1)], self._body[max(most, 1) :]
        return piece or None

    def next_event(self, _ns: int) -> Event | None:
        name, data = "message", list[str]()
        while b"\n" in self._body:
            line, self._body = self._body.split(b"\n", 1)
            if not line and data:
                return Event(name, self._id, "\n".join(data), round(current().clock * 1e9))
            field, _, value = line.decode().partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                data.append(value)
            elif field == "event":
                name = value
            elif field == "id":
                self._id = value
            elif field == "retry" and value.isdigit():
                self._retry = int(value) * 1_000_000
        return None

    def count_tokens(self, _text: str, _total: str | None) -> None:
        pass

    def last_event_id(self) -> str:
        return self._id

    def retry(self) -> int | None:
        return self._retry

    def key(self) -> int:
        return 1  # All that will come is there.


class Outgoing:
    """A request of the test, which is made when its response is asked for."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._body = b""

    @classmethod
    def start(cls, request: Request, _length: int | None) -> "Outgoing":
        return cls(request)

    def write(self, piece: bytes) -> None:
        self._body += piece

    def write_from(self, blob: Blob) -> None:
        self._body += blob.content

    def finish(self) -> None:
        pass

    def response(self) -> Incoming:
        self._request.body = self._body
        try:
            return Incoming(send(self._request))
        except Error as error:
            return Incoming(error)


def lifted(call: Any, *arguments: Any) -> Any:
    return call(*arguments)


def drop(_resource: Any) -> None:
    pass

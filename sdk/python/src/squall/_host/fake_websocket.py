"""WebSockets of a native test: what its server answers is there at once, and there is no more of it than that."""

from collections import deque
from typing import Any

from squall._host.fake_data import Blob
from squall._host.fake_sockets import NOT_READY, READY
from squall._websocket_error import Closed, ConnectError, Timeout
from squall.testing._glob import matches_url
from squall.testing._state import current

_FOREVER = 2**64 - 1


class ConnectOptions:
    """Settings are the real host's business."""

    def set_name(self, _name: str) -> None:
        pass

    def set_tags(self, _tags: list[tuple[str, str]]) -> None:
        pass

    def set_timeout(self, _ns: int) -> None:
        pass

    def add_header(self, _name: str, _value: str) -> None:
        pass

    def set_subprotocols(self, _names: list[str]) -> None:
        pass

    def set_compression(self, _offer: bool) -> None:
        pass

    def set_inbox(self, _bytes: int) -> None:
        pass


class Message:
    """A message of the test's server."""

    def __init__(self, content: str | bytes, at: int) -> None:
        self._content, self._at = content, at

    def size(self) -> int:
        return len(self.bytes())

    def text(self) -> str:
        return self._content if isinstance(self._content, str) else self._content.decode(errors="replace")

    def bytes(self) -> bytes:
        return self._content.encode() if isinstance(self._content, str) else self._content

    def at(self) -> int:
        return self._at

    def code(self) -> int:
        return 0


class Connection:
    """A connection to a server of the test."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._waiting = deque[str | bytes]()
        self._is_closed = False

    @classmethod
    def open(cls, url: str, _options: ConnectOptions) -> "Connection":
        for pattern, answer in current().sockets:
            if matches_url(pattern, url):
                return cls(answer)
        raise ConnectError(f"no WebSocket of this test is at {url}")

    def response(self) -> None:
        return None

    def subprotocol(self) -> str:
        return ""

    def send_text(self, content: str | bytes) -> int:
        if self._is_closed:
            raise Closed("the connection is closed, or closing")
        self._waiting.extend(self._answer(content))
        return current().clock

    def send_bytes(self, content: bytes) -> int:
        return self.send_text(content)

    def send_from(self, blob: Blob) -> int:
        return self.send_text(blob.content)

    def ping(self) -> None:
        pass

    def buffered(self) -> int:
        return 0

    def receive(self, ns: int) -> Message | None:
        if self._waiting:
            return Message(self._waiting.popleft(), current().clock)
        if self._is_closed:
            return None
        if ns != _FOREVER:
            current().sleep(ns)
        raise Timeout

    receive_any = receive

    def receive_text(self, ns: int) -> str | None:
        message = self.receive(ns)
        return None if message is None else message.text()

    def close(self, _code: int, _reason: str) -> None:
        self._is_closed = True

    def key(self) -> int:
        return READY if self._waiting or self._is_closed else NOT_READY

    def closed(self) -> tuple[int, str] | None:
        return (1000, "") if self._is_closed else None


def lifted(call: Any, *arguments: Any) -> Any:
    return call(*arguments)


def kind(message: Message) -> str:
    return "text" if isinstance(message._content, str) else "binary"


def drop(_resource: Any) -> None:
    pass

"""gRPC of a native test: methods have the answers that the test gives, and messages are JSON."""

from types import SimpleNamespace
from typing import Any

from squall._http_error import OtherError
from squall.testing._state import State, current

PHASES = ("blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving")


def json(text: str) -> str:
    return text


def binary(content: bytes) -> str:
    return content.decode(errors="replace")


def held(blob: Any) -> str:
    return bytes(blob.read(0, blob.length())).decode(errors="replace")


def lifted(call: Any, *arguments: Any) -> Any:
    return call(*arguments)


def drop(resource: Any) -> None:
    pass


class ChannelOptions:
    def set_plaintext(self, plaintext: bool) -> None: ...

    def set_authority(self, authority: str) -> None: ...

    def set_send_limit(self, limit: int) -> None: ...

    def set_receive_limit(self, limit: int) -> None: ...


class CallOptions:
    def __init__(self) -> None:
        self.metadata: list[tuple[str, str | bytes]] = []

    def set_name(self, name: str) -> None: ...

    def set_timeout(self, timeout: int) -> None: ...

    def set_expected_statuses(self, codes: list[int]) -> None: ...

    def set_discard(self, discard: bool) -> None: ...

    def set_gzip(self, gzip: bool) -> None: ...

    def add_metadata(self, key: str, value: str) -> None:
        self.metadata.append((key.lower(), value))

    def add_binary_metadata(self, key: str, value: bytes) -> None:
        self.metadata.append((key.lower(), value))


class Method:
    def __init__(self, name: str) -> None:
        self.name = name.removeprefix("/")

    def client_streams(self) -> bool:
        return False

    def server_streams(self) -> bool:
        return False


class Schema:
    """It has all methods, and does not look at messages."""

    @staticmethod
    def parse(files: list[tuple[str, str]]) -> "Schema":
        return Schema()

    @staticmethod
    def load(descriptors: bytes) -> "Schema":
        return Schema()

    @staticmethod
    def reflect(channel: "Channel", options: CallOptions | None) -> "Schema":
        return Schema()

    def method(self, name: str) -> Method:
        return Method(name)

    def methods(self) -> list[str]:
        return sorted(current().calls)


class Channel:
    @staticmethod
    def open(target: str | None, options: ChannelOptions) -> "Channel":
        return Channel()


class Message:
    def __init__(self, text: str) -> None:
        self._text = text

    def json(self) -> str:
        return self._text

    def bytes(self) -> bytes:
        return self._text.encode()

    def at(self) -> int:
        return current().clock


class Reply:
    def __init__(self, status: int, text: str, messages: list[str]) -> None:
        self._status, self._text, self.messages = status, text, messages

    def status(self) -> int:
        return self._status

    def status_message(self) -> str:
        return self._text

    def details(self) -> str:
        return "[]"

    def message(self) -> Message | None:
        return Message(self.messages[0]) if self.messages else None

    def headers(self) -> list[tuple[str, str]]:
        return []

    def trailers(self) -> list[tuple[str, str]]:
        return []

    def timings(self) -> Any:
        return SimpleNamespace(**dict.fromkeys(PHASES, 0))


def _answer(method: Method, messages: list[str], options: CallOptions | None) -> Reply:
    state: State = current()
    state.report.calls.append((method.name, messages, list(options.metadata) if options else []))
    if method.name not in state.calls:
        raise OtherError(f"the test host has no answer to {method.name}")
    return Reply(*state.calls[method.name])


def invoke(channel: Channel, method: Method, message: str, options: CallOptions | None) -> Reply:
    return _answer(method, [message], options)


class Call:
    """A call with streams. Its answers come when the first of them is asked for."""

    def __init__(self, method: Method, options: CallOptions | None) -> None:
        self._method, self._options = method, options
        self._sent: list[str] = []
        self._reply: Reply | None = None
        self._left: list[str] = []

    @staticmethod
    def start(channel: Channel, method: Method, options: CallOptions | None) -> "Call":
        return Call(method, options)

    def send(self, message: str) -> None:
        self._sent.append(message)

    def finish(self) -> None:
        pass

    def receive(self, limit: int) -> Message | None:
        if self._reply is None:
            self._reply = _answer(self._method, self._sent, self._options)
            self._left = list(self._reply.messages)
        return Message(self._left.pop(0)) if self._left else None

    def reply(self) -> Reply | None:
        return self._reply

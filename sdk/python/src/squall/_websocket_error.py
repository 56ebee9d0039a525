"""The reason why there is no connection, or no message. Authors know it as `squall.websocket`."""

from typing import ClassVar

from squall._error import Error as IterationError


class Error(IterationError):
    """There is no connection, or no message."""

    _class: ClassVar = ""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        """The host's message about it."""
        super().__init__(": ".join(filter(None, (self._class, detail))))


class Timeout(Error):
    """It did not come in time. The connection is as it was, unless it was the handshake's own limit that passed."""

    _class = "nothing came in time"


class DnsError(Error):
    """The name could not be looked up."""

    _class = "name look-up failed"


class ConnectError(Error):
    """No connection: refused, unreachable, or not in time."""

    _class = "cannot connect"


class TlsError(Error):
    """The TLS handshake failed."""

    _class = "TLS failed"


class HandshakeError(Error):
    """The server has answered, but not with consent."""

    _class = "no WebSocket"


class ResetError(Error):
    """The connection was lost without a closing handshake."""

    _class = "connection lost"


class ProtocolError(Error):
    """What came breaks the protocol."""

    _class = "bad message"


class TooLarge(Error):
    """A message is larger than the host allows."""

    _class = "message too large"


class Closed(Error):
    """Nothing can be sent: the connection is closed, or closing."""

    _class = "cannot send"


class RefusedByPolicy(Error):
    """The run's policy does not allow this target. Nothing was sent."""

    _class = "refused by policy"


class InvalidRequest(Error):
    """The URL, a header, a subprotocol, a code or a reason is invalid. Nothing was sent."""

    _class = "invalid request"


class OtherError(Error):
    """Anything else."""

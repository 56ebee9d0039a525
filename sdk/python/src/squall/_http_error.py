"""The reason why a request has no response. Authors know it as `squall.http`."""

from typing import ClassVar

from squall._error import Error as IterationError


class Error(IterationError):
    """There is no response. The request is still measured, and counted under its class.

    A status code such as 404 or 500 is not an error: it is a response.
    """

    _class: ClassVar = ""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        """The host's message about it."""
        super().__init__(": ".join(filter(None, (self._class, detail))))


class Timeout(Error):
    """The time limit of the request passed."""

    _class = "request timed out"


class DnsError(Error):
    """The name could not be looked up."""

    _class = "name look-up failed"


class ConnectError(Error):
    """No connection: refused, unreachable, or not in time."""

    _class = "cannot connect"


class TlsError(Error):
    """The TLS handshake failed."""

    _class = "TLS failed"


class ResetError(Error):
    """The connection was closed or reset before the response was complete."""

    _class = "connection lost"


class ProtocolError(Error):
    """The response is not HTTP/1.1, or breaks its rules."""

    _class = "bad response"


class TooLarge(Error):
    """The response is larger than the host allows."""

    _class = "response too large"


class TooManyRedirects(Error):
    """More redirects than allowed."""

    _class = "too many redirects"


class RefusedByPolicy(Error):
    """The run's policy does not allow this target. Nothing was sent."""

    _class = "refused by policy"


class InvalidRequest(Error):
    """The request is invalid (bad URL, header or method). Nothing was sent."""

    _class = "invalid request"


class OtherError(Error):
    """Anything else."""

"""Responses, and the requests that get them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

from squall.testing._glob import matches, matches_url
from squall.testing._report import Sent


class Reply:
    """A response that the test has made up: ``Reply(201, json={"order": 17})``."""

    def __init__(
        self,
        status: int = 200,
        body: str | bytes = b"",
        *,
        json: Any = None,
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
    ) -> None:
        self.status = status
        text = body if json is None else dumps(json)
        self.body = text.encode() if isinstance(text, str) else text
        self.headers = list(headers.items() if isinstance(headers, Mapping) else headers or [])


@dataclass(frozen=True)
class Rule:
    """A response, with the requests that get it."""

    method: str
    url: str
    answer: Callable[[Sent], Reply]

    def fits(self, sent: Sent) -> bool:
        """Whether the answer is for that request."""
        return matches(self.method, sent.method) and matches_url(self.url, sent.url)

"""The host that a test sets up."""

import json as _json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Self

from squall import _shared
from squall._scenario import Flow, Scenario
from squall.testing._reply import Reply, Rule
from squall.testing._report import Report, Sent
from squall.testing._state import State, Table, active


class Host:
    """A host for tests: it gives the set responses, and its clock moves only by sleeping.

    It plays virtual user ``vu``, with the seed ``seed``. ``options`` are those of ``-e KEY=VALUE``, ``target`` that of
    ``--target``, ``shared`` is the result of ``setup``.

    URLs are given as patterns in which ``*`` stands for anything: ``/products/*``. A path fits whatever the host and
    the query are. The first answer that fits is given; a request that none fits is an error.
    """

    def __init__(
        self,
        *,
        options: Mapping[str, str] | None = None,
        target: str | None = None,
        seed: int = 0,
        vu: int = 1,
        shared: Any = None,
    ) -> None:
        target = target.rstrip("/") if target else None
        self._state = State(options=dict(options or {}), target=target, seed=seed, vu=vu)
        self._shared = _shared.pack(shared)

    def respond(
        self,
        method: str,
        url: str,
        status: int = 200,
        body: str | bytes = b"",
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Answer requests that fit with a status and a body."""
        reply = Reply(status, body, json=json, headers=headers)
        return self.respond_with(method, url, lambda _: reply)

    def respond_with(self, method: str, url: str, answer: Callable[[Sent], Reply]) -> Self:
        """Answer requests that fit with the function's result, or its exception.

        It may look at the request and keep count::

            def slow(sent: Sent) -> Reply:
                raise http.Timeout

            Host().respond_with("GET", "/slow", slow)
        """
        self._state.rules.append(Rule(method, url, answer))
        return self

    def answer_call(self, method: str, *messages: Any, status: int = 0, text: str = "") -> Self:
        """Answer calls by gRPC of that method (``package.Service/Method``) with messages, as objects, and a status.

        Schemas of tests have all methods, and do not look at messages.
        """
        self._state.calls[method] = (status, text, [_json.dumps(message) for message in messages])
        return self

    def websocket(self, url: str, answer: Callable[[str | bytes], Sequence[str | bytes]]) -> Self:
        """Accept WebSockets at URLs that fit. The function says what the server sends in answer to a message."""
        self._state.sockets.append((url, answer))
        return self

    def feed(self, name: str, rows: Sequence[Mapping[str, str]]) -> Self:
        """Give the test a table. Rows come in their order, whatever the policy, so that a test knows them."""
        self._state.tables[name] = Table(list(rows))
        return self

    def file(self, name: str, content: str | bytes) -> Self:
        """Give the test a file, as ``--data NAME=file:PATH`` does."""
        self._state.files[name] = content.encode() if isinstance(content, str) else content
        return self

    def serve(self, address: str, answer: Callable[[bytes], bytes]) -> Self:
        """Serve ``host:port`` over TCP and UDP: the function gets what is sent, and returns the answer."""
        self._state.peers[address] = answer
        return self

    def run(self, flow: Callable[[], Any]) -> Report:
        """Run one iteration and report its actions.

        The next one on this host continues where this one ended: clock, chance and iteration number go on.
        """
        with self._entered() as report:
            _shared.store(self._shared)
            report.error = self._iterate(flow)
        return report

    def rehearse(self, scenario: ModuleType | Scenario, iterations: int) -> Report:
        """Run a whole scenario: ``setup``, ``start``, iterations by the flows' weights, ``teardown``.

        The report's error is the first one.
        """
        if isinstance(scenario, ModuleType):
            scenario = Scenario.of(scenario)
        with self._entered() as report:
            errors = self._live(scenario, iterations)
            report.error = next((error for error in errors if error is not None), None)
        return report

    def _live(self, scenario: Scenario, iterations: int) -> list[BaseException | None]:
        state = self._state
        vu, state.vu = state.vu, 0
        try:
            _shared.store(b"")
            data = _shared.pack(scenario.setup() if scenario.setup else None)
        except Exception as error:
            return [error]
        finally:
            state.vu = vu

        _shared.store(data)
        errors = [_call(scenario.start)]
        credits = [0] * len(scenario.flows)
        for _ in range(iterations):
            errors.append(self._iterate(_next_flow(scenario.flows, credits).run))

        state.vu = 0
        _shared.store(data)
        errors.append(_call(scenario.teardown))
        state.vu = vu
        return errors

    def _iterate(self, flow: Callable[[], Any]) -> BaseException | None:
        self._state.iteration_began = self._state.clock
        error = _call(flow)
        self._state.iteration += 1
        return error

    @contextmanager
    def _entered(self) -> Iterator[Report]:
        """Make this host the current one for as long as something runs."""
        report = self._state.report = Report()
        token = active.set(self._state)
        try:
            yield report
        finally:
            active.reset(token)


def _call(function: Callable[[], Any] | None) -> BaseException | None:
    try:
        if function:
            function()
    except Exception as error:
        return error
    return None


def _next_flow(flows: Sequence[Flow], credits: list[int]) -> Flow:
    """Smooth weighted round-robin: the flow that is furthest behind its share."""
    for index, flow in enumerate(flows):
        credits[index] += flow.weight
    best = max(range(len(flows)), key=lambda index: credits[index])
    credits[best] -= sum(flow.weight for flow in flows)
    return flows[best]

"""The plan that a scenario suggests: ``options`` in its module, a dictionary or a function that returns one.

The module is loaded when the scenario is built. A function is called when a run begins, so it can ask for what the run was
given (`squall.env`). Who runs it may override all of it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict


class Stage(TypedDict):
    """One stage of a ramp."""

    duration: str
    """``"30s"``, ``"1m30s"``, ``"500ms"``."""
    target: int | str
    """Virtual users at its end; or iterations, as a number or with a unit: ``"90/m"``."""


class Threshold(TypedDict):
    """A threshold that can end the run."""

    threshold: str
    """``"rate<0.01"``."""
    abort_on_fail: NotRequired[bool]
    delay_abort_eval: NotRequired[str]


class Data(TypedDict, total=False):
    """How rows of a feed are to be handed out, unless who runs the scenario says otherwise."""

    policy: Literal["sequential", "random", "shuffle", "unique-per-vu", "once-each"]
    at_end: Literal["recycle", "stop", "error"]


class Options(TypedDict, total=False):
    """The keys of ``options``, for editors and type checkers: ``options: Options = {"vus": 10}``.

    Durations are written ``"30s"``, ``"1m30s"``, ``"500ms"``; rates ``1000`` (a second) or ``"90/m"``.
    """

    executor: Literal[
        "constant-vus",
        "ramping-vus",
        "per-vu-iterations",
        "shared-iterations",
        "constant-arrival-rate",
        "ramping-arrival-rate",
        "externally-controlled",
    ]
    vus: int
    iterations: int
    duration: str
    stages: Sequence[Stage]
    rate: int | str
    time_unit: str
    start_rate: int | str
    start_vus: int
    pre_allocated_vus: int
    max_vus: int
    max_backlog: str
    arrival: Literal["constant", "poisson"]
    pacing: Literal["timer", "spin"]
    warmup: str
    max_duration: str
    graceful_stop: str
    graceful_ramp_down: str
    min_iteration_duration: str
    setup_timeout: str
    teardown_timeout: str
    thresholds: Mapping[str, str | Threshold | Sequence[str | Threshold]]
    data: Mapping[str, Data]
    """The feeds that a run has to be given: ``{"users": {}}``."""
    target: str
    env: Mapping[str, str]
    tags: Mapping[str, str]
    request_timeout: str
    connect_timeout: str
    max_redirects: int
    discard_response_bodies: bool
    no_connection_reuse: bool
    connection_pool: int
    """How many connections all virtual users share; without it each has its own."""
    user_agent: str
    batch_per_origin: int


class OptionsError(Exception):
    """``options`` cannot be a plan; the text says what to change."""


def checked(options: Any, module: str) -> dict[str, Any]:
    """Return a module's options, made sure to be an object of JSON. What its keys mean, the host knows best."""
    if not isinstance(options, Mapping):
        raise OptionsError(f"`options` in {module} is no dictionary: write options = {{'vus': 10, 'duration': '30s'}}")
    try:
        json.dumps(dict(options))
    except (TypeError, ValueError) as error:
        raise OptionsError(f"`options` in {module} cannot be written as JSON: {error}") from None
    return dict(options)

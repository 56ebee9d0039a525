"""The plan that a scenario suggests: ``options`` in its module, a dictionary or a function that returns one.

The module is loaded when the scenario is built. A function is called when a run begins, so it can read the run's
options (`squall.env`). The user may override all of it.
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
    """The order and the end of a feed's rows, unless the user of the scenario chooses otherwise."""

    policy: Literal["sequential", "random", "shuffle", "unique-per-vu", "once-each"]
    at_end: Literal["recycle", "stop", "error"]


class Load(TypedDict, total=False):
    """A load, and settings of its samples.

    Durations are written ``"30s"``, ``"1m30s"``, ``"500ms"``; rates ``1000`` (a second) or ``"90/m"``.
    """

    vus: int
    """Virtual users; with stages, the number to start with; with a rate, as ``pre_allocated_vus``."""
    duration: str
    """How long virtual users iterate; with iterations, how long these may take."""
    iterations: int
    """The number of iterations: in all, or for each virtual user with ``per-vu-iterations``."""
    stages: Sequence[Stage]
    """The stages of a ramp: ``[{"duration": "30s", "target": 100}]``."""
    executor: Literal[
        "constant-vus",
        "ramping-vus",
        "per-vu-iterations",
        "shared-iterations",
        "constant-arrival-rate",
        "ramping-arrival-rate",
        "stepped-vus",
        "stepped-arrival-rate",
        "externally-controlled",
    ]
    """How the load is shaped, where the other options leave a choice."""
    max_duration: str
    """How long a number of iterations may take."""
    graceful_stop: str
    """How long iterations may go on once the load has ended."""
    graceful_ramp_down: str
    """How long a virtual user that the ramp no longer needs may go on with its iteration."""
    start_vus: int
    """Virtual users at the start of the first stage."""
    rate: int | str
    """Iterations started in a second, or in each ``time_unit``, however long they take: ``1000``, ``"90/m"``."""
    time_unit: str
    """The time that rates without a unit of their own are for."""
    start_rate: int | str
    """The rate at the start of the first stage."""
    pre_allocated_vus: int
    """Virtual users that are made before an open load begins."""
    max_vus: int
    """Virtual users at most, where their number is not fixed."""
    arrival: Literal["constant", "poisson"]
    """Whether the iterations of an open load start evenly or at random."""
    max_backlog: str
    """How long an iteration of an open load may wait for a virtual user before it is dropped."""
    weights: Mapping[str, int]
    """Weights of flows, in place of those that the component describes."""
    think_time: Mapping[str, str]
    """How long a virtual user thinks after an iteration, by flow: ``{"browse": "1s..3s"}``."""
    thresholds: Mapping[str, str | Threshold | Sequence[str | Threshold]]
    """Thresholds by metric, as k6 writes them: ``{"http_req_duration": ["p(95)<500"]}``."""
    env: Mapping[str, str]
    """Options of the scenario, by name."""
    tags: Mapping[str, str]
    """Tags of the whole run, or of a scenario."""
    min_iteration_duration: str
    """The least time from the start of an iteration to the start of the next one of the same virtual user."""


class ScenarioOptions(Load, total=False):
    """A load of its own."""

    start_time: str
    """When it begins, from the beginning of the load."""
    flow: str
    """Run only this flow."""


class Options(Load, total=False):
    """The keys of ``options``, for editors and type checkers: ``options: Options = {"vus": 10}``."""

    warmup: str
    """How long the load warms up before its measurements count: ``"30s"``; ``"auto"`` finds it out."""
    pacing: Literal["timer", "spin"]
    """How worker threads wait for the next start."""
    flow: str
    """Run only this flow."""
    scenarios: Mapping[str, ScenarioOptions]
    """Loads of their own, by name, in place of the one above."""
    target: str
    """The base URL of requests that name only a path. Refused unless the user says it, too."""
    data: Mapping[str, Data]
    """Data for the scenario, by name: ``{"users": {}}``. Without one of these feeds a run does not begin."""
    seed: int
    """The origin of all randomness: the same seed, the same choices."""
    threads: int
    """Worker threads; one for each core unless said otherwise."""
    setup_timeout: str
    """How long ``setup`` may take."""
    teardown_timeout: str
    """How long ``teardown`` may take."""
    max_series: int
    """Series that are kept apart; further ones are counted together."""
    insecure: bool
    """Accept any TLS certificate. Refused unless the user says it, too."""
    request_timeout: str
    """How long a request may take in all."""
    connect_timeout: str
    """How long opening a connection may take, TLS included."""
    max_redirects: int
    """Redirects that are followed; 0 for none."""
    no_connection_reuse: bool
    """Open a connection for every request."""
    discard_response_bodies: bool
    """Read the bodies of responses off the connection and throw them away."""
    user_agent: str
    """The ``User-Agent`` header of requests that bring none."""
    shared_connections: int
    """Connections to one origin that all virtual users share; each has its own unless said otherwise."""
    http_version: Literal["auto", "1.1", "2", "2-prior-knowledge", "3"]
    """The version of HTTP."""
    max_streams: int
    """Requests that are under way at once on one connection of HTTP/2, if its server allows as many."""
    batch_per_origin: int
    """Requests of one batch that go to the same origin at once."""
    no_vu_connection_reuse: bool
    """Close a virtual user's connections at the end of each iteration, as if another user came."""
    tls_min: str
    """The lowest version of TLS: 1.2 or 1.3."""
    tls_max: str
    """The highest version of TLS: 1.2 or 1.3."""
    tls_ciphers: str
    """The cipher suites to offer, by IANA's names, with commas between them; all that are safe unless said otherwise."""
    no_tls_resumption: bool
    """Make a full TLS handshake for each connection, instead of resuming sessions."""
    dns: str
    """How names are looked up, in k6's words: ttl=30s, select=random, policy=onlyIPv4."""
    connect_rate: str
    """The most connections that are opened a second, over the whole run: 500, or 90/m."""
    no_tcp_nodelay: bool
    """Let small packets wait for others (Nagle's algorithm)."""


class OptionsError(Exception):
    """``options`` cannot be a plan; the text has the remedy."""


def checked(options: Any, module: str) -> dict[str, Any]:
    """Return a module's options, if they are an object of JSON. The host checks the keys."""
    if not isinstance(options, Mapping):
        raise OptionsError(f"`options` in {module} is not a dictionary: write options = {{'vus': 10}}")
    try:
        json.dumps(dict(options))
    except (TypeError, ValueError) as error:
        raise OptionsError(f"`options` in {module} cannot be written as JSON: {error}") from None
    return dict(options)

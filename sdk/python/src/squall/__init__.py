"""Write Squall load-test scenarios in Python.

A scenario is a module of plain functions, its *flows*::

    from squall import check, flow, http, think

    options = {"vus": 10, "duration": "30s", "thresholds": {"http_req_duration": "p(95)<500"}}


    @flow(weight=80)
    def browse() -> None:
        page = http.get("/products")
        check(page.status == 200, "products are listed")
        think(1, 3)


    @flow(weight=20)
    def search() -> None:
        http.get("/search", params={"q": "lamp"}, name="/search")

``squall run scenario.py`` makes a component of it and runs that; ``squall build`` only makes it. Natively the same
module runs against a host of a test's own making: see :mod:`squall.testing`.

Paths are relative to the run's ``--target``. Everything is measured by the host; nothing here reads a clock of its own.
All times are in seconds.
"""

from squall import data, http, log
from squall._context import abort, env, iteration, target, vu
from squall._error import Error
from squall._metrics import Counter, Gauge, Rate, Trend, check
from squall._options import Options, ScenarioOptions, Stage, Threshold
from squall._random import random
from squall._scenario import flow, setup, start, teardown
from squall._shared import shared
from squall._timing import now, pace, sleep, think
from squall._transaction import Transaction, transaction
from squall.data import Blob, Feed

__version__ = "0.1.0"

__all__ = [
    "Blob",
    "Counter",
    "Error",
    "Feed",
    "Gauge",
    "Options",
    "Rate",
    "ScenarioOptions",
    "Stage",
    "Threshold",
    "Transaction",
    "Trend",
    "abort",
    "check",
    "data",
    "env",
    "flow",
    "http",
    "iteration",
    "log",
    "now",
    "pace",
    "random",
    "setup",
    "shared",
    "sleep",
    "start",
    "target",
    "teardown",
    "think",
    "transaction",
    "vu",
]

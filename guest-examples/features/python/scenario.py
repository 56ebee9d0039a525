"""Features that `shop` leaves out: the life cycle, batches, gauges, units, pacing, logs, and a run that ends itself.

It asks the demo shop. `-e ABORT=now` has it end the run, `-e FAIL=setup` (or `start`) has that fail.
"""

from squall import (
    Counter,
    Error,
    Gauge,
    Options,
    Trend,
    abort,
    check,
    env,
    flow,
    http,
    log,
    pace,
    setup,
    shared,
    start,
    teardown,
    vu,
)

options: Options = {
    "executor": "ramping-vus",
    "stages": [{"duration": "1s", "target": 2}, {"duration": "1s", "target": 0}],
}

VISITORS = Counter("visitors")
PRODUCTS_SEEN = Gauge("products_seen")
FIRST_BYTE = Trend("first_byte", unit="time")


@setup
def prepare() -> str:
    """Once for the whole run: its result reaches every virtual user."""
    fail_if_asked("setup")
    home = http.get("/")
    return f"prepared with status {home.status}"


@start
def arrive() -> None:
    """Once for each virtual user."""
    fail_if_asked("start")
    check(shared() == "prepared with status 200", "setup's data arrived")
    VISITORS.add(1)


@teardown
def clean_up() -> None:
    """Once for the whole run, after the last iteration."""
    log.info(f"all gone; {shared()}")


@flow(weight=2)
def batch() -> None:
    """Several requests at once, as a browser makes them."""
    products = [http.Request("GET", f"/products/{id}", name="/products/{id}", timeout=5) for id in (1, 2, 3)]
    responses = http.send_all(products)
    arrived = sum(isinstance(response, http.Response) and response.status == 200 for response in responses)
    check(arrived == len(products), "all products came")
    PRODUCTS_SEEN.set(arrived)


@flow(weight=1)
def paced() -> None:
    """One request each 200 ms, however long it takes."""
    missing = http.get("/products/101", name="missing", redirects=0, expect_status=404)
    check(missing.status == 404, "missing.status() == 404")
    FIRST_BYTE.add(missing.timings.waiting * 1000)
    if env("ABORT") is not None:
        abort("asked to by ABORT")
    pace(0.2)


@flow(weight=0)
def give_up() -> None:
    """Never runs by itself: its weight is 0. `squall run --flow give_up` shows what an error looks like."""
    raise Error(f"virtual user {vu()} gave up")


def fail_if_asked(stage: str) -> None:
    if env("FAIL") == stage:
        raise Error(f"{stage} fails, as asked")

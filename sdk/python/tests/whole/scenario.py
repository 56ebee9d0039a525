"""Python's own features, against `server.py`.

Each check is a promise of the SDK's documentation; features of every language are
in `sdk/conformance`.

`-e DEAD=host:port` is an address without a server.
"""

import sys
from collections.abc import Callable
from datetime import timedelta

from squall import (
    Error,
    Options,
    check,
    env,
    flow,
    http,
    log,
    now,
    random,
    setup,
    shared,
    sleep,
    start,
    target,
    teardown,
    transaction,
    vu,
)

options: Options = {
    "vus": 1,
    "iterations": 8,
    "thresholds": {"checks": "rate==1", "http_reqs": [{"threshold": "count>1", "abort_on_fail": False}]},
}


@setup
def prepare() -> dict[str, object]:
    check(vu() == 0, "setup is nobody's")
    return {"text": "größe", "bytes": b"\x00\xff", "number": 7}


@start
def arrive() -> None:
    check(shared() == {"text": "größe", "bytes": b"\x00\xff", "number": 7}, "what setup returned arrives whole")
    check(http.get("/", name="start").ok, "start may send")


@teardown
def leave() -> None:
    log.info(f"teardown has {shared()['number']}")


@flow
def requests() -> None:
    said = http.get("/echo?a=1", params={"q": "a b&c/ü", "n": [1, 2], "none": None}).json()
    check(said["path"] == "/echo?a=1&q=a%20b%26c%2F%C3%BC&n=1&n=2", "params are encoded and added")
    said = http.post("/echo", json={}, headers={"Content-Type": "application/hal+json"}).json()
    check([name.lower() for name, _ in said["headers"]].count("content-type") == 1, "a content-type of one's own stays")


@flow
def responses() -> None:
    response = http.get("/mixed")
    check(response.ok, "203 is ok")
    check(response.headers.get_all("x-many") == ["a", "b"], "repeated headers are told")
    check("x-kind" in response.headers and "x-none" not in response.headers, "headers can be asked for")
    check(("x-many", "b") in response.headers.fields(), "all header fields are told")
    check(response.text == "größe" and response.body == "größe".encode(), "body and text are told")
    timings = response.timings
    check(timings.waiting > 0 and timings.duration >= timings.waiting, "timings are told")
    check(http.get("/gzip").text == "zipped", "bodies are decoded")
    check(http.get(f"{target()}/echo").json()["method"] == "GET", "absolute URLs are taken")
    missing = http.get("/missing", name="missing", expect_status=[range(200, 300), 404])
    check(missing.status == 404 and not missing.ok, "a status is no error")


@flow
def errors() -> None:
    check(raised(lambda: http.get("/slow", timeout=timedelta(milliseconds=50)), http.Timeout), "a timedelta is a time")
    check(raised(lambda: http.get("nowhere"), http.InvalidRequest), "a bad URL is an error")
    check(raised(lambda: http.get("/\n"), Error), "all of them are squall.Error")


@flow
def batches() -> None:
    dead = env("DEAD", "127.0.0.1:1")
    urls = ["/echo?n=1", f"http://{dead}/", "/echo?n=2"]
    results = http.send_all([http.Request("GET", url, name="batch", timeout=5) for url in urls])
    first, second, third = results
    check(isinstance(second, http.ConnectError), "errors of a batch are told")
    check(isinstance(first, http.Response) and first.json()["path"] == "/echo?n=1", "a batch keeps its order")
    check(isinstance(third, http.Response) and third.json()["path"] == "/echo?n=2", "a batch goes on after an error")
    many = [http.Request("GET", "/", name=f"many-{number}") for number in range(80)]
    check(
        all(isinstance(result, http.Response) for result in http.send_all(many)),
        "a batch has as many settings as it likes",
    )
    check(http.send_all([]) == [], "a batch may be empty")


@flow
def waiting() -> None:
    began = now()
    sleep(timedelta(milliseconds=20))
    sleep(-1)
    check(0.02 <= now() - began < 1, "sleeping takes its time")
    with transaction("good"), transaction("inner"):
        pass


@flow
def context() -> None:
    check(env("NONE", "x") == "x", "a missing option has what it is to be")
    check(0 <= random.random() < 1 and random.getrandbits(200) < 2**200, "chance has a range")
    check(random.choice("abc") in "abc" and len(random.sample(range(9), 3)) == 3, "chance picks")
    print("a printed line")
    print("a line on standard error", file=sys.stderr)


@flow
def deep() -> None:
    def depth(left: int) -> int:
        return 0 if left == 0 else 1 + depth(left - 1)

    check(depth(500) == 500, "functions may call themselves")
    check(raised(lambda: depth(100_000), RecursionError), "endless recursion is an exception")


@flow
def failing() -> None:
    raise ValueError("this one fails")


def raised(work: Callable[[], object], kind: type[BaseException]) -> bool:
    try:
        work()
    except kind:
        return True
    except Exception as error:
        log.error(f"{kind.__name__} was expected, not {error!r}")
    return False

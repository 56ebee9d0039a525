"""Every function of the contract once, against `server.py`. Each check is a promise of the SDK's documentation.

`-e DEAD=host:port` is where nobody listens.
"""

import sys
from collections.abc import Callable
from datetime import timedelta

from squall import (
    Counter,
    Error,
    Gauge,
    Options,
    Rate,
    Trend,
    check,
    env,
    flow,
    http,
    iteration,
    log,
    now,
    pace,
    random,
    setup,
    shared,
    sleep,
    start,
    target,
    teardown,
    think,
    transaction,
    vu,
)

options: Options = {
    "vus": 1,
    "iterations": 12,
    "thresholds": {"checks": "rate==1", "orders": [{"threshold": "count==12", "abort_on_fail": False}]},
}

ORDERS = Counter("orders")
QUEUE = Gauge("queue")
HITS = Rate("hits")
SIZES = Trend("sizes", unit="data")
TIMES = Trend("times", unit="time")
PLAIN = Trend("plain")


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
def methods() -> None:
    for name, send in {
        "GET": http.get,
        "POST": http.post,
        "PUT": http.put,
        "PATCH": http.patch,
        "DELETE": http.delete,
        "OPTIONS": http.options,
    }.items():
        check(send("/echo").json()["method"] == name, f"{name} is sent")
    head = http.head("/echo")
    check(head.status == 200 and head.body == b"" and head.headers["x-method"] == "HEAD", "HEAD is sent")
    check(http.request("PROPFIND", "/echo").json()["method"] == "PROPFIND", "any method is sent")


@flow
def requests() -> None:
    said = http.get("/echo?a=1", params={"q": "a b&c/ü", "n": [1, 2], "none": None}).json()
    check(said["path"] == "/echo?a=1&q=a%20b%26c%2F%C3%BC&n=1&n=2", "params are encoded and added")
    said = http.get("/echo", headers=[("x-one", "1"), ("x-two", "2"), ("x-one", "3")]).json()
    own = [field for field in said["headers"] if field[0].lower().startswith("x-")]
    check(own == [["x-one", "1"], ["x-two", "2"], ["x-one", "3"]], "headers keep order and repetition")
    said = http.post("/echo", json={"name": "größe", "n": [1.5, None]}).json()
    check(said["body"] == '{"name":"größe","n":[1.5,null]}', "JSON is sent")
    check(["content-type", "application/json"] in said["headers"], "JSON is named so")
    said = http.post("/echo", json={}, headers={"Content-Type": "application/hal+json"}).json()
    check([name.lower() for name, _ in said["headers"]].count("content-type") == 1, "a content-type of one's own stays")
    said = http.post("/echo", data={"a": "1 2", "b": "ü"}).json()
    check(said["body"] == "a=1+2&b=%C3%BC", "a form is sent")
    check(["content-type", "application/x-www-form-urlencoded"] in said["headers"], "a form is named so")
    check(http.post("/echo", data="größe").json()["body"] == "größe", "text is sent")
    binary = bytes(range(256)) * 100
    check(http.post("/mirror", data=binary).body == binary, "bytes go and come back")


@flow
def responses() -> None:
    response = http.get("/mixed")
    check(response.status == 203, "status is told")
    check(response.ok, "203 is ok")
    check(response.headers["X-Kind"] == "mixed" and response.headers.get("x-none") is None, "headers are told")
    check(response.headers.get_all("x-many") == ["a", "b"], "repeated headers are told")
    check("x-kind" in response.headers and "x-none" not in response.headers, "headers can be asked for")
    check(("x-many", "b") in response.headers.fields(), "all header fields are told")
    check(response.text == "größe" and response.body == "größe".encode(), "body and text are told")
    check(response.size == len(response.body), "the size is told")
    check(response.url == f"{target()}/mixed", "the URL is told")
    timings = response.timings
    check(timings.waiting > 0 and timings.duration >= timings.waiting, "timings are told")
    check(http.get("/gzip").text == "zipped", "bodies are decoded")
    check(http.get("/mixed", discard_body=True).body == b"", "a body can be discarded")
    check(http.get("/mixed", discard_body=False).text == "größe", "a body can be kept")
    check(http.get(f"{target()}/echo").json()["method"] == "GET", "absolute URLs are taken")
    missing = http.get("/missing", name="missing", expect_status=[range(200, 300), 404])
    check(missing.status == 404 and not missing.ok, "a status is no error")


@flow
def redirects() -> None:
    response = http.get("/redirect/2")
    check(response.status == 200 and response.url.endswith("/redirect/0"), "redirects are followed")
    check(http.get("/redirect/1", redirects=0).status == 302, "redirects can be left")
    check(raised(lambda: http.get("/redirect/5", redirects=2), http.TooManyRedirects), "redirects have a limit")


@flow
def cookies() -> None:
    http.get("/cookie/set")
    check("visited=yes" in http.get("/cookie/show").text, "cookies are kept")
    http.clear_cookies()
    check(http.get("/cookie/show").text == "", "cookies are cleared")


@flow
def errors() -> None:
    dead = env("DEAD", "127.0.0.1:1")
    check(raised(lambda: http.get("/slow", timeout=0.05), http.Timeout), "a timeout is an error")
    check(raised(lambda: http.get("/slow", timeout=timedelta(milliseconds=50)), http.Timeout), "a timedelta is a time")
    check(raised(lambda: http.get(f"http://{dead}/"), http.ConnectError), "a refused connection is an error")
    check(raised(lambda: http.get("/reset"), http.ResetError), "a reset is an error")
    check(raised(lambda: http.get("/garbage"), http.ProtocolError), "what is not HTTP is an error")
    check(raised(lambda: http.get("http://no-such-host.invalid/"), http.DnsError), "an unknown name is an error")
    check(raised(lambda: http.get(f"https://{(target() or '')[7:]}/"), http.TlsError), "no TLS is an error")
    check(raised(lambda: http.request("NO GOOD", "/"), http.InvalidRequest), "a bad method is an error")
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
    sleep(0.02)
    sleep(timedelta(milliseconds=20))
    sleep(-1)
    think(0.01, 0.02)
    check(0.05 <= now() - began < 1, "sleeping takes its time")
    pace(0.1)
    check(0.1 <= now() - began + 0.01 < 1, "pacing fills the iteration up")


@flow
def metrics() -> None:
    QUEUE.set(3)
    HITS.add(True)
    HITS.add(None)
    SIZES.add(2048)
    TIMES.add(12.5)
    PLAIN.add(7)
    ORDERS.add(2.5)
    ORDERS.add(9.5)
    with transaction("good"), transaction("inner"):
        pass
    with transaction("marked") as marked:
        marked.fail()
    try:
        with transaction("raised"):
            raise Error("no")
    except Error:
        pass


@flow
def context() -> None:
    check(vu() == 1, "the first virtual user is 1")
    check(iteration() > 0, "iterations are counted")
    check(env("NONE") is None and env("NONE", "x") == "x", "an option may be missing")
    check((target() or "").startswith("http://"), "the target is told")
    numbers = [random.randint(1, 6) for _ in range(200)]
    check(set(numbers) == {1, 2, 3, 4, 5, 6}, "chance is spread")
    check(0 <= random.random() < 1 and random.getrandbits(200) < 2**200, "chance has a range")
    check(random.choice("abc") in "abc" and len(random.sample(range(9), 3)) == 3, "chance picks")
    log.debug("a debug line")
    log.info("an info line")
    log.warning("a warning line")
    log.error("an error line")
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

"""The conformance scenario in Python: calls every function of the contract, and checks the results. See ../run.py."""

from collections.abc import Callable

from squall import (
    Blob,
    Counter,
    Error,
    Feed,
    Gauge,
    Options,
    Rate,
    Trend,
    abort,
    check,
    data,
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
    sockets,
    start,
    streaming,
    websocket,
    target,
    teardown,
    think,
    transaction,
    vu,
)
from squall.waiting import wait

options: Options = {"data": {"users": {}}}


@setup
def prepare() -> str:
    if env("FAIL") == "setup":
        raise Error("setup fails, as asked")
    return "the data"


@start
def arrive() -> None:
    check(shared() == "the data", "setup's data arrived")


@teardown
def clean_up() -> None:
    log.info(f"teardown saw {shared()}")


@flow
def methods() -> None:
    sent = http.head("/echo").headers["x-method"] == "HEAD"
    for name, send in {
        "GET": http.get,
        "POST": http.post,
        "PUT": http.put,
        "PATCH": http.patch,
        "DELETE": http.delete,
        "OPTIONS": http.options,
    }.items():
        sent = send("/echo").text.startswith(f"{name} /echo\n") and sent
    check(sent, "methods are sent")
    check(http.request("PROPFIND", "/echo").text.startswith("PROPFIND /echo\n"), "any method is sent")


@flow
def bodies() -> None:
    check(http.post("/body").body == b"", "no body goes out")
    check(http.post("/body", data="größe 世界 🎉").text == "größe 世界 🎉", "text goes out")
    every = bytes(range(256))
    check(http.post("/body", data=every).body == every, "bytes go out")
    echo = http.post("/echo", json={"größe": [1, 2]}).text
    check("content-type: application/json\n" in echo and echo.endswith('\n{"größe":[1,2]}'), "json goes out")
    echo = http.post("/echo", data={"a": "1 2", "b": "&ü"}).text
    typed = "content-type: application/x-www-form-urlencoded\n" in echo
    check(typed and echo.endswith("\na=1+2&b=%26%C3%BC"), "form goes out")
    echo = http.get("/echo", params={"a": "x y&", "b": "ü"}).text
    check(echo.startswith("GET /echo?a=x%20y%26&b=%C3%BC\n"), "query is escaped")
    echo = http.get("/echo", headers=[("x-b", "1"), ("x-a", "2"), ("x-b", "3")]).text
    check("x-b: 1\nx-a: 2\nx-b: 3\n" in echo, "headers go out in order")


@flow
def responses() -> None:
    check(http.get("/status/418", expect_status=418).status == 418, "status arrives")

    headers = http.get("/headers").headers
    check(headers["x-ONE"] == "1", "header is found in any case")
    check(headers.get("x-three") is None, "missing header is none")
    own = [name + value for name, value in headers.fields() if name.startswith("x-")]
    check(own == ["x-one1", "x-two2", "x-two3"], "headers arrive in order")

    response = http.get("/bytes")
    check(response.body == bytes(range(256)), "bytes arrive")
    check(len(response.text) == 256 and response.text.endswith("\ufffd" * 128), "text is repaired")

    large = http.get("/size/20971520")
    check(large.size == 20971520, "size is told")
    check(len(large.body) == 20971520, "large body arrives")

    response = http.get("/redirect/2")
    check(response.url == f"{target()}/echo", "last url is told")
    check(response.timings.waiting > 0, "timings are told")


@flow
def settings() -> None:
    missing = http.get("/status/404", name="missing", expect_status=[range(400, 405), 410])
    check(missing.status == 404, "expected status is no failure")
    http.get("/status/404", name="unexpected")
    discarded = http.get("/size/10", discard_body=True)
    check(discarded.body == b"" and discarded.size == 0, "discarded body is empty")
    check(http.get("/size/10", discard_body=False).text == "xxxxxxxxxx", "kept body is there")
    redirect = http.get("/redirect/1", redirects=0)
    check(redirect.status == 302 and redirect.headers["location"] == "/echo", "redirect is left alone")


@flow
def errors() -> None:
    """Every error except `OtherError`, which nothing causes."""
    secure = f"https{(target() or '')[4:]}/"
    check(raised(lambda: http.get("/slow", timeout=0.05), http.Timeout), "timeout")
    check(raised(lambda: http.get("http://nowhere.invalid/"), http.DnsError), "dns")
    check(raised(lambda: http.get("http://127.0.0.1:1/"), http.ConnectError), "connect")
    check(raised(lambda: http.get(secure), http.TlsError), "tls")
    check(raised(lambda: http.get("/hang-up"), http.ResetError), "reset")
    check(raised(lambda: http.get("/garbage"), http.ProtocolError), "protocol")
    check(raised(lambda: http.get("/endless-head"), http.TooLarge), "too large")
    check(raised(lambda: http.get("/redirect/3", redirects=2), http.TooManyRedirects), "too many redirects")
    check(raised(lambda: http.get("http://elsewhere.invalid/"), http.RefusedByPolicy), "refused by policy")
    check(raised(lambda: http.request("BAD METHOD", "/"), http.InvalidRequest), "invalid request")


def raised(work: Callable[[], object], kind: type[Error]) -> bool:
    try:
        work()
    except Error as error:
        return type(error) is kind
    return False


@flow
def batch() -> None:
    requests = [
        http.Request("POST", "/body", data=str(number), headers={"x": "y"}, name="batch") for number in range(10)
    ]
    requests[5] = http.Request("BAD METHOD", "/body")
    results = http.send_all(requests)
    said = [result.text if isinstance(result, http.Response) else type(result) for result in results]
    wanted = [http.InvalidRequest if number == 5 else str(number) for number in range(10)]
    check(said == wanted, "batch arrives in order")


@flow
def cookies() -> None:
    http.get("/cookie")
    check("cookie: flavour=vanilla\n" in http.get("/echo").text, "cookies are kept")
    http.clear_cookies()
    check("cookie:" not in http.get("/echo").text, "cookies are cleared")


COUNTER = Counter("conformance_counter")
GAUGE = Gauge("conformance_gauge")
RATE = Rate("conformance_rate")
NUMBERS = Trend("conformance_numbers")
TIMES = Trend("conformance_times", unit="time")
SIZES = Trend("conformance_sizes", unit="data")


@flow
def measures() -> None:
    check(check(True, "checks return what they record"), "checks return")
    COUNTER.add()
    COUNTER.add(2.5)
    GAUGE.set(3)
    GAUGE.set(7)
    RATE.add(True)
    RATE.add(False)
    NUMBERS.add(7)
    TIMES.add(10)
    TIMES.add(12.5)
    SIZES.add(2048)
    with transaction("works"):
        pass
    try:
        with transaction("does not"):
            raise Error("no")
    except Error:
        pass
    with transaction("marked") as marked:
        marked.fail()


@flow
def context() -> None:
    check(vu() == 1, "vu is numbered")
    check((target() or "").startswith("http://127.0.0.1:"), "target is told")
    check(env("KEY") == "a value", "option is told")
    check(env("NONE") is None, "missing option is none")
    check(random.random() != random.random(), "random differs")
    check({random.randint(1, 6) for _ in range(200)} == {1, 2, 3, 4, 5, 6}, "random keeps its range")
    log.debug("a line for debugging")
    log.info("a line of information")
    log.warning("a line of warning")
    log.error("a line of error")


@flow
def waits() -> None:
    began = now()
    sleep(0.02)
    check(now() - began >= 0.02, "sleep waits")
    think(0.01, 0.02)
    check(now() - began >= 0.03, "think waits")
    pace(0.08)
    check(now() - began >= 0.075, "pace waits")


USERS = Feed("users")
ONCE = Feed("once", policy="once-each", at_end="error")
UPLOAD = Blob("upload")


@flow
def feeds() -> None:
    check(len(USERS) == 3, "feed tells its length")
    check(USERS.columns == ["name", "email"], "feed tells its columns")
    first, second = USERS.next(), USERS.next()
    check((first.index, first["name"], second["name"]) == (0, "ada", "bob"), "rows come in order")
    third = USERS.at(2)
    check(third is not None and third["name"] == "größe", "row is found by its place")
    check(USERS.at(3) is None, "no row is beyond the last")
    check(list(first.fields().items()) == [("name", "ada"), ("email", "ada@example.test")], "row has fields")
    check(first.text == '{"name":"ada","email":"ada@example.test"}', "row is json")
    check(raised(lambda: first["nmae"], data.UnknownColumn), "unknown column is an error")
    check(raised(lambda: len(Feed("nobody")), data.NotGiven), "missing data is an error")
    ONCE.next()
    ONCE.next()
    check(raised(ONCE.next, data.Exhausted), "end of data is an error")

    check(http.post("/body", data=first.blob("email")).text == "ada@example.test", "field goes out as a body")
    check(len(UPLOAD) == 4096, "blob tells its length")
    check(UPLOAD.read(250, 10) == bytes([250, 251, 252, 253, 254, 255, 0, 1, 2, 3]), "blob is read")
    check(len(UPLOAD.read(4090, 100)) == 6, "blob ends")
    check(http.post("/body", data=UPLOAD).size == 4096, "blob goes out")


@flow
def streams() -> None:
    feed = streaming.get("/events")
    feed.count_tokens("/text", None)
    check(feed.status == 200 and feed.response.headers["content-type"] == "text/event-stream", "stream has a head")
    first, second = feed.next(), feed.next()
    assert first is not None and second is not None
    check((first.name, first.id, first.data) == ("tick", "1", '{"text": "größe", "n": [1, 2]}'), "event arrives")
    check((first.get("/text"), first.get("/n/1"), first.get("/none")) == ("größe", "2", None), "value of an event is found")
    check(0 < first.at <= now(), "event has its time")
    check((second.name, second.data) == ("message", "two\nlines"), "lines of an event are joined")
    check(feed.next() is None and feed.next(timeout=0) is None, "stream ends")
    check((feed.last_event_id, feed.retry) == ("1", 1.5), "stream tells how to go on")
    after = feed.reopen("GET", "/events").next()
    check(after is not None and after.data == "after 1", "stream goes on")

    late = streaming.get("/late")
    check(raised(lambda: late.next(timeout=0.05), http.Timeout), "event is not there yet")
    event = late.next(timeout=10)
    check(event is not None and event.data == "late", "event is not lost")
    check(raised(late.read, http.InvalidRequest), "events are not bytes")

    with streaming.get("/size/100000") as large:
        first_bytes = large.read(1000) or b""
        size = len(first_bytes)
        while piece := large.read():
            size += len(piece)
    check(0 < len(first_bytes) <= 1000 and size == 100000, "bytes arrive in pieces")

    upload = streaming.upload("POST", "/body")
    upload.write("one")
    upload.write(b"two")
    upload.write(UPLOAD)
    body, answer = b"", upload.finish()
    while piece := answer.read():
        body += piece
    check(body.startswith(b"onetwo") and len(body) == 4102, "body goes out in pieces")
    short = streaming.upload("POST", "/body", length=4)
    check(raised(lambda: short.write("12345"), http.InvalidRequest), "body is no longer than announced")
    check(raised(short.finish, http.InvalidRequest), "body is no shorter than announced")
    check(raised(lambda: streaming.request("BAD METHOD", "/"), http.InvalidRequest), "invalid stream")


REQUEST = "GET /size/5 HTTP/1.1\r\nhost: peer\r\n\r\n"


@flow(name="sockets")
def peers() -> None:
    with sockets.connect("", name="peer", timeout=10) as peer:
        sent = peer.send(REQUEST)
        check(peer.receive_line() == b"HTTP/1.1 200 Whatever\r\n", "socket takes a line")
        check((peer.receive_until("\r\n\r\n", 4096) or b"").endswith(b"\r\n\r\n"), "socket takes up to a delimiter")
        check(len(peer.receive_exactly(5) or b"") == 5, "socket takes exactly so many bytes")
        check(0 < sent <= peer.at <= now(), "socket has its times")
        check(raised(lambda: peer.receive(1, timeout=0.05), http.Timeout), "socket has nothing yet")
        peer.finish()
        check(peer.receive(1) is None, "connection ends")
        check(raised(lambda: peer.send("x"), http.InvalidRequest), "nothing is sent after the end")

    with sockets.connect("", name="peer") as quiet, sockets.connect("", name="peer") as busy:
        check(wait([quiet, busy], timeout=0.05) is None, "no socket has anything")
        busy.send(REQUEST)
        check(wait([quiet, busy]) is busy, "socket with something is named")

    check(raised(lambda: sockets.connect("127.0.0.1:1"), http.ConnectError), "nobody listens")
    check(raised(lambda: sockets.connect("10.1.2.3:4"), http.RefusedByPolicy), "address is not allowed")
    check(raised(lambda: sockets.connect("nonsense"), http.InvalidRequest), "address has no port")

    with sockets.udp("", name="echo") as echo:
        echo.send("ping")
        check(echo.receive() == b"ping" and echo.at <= now(), "datagram comes back")
        check(raised(lambda: echo.receive(0.05), http.Timeout), "no datagram comes")


class Last:
    """The iteration that came last."""

    number = -1


@flow
def websockets() -> None:
    with websocket.connect("/socket", name="socket", subprotocols=["chat", "mqtt"]) as socket:
        check(socket.subprotocol == "chat", "server chooses a subprotocol")
        sent = socket.send("größe")
        text = socket.receive()
        check(text is not None and (text.kind, text.text, text.size) == ("text", "größe", 7), "text comes back")
        check(text is not None and 0 < sent <= text.at <= now(), "message has its times")
        socket.send(b"\x00\xff")
        data = socket.receive(timeout=10)
        check(data is not None and (data.kind, data.bytes) == ("binary", b"\x00\xff"), "bytes come back")
        socket.ping()
        check(raised(lambda: socket.receive(timeout=0.2), websocket.Timeout), "no message has come")
        socket.close(3000, "bye")
        check(socket.receive() is None and socket.closed == (3000, "bye"), "WebSocket is closed")
        check(raised(lambda: socket.send("x"), websocket.Closed), "nothing is sent after the close")
    refused = raised(lambda: websocket.connect("/status/200", name="socket"), websocket.HandshakeError)
    check(refused, "server does not agree")
    invalid = raised(lambda: websocket.connect("/socket", subprotocols=["a b"]), websocket.InvalidRequest)
    check(invalid, "invalid subprotocol")


@flow(weight=5)
def often() -> None:
    """Come in five of nineteen iterations."""
    http.get("/often")
    check(iteration() > Last.number, "iterations count up")
    Last.number = iteration()


@flow(weight=0)
def fails() -> None:
    raise Error("it fails, as asked")


@flow(weight=0)
def aborts() -> None:
    abort("it aborts, as asked")

"""A server for the conformance scenarios, which answers as the path demands."""

import socket
import threading
import time

import websocket


class Server:
    """Listens on a free port of the loopback interface until the process ends."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(self.listener.getsockname())
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._echo, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _echo(self):
        while True:
            datagram, client = self.datagrams.recvfrom(65536)
            self.datagrams.sendto(datagram, client)

    def _serve(self, connection):
        with connection, connection.makefile("rb") as reader:
            try:
                while request := Request.read(reader):
                    answer = respond(request)
                    if request.url == "/socket":
                        connection.sendall(websocket.agree(request))
                        return websocket.repeat(connection, reader)
                    if answer is None:
                        return
                    for piece in [answer] if isinstance(answer, bytes) else answer:
                        connection.sendall(piece)
            except OSError:
                pass


class Request:
    """One request, as it came."""

    @staticmethod
    def read(reader):
        line = reader.readline()
        # Connections that do not begin with HTTP (a TLS handshake) are closed.
        if not line.endswith(b"HTTP/1.1\r\n"):
            return None
        request = Request()
        request.method, request.url, _ = line.decode("latin-1").split(" ")
        request.headers = []
        while (line := reader.readline()) not in (b"\r\n", b""):
            name, value = line.decode("latin-1").rstrip("\r\n").split(":", 1)
            request.headers.append((name.lower(), value.strip()))
        if request.header("transfer-encoding") == "chunked":
            request.body = b"".join(iter(lambda: Request._chunk(reader), b""))
        else:
            request.body = reader.read(int(request.header("content-length") or 0))
        return request

    @staticmethod
    def _chunk(reader):
        chunk = reader.read(int(reader.readline(), 16))
        reader.readline()
        return chunk

    def header(self, name):
        return next((value for field, value in self.headers if field == name), None)


def reply(status=200, body=b"", headers=(), bodiless=False):
    """The bytes of a response."""
    lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode() + (b"" if bodiless else body)


EVENTS = 'retry: 1500\n\nid: 1\nevent: tick\ndata: {"text": "größe", "n": [1, 2]}\n\n: comment\ndata: two\ndata: lines\n\n'


def stream(*pieces):
    """A response in chunks: of each the time before it, in seconds, and its text."""
    yield b"HTTP/1.1 200 Whatever\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    for seconds, text in pieces:
        time.sleep(seconds)
        yield b"%x\r\n%s\r\n" % (len(text.encode()), text.encode())
    yield b"0\r\n\r\n"


def respond(request):
    """The answer to a request, in one piece or in several; None hangs up."""
    path = request.url.split("?")[0]
    first, _, rest = path.lstrip("/").partition("/")
    if first == "echo":  # what came, line by line, the body last
        fields = "".join(f"{name}: {value}\n" for name, value in request.headers)
        body = f"{request.method} {request.url}\n{fields}\n".encode() + request.body
        return reply(body=body, headers=[("x-method", request.method)], bodiless=request.method == "HEAD")
    if first == "body":  # the body that came, and nothing else
        return reply(body=request.body)
    if first == "events":  # two, or the one after that
        after = request.header("last-event-id")
        return stream((0, f"data: after {after}\n\n" if after else EVENTS))
    if first == "late":  # an event that is waited for
        return stream((0.3, "data: late\n\n"))
    if first == "often":
        return reply()
    if first == "status":
        return reply(int(rest))
    if first == "headers":
        return reply(headers=[("X-One", "1"), ("X-Two", "2"), ("X-Two", "3")])
    if first == "bytes":  # every byte there is: no UTF-8
        return reply(body=bytes(range(256)))
    if first == "size":
        return reply(body=b"x" * int(rest))
    if first == "redirect":  # this many times, and then to /echo
        hops = int(rest)
        return reply(302, headers=[("location", f"/redirect/{hops - 1}" if hops > 1 else "/echo")])
    if first == "cookie":
        return reply(headers=[("set-cookie", "flavour=vanilla; Path=/")])
    if first == "slow":
        threading.Event().wait(2)
        return reply()
    if first == "hang-up":
        return None
    if first == "garbage":
        return b"220 mail.example.test ESMTP\r\n\r\n"
    if first == "endless-head":
        return b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * (1 << 20)
    return reply(404)

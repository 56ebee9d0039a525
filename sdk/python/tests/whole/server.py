"""The server of the conformance scenario, on a free port of loopback."""

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers by path; everything else is 404."""

    protocol_version = "HTTP/1.1"

    def do(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        match self.path.partition("?")[0].strip("/").split("/"):
            case [""]:
                self.answer(200, b"home")
            case ["echo"]:
                said = {
                    "method": self.command,
                    "path": self.path,
                    "headers": list(self.headers.items()),
                    "body": body.decode(),
                }
                self.answer(200, json.dumps(said).encode(), ("x-method", self.command))
            case ["mirror"]:
                self.answer(200, body)
            case ["mixed"]:
                self.answer(203, "größe".encode(), ("X-Kind", "mixed"), ("x-many", "a"), ("X-Many", "b"))
            case ["gzip"]:
                self.answer(200, gzip.compress(b"zipped"), ("content-encoding", "gzip"))
            case ["redirect", "0"]:
                self.answer(200, b"")
            case ["redirect", left]:
                self.answer(302, b"", ("location", f"/redirect/{int(left) - 1}"))
            case ["cookie", "set"]:
                self.answer(200, b"", ("set-cookie", "visited=yes; Path=/"))
            case ["cookie", "show"]:
                self.answer(200, self.headers.get("cookie", "").encode())
            case ["slow"]:
                time.sleep(0.3)
                self.answer(200, b"late")
            case ["reset"]:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
                self.close_connection = True
            case ["garbage"]:
                self.wfile.write(b"this is not HTTP\r\n\r\n")
                self.close_connection = True
            case _:
                self.answer(404, b"")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_PROPFIND = do

    def answer(self, status: int, body: bytes, *fields: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """One thread for each connection; some break off on purpose."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve() -> Iterator[str]:
    """Serve for as long as the block lasts; give the server's URL."""
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def dead_port() -> int:
    """Return a port without a server."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port

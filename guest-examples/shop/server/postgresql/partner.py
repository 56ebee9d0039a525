"""The partner that the shop calls over HTTP: a service whose answers take a known time. Knows nothing of the shop.

    python3 partner.py --port 8082 --latency 40
"""

import argparse
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# The time of each kind of answer, as a multiple of --latency.
FACTORS = {"availability": 0.1, "delivery": 1, "related": 1, "rating": 1, "stock": 1, "payments": 1, "exchange-rate": 8}


class Partner(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    latency = 0.0

    def do_GET(self):
        url = urlsplit(self.path)
        kind = url.path.split("/")[1]
        if kind not in FACTORS:
            return self.answer(404, {"error": f"no such path: {url.path}"})
        time.sleep(self.latency * FACTORS[kind])
        products = parse_qs(url.query).get("products", [""])[0].split(",")
        self.answer(200, {"kind": kind, "value": len(products), "of": products})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def main():
    parser = argparse.ArgumentParser(description="A service that takes its time.")
    parser.add_argument("--port", type=int, default=8082)
    parser.add_argument("--latency", type=float, default=40, help="of an ordinary answer, in milliseconds")
    arguments = parser.parse_args()
    Partner.latency = arguments.latency / 1000
    Server(("127.0.0.1", arguments.port), Partner).serve_forever()


if __name__ == "__main__":
    main()
